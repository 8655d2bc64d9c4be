//! What TickTick exports: a few lines of preface, then a table with a line for each task.

use std::collections::{BTreeMap, HashMap};

use csv::{ReaderBuilder, StringRecord};
use jiff::{Span, Timestamp};
use rusqlite::Connection;
use serde::Deserialize;

use crate::call::Call;
use crate::failure::{Failure, domain};
use crate::stamp::Stamp;
use crate::store::labels::Label;
use crate::store::namespaces::{self, Namespace};
use crate::store::projects::{self, Project};
use crate::store::tasks::{Reminder, Task};
use crate::tasks;

use super::{Labels, no_such_file, relate};

/// What holds the imported projects.
const PARENT: &str = "Migrated from TickTick";

/// By these columns the table is known.
const HEAD: [&str; 2] = ["Folder Name", "List Name"];

const NO_DATA: &str = "The provided file does not contain any data.";

/// A task in the table.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(rename = "List Name")]
    list: String,
    #[serde(rename = "Title")]
    title: String,
    #[serde(rename = "Tags")]
    tags: String,
    #[serde(rename = "Content")]
    content: String,
    #[serde(rename = "Start Date")]
    start: String,
    #[serde(rename = "Due Date")]
    due: String,
    #[serde(rename = "Reminder")]
    reminder: String,
    #[serde(rename = "Priority")]
    priority: String,
    #[serde(rename = "Status")]
    status: String,
    #[serde(rename = "Completed Time")]
    completed: String,
    #[serde(rename = "taskId")]
    id: String,
    #[serde(rename = "parentId")]
    parent: String,
}

/// Makes a project for each list, in order of their titles, with its tasks, below a new one.
pub(super) fn insert(call: &Call<'_>, db: &Connection, content: &[u8]) -> Result<(), Failure> {
    let no_table = || {
        let (code, text) = if content.is_empty() {
            (14002, NO_DATA)
        } else {
            (14003, "The provided file is not a valid CSV file.")
        };
        no_such_file(call, code, text, "the file is no table of TickTick")
    };
    let rows = read(content).ok_or_else(no_table)?;
    if rows.is_empty() && call.at.release.imports.checked {
        return Err(domain(400, 14002, NO_DATA));
    }
    let mut by_list = BTreeMap::<&str, Vec<&Row>>::new();
    for row in &rows {
        by_list.entry(&row.list).or_default().push(row);
    }
    let below = parent(call, db)?;
    let (mut made, mut labels) = (HashMap::new(), Labels::default());
    for (title, rows) in by_list {
        let wanted = Project {
            title: title.to_owned(),
            ..below.clone()
        };
        let (user, release) = (call.user()?, call.at.release);
        let project = projects::insert(db, release, user, &wanted)?;
        let mut tasks: Vec<Task> = rows.iter().map(|row| row.task(call)).collect();
        tasks::make_all(call, db, &project, &mut tasks)?;
        for (row, task) in rows.iter().zip(tasks) {
            for label in row.labels(call) {
                labels.put(call, db, task.id, &label)?;
            }
            made.insert(row.id.as_str(), task.id);
        }
    }
    for row in &rows {
        let ends = (made.get(row.id.as_str()), made.get(row.parent.as_str()));
        if let (Some(task), Some(parent)) = ends
            && !row.parent.is_empty()
        {
            relate(call, db, *task, "parenttask", *parent)?;
        }
    }
    Ok(())
}

/// The lines of the table; none if there is no table.
fn read(content: &[u8]) -> Option<Vec<Row>> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(content);
    let mut records = reader.records();
    let is_head = |record: &StringRecord| record.iter().take(2).eq(HEAD);
    let head = records.by_ref().flatten().find(is_head)?;
    records
        .map(|record| record.ok()?.deserialize(Some(&head)).ok())
        .collect()
}

/// A project as those of the import begin: below a new project, or in a new namespace.
fn parent(call: &Call<'_>, db: &Connection) -> Result<Project, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    if release.lists {
        let wanted = Namespace {
            title: PARENT.to_owned(),
            ..Namespace::default()
        };
        let namespace = namespaces::insert(db, user, wanted)?;
        return Ok(Project {
            namespace_id: Some(namespace.id),
            ..Project::default()
        });
    }
    let wanted = Project {
        title: PARENT.to_owned(),
        ..Project::default()
    };
    let parent = projects::insert(db, release, user, &wanted)?;
    Ok(Project {
        parent_project_id: Some(parent.id),
        ..Project::default()
    })
}

impl Row {
    fn task(&self, call: &Call<'_>) -> Task {
        let imports = &call.at.release.imports;
        let due_date = moment(&self.due);
        let done = self.status == "1" || imports.priorities && self.status == "2";
        let priority = self.priority.parse().unwrap_or_default();
        Task {
            title: self.title.clone(),
            description: self.content.clone(),
            done,
            done_at: moment(&self.completed),
            reminders: self.reminder(&due_date).filter(|_| imports.reminders),
            priority: if imports.priorities { priority } else { 0 },
            start_date: moment(&self.start),
            end_date: due_date.clone(),
            due_date,
            ..Task::default()
        }
    }

    fn labels(&self, call: &Call<'_>) -> impl Iterator<Item = Label> {
        let with_empty = call.at.release.imports.untagged_labelled;
        let titles = self.tags.split(',').map(str::trim);
        titles
            .filter(move |title| with_empty || !title.is_empty())
            .map(|title| Label {
                title: title.to_owned(),
                ..Label::default()
            })
    }

    /// The table has a time before the task is due.
    fn reminder(&self, due: &Stamp) -> Option<Vec<Reminder>> {
        let before: Span = self.reminder.parse().ok()?;
        let due = Timestamp::from_second(due.seconds()?).ok()?;
        let at = due.checked_add(before).ok()?;
        let reminder = Reminder {
            at: Stamp::from_seconds(Some(at.as_second())),
            ..Reminder::default()
        };
        (!before.is_zero()).then(|| vec![reminder])
    }
}

/// A moment of the table, e.g. `2023-01-02T03:04:05+0000`.
fn moment(text: &str) -> Stamp {
    let time = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text);
    Stamp::from_seconds(time.ok().map(Timestamp::as_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_found_behind_its_preface() {
        let text = "\"Version: 7.1\"\n\"Status: \n0 Normal\"\n\"Folder Name\",\"List Name\",\"Title\",\"Due Date\"\n\
                    \"\",\"Pantry\",\"Buy salt\",\"2023-01-05T10:00:00+0200\"\n";
        let rows = read(text.as_bytes()).expect("a table");
        assert_eq!(
            (rows[0].list.as_str(), rows[0].title.as_str()),
            ("Pantry", "Buy salt")
        );
        assert_eq!(moment(&rows[0].due).seconds(), Some(1_672_905_600));
        assert!(!moment(&rows[0].start).is_set());
        for text in ["", "no table", "\"a\",\"b\"\n1,2\n"] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
