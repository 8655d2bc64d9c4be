//! The file: one JSON object a line. The first says where it is from, the last how many records there are, so that half
//! a file is never taken for a whole one.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::canonical::Fields;
use crate::exit::Problem;

/// Version of the format.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Version of the format.
    pub snapshot: u32,
    /// When reading began, RFC 3339.
    pub taken: String,
    /// The server's address.
    pub url: String,
    /// What the server calls its version.
    pub version: String,
    /// The release that this is, such as `0.24.1`.
    pub release: String,
}

impl Head {
    /// A head of this format.
    pub fn new(taken: String, url: &str, version: &str, release: String) -> Self {
        Self {
            snapshot: FORMAT,
            taken,
            url: url.to_owned(),
            version: version.to_owned(),
            release,
        }
    }
}

/// Something that an account sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The account.
    pub account: String,
    /// What it is: `project/3`, `task/12/comment/7`.
    pub what: String,
    /// Its content, in canonical form.
    pub fields: Fields,
}

impl Record {
    /// What kind of thing it is: the names of its path, `task/comment`.
    pub fn kind(&self) -> &'static str {
        kind(&self.what)
    }
}

/// The kind of what has this path; an unknown one has none.
pub(super) fn kind(what: &str) -> &'static str {
    let names: Vec<_> = what.split('/').step_by(2).collect();
    KINDS
        .into_iter()
        .find(|kind| kind.split('/').eq(names.iter().copied()))
        .unwrap_or_default()
}

/// All kinds of records, in the order in which they are counted.
pub const KINDS: [&str; 18] = [
    "user",
    "namespace",
    "namespace/user",
    "namespace/team",
    "label",
    "team",
    "webhook",
    "filter",
    "project",
    "project/user",
    "project/team",
    "link_share",
    "view",
    "bucket",
    "task",
    "task/board",
    "task/attachment",
    "task/comment",
];

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    records: u64,
    /// What could not be read, and why.
    gaps: BTreeMap<String, String>,
}

/// Writes a file beside its place, and puts it there when it is whole. Only its owner may read it.
pub struct Writer {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    records: u64,
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(format!("{} cannot be written: {error}", path.display()))
        .advise("name a file in a folder that exists and is yours")
}

impl Writer {
    /// Begins a file.
    pub fn create(path: &Path) -> Result<Self, Problem> {
        if path.is_dir() {
            return Err(unwritable(path, &io::Error::other("it is a folder")));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            file: BufWriter::new(file),
            path: path.to_owned(),
            records: 0,
        })
    }

    /// Writes the first line.
    pub fn head(&mut self, head: &Head) -> Result<(), Problem> {
        self.line(head)
    }

    /// Writes a record.
    pub fn record(&mut self, record: &Record) -> Result<(), Problem> {
        self.records += 1;
        self.line(record)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), Problem> {
        serde_json::to_writer(&mut self.file, line)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| unwritable(&self.path, &error))
    }

    /// Writes the last line, and puts the file in its place.
    pub fn finish(mut self, gaps: BTreeMap<String, String>) -> Result<u64, Problem> {
        let records = self.records;
        self.line(&End { records, gaps })?;
        let path = self.path;
        self.file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| {
                file.as_file().sync_all()?;
                Ok(file.persist(&path)?)
            })
            .map_err(|error| unwritable(&path, &error))?;
        Ok(records)
    }
}

