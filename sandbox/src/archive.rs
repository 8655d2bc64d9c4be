//! ZIP archives, compressed as the server's are.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::ZipArchive;
use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::failure::Failure;

/// A file in an archive.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// An archive of these files.
pub(crate) fn zip(entries: &[Entry]) -> Result<Vec<u8>, Failure> {
    written(entries).map_err(|error| Failure::Internal(error.to_string()))
}

fn written(entries: &[Entry]) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        archive.start_file(&entry.name, SimpleFileOptions::default())?;
        archive.write_all(&entry.content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Longest file that is read out of an archive: nobody fills the memory.
const LONGEST: u64 = 64 << 20;

/// The files of an archive by name; none if it is no archive.
pub(crate) fn unzip(archive: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).ok()?;
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let file = archive.by_index(place).ok()?;
        let (name, mut content) = (file.name().ok()?.into_owned(), Vec::new());
        file.take(LONGEST).read_to_end(&mut content).ok()?;
        files.insert(name, content);
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_comes_out() {
        let entry = |name: &str, content: &str| Entry {
            name: name.to_owned(),
            content: content.into(),
        };
        let archive = zip(&[entry("a", &"one".repeat(100)), entry("b/c", "")]).expect("an archive");
        // Signature, and the way of compression.
        assert!(archive.starts_with(b"PK\x03\x04") && archive[8] == 8);
        let files = unzip(&archive).expect("an archive");
        assert_eq!(files["a"], "one".repeat(100).as_bytes());
        assert!(files["b/c"].is_empty());
        assert!(unzip(b"PK no archive").is_none());
    }
}
