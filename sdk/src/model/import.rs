//! Imports from other services and files.

use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    decode::{null_to_default, time_or_none},
    open_enum::string_enum,
};

/// Where a user grants a server access to their account of another service.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct ImportAuthUrl {
    /// The address to open in a browser. It comes back to the server's front end with a code in its query.
    pub url: String,
}

/// How the caller's last import from one service or format went.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(from = "StatusAsSent")]
#[non_exhaustive]
pub struct ImportStatus {
    /// Number of the import; 0 = there was none.
    pub id: i64,
    /// What it was from, in the server's words; empty = there was none.
    pub migrator_name: String,
    /// When it began. `None` where there was none.
    pub started_at: Option<Timestamp>,
    /// When it ended. `None` while it runs, and where there was none.
    pub finished_at: Option<Timestamp>,
}

impl ImportStatus {
    /// Whether there is an import that has not ended.
    pub fn is_running(&self) -> bool {
        self.started_at.is_some() && self.finished_at.is_none()
    }
}

#[derive(Deserialize)]
struct StatusAsSent {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    migrator_name: String,
    /// 0.20, where an import is over when it is answered.
    #[serde(default, deserialize_with = "time_or_none")]
    time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time_or_none")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time_or_none")]
    finished_at: Option<Timestamp>,
}

impl From<StatusAsSent> for ImportStatus {
    fn from(sent: StatusAsSent) -> Self {
        Self {
            id: sent.id,
            migrator_name: sent.migrator_name,
            started_at: sent.started_at.or(sent.time),
            finished_at: sent.finished_at.or(sent.time),
        }
    }
}

/// What a server makes of a CSV file (2.3+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct CsvDetected {
    /// The titles of the columns, in order.
    #[serde(default, deserialize_with = "null_to_default")]
    pub columns: Vec<String>,
    /// The first rows, as they are.
    #[serde(default, deserialize_with = "null_to_default")]
    pub preview_rows: Vec<Vec<String>>,
    #[serde(default)]
    delimiter: String,
    #[serde(default)]
    quote_char: String,
    #[serde(default)]
    date_format: String,
    #[serde(default, deserialize_with = "null_to_default")]
    suggested_mapping: Vec<CsvColumn>,
}

impl CsvDetected {
    /// What the server suggests for the import: change what is wrong.
    pub fn config(&self) -> CsvConfig {
        CsvConfig {
            delimiter: self.delimiter.clone(),
            quote_char: self.quote_char.clone(),
            date_format: self.date_format.clone(),
            skip_rows: 0,
            mapping: self.suggested_mapping.clone(),
        }
    }
}

/// How a CSV file is read.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct CsvConfig {
    /// What separates columns: `,`, `;`, `|` or a tab.
    pub delimiter: String,
    /// What quotes a value; usually `"`.
    pub quote_char: String,
    /// How dates are written, as Go describes it: the reference time 2006-01-02 15:04:05 in that form.
    pub date_format: String,
    /// Rows to leave out **after** the line of titles, which is never data: 1 drops the first task.
    pub skip_rows: u64,
    /// What each column is. A column that is not here is ignored.
    pub mapping: Vec<CsvColumn>,
}

/// What a column of a CSV file is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct CsvColumn {
    /// Which, from 0.
    pub column_index: u64,
    /// Its title, for people.
    #[serde(default)]
    pub column_name: String,
    /// What is in it.
    pub attribute: CsvAttribute,
}

string_enum! {
    /// What a column of a CSV file can be.
    CsvAttribute {
        /// Title of the task.
        Title = "title",
        /// Description.
        Description = "description",
        /// When it is due.
        DueDate = "due_date",
        /// When it begins.
        StartDate = "start_date",
        /// When it ends.
        EndDate = "end_date",
        /// Whether it is done.
        Done = "done",
        /// Priority.
        Priority = "priority",
        /// Labels.
        Labels = "labels",
        /// Title of its project.
        Project = "project",
        /// A reminder.
        Reminder = "reminder",
        /// Nothing that is imported.
        Ignore = "ignore",
    }
}

/// What an import of a CSV file would make.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct CsvPreview {
    /// The first tasks.
    #[serde(default, deserialize_with = "null_to_default")]
    pub tasks: Vec<CsvTask>,
    /// Rows of data in the file.
    #[serde(default)]
    pub total_rows: u64,
}

/// A task that an import of a CSV file would make.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct CsvTask {
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
    /// Priority.
    #[serde(default)]
    pub priority: i64,
    /// When it is due, as the server read it; empty = not.
    #[serde(default)]
    pub due_date: String,
    /// When it begins, as the server read it; empty = not.
    #[serde(default)]
    pub start_date: String,
    /// When it ends, as the server read it; empty = not.
    #[serde(default)]
    pub end_date: String,
    /// Titles of its labels.
    #[serde(default, deserialize_with = "null_to_default")]
    pub labels: Vec<String>,
    /// Title of its project; empty = the import's own.
    #[serde(default)]
    pub project: String,
}
