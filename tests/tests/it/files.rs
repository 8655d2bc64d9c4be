//! Files go up and come down as they were.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, ReadBuf};
use vikunja_sdk::{
    BuildError, Client, Content, Error, Execute, Failure, FilesRefused, NewFile, Release,
    ReplyError, Server,
    attachments::{Delete, Download, List, PreviewSize, Upload},
    model::{AttachmentId, Info, TaskAttachment, TaskId},
    page::walk,
    tasks,
};

use super::{
    servers::servers,
    story::{account, container},
};

#[tokio::test]
async fn files() {
    for told in servers() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}, {}", told.name, info.version, info.max_file_size);
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        account(&mut client, &info).await;
        let project = container(&client).await;
        let create = tasks::Create::new(project.id, "With files");
        let task = client.send(&create).await.unwrap().id;
        contents(&client, task).await;
        names(&client, task).await;
        lists(&client, task).await;
        limits(&client, task, &info).await;
        streams(&client, task).await;
        parts_and_previews(&client, task).await;
        ends(&client, task).await;
    }
}

fn release(client: &Client) -> Release {
    Execute::session(client).server().release
}

fn server(client: &Client) -> Server {
    Execute::session(client).server().clone()
}

async fn put(client: &Client, task: TaskId, files: Vec<NewFile>) -> Vec<TaskAttachment> {
    let upload = Upload { task, files };
    client.upload(&upload).await.unwrap()
}

async fn get(client: &Client, download: &Download) -> Vec<u8> {
    let mut content = Vec::new();
    let mut download = client.download(download).await.unwrap();
    let head = download.head().clone();
    assert!(head.last_modified.is_some() || head.content_type.as_deref() == Some("image/png"));
    let count = download.save_to(&mut content).await.unwrap();
    assert_eq!(Some(count), head.length);
    content
}

/// What files hold: all bytes, and no pattern that a shifted copy would match.
fn byte(at: usize) -> u8 {
    (at.wrapping_mul(0x9e37_79b9) >> 11) as u8
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(byte).collect()
}

async fn contents(client: &Client, task: TaskId) {
    for length in [0, 1, 70_000] {
        let sent = bytes(length);
        let file = NewFile::from_bytes("content.bin", sent.clone());
        let stored = put(client, task, vec![file]).await;
        let file = stored[0].file.as_ref().unwrap();
        assert_eq!(
            (file.name.as_str(), file.size),
            ("content.bin", length as u64)
        );
        let download = Download::new(task, stored[0].id);
        assert!(
            get(client, &download).await == sent,
            "{length} bytes differ"
        );
        let whole: Content = client.send(&download).await.unwrap();
        assert!(whole.bytes == sent, "{length} bytes differ");
    }
    // What looks like the end of a form is content.
    let sent = "\r\n--\r\n----\r\nContent-Disposition: form-data\r\n\r\n";
    let file = NewFile::from_bytes("form.txt", sent);
    let stored = put(client, task, vec![file]).await;
    let got = get(client, &Download::new(task, stored[0].id)).await;
    assert_eq!(got, sent.as_bytes());
}

async fn names(client: &Client, task: TaskId) {
    for (name, safe) in [
        ("plain.txt", "plain.txt"),
        ("a \"quoted\"; name=x.txt", "a \"quoted\"; name=x.txt"),
        ("grün ☃ 日本.txt", "grün ☃ 日本.txt"),
        ("a%22b %0A.txt", "a%22b %0A.txt"),
        ("line\r\nend\t.txt", "lineend.txt"),
        ("back\\slash\\\".txt", "\".txt"),
        (" space ", " space "),
    ] {
        let stored = put(client, task, vec![NewFile::from_bytes(name, "x")]).await;
        assert_eq!(stored[0].file.as_ref().unwrap().name, name);
        let download = Download::new(task, stored[0].id);
        let download = client.download(&download).await.unwrap();
        let expected = (release(client) >= Release(2, 0, 0)).then_some(safe);
        assert_eq!(download.head().name.as_deref(), expected, "{name:?}");
    }
    let stored = put(client, task, vec![NewFile::from_bytes("dir/name.txt", "x")]).await;
    assert_eq!(stored[0].file.as_ref().unwrap().name, "name.txt");
}

