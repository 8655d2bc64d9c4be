//! Where the load test itself is called: flags of the scenario `webhooks`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

use crate::exit::Problem;

/// Where webhooks are received.
#[derive(Args, Clone, Debug, Default)]
pub struct ReceiverArgs {
    /// Where webhooks are received, ADDRESS:PORT of this machine [default: a free port of 127.0.0.1]
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "LOADTEST_RECEIVER_LISTEN",
        help_heading = "Webhooks"
    )]
    pub receiver_listen: Option<SocketAddr>,
    /// That place as the server reaches it, where it is another machine or runs in a container
    #[arg(
        long,
        value_name = "URL",
        requires = "receiver_listen",
        env = "LOADTEST_RECEIVER_URL",
        help_heading = "Webhooks"
    )]
    pub receiver_url: Option<String>,
}

impl ReceiverArgs {
    /// Whether any of them is given.
    pub fn is_given(&self) -> bool {
        self.receiver_listen.is_some()
    }

    /// Where to listen.
    pub fn listen(&self) -> SocketAddr {
        let any_port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        self.receiver_listen.unwrap_or(any_port)
    }

    /// What the server is told, once the port is known.
    pub fn url(&self, bound: SocketAddr) -> String {
        let url = self.receiver_url.clone();
        url.unwrap_or_else(|| format!("http://{bound}/"))
    }

    /// Refuses what no server could call. `is_near`: the server is on this machine.
    pub fn check(&self, is_near: bool) -> Result<(), Problem> {
        if let Some(url) = &self.receiver_url {
            let is_http = url::Url::parse(url)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            return if is_http {
                Ok(())
            } else {
                Err(
                    Problem::new(format!("--receiver-url {url:?} is no address of http"))
                        .advise("write http://HOST:PORT/, as the server reaches this machine"),
                )
            };
        }
        let listen = self.listen().ip();
        if listen.is_unspecified() || (listen.is_loopback() && !is_near) {
            return Err(Problem::new(format!(
                "the server cannot call {listen}, where webhooks would be received"
            ))
            .advise(
                "give --receiver-listen 0.0.0.0:8090 and --receiver-url http://THIS-MACHINE:8090/",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listen: Option<&str>, url: Option<&str>, is_near: bool) -> Result<(), String> {
        let args = ReceiverArgs {
            receiver_listen: listen.map(|listen| listen.parse().unwrap()),
            receiver_url: url.map(ToOwned::to_owned),
        };
        args.check(is_near).map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_no_server_could_call_is_refused() {
        assert_eq!(check(None, None, true), Ok(()));
        assert_eq!(check(Some("192.0.2.1:80"), None, false), Ok(()));
        let any = Some("0.0.0.0:8090");
        assert_eq!(check(any, Some("http://me:8090/"), false), Ok(()));
        for (listen, url, is_near, said) in [
            (None, None, false, "cannot call 127.0.0.1"),
            (any, None, true, "cannot call 0.0.0.0"),
            (any, Some("me:8090"), true, "no address of http"),
        ] {
            let why = check(listen, url, is_near).unwrap_err();
            assert!(why.contains(said) && why.contains("→"), "{why}");
        }
    }
}
