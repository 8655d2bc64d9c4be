//! How many commands a Redis has carried out: the few lines of its protocol that this takes.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// What this program sends itself.
const OURS: [&str; 2] = ["auth", "info"];
/// Longest answer that is read: the counters of all commands are a few kilobytes.
const LONGEST: usize = 1 << 20;

/// Where a Redis is, and how to get in.
pub(super) struct Redis {
    host: String,
    port: u16,
    username: Option<String>,
    password: Option<SecretString>,
}

/// How often each command was carried out since the Redis began to count.
type Counts = BTreeMap<String, u64>;

impl Redis {
    /// Reads `redis://[user:password@]host[:port]`. An error shows nothing of it: it may hold a password.
    pub(super) fn parse(address: &str) -> Result<Self, String> {
        let url = Url::parse(address).map_err(|error| error.to_string())?;
        if url.scheme() != "redis" {
            return Err("only redis:// is spoken, not TLS".to_owned());
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Ok(Self {
            host: url
                .host_str()
                .ok_or_else(|| "it names no host".to_owned())?
                .trim_matches(['[', ']'])
                .to_owned(),
            port: url.port().unwrap_or(6379),
            username: Some(decoded(url.username())).filter(|name| !name.is_empty()),
            password: url.password().map(|text| SecretString::from(decoded(text))),
        })
    }

    /// Asks for the counts, on a connection of its own.
    pub(super) fn counts(&self) -> Result<Counts, String> {
        let address = format!("{}:{}", self.host, self.port);
        self.ask()
            .map(|text| parse_counts(&text))
            .map_err(|error| format!("{address}: {error}"))
    }

    fn ask(&self) -> Result<String, String> {
        let words = |error: std::io::Error| error.to_string();
        let address = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .map_err(words)?
            .next()
            .ok_or_else(|| "its name has no address".to_owned())?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(words)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(words)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(words)?;
        let mut talk = BufReader::new(stream);
        if let Some(password) = &self.password {
            let mut command = vec!["AUTH"];
            command.extend(self.username.as_deref());
            command.push(password.expose_secret());
            send(&mut talk, &command)?;
        }
        send(&mut talk, &["INFO", "commandstats"])
    }
}

/// Sends a command, and reads the answer: a status or a text.
fn send(talk: &mut BufReader<TcpStream>, command: &[&str]) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    let mut text = format!("*{}\r\n", command.len());
    for word in command {
        let _ = write!(text, "${}\r\n{word}\r\n", word.len());
    }
    talk.get_mut().write_all(text.as_bytes()).map_err(words)?;
    read(talk)
}

fn read(talk: &mut impl BufRead) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    let mut head = String::new();
    talk.by_ref()
        .take(LONGEST as u64)
        .read_line(&mut head)
        .map_err(words)?;
    let head = head.trim_end();
    if let Some(refusal) = head.strip_prefix('-') {
        return Err(refusal.to_owned());
    }
    if let Some(status) = head.strip_prefix('+') {
        return Ok(status.to_owned());
    }
    let length = head
        .strip_prefix('$')
        .and_then(|length| length.parse::<usize>().ok())
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| "it does not answer like a Redis".to_owned())?;
    let mut body = vec![0; length + 2];
    talk.read_exact(&mut body).map_err(words)?;
    body.truncate(length);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// `cmdstat_get:calls=12,usec=34,…`, one a line.
fn parse_counts(text: &str) -> Counts {
    text.lines()
        .filter_map(|line| {
            let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let calls = figures.split(',').next()?.strip_prefix("calls=")?;
            Some((name.to_owned(), calls.trim().parse().ok()?))
        })
        .filter(|(name, _): &(String, u64)| !OURS.contains(&name.as_str()))
        .collect()
}

/// What was carried out between the two, and not by this program.
pub(super) fn between(before: &Counts, after: &Counts) -> Counts {
    after
        .iter()
        .map(|(name, count)| {
            let known = before.get(name).copied().unwrap_or_default();
            (name.clone(), count.saturating_sub(known))
        })
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_without_our_own() {
        let text = "# Commandstats\r\ncmdstat_get:calls=12,usec=3,usec_per_call=0.25\r\ncmdstat_config|get:calls=2,usec=9\r\ncmdstat_info:calls=5,usec=1\r\n";
        let before = parse_counts(text);
        assert_eq!(before.len(), 2);
        assert_eq!(before["get"], 12);
        assert_eq!(before["config|get"], 2);
        let after = parse_counts("cmdstat_get:calls=15,usec=1\ncmdstat_set:calls=1,usec=1\n");
        let done = between(&before, &after);
        assert_eq!(
            done.into_iter().collect::<Vec<_>>(),
            [("get".to_owned(), 3), ("set".to_owned(), 1)]
        );
        assert!(between(&before, &before).is_empty());
    }

    #[test]
    fn answers_are_read_and_refusals_are_told() {
        assert_eq!(read(&mut &b"+OK\r\n"[..]).unwrap(), "OK");
        assert_eq!(read(&mut &b"$5\r\nhello\r\n"[..]).unwrap(), "hello");
        let refused = read(&mut &b"-NOAUTH Authentication required.\r\n"[..]);
        assert!(refused.unwrap_err().contains("NOAUTH"));
        for text in [
            "HTTP/1.1 400 Bad Request\r\n",
            "",
            "$x\r\n",
            "$99999999999\r\n",
        ] {
            assert!(
                read(&mut text.as_bytes())
                    .unwrap_err()
                    .contains("not answer")
            );
        }
        assert!(read(&mut &b"$5\r\nhel"[..]).is_err());
    }

    #[test]
    fn addresses_are_read_and_never_shown() {
        let redis = Redis::parse("redis://:s%40cret@127.0.0.1/5").ok().unwrap();
        assert_eq!((redis.host.as_str(), redis.port), ("127.0.0.1", 6379));
        assert_eq!(redis.password.unwrap().expose_secret(), "s@cret");
        assert_eq!(redis.username, None);
        for bad in ["rediss://:hunter2@host", "hunter2", "redis://"] {
            let error = Redis::parse(bad).err().unwrap();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