async fn lists(client: &Client, task: TaskId) {
    let two = vec![
        NewFile::from_bytes("first.txt", "1"),
        NewFile::from_bytes("second.txt", "22"),
    ];
    let stored = put(client, task, two).await;
    let sizes = stored.iter().map(|one| one.file.as_ref().unwrap().size);
    assert_eq!(sizes.collect::<Vec<_>>(), [1, 2]);
    let mut list = List::new(task);
    list.per_page = Some(5);
    let all = walk(client, list).collect(100).await.unwrap();
    assert_eq!(all.len(), 14);
    let newest: Vec<_> = all[12..].iter().map(|one| one.id).collect();
    assert_eq!(newest, [stored[0].id, stored[1].id]);
}

/// The limit is where `/info` says it is, and what is refused inside a success is an error.
async fn limits(client: &Client, task: TaskId, info: &Info) {
    let limit = server(client).max_file_size.unwrap();
    assert_eq!(Some(limit), info.max_file_bytes(release(client)));
    let limit = usize::try_from(limit).unwrap();
    let of_size = |name: &str, length| NewFile::from_bytes(name, bytes(length));
    let stored = put(client, task, vec![of_size("exact.bin", limit)]).await;
    let got = get(client, &Download::new(task, stored[0].id)).await;
    assert!(got == bytes(limit));
    let count = client.send(&List::new(task)).await.unwrap().items.len();

    let large = Upload {
        task,
        files: vec![
            of_size("small.txt", 3),
            of_size("large.bin", limit + 1),
            of_size("other.txt", 4),
            of_size("larger.bin", limit + 2),
        ],
    };
    let error = client.upload(&large).await.unwrap_err();
    assert!(
        matches!(&error, Error::Build(BuildError::FileTooLarge { file, .. }) if file == "large.bin"),
        "{error}"
    );

    // As if the limit were not known.
    let mut unlimited = server(client);
    unlimited.max_file_size = None;
    let unaware = client.clone().at(unlimited);
    let mixed = Upload {
        task,
        files: large.files[..3].to_vec(),
    };
    let refused = refusal(&unaware, &mixed).await;
    assert_eq!(refused.refused[0].name.as_deref(), Some("large.bin"));
    let names = refused
        .stored
        .iter()
        .map(|one| &one.file.as_ref().unwrap().name);
    assert_eq!(names.collect::<Vec<_>>(), ["small.txt", "other.txt"]);
    let now = client.send(&List::new(task)).await.unwrap().items.len();
    assert_eq!(now, (count + 2).min(50));

    // More than a request may hold: the server answers in the middle of it and hangs up.
    let two = Upload {
        task,
        files: vec![
            of_size("one.bin", limit),
            of_size("two.bin", limit),
            of_size("three.bin", limit),
        ],
    };
    if release(client) >= Release(1, 0, 0) {
        let error = client.upload(&two).await.unwrap_err();
        assert!(
            matches!(error, Error::Build(BuildError::FilesTooLarge { .. })),
            "{error}"
        );
        let error = unaware.upload(&two).await.unwrap_err();
        let status = error.status().map(|status| status.as_u16());
        println!("more than a request may hold: {error}");
        assert!(
            matches!(status, Some(413) | None) && error.was_sent(),
            "{error}"
        );
    } else {
        assert_eq!(put(client, task, two.files).await.len(), 3);
        // Several refusals are told apart by their order.
        let refused = refusal(&unaware, &large).await;
        let sizes = [limit + 1, limit + 2].map(|size| size.to_string());
        let names = ["large.bin", "larger.bin"];
        for (file, (name, size)) in refused.refused.iter().zip(names.iter().zip(sizes)) {
            assert_eq!(file.name.as_deref(), Some(*name));
            assert!(file.message.contains(&size), "{refused}");
        }
    }
}

