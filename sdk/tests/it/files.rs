//! Files on their way, from and to small servers on loopback that do what a network does.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::io::{AsyncRead, ReadBuf};
use vikunja_sdk::{
    ApiChoice, BuildError, Client, Content, Error, Execute, Failure, NewFile, Release, ReplyError,
    Server,
    attachments::{Download, PreviewSize, Upload},
    auth::{Credentials, Token},
    client::TransportErrorKind,
    model::{AttachmentId, TaskId},
    retry::Policy,
    testing::Fake,
};

/// A server that handles one connection after another, each with the next of these; the thread ends with the last.
fn serve<F>(handlers: Vec<F>) -> (Client, JoinHandle<()>)
where
    F: FnOnce(TcpStream) + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        for handle in handlers {
            handle(listener.accept().unwrap().0);
        }
    });
    (client(&address), thread)
}

fn client(address: &str) -> Client {
    let server = Server::new(address).unwrap();
    let server = server
        .with_release(Release(2, 5, 0))
        .with_api(ApiChoice::Auto);
    Client::builder(address)
        .token("eyJ.some.token".into())
        .retry(Policy {
            tries: 2,
            longest_wait: Duration::from_secs(65),
            ..Policy::default()
        })
        .build(server)
        .unwrap()
}

/// Reads a request's head, byte by byte so that nothing of the body is taken.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

fn length(head: &str) -> u64 {
    assert!(!head.contains("transfer-encoding"), "{head}");
    let (_, rest) = head.split_once("content-length: ").unwrap();
    rest.lines().next().unwrap().parse().unwrap()
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).unwrap();
}

const STORED: &str =
    r#"{"errors":null,"success":[{"id":7,"task_id":1,"file":{"id":9,"name":"a","size":1}}]}"#;

fn upload(file: NewFile) -> Upload {
    Upload {
        task: TaskId::from(1),
        files: vec![file],
    }
}

