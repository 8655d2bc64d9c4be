//! The folder of a backup.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde_json::error::Category;
use vikunja_sdk::{
    labels,
    model::{LabelId, ProjectId, TaskId},
    projects,
};

use super::{Error, Record, Saved};

/// A folder that is written to. What is in it stays, whatever happens then.
#[derive(Debug)]
pub struct Book {
    folder: PathBuf,
    lines: File,
    /// The youngest task of each project that is there already.
    pub(super) last: BTreeMap<ProjectId, TaskId>,
}

impl Book {
    /// Opens a folder, a new one or one whose backup did not come to its end.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(attachments(folder)).map_err(Error::file(folder))?;
        let path = lines(folder);
        let mut file = OpenOptions::new();
        let mut file = file.create(true).truncate(false).read(true).write(true);
        // Titles and comments are nobody else's business.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            file = file.mode(0o600);
        }
        let file = file.open(&path).map_err(Error::file(&path))?;
        let mut last = BTreeMap::new();
        let whole = read(&path, |record| {
            match record {
                Record::Task(task) => {
                    let project = task.fields.project_id.value().copied().unwrap_or_default();
                    last.insert(project, task.id);
                }
                Record::End {} => {
                    return Err(Error::Unfit(format!(
                        "{} has a finished backup: give another folder",
                        folder.display()
                    )));
                }
                Record::Label { .. } | Record::Project { .. } => {}
            }
            Ok(())
        })?;
        // A line that was cut off by the end of a run is written again.
        file.set_len(whole).map_err(Error::file(&path))?;
        let mut lines = file;
        std::io::Seek::seek(&mut lines, std::io::SeekFrom::Start(whole))
            .map_err(Error::file(&path))?;
        Ok(Self {
            folder: folder.to_owned(),
            lines,
            last,
        })
    }

    /// Adds a line.
    pub(super) fn write(&mut self, record: &Record) -> Result<(), Error> {
        let mut line = serde_json::to_vec(record)
            .map_err(|error| Error::Unfit(format!("a line cannot be written: {error}")))?;
        line.push(b'\n');
        let written = self.lines.write_all(&line);
        written.map_err(Error::file(lines(&self.folder)))
    }

    /// Adds the last line, after all is on the disk.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.write(&Record::End {})?;
        let path = lines(&self.folder);
        self.lines.sync_all().map_err(Error::file(path))
    }

    /// Where the attachments are.
    pub(super) fn attachments(&self) -> PathBuf {
        attachments(&self.folder)
    }
}

/// A finished backup, all but the attachments in memory. Of two lines about the same thing the later one counts.
#[derive(Debug, Default)]
pub struct Content {
    pub(super) folder: PathBuf,
    /// Labels.
    pub labels: BTreeMap<LabelId, labels::Fields>,
    /// Projects.
    pub projects: BTreeMap<ProjectId, projects::Fields>,
    /// Tasks.
    pub tasks: BTreeMap<TaskId, Saved>,
}

impl Content {
    /// Reads it from a folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut content = Self {
            folder: folder.to_owned(),
            ..Self::default()
        };
        let mut is_finished = false;
        read(&lines(folder), |record| {
            match record {
                Record::Label { id, fields } => drop(content.labels.insert(id, fields)),
                Record::Project { id, fields } => drop(content.projects.insert(id, fields)),
                Record::Task(task) => drop(content.tasks.insert(task.id, *task)),
                Record::End {} => is_finished = true,
            }
            Ok(())
        })?;
        if is_finished {
            return Ok(content);
        }
        Err(Error::Unfit(format!(
            "the backup in {} was not finished: run it again with the same folder",
            folder.display()
        )))
    }

    /// Where an attachment is.
    pub(super) fn attachments(&self) -> PathBuf {
        attachments(&self.folder)
    }
}

fn lines(folder: &Path) -> PathBuf {
    folder.join("backup.ndjson")
}

fn attachments(folder: &Path) -> PathBuf {
    folder.join("attachments")
}

/// Reads all whole lines; answers how many bytes they have.
fn read(path: &Path, mut each: impl FnMut(Record) -> Result<(), Error>) -> Result<u64, Error> {
    let file = File::open(path).map_err(Error::file(path))?;
    let mut file = BufReader::new(file);
    let (mut line, mut number, mut whole) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        let read = file.read_until(b'\n', &mut line);
        let length = read.map_err(Error::file(path))?;
        if line.last() != Some(&b'\n') {
            return Ok(whole);
        }
        number += 1;
        let record = serde_json::from_slice(&line).map_err(|error| {
            let what = match error.classify() {
                Category::Data => "a line of another program or version",
                _ => "no line of JSON",
            };
            Error::Unfit(format!(
                "{}, line {number}: {what}: {error}",
                path.display()
            ))
        })?;
        each(record)?;
        whole += length as u64;
    }
}