async fn refusal(client: &Client, upload: &Upload) -> FilesRefused {
    let error = client.upload(upload).await.unwrap_err();
    let Some(ReplyError::Files(refused)) = error.reply() else {
        panic!("{error}");
    };
    println!("{error}");
    assert_eq!(refused.refused[0].code, Some(4012));
    assert_eq!(refused.stored.len(), 2);
    refused.as_ref().clone()
}

/// The bytes that [`bytes`] would give, made while they are read.
struct Made {
    at: usize,
    end: usize,
}

impl AsyncRead for Made {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        // Odd pieces: no border of a frame is one of a read.
        let count = (self.end - self.at).min(buffer.remaining()).min(10_007);
        let end = self.at + count;
        buffer.put_slice(&(self.at..end).map(byte).collect::<Vec<_>>());
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

async fn streams(client: &Client, task: TaskId) {
    let limit = usize::try_from(server(client).max_file_size.unwrap()).unwrap();
    let length = limit.min(10 << 20);
    let made = Made { at: 0, end: length };
    let file = NewFile::from_reader("streamed.bin", made, length as u64);
    let files = vec![file, NewFile::from_bytes("beside.txt", "x")];
    let stored = put(client, task, files).await;
    let got = get(client, &Download::new(task, stored[0].id)).await;
    assert!(got == bytes(length));

    // The server stores nothing of a file that ends too soon.
    let count = last(client, task).await;
    let made = Made {
        at: 0,
        end: 100_000,
    };
    let short = Upload {
        task,
        files: vec![NewFile::from_reader("short.bin", made, 100_001)],
    };
    let error = client.upload(&short).await.unwrap_err();
    assert!(error.to_string().contains("ends after 100000"), "{error}");
    assert_eq!(last(client, task).await, count);
}

/// The newest file of a task.
async fn last(client: &Client, task: TaskId) -> Option<AttachmentId> {
    let all = walk(client, List::new(task)).collect(100).await;
    all.unwrap().last().map(|attachment| attachment.id)
}

/// A picture of one pixel.
pub(crate) const DOT: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\xdacd\xf8\xcfP\x0f\0\x03\x86\x01\x80Z4}k\0\0\0\0IEND\xaeB`\x82";

async fn parts_and_previews(client: &Client, task: TaskId) {
    let files = vec![
        NewFile::from_bytes("digits.txt", "0123456789"),
        NewFile::from_bytes("dot.png", DOT),
    ];
    let stored = put(client, task, files).await;
    let mut rest = Download::new(task, stored[0].id);
    rest.from = 7;
    let download = client.download(&rest).await.unwrap();
    let range = download.head().range.unwrap();
    assert_eq!((range.first, range.last, range.total), (7, 9, Some(10)));
    assert_eq!(get(client, &rest).await, b"789");
    rest.from = 10;
    let error = client.download(&rest).await.unwrap_err();
    assert_eq!(
        error.status().map(|status| status.as_u16()),
        Some(416),
        "{error}"
    );

    let mut preview = Download::new(task, stored[1].id);
    assert_eq!(get(client, &preview).await, DOT);
    preview.preview = Some(PreviewSize::Medium);
    if release(client) >= Release(2, 0, 0) {
        let png = get(client, &preview).await;
        // Width, in the first chunk.
        assert_eq!(png[16..20], 200_u32.to_be_bytes());
    } else {
        let error = client.download(&preview).await.unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
    }
}

async fn ends(client: &Client, task: TaskId) {
    let stored = put(client, task, vec![NewFile::from_bytes("gone.txt", "x")]).await;
    let attachment = stored[0].id;
    client.send(&Delete { task, attachment }).await.unwrap();
    let download = Download::new(task, attachment);
    for error in [
        client.download(&download).await.unwrap_err(),
        client.send(&download).await.unwrap_err(),
        client.send(&Delete { task, attachment }).await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.code().map(vikunja_sdk::Code::number), Some(4011));
    }
    let nowhere = Upload {
        task: TaskId::from(999_999),
        files: vec![NewFile::from_bytes("lost.txt", "x")],
    };
    assert!(client.upload(&nowhere).await.unwrap_err().is_not_found());
}