/// A file that is looked things up in. In memory is only where each record begins.
pub struct Snapshot {
    /// Its first line.
    pub head: Head,
    /// What could not be read then, and why.
    pub gaps: BTreeMap<String, String>,
    file: BufReader<File>,
    path: PathBuf,
    offsets: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Snapshot {
    /// Opens a file, and sees that it is whole.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Name {
            account: String,
            what: String,
        }
        let unreadable = |why: String| {
            Problem::new(format!("{} cannot be read: {why}", path.display()))
                .advise("make one with loadtest snapshot FILE")
        };
        let failed = |error: io::Error| unreadable(error.to_string());
        // A line of the file is never shown: it holds what people wrote.
        let strange = |number: u64| unreadable(format!("line {number} is no line of a snapshot"));
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let mut line = String::new();
        let mut offset = file.read_line(&mut line).map_err(failed)? as u64;
        let head: Head = serde_json::from_str(&line).map_err(|_| strange(1))?;
        if head.snapshot != FORMAT {
            return Err(unreadable(format!(
                "it has format {}, and this program reads {FORMAT}",
                head.snapshot
            )));
        }
        let mut offsets: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let mut records = 0;
        let end = loop {
            line.clear();
            let length = file.read_line(&mut line).map_err(failed)?;
            if length == 0 {
                return Err(unreadable(
                    "it has no last line: the snapshot was not finished".to_owned(),
                ));
            }
            if let Ok(Name { account, what }) = serde_json::from_str(&line) {
                records += 1;
                offsets.entry(account).or_default().insert(what, offset);
            } else if let Ok(end) = serde_json::from_str::<End>(&line) {
                break end;
            } else {
                return Err(strange(records + 2));
            }
            offset += length as u64;
        };
        if end.records != records {
            return Err(unreadable(format!(
                "it has {records} records, and its last line says {}",
                end.records
            )));
        }
        Ok(Self {
            head,
            gaps: end.gaps,
            file,
            path: path.to_owned(),
            offsets,
        })
    }

    /// The accounts in it.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.offsets.keys().map(String::as_str)
    }

    /// Whether it holds this, and nobody has taken it.
    pub fn holds(&self, account: &str, what: &str) -> bool {
        self.offsets
            .get(account)
            .is_some_and(|offsets| offsets.contains_key(what))
    }

    /// What is left of an account, with paths that begin so.
    pub fn left(&self, account: &str, beginning: &str) -> Vec<String> {
        self.offsets
            .get(account)
            .into_iter()
            .flat_map(|offsets| offsets.range(beginning.to_owned()..))
            .map(|(what, _)| what)
            .take_while(|what| what.starts_with(beginning))
            .cloned()
            .collect()
    }

    /// Takes a record out.
    pub fn take(&mut self, account: &str, what: &str) -> Result<Option<Record>, Problem> {
        let record = self.read(account, what)?;
        if let Some(offsets) = self.offsets.get_mut(account) {
            offsets.remove(what);
        }
        Ok(record)
    }

    /// Reads a record that nobody has taken.
    pub fn read(&mut self, account: &str, what: &str) -> Result<Option<Record>, Problem> {
        let offset = self.offsets.get(account).and_then(|known| known.get(what));
        let Some(offset) = offset.copied() else {
            return Ok(None);
        };
        let changed = |why: String| {
            Problem::new(format!(
                "{} cannot be read any more: {why}",
                self.path.display()
            ))
            .advise("begin again, and leave the file alone meanwhile")
        };
        let mut line = String::new();
        self.file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.file.read_line(&mut line))
            .map_err(|error| changed(error.to_string()))?;
        serde_json::from_str(&line)
            .map(Some)
            .map_err(|_| changed("it was changed meanwhile".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use serde_json::{Value, json};

    use super::*;

    fn record(what: &str) -> Record {
        let Value::Object(fields) = json!({"title": what}) else {
            unreachable!()
        };
        Record {
            account: "alice".to_owned(),
            what: what.to_owned(),
            fields,
        }
    }

    fn written(path: &Path) {
        let mut writer = Writer::create(path).unwrap();
        let head = Head::new(
            "2030-01-02T03:04:05Z".to_owned(),
            "http://a",
            "v0.24.1",
            "0.24.1".to_owned(),
        );
        writer.head(&head).unwrap();
        for what in ["project/3", "task/12", "task/12/comment/7"] {
            writer.record(&record(what)).unwrap();
        }
        assert!(!path.exists(), "nothing is there before it is whole");
        assert_eq!(writer.finish(BTreeMap::new()).unwrap(), 3);
    }

    #[test]
    fn what_was_written_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ndjson");
        written(&path);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut snapshot = Snapshot::open(&path).unwrap();
        let found = snapshot.take("alice", "task/12").unwrap();
        assert_eq!(found, Some(record("task/12")));
        assert_eq!(snapshot.take("alice", "task/12").unwrap(), None);
        assert_eq!(snapshot.take("bob", "project/3").unwrap(), None);
        assert_eq!(snapshot.left("alice", "task/"), ["task/12/comment/7"]);
        assert_eq!(snapshot.left("alice", "").len(), 2);
        assert_eq!(record("task/12/comment/7").kind(), "task/comment");
        assert_eq!(record("task/12/board").kind(), "task/board");
    }

    #[test]
    fn half_a_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ndjson");
        written(&path);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let refused = |text: String, why: &str| {
            fs::write(&path, text).unwrap();
            let problem = Snapshot::open(&path).err().unwrap().to_string();
            assert!(problem.contains(why), "{problem}");
        };
        refused(lines[..3].join("\n") + "\n", "not finished");
        refused([lines[0], lines[1], lines[4]].join("\n"), "says 3");
        refused(text.replace("\"snapshot\":1", "\"snapshot\":7"), "format 7");
        refused("hunter2\n".to_owned(), "line 1");
        refused(text.replacen("{\"account\"", "{\"hunter2\"", 1), "line 2");
    }
}
