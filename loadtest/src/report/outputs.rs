//! Where reports go.

use std::{fs, path::PathBuf};

use clap::Args;
use serde::Serialize;

use super::Checkpoint;
use crate::{exit::Problem, out::Stdout, progress::say, sink::Sink};

/// What reports are made of: a run, or a comparison.
pub trait Document: Serialize + Sized + 'static {
    /// What it is: «a run».
    const NAME: &'static str;
    /// The forms that it has beside JSON, and how each is made.
    const FORMS: &'static [Form<Self>];

    /// One screen for people.
    fn screen(&self, colours: bool) -> String;
}

/// A form, and how a document gets it.
pub type Form<D> = (Format, fn(&D) -> String);

/// All of it, as JSON.
pub(super) fn json(document: &impl Document) -> Result<String, Problem> {
    let json = serde_json::to_string(document)
        .map_err(|error| Problem::new(format!("the result cannot be written as JSON: {error}")))?;
    Ok(json + "\n")
}

/// Whether a document has this form.
fn has<D: Document>(format: Format) -> bool {
    format == Format::Json || D::FORMS.iter().any(|(form, _)| *form == format)
}

/// A document in this form: one that it has.
fn render<D: Document>(document: &D, format: Format) -> Result<String, Problem> {
    match D::FORMS.iter().find(|(form, _)| *form == format) {
        Some((_, render)) => Ok(render(document)),
        None => json(document),
    }
}

/// A form that a document can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// All of it.
    Json,
    /// A page for people.
    Html,
    /// A summary for pull requests.
    Markdown,
    /// Test cases for a CI server.
    Junit,
    /// The table of routes.
    Csv,
    /// The percentile distribution, as HdrHistogram's tools plot it.
    Hgrm,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::Html,
        Self::Markdown,
        Self::Junit,
        Self::Csv,
        Self::Hgrm,
    ];

    /// Its flag, and its file in the folder of `--out`.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("--json", "result.json"),
            Self::Html => ("--html", "report.html"),
            Self::Markdown => ("--markdown", "report.md"),
            Self::Junit => ("--junit", "junit.xml"),
            Self::Csv => ("--csv", "report.csv"),
            Self::Hgrm => ("--hgrm", "latency.hgrm"),
        }
    }
}

/// Where reports go, as it is typed. `-` is standard output, and then nothing else is printed there.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reports")]
pub struct Wanted {
    /// Write the result to FILE, of which reports can be made later; - is standard output, and then nothing else is printed there
    #[arg(long, value_name = "FILE", env = "LOADTEST_JSON")]
    pub json: Option<PathBuf>,
    /// A page with plots, in one file
    #[arg(long, value_name = "FILE", env = "LOADTEST_HTML")]
    pub html: Option<PathBuf>,
    /// A summary in Markdown, such as for $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FILE", env = "LOADTEST_MARKDOWN")]
    pub markdown: Option<PathBuf>,
    /// JUnit's XML: a case for each target and each route
    #[arg(long, value_name = "FILE", env = "LOADTEST_JUNIT")]
    pub junit: Option<PathBuf>,
    /// The table of routes, times in µs
    #[arg(long, value_name = "FILE", env = "LOADTEST_CSV")]
    pub csv: Option<PathBuf>,
    /// The percentile distribution of the response time in ms, as HdrHistogram's tools plot it
    #[arg(long, value_name = "FILE", env = "LOADTEST_HGRM")]
    pub hgrm: Option<PathBuf>,
    /// All of these into a folder; it is made where it is missing
    #[arg(long, value_name = "DIR", env = "LOADTEST_OUT")]
    pub out: Option<PathBuf>,
}

impl Wanted {
    /// The file that is given for a form.
    fn given(&self, format: Format) -> Option<&PathBuf> {
        match format {
            Format::Json => &self.json,
            Format::Html => &self.html,
            Format::Markdown => &self.markdown,
            Format::Junit => &self.junit,
            Format::Csv => &self.csv,
            Format::Hgrm => &self.hgrm,
        }
        .as_ref()
    }

    /// Finds out whether all of them can be written of such a document.
    pub fn open<D: Document>(&self) -> Result<Outputs, Problem> {
        for format in Format::ALL {
            if self.given(format).is_some() && !has::<D>(format) {
                let has = Format::ALL.into_iter().filter(|format| has::<D>(*format));
                let has: Vec<_> = has.map(|format| format.names().0).collect();
                return Err(Problem::new(format!(
                    "{}: {} has no such report",
                    format.names().0,
                    D::NAME
                ))
                .advise(format!("it has {}; --out DIR writes all", has.join(", "))));
            }
        }
        if let Some(folder) = &self.out {
            fs::create_dir_all(folder).map_err(|error| {
                Problem::new(format!(
                    "--out {}: cannot be made: {error}",
                    folder.display()
                ))
                .advise("name a folder that is yours")
            })?;
        }
        let mut outputs = Outputs {
            sinks: Vec::new(),
            folder: self.out.clone(),
        };
        for format in Format::ALL.into_iter().filter(|format| has::<D>(*format)) {
            let (flag, name) = format.names();
            let in_folder = || Some(self.out.as_ref()?.join(name));
            let Some(path) = self.given(format).cloned().or_else(in_folder) else {
                continue;
            };
            let sink = Sink::open(flag, &path)?;
            let taken = outputs.sinks.iter().find(|(_, other)| sink.is_same(other));
            if let Some((other, _)) = taken {
                let (other, _) = other.names();
                return Err(Problem::new(format!(
                    "{other} and {flag} would both be written to {}",
                    path.display()
                ))
                .advise("give each a file of its own, or --out with a folder for all"));
            }
            outputs.sinks.push((format, sink));
        }
        Ok(outputs)
    }
}

/// Where reports go: found writable.
pub struct Outputs {
    sinks: Vec<(Format, Sink)>,
    folder: Option<PathBuf>,
}

impl Outputs {
    /// Where what is known in the middle of a run is kept, where the result goes to a file.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.sinks.iter().find_map(|(format, sink)| match sink {
            Sink::File(path) if *format == Format::Json => Some(Checkpoint::of(path)),
            _ => None,
        })
    }

    /// Writes all of them, and the screen.
    pub fn write<D: Document>(self, document: &D, out: &Stdout) -> Result<(), Problem> {
        if self.sinks.iter().any(|(_, sink)| sink.is_stdout()) {
            say(&document.screen(false));
        } else {
            let screen = document.screen(out.takes_colours());
            out.print(&screen)?;
        }
        for (format, sink) in self.sinks {
            sink.write(format.names().0, &render(document, format)?, out)?;
        }
        if let Some(folder) = self.folder {
            say(&format!("reports are in {}", folder.display()));
        }
        Ok(())
    }
}