/// Bytes out of nothing, counted.
struct Counted {
    left: u64,
    read: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let most = usize::try_from(self.left).unwrap().min(buffer.remaining());
        buffer.initialize_unfilled_to(most).fill(b'x');
        buffer.advance(most);
        self.left -= most as u64;
        self.read.fetch_add(most as u64, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

fn counted(name: &str, holds: u64, announced: u64) -> (NewFile, Arc<AtomicU64>) {
    let read = Arc::default();
    let reader = Counted {
        left: holds,
        read: Arc::clone(&read),
    };
    (NewFile::from_reader(name, reader, announced), read)
}

#[tokio::test]
async fn a_stream_is_read_no_faster_than_it_is_taken() {
    const SIZE: u64 = 200 << 20;
    let (file, read) = counted("a", SIZE, SIZE);
    let (client, server) = serve(vec![move |mut stream: TcpStream| {
        let head = head(&mut stream);
        let mut left = length(&head);
        assert!(left > SIZE && head.contains("multipart/form-data; boundary="));
        let mut received = 0;
        let mut buffer = vec![0; 64 << 10];
        let mut most_ahead = 0;
        while left > 0 {
            let count = stream.read(&mut buffer).unwrap() as u64;
            assert!(count > 0, "{left} bytes are missing");
            (left, received) = (left - count, received + count);
            most_ahead = most_ahead.max(read.load(Ordering::SeqCst).saturating_sub(received));
        }
        // What the system keeps for both ends, and little more.
        assert!(most_ahead < SIZE / 4, "{most_ahead} bytes ahead");
        answer(&mut stream, "201 Created", STORED);
    }]);
    let stored = client.upload(&upload(file)).await.unwrap();
    assert_eq!(stored[0].id, AttachmentId::from(7));
    server.join().unwrap();
}

#[tokio::test]
async fn a_stream_of_another_length_than_announced_is_no_upload() {
    const SIZE: u64 = 1 << 20;
    for (holds, said) in [
        (SIZE - 1, "ends after 1048575 of the 1048576 bytes"),
        (SIZE + 1, "more than the 1048576 bytes"),
    ] {
        let (file, _) = counted("odd.bin", holds, SIZE);
        let (client, server) = serve(vec![|mut stream: TcpStream| {
            let mut request = Vec::new();
            // It ends, or is reset.
            let _ = stream.read_to_end(&mut request);
            assert!(!request.ends_with(b"--\r\n"));
        }]);
        let error = client.upload(&upload(file)).await.unwrap_err();
        assert!(
            matches!(&error, Error::Transport(error) if error.kind == TransportErrorKind::Local)
        );
        let text = error.to_string();
        assert!(text.contains("odd.bin") && text.contains(said), "{text}");
        assert!(!error.is_retryable());
        server.join().unwrap();
    }
}

/// Takes the whole body, and answers.
fn taking(status: &'static str, body: &'static str) -> impl FnOnce(TcpStream) + Send {
    move |mut stream| {
        let mut left = length(&head(&mut stream));
        let mut buffer = [0; 4096];
        while left > 0 {
            left -= stream.read(&mut buffer).unwrap() as u64;
        }
        answer(&mut stream, status, body);
    }
}

#[tokio::test]
async fn a_begun_stream_is_not_sent_again_and_bytes_are() {
    let limited = || taking("429 Too Many Requests", "{}");
    let (client, server) = serve(vec![limited()]);
    let (file, _) = counted("a", 1, 1);
    let again = file.clone();
    let error = client.upload(&upload(file)).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
    let error = client.upload(&upload(again)).await.unwrap_err();
    assert!(
        matches!(&error, Error::Build(BuildError::Body(_))),
        "{error}"
    );
    assert!(error.to_string().contains("read already"), "{error}");
    server.join().unwrap();

    let handlers: Vec<Box<dyn FnOnce(TcpStream) + Send>> =
        vec![Box::new(limited()), Box::new(taking("201 Created", STORED))];
    let (client, server) = serve(handlers);
    let file = NewFile::from_bytes("a", "x");
    assert_eq!(client.upload(&upload(file)).await.unwrap().len(), 1);
    server.join().unwrap();
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_a_begun_stream_is_not_sent_again() {
    let expired = taking("401 Unauthorized", r#"{"code":11,"message":"expired"}"#);
    let renewing = sending(
        "HTTP/1.1 200 OK\r\nSet-Cookie: vikunja_refresh_token=second\r\nContent-Length: 26\r\n\
         Connection: close\r\n\r\n{\"token\":\"eyJ.new.token_\"}",
    );
    // A third connection would be refused: nobody listens then.
    let handlers: Vec<Box<dyn FnOnce(TcpStream) + Send>> =
        vec![Box::new(expired), Box::new(renewing)];
    let (client, server) = serve(handlers);
    client.session().set_credentials(Some(Credentials {
        token: Token::new("eyJ.some.token".into()).unwrap(),
        refresh: Some("first".to_owned().into()),
    }));
    let before = client.session().generation();
    let (file, _) = counted("a", 1, 1);
    let error = client.upload(&upload(file)).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(client.session().generation() > before);
    server.join().unwrap();
}

#[tokio::test]
async fn an_untouched_stream_is_kept() {
    // Nobody listens: a port that was just free.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (file, read) = counted("a", 1, 1);
    let error = client(&address)
        .upload(&upload(file.clone()))
        .await
        .unwrap_err();
    assert!(!error.was_sent() && !file.is_spent(), "{error}");
    assert_eq!(read.load(Ordering::SeqCst), 0);
    let (client, server) = serve(vec![taking("201 Created", STORED)]);
    assert_eq!(client.upload(&upload(file)).await.unwrap().len(), 1);
    server.join().unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_not_tried_again() {
    let (client, server) = serve(vec![|mut stream: TcpStream| {
        head(&mut stream);
    }]);
    let file = NewFile::from_bytes("a", "x");
    let error = client.upload(&upload(file)).await.unwrap_err();
    assert!(error.was_sent(), "{error}");
    server.join().unwrap();
}

/// Answers a download with exactly this.
fn sending(text: &'static str) -> impl FnOnce(TcpStream) + Send {
    move |mut stream| {
        head(&mut stream);
        stream.write_all(text.as_bytes()).unwrap();
    }
}

fn file() -> Download {
    Download::new(TaskId::from(1), AttachmentId::from(7))
}

#[tokio::test]
async fn a_download_that_is_cut_is_an_error_and_stays_one() {
    for cut in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        // Nobody can tell whether this was all.
        "HTTP/1.1 200 OK\r\n\r\nabc",
        "HTTP/1.0 200 OK\r\n\r\nabc",
    ] {
        let (client, server) = serve(vec![sending(cut)]);
        let mut download = client.download(&file()).await.unwrap();
        let error = loop {
            match download.chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "{cut:?} came to an end"),
                Err(error) => break error,
            }
        };
        assert!(
            error.to_string().contains("the connection broke"),
            "{error}"
        );
        assert!(error.to_string().contains("{attachment}"), "{error}");
        assert!(download.received() <= 3);
        assert!(download.chunk().await.is_err());
        server.join().unwrap();
    }
}

#[tokio::test]
async fn a_whole_download_is_saved() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n\
         2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ] {
        let (client, server) = serve(vec![sending(whole)]);
        let mut download = client.download(&file()).await.unwrap();
        assert_eq!(download.head().name.as_deref(), Some("a.txt"));
        let mut saved = Vec::new();
        assert_eq!(download.save_to(&mut saved).await.unwrap(), 3);
        assert_eq!(saved, b"abc");
        server.join().unwrap();
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_no_fault_of_the_server() {
    let (client, server) = serve(vec![sending(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    )]);
    let mut download = client.download(&file()).await.unwrap();
    let mut full = [0; 2];
    let error = download
        .save_to(&mut std::io::Cursor::new(&mut full[..]))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Transport(error) if error.kind == TransportErrorKind::Local),
        "{error}"
    );
    server.join().unwrap();
}

