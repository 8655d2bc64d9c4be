//! Bad input: the message names the thing and what to do, the exit code is 1, nothing panics or hangs.

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use loadtest::{line::LineError, report::RunResult};

use super::program::{account, loadtest, nobody, run, sandbox, server_that_says, token};

/// Runs with a token, so that the server is what is wrong.
fn against(url: &str) -> super::program::Said {
    run(loadtest(&["--url", url, "-n", "20"]).env("VIKUNJA_TOKEN", "tk_0123456789"))
}

#[test]
fn addresses() {
    against("localhost:3456").expect(1, &["localhost", "http://"]);
    against("http://user:hunter2@127.0.0.1:1").expect(1, &["user name or password"]);
    against("http://no-such-host.invalid").expect(1, &["--confirm-host no-such-host.invalid"]);
    let unknown = run(loadtest(&[
        "--url",
        "http://no-such-host.invalid",
        "--confirm-host",
        "no-such-host.invalid",
    ])
    .env("VIKUNJA_TOKEN", "tk_0123456789"));
    unknown.expect(1, &["no-such-host.invalid", "not known"]);
    let nobody = nobody();
    against(&nobody).expect(1, &[nobody.as_str(), "no connection", "--wait 60s"]);
}

#[test]
fn servers_that_are_something_else() {
    let page = server_that_says(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>",
    );
    against(&page).expect(1, &["is not a Vikunja server", "/api/v1/info"]);
    let other = server_that_says(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"hello\":123}",
    );
    against(&other).expect(1, &["is not a Vikunja server", "version"]);
    let nothing = server_that_says(
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    against(&nothing).expect(1, &["is not a Vikunja server", "404"]);
    let moved = server_that_says(
        "HTTP/1.1 301 Moved Permanently\r\nlocation: https://tasks.example.com/api/v1/info\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    against(&moved).expect(
        1,
        &[
            "redirects to https://tasks.example.com",
            "--url https://tasks.example.com\n",
        ],
    );
    let silent = server_that_says("");
    against(&silent).expect(1, &["the connection broke", "https://"]);
}

#[test]
fn certificates_that_nobody_vouches_for() {
    let (address, pem) = tls_server();
    let said = against(&address);
    said.expect(1, &["TLS failed", "--cacert", "--insecure"]);
    let folder = tempfile::tempdir().unwrap();
    let cacert = folder.path().join("ca.pem");
    std::fs::write(&cacert, pem).unwrap();
    // Trusted, the same server is asked, and turns out to be something else.
    for trust in [&["--insecure"][..], &["--cacert", cacert.to_str().unwrap()]] {
        let args = [&["--url", &address, "-n", "20"][..], trust].concat();
        let said = run(loadtest(&args).env("VIKUNJA_TOKEN", "tk_0123456789"));
        said.expect(1, &["is not a Vikunja server"]);
    }
    let wrong = run(loadtest(&["--url", &address, "--cacert", "/no/such.pem"])
        .env("VIKUNJA_TOKEN", "tk_0123456789"));
    wrong.expect(1, &["--cacert /no/such.pem"]);
}

/// A TLS server with a certificate of its own making, and that certificate.
fn tls_server() -> (String, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
        .unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (address, own.cert.pem())
}

#[test]
fn accounts() {
    let sandbox = sandbox("2.5");
    let url = sandbox.url();
    run(&mut loadtest(&["--url", &url]))
        .expect(1, &["no account is given", "VIKUNJA_TOKEN", "--throwaway"]);
    let (name, password) = account(&sandbox);
    let wrong = run(loadtest(&["--url", &url])
        .env("VIKUNJA_USERNAME", name)
        .env("VIKUNJA_PASSWORD", "not-hunter2"));
    wrong.expect(
        1,
        &[
            "user name or password is wrong for tester",
            "VIKUNJA_PASSWORD",
        ],
    );
    assert!(!wrong.all().contains("hunter2"));
    run(loadtest(&["--url", &url]).env("VIKUNJA_USERNAME", name)).expect(1, &["no password"]);
    run(loadtest(&["--url", &url]).env("VIKUNJA_PASSWORD", password)).expect(1, &["no user name"]);
    let unknown =
        run(loadtest(&["--url", &url]).env("VIKUNJA_TOKEN", format!("tk_{}", "0".repeat(40))));
    unknown.expect(1, &["401", "tasks: read_all"]);
    let forged = token(&sandbox, (name, password)) + "x";
    run(loadtest(&["--url", &url]).env("VIKUNJA_TOKEN", forged)).expect(1, &["401", "expired"]);
    run(loadtest(&["--url", &url]).env("VIKUNJA_TOKEN", "Bearer tk_1"))
        .expect(1, &["leave out the word Bearer"]);
}

#[test]
fn an_account_without_a_server_is_no_green_run_of_the_stand_in() {
    let said = run(loadtest(&["-n", "20"])
        .env("VIKUNJA_TOKEN", "tk_0123456789")
        .env("VIKUNJA_URL", ""));
    said.expect(1, &["no server", "VIKUNJA_URL"]);
}

#[test]
fn servers_that_refuse_accounts() {
    run(&mut loadtest(&["--sandbox", "2.5,registration=closed"]))
        .expect(1, &["registration is closed", "VIKUNJA_TOKEN"]);
    run(&mut loadtest(&["--sandbox", "2.5,totp=on"])).expect(1, &["second factor", "API token"]);
    // Registering and logging in share one counter by address, on v1.
    let limited = run(&mut loadtest(&["--sandbox", "0.24,login-limit=1"]));
    limited.expect(
        1,
        &["429", "free again in", "VIKUNJA_RATELIMIT_NOAUTHLIMIT"],
    );
}

#[test]
fn a_rate_limiter_below_the_plan() {
    let said = run(&mut loadtest(&[
        "--seed-tasks",
        "10",
        "--sandbox",
        "2.5,limit=200",
    ]));
    said.expect(
        1,
        &[
            "rate limiter",
            "of 200",
            "VIKUNJA_RATELIMIT_ENABLED",
            "--requests",
        ],
    );
}

#[test]
fn plans_and_flags() {
    run(&mut loadtest(&["--requests", "0"])).expect(1, &["--requests 0"]);
    run(&mut loadtest(&["--users", "0"])).expect(1, &["--users 0"]);
    run(&mut loadtest(&["-c", "20", "-n", "10"])).expect(1, &["--users 20", "--requests 10"]);
    run(&mut loadtest(&["--rate", "50", "-c", "5"])).expect(1, &["--max-in-flight"]);
    run(loadtest(&["--max-in-flight", "5"]).env("LOADTEST_USERS", "5")).expect(1, &["--rate"]);
    run(&mut loadtest(&["--scenario", "lst-tasks"])).expect(1, &["known are list-tasks"]);
    run(&mut loadtest(&["--abort-on", "errors<5%"])).expect(1, &["--abort-on", "errors>50%"]);
    run(&mut loadtest(&["--connections", "pool"])).expect(1, &["--connections", "pool:20"]);
    run(&mut loadtest(&["--check", "some"])).expect(1, &["--check", "sample:20"]);
    run(&mut loadtest(&["--think", "fast"])).expect(1, &["--think", "0.1x"]);
    run(&mut loadtest(&["--resolve", "nowhere"])).expect(1, &["--resolve", "host:port:address"]);
    run(&mut loadtest(&["--before-each", "exit 3", "-n", "10"]))
        .expect(1, &["--before-each", "exit status: 3"]);
    run(&mut loadtest(&["--target", "p95"])).expect(1, &["\"p95\"", "p95<500ms"]);
    run(&mut loadtest(&["--header", "no-colon"])).expect(1, &["name: value"]);
    run(&mut loadtest(&["--sandbox", "2.5,dealy=1s"])).expect(1, &["dealy", "delay"]);
    run(&mut loadtest(&["--sandbox", "0.24", "--api", "v2"]))
        .expect(1, &["--api v2 needs Vikunja 2.4.0"]);
    run(&mut loadtest(&["--bin", "/no/such/program"]))
        .expect(1, &["/no/such/program", "VIKUNJA_BIN"]);
    run(&mut loadtest(&["--bin", "/bin/false"])).expect(1, &["has ended"]);
    // A typing mistake is no missed target.
    run(&mut loadtest(&["--url", "http://localhost", "--bin", "x"])).expect(1, &["--bin"]);
    run(&mut loadtest(&["--insecure", "--cacert", "x"])).expect(1, &["--cacert"]);
    run(loadtest(&[]).env("LOADTEST_USERS", "abc")).expect(1, &["abc"]);
    run(&mut loadtest(&["--timeout", "0s"])).expect(1, &["--timeout 0s"]);
    run(&mut loadtest(&["-c", "100000", "-n", "100000"])).expect(1, &["--users 100000"]);
    run(&mut loadtest(&["--header", "authorization: x"])).expect(1, &["--header authorization"]);
    run(&mut loadtest(&["--help"])).expect(0, &["VIKUNJA_URL"]);
}

#[test]
fn a_machine_that_cannot_hold_the_connections() {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 100 && exec \"$0\" -c 200 -n 200"]);
    command.arg(env!("CARGO_BIN_EXE_loadtest"));
    run(&mut command).expect(
        1,
        &["200 connections need 264 descriptors", "ulimit -n 264"],
    );
}

