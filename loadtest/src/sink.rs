//! Where a file goes. Found unwritable before the run, written whole or not at all.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{exit::Problem, out::Stdout, progress::say};

/// The place of one output.
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file: written beside, and renamed.
    File(PathBuf),
    /// Something that is not an ordinary file, such as a pipe.
    Special(fs::File, PathBuf),
}

impl Sink {
    /// Opens it; `-` is standard output.
    pub fn open(flag: &str, path: &Path) -> Result<Self, Problem> {
        // By these names, too: the descriptor itself has been moved aside.
        if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
            .map(Path::new)
            .contains(&path)
        {
            return Ok(Self::Stdout);
        }
        Self::open_file(path).map_err(|error| cannot_write(flag, path, &error))
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(known) if known.is_dir() => Err(io::Error::other("it is a folder")),
            Ok(known) if !known.is_file() => {
                let file = fs::File::options().write(true).open(path)?;
                Ok(Self::Special(file, path.to_owned()))
            }
            known => {
                if known.is_ok() {
                    // Renaming would succeed over a read-only file; refusing it is what was meant.
                    fs::File::options().append(true).open(path)?;
                }
                // Whether one can be made there; it goes away again, so that a kill leaves none.
                drop(beside(path)?);
                Ok(Self::File(path.to_owned()))
            }
        }
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Whether both are one place.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stdout, Self::Stdout) => true,
            (Self::File(one), Self::File(other))
            | (Self::Special(_, one), Self::Special(_, other)) => one == other,
            _ => false,
        }
    }

    /// Writes it.
    pub fn write(self, flag: &str, text: &str, out: &Stdout) -> Result<(), Problem> {
        match self {
            Self::Stdout => out.print(text),
            Self::Special(mut file, path) => file
                .write_all(text.as_bytes())
                .map_err(|error| cannot_write(flag, &path, &error)),
            Self::File(path) => {
                replace(&path, text).map_err(|error| cannot_write(flag, &path, &error))
            }
        }
    }
}

/// A result for machines, beside the screen for people.
#[derive(Args, Default)]
pub struct JsonArg {
    /// Write the result to FILE; - is standard output, and then nothing else is printed there
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_JSON",
        help_heading = "Verdict"
    )]
    json: Option<PathBuf>,
}

/// Where it goes, if it is wanted: found writable.
pub struct Json(Option<Sink>);

impl JsonArg {
    /// Finds out whether it can be written.
    pub fn open(&self) -> Result<Json, Problem> {
        let path = self.json.as_deref();
        let sink = path.map(|path| Sink::open("--json", path)).transpose()?;
        Ok(Json(sink))
    }
}

impl Json {
    /// Tells people and machines. Standard output holds what one of them reads.
    pub fn tell(self, screen: &str, result: &impl Serialize, out: &Stdout) -> Result<(), Problem> {
        match &self.0 {
            Some(Sink::Stdout) => say(screen),
            _ => out.print(screen)?,
        }
        let Some(sink) = self.0 else {
            return Ok(());
        };
        let text = serde_json::to_string_pretty(result).map_err(|error| {
            Problem::new(format!("the result cannot be written as JSON: {error}"))
        })?;
        sink.write("--json", &(text + "\n"), out)
    }
}

/// Writes a file: whole, or not at all.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    // A temporary file is private; a result is not.
    let public = fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(public)?;
    file.persist(path)?;
    Ok(())
}

/// A file with another name in the same folder.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder)
}

fn cannot_write(flag: &str, path: &Path, error: &io::Error) -> Problem {
    Problem::new(format!(
        "{flag} {}: cannot be written: {error}",
        path.display()
    ))
    .advise("name a file in a folder that exists and is yours")
}