#[tokio::test]
async fn a_refused_download_is_an_error_at_once_and_a_failed_one_is_repeated() {
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 46\r\nConnection: close\r\n\r\n\
                   {\"code\":4011,\"message\":\"This does not exist.\"}";
    let (client, server) = serve(vec![sending(missing)]);
    let error = client.download(&file()).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    server.join().unwrap();

    let failed =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (client, server) = serve(vec![
        sending(failed),
        sending("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
    ]);
    let mut download = client.download(&file()).await.unwrap();
    assert_eq!(&download.chunk().await.unwrap().unwrap()[..], b"abc");
    assert_eq!(download.chunk().await.unwrap(), None);
    server.join().unwrap();
}

#[tokio::test]
async fn a_whole_file_in_place_of_its_rest_is_refused() {
    let mut rest = file();
    rest.from = 2;
    let (client, server) = serve(vec![sending(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    )]);
    let error = client.download(&rest).await.unwrap_err();
    assert!(
        error.to_string().contains("bytes=2- was asked for"),
        "{error}"
    );
    server.join().unwrap();
    // Another part would spoil the file as much.
    let other = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\nabc";
    let (client, server) = serve(vec![sending(other)]);
    client.download(&rest).await.unwrap_err();
    server.join().unwrap();
    let part =
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-2/3\r\nContent-Length: 1\r\n\r\nc";
    let (client, server) = serve(vec![sending(part)]);
    let download = client.download(&rest).await.unwrap();
    assert_eq!(download.head().range.unwrap().total, Some(3));
    server.join().unwrap();
}

#[tokio::test]
async fn what_was_stored_is_told_with_what_was_refused() {
    const PATH: &str = "POST /api/v2/tasks/1/attachments";
    let mut fake = Fake::of(Release(2, 5, 0));
    let small = |name| NewFile::from_bytes(name, "x");
    let both = Upload {
        task: TaskId::from(1),
        files: vec![small("a"), small("dir/b"), small("b")],
    };
    let stored =
        |id, name| serde_json::json!({"id": id, "task_id": 1, "file": {"id": id, "name": name}});
    let error = serde_json::json!({"code": 4012, "message": "too large"});
    fake.answer(
        PATH,
        201,
        &serde_json::json!({"errors": [error], "success": [stored(7, "a"), stored(8, "b")]}),
    );
    fake.answer(
        PATH,
        201,
        &serde_json::json!({"errors": null, "success": null}),
    );
    for (refused, ids) in [(vec!["b"], vec![7, 8]), (vec!["a", "dir/b", "b"], vec![])] {
        let error = fake.execute(&both).await.unwrap_err();
        let Some(ReplyError::Files(files)) = error.reply() else {
            panic!("{error}");
        };
        let names: Vec<_> = files
            .refused
            .iter()
            .map(|file| file.name.as_deref().unwrap())
            .collect();
        assert_eq!(names, refused);
        let kept: Vec<_> = files.stored.iter().map(|file| file.id.get()).collect();
        assert_eq!(kept, ids);
        assert!(error.was_sent() && !error.is_retryable());
    }
    let text = fake.execute(&both).await.unwrap_err().to_string();
    assert_eq!(
        text,
        "POST /api/v2/tasks/{task}/attachments: 201, and the server refused \"a\" (without a reason), \"dir/b\" \
         (without a reason), \"b\" (without a reason); 0 stored"
    );
    let whole: Content = {
        let path = "GET /api/v2/tasks/1/attachments/7";
        fake.answer_with(path, http::Response::new("abc".into()));
        fake.execute(&file()).await.unwrap()
    };
    assert_eq!(&whole.bytes[..], b"abc");
}

#[tokio::test]
async fn what_the_server_would_refuse_is_not_sent() {
    let mut server = Server::new("https://vikunja.test")
        .unwrap()
        .with_release(Release(1, 0, 0));
    server.max_file_size = Some(1 << 20);
    let mut fake = Fake::at(server.clone());
    fake.session().set_token(Token::new("token".into()).ok());
    let of_size = |size: usize| NewFile::from_bytes(format!("{size}.bin"), vec![0; size]);
    let error = fake
        .execute(&upload(of_size((1 << 20) + 1)))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"1048577.bin\" has 1048577 bytes, and this server takes files of at most 1048576 (its operator sets \
         files.maxsize)"
    );
    let three = Upload {
        task: TaskId::from(1),
        files: vec![of_size(1 << 20), of_size(1 << 20), of_size(1 << 20)],
    };
    let error = fake.execute(&three).await.unwrap_err();
    assert!(error.to_string().contains("one by one"), "{error}");
    let mut old = Fake::at(server.with_release(Release(0, 24, 1)));
    old.session().set_token(Token::new("token".into()).ok());
    let error = old.execute(&three).await.unwrap_err();
    assert!(error.to_string().contains("scripted"), "{error}");
    let preview = Download {
        preview: Some(PreviewSize::Small),
        ..file()
    };
    let error = old.execute(&preview).await.unwrap_err();
    assert!(
        error.to_string().contains("needs Vikunja 2.0.0 or newer"),
        "{error}"
    );
    assert_eq!(old.requests().len(), 1);
    let (stream, _) = counted("a", 1, 1);
    let error = fake.execute(&upload(stream)).await.unwrap_err();
    assert!(error.to_string().contains("is a stream"), "{error}");
    assert!(fake.requests().is_empty());
}