#[test]
fn outputs_that_cannot_be_written_are_found_before_the_run() {
    let sandbox = sandbox("2.5");
    let url = sandbox.url();
    for path in ["/no/such/folder/result.json", "/"] {
        let said = run(loadtest(&["--url", &url, "--json", path]).env("VIKUNJA_TOKEN", "tk_1"));
        said.expect(1, &["--json", path]);
    }
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn no_error_prints_its_source_twice() {
    let refused = || TcpStream::connect(("127.0.0.1", 1)).unwrap_err();
    let address = vikunja_sdk::Server::new("nowhere").unwrap_err();
    let errors: [Box<dyn Error>; 6] = [
        Box::new(LineError::Connect("127.0.0.1:1".to_owned(), refused())),
        Box::new(LineError::UnknownHost("nowhere".to_owned(), refused())),
        Box::new(LineError::Exhausted(io::Error::from_raw_os_error(24))),
        Box::new(LineError::from(address)),
        Box::new(RunResult::read("{}").unwrap_err()),
        Box::new("p95".parse::<loadtest::verdict::Target>().unwrap_err()),
    ];
    for error in errors {
        let mut said = vec![error.to_string()];
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            assert!(
                !said.iter().any(|before| before.contains(&text)),
                "{said:?}: {text}"
            );
            said.push(text);
            source = error.source();
        }
    }
    // What is behind an error of hyper is said, too, and once.
    let silent = against(&server_that_says(""));
    assert_eq!(
        silent.err.matches("the connection broke").count(),
        1,
        "{}",
        silent.err
    );
}
