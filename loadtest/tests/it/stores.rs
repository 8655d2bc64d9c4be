//! The database and the cache behind a server, played by a few lines of their protocols.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use crate::program::{account, loadtest, nobody, read, run, sandbox, token, unhurried};

/// A PostgreSQL that takes every password. Each time that its statements are read, there are 640 more, of half a
/// millisecond each.
fn postgres(has_extension: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut reads = 0;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _start = message(&mut stream);
            send(&mut stream, b'R', &[0; 4]);
            send(&mut stream, b'Z', b"I");
            let mut kind = [0];
            while stream.read_exact(&mut kind).is_ok() && kind == *b"Q" {
                let sql = String::from_utf8(message(&mut stream)).unwrap();
                assert!(sql.starts_with("/* loadtest */ SELECT "), "{sql}");
                let is_of_statements = sql.contains("pg_stat_statements");
                reads += u32::from(is_of_statements);
                let row = match (is_of_statements, has_extension) {
                    (false, _) => {
                        vec!["990".to_owned(), "10".into(), "9000000".into(), "31".into()]
                    }
                    (true, true) => vec![
                        (reads * 640).to_string(),
                        (reads * 320).to_string(),
                        "0".into(),
                        "yesterday".into(),
                    ],
                    (true, false) => {
                        let error = b"SERROR\0VERROR\0C42P01\0Mrelation does not exist\0\0";
                        send(&mut stream, b'E', error);
                        send(&mut stream, b'Z', b"I");
                        continue;
                    }
                };
                answer(&mut stream, &row);
            }
        }
    });
    format!("postgres://vikunja:s3cret-of-db@{host}/vikunja")
}

fn message(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
    stream.read_exact(&mut body).unwrap();
    body
}

fn send(stream: &mut TcpStream, kind: u8, body: &[u8]) {
    let mut bytes = vec![kind];
    bytes.extend((body.len() as u32 + 4).to_be_bytes());
    bytes.extend(body);
    stream.write_all(&bytes).unwrap();
}

/// One row of texts.
fn answer(stream: &mut TcpStream, row: &[String]) {
    let count = (row.len() as u16).to_be_bytes();
    let (mut columns, mut values) = (count.to_vec(), count.to_vec());
    for value in row {
        columns.extend(b"figure\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0");
        values.extend((value.len() as u32).to_be_bytes());
        values.extend(value.as_bytes());
    }
    send(stream, b'T', &columns);
    send(stream, b'D', &values);
    send(stream, b'C', b"SELECT 1\0");
    send(stream, b'Z', b"I");
}

#[test]
fn what_the_database_did_is_told_per_request() {
    let server = sandbox("0.24");
    let jwt = token(&server, account(&server));
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result.json");
    let url = server.url();
    let args = [
        "-n",
        "60",
        "-c",
        "4",
        "--url",
        &url,
        "--writes",
        "--seed-tasks",
        "60",
        "--json",
        result.to_str().unwrap(),
    ];
    let mut command = unhurried(&args);
    command
        .env("VIKUNJA_TOKEN", &jwt)
        .env("LOADTEST_POSTGRES", postgres(true));
    let said = run(&mut command);
    // 60 requests and one of each user before the clock: 640 statements, 320 ms.
    said.expect(
        0,
        &["/vikunja: 10.0 SQL statements and 5.00 ms per request\n"],
    );
    assert!(!said.all().contains("s3cret-of-db"));
    let result: serde_json::Value = serde_json::from_str(&read(&result)).unwrap();
    assert_eq!(result["database"]["requests"], 64);
    assert_eq!(result["database"]["statements"], 640);
    assert!(!result.to_string().contains("s3cret-of-db"));
}

#[test]
fn a_database_that_cannot_be_read_stops_a_run_before_it_begins() {
    let server = sandbox("0.24");
    let url = server.url();
    for (database, why) in [
        (postgres(false), "CREATE EXTENSION pg_stat_statements"),
        (
            nobody().replace("http://", "postgres://me:s3cret-of-db@") + "/vikunja",
            "Connection refused",
        ),
        (
            "postgres://me:s3cret-of-db@db".to_owned(),
            "names no database",
        ),
    ] {
        let mut command = loadtest(&["--url", &url]);
        command
            .env("VIKUNJA_TOKEN", "tk_0123456789")
            .env("LOADTEST_POSTGRES", database);
        let said = run(&mut command);
        said.expect(1, &["--postgres: ", why]);
        assert!(!said.all().contains("s3cret-of-db"), "{}", said.all());
    }
    assert!(server.requests().is_empty());
    let args = ["--sandbox", "--postgres", "postgres://me:pw@db/vikunja"];
    run(&mut loadtest(&args)).expect(
        1,
        &[
            "--postgres",
            "SQLite",
            "name the server",
            "set LOADTEST_POSTGRES",
        ],
    );
}

#[test]
fn stores_are_watched_and_unknown_where_they_cannot_be_read() {
    let server = sandbox("1.0");
    let url = server.url();
    let once = |database: String| {
        let mut command = loadtest(&["monitor", "--once", "--url", &url, "--every", "1ms"]);
        run(command.env("LOADTEST_POSTGRES", database))
    };
    once(postgres(true)).expect(
        0,
        &[
            "VIKUNJA OK - ",
            "PostgreSQL query 0.50 ms, ",
            "PostgreSQL connections 31 (above the aim), PostgreSQL size 9.0 MB",
            " postgres_query=0.500ms postgres_connections=31 postgres_size=9000000B",
        ],
    );
    once(postgres(false)).expect(
        3,
        &[
            "VIKUNJA UNKNOWN - ",
            "CREATE EXTENSION",
            "postgres_query=Ums",
        ],
    );
    let gone = nobody().replace("http://", "postgres://me:s3cret-of-db@") + "/vikunja";
    let said = once(gone);
    said.expect(3, &["VIKUNJA UNKNOWN - ", "refused", "postgres_size=UB"]);
    assert!(!said.all().contains("s3cret-of-db"));
}

#[test]
fn memory_and_disk_are_watched() {
    let server = sandbox("1.0");
    let url = server.url();
    let own = std::process::id().to_string();
    let watch = |memory, disk| {
        run(&mut loadtest(&[
            "monitor", "--once", "--url", &url, "--every", "1ms", "--memory", memory, "--disk",
            disk,
        ]))
    };
    let said = watch(&own, "/");
    for part in [
        "server_memory=",
        "_memory=",
        "machine_disk=",
        "%;80;95;0;100",
    ] {
        assert!(said.out.contains(part), "{}", said.out);
    }
    assert!(!said.out.contains("=U"), "{}", said.out);
    let said = watch("4294967295", "/not/there");
    for part in ["server_memory=U", "machine_disk=U", "/not/there"] {
        assert!(said.out.contains(part), "{}", said.out);
    }
    assert_ne!(said.code, Some(0));
    let wrong = watch("all", "/");
    wrong.expect(3, &["neither the number of a process nor `machine`"]);
}
