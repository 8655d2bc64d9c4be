//! From the server into a folder.

use std::{fmt::Write as _, path::Path, pin::pin};

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::{fs, io::AsyncWriteExt as _};
use vikunja_sdk::{
    Client, Keyed as _, Pages, attachments, comments, labels,
    model::{Task, TaskAttachment, TaskId},
    page::walk,
    projects, tasks,
};

use super::{Attachment, Book, Error, Record, Saved};

/// Most comments of one task.
const MOST: usize = 100_000;

/// Saves what the client's account can see; answers how many tasks were added.
///
/// After a kill the same call goes on where it was: tasks come by id, so that what is there tells what is missing. What
/// changes meanwhile is in it as it was, or as it is, for a backup takes longer than a moment.
pub async fn save(vikunja: &Client, folder: &Path) -> Result<usize, Error> {
    let mut book = Book::open(folder)?;
    save_all(vikunja, labels::List::default(), &mut book).await?;
    let archived_too = projects::List {
        is_archived: Some(true),
        ..Default::default()
    };
    let mut saved = 0;
    // Project by project: some releases leave archived ones out of the list of all tasks.
    for project in save_all(vikunja, archived_too, &mut book).await? {
        let query = tasks::ListQuery {
            after: Some(book.last.get(&project).copied().unwrap_or(TaskId(0))),
            ..Default::default()
        };
        let tasks = walk(vikunja, tasks::ListOfProject { project, query });
        let mut tasks = pin!(tasks.items());
        while let Some(task) = tasks.try_next().await? {
            let record = Record::Task(Box::new(whole(vikunja, &task, &book).await?));
            book.write(&record)?;
            saved += 1;
        }
    }
    book.end()?;
    Ok(saved)
}

/// Saves a list, and answers the ids. Pseudo projects, which have negative ones, are made by the server.
async fn save_all<L>(
    vikunja: &Client,
    list: L,
    book: &mut Book,
) -> Result<Vec<<L::Item as vikunja_sdk::Keyed>::Key>, Error>
where
    L: Pages,
    L::Item: Into<Record>,
    <L::Item as vikunja_sdk::Keyed>::Key: Into<i64> + Copy + Ord,
{
    let mut items = pin!(walk(vikunja, list).items());
    let mut ids = Vec::new();
    while let Some(item) = items.try_next().await? {
        let id = item.key();
        if id.into() > 0 {
            book.write(&item.into())?;
            ids.push(id);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

/// A task with its comments, and its attachments on the disk.
async fn whole(vikunja: &Client, task: &Task, book: &Book) -> Result<Saved, Error> {
    let mut saved = Saved::new(task);
    let mut comments = walk(vikunja, comments::List::new(task.id))
        .collect(MOST)
        .await?;
    comments.sort_by_key(|comment| comment.id);
    saved.comments = comments.into_iter().map(|it| it.comment).collect();
    for file in &task.attachments {
        saved
            .attachments
            .push(attachment(vikunja, task.id, file, book).await?);
    }
    saved.attachments.sort_by_key(|file| file.id);
    Ok(saved)
}

/// Downloads a file piece by piece. It gets its name when it is whole.
async fn attachment(
    vikunja: &Client,
    task: TaskId,
    file: &TaskAttachment,
    book: &Book,
) -> Result<Attachment, Error> {
    let path = book.attachments().join(file.id.to_string());
    let part = path.with_extension("part");
    let mut download = vikunja
        .download(&attachments::Download::new(task, file.id))
        .await?;
    let mut digest = Sha256::new();
    let mut to = fs::File::create(&part).await.map_err(Error::file(&part))?;
    while let Some(piece) = download.chunk().await? {
        digest.update(&piece);
        to.write_all(&piece).await.map_err(Error::file(&part))?;
    }
    to.sync_all().await.map_err(Error::file(&part))?;
    fs::rename(&part, &path).await.map_err(Error::file(&path))?;
    Ok(Attachment {
        id: file.id,
        name: file
            .file
            .as_ref()
            .map(|it| it.name.clone())
            .unwrap_or_default(),
        sha256: hex(&digest.finalize()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
