//! What a server exported: an archive of projects with their tasks, of saved filters, and of files. Boards begin anew, and
//! related tasks are not doubled, as real servers do.

use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Labels, no_such_file, relate};
use crate::archive;
use crate::call::Call;
use crate::failure::Failure;
use crate::projects::{check_identifier, check_parent};
use crate::stamp::Stamp;
use crate::store::backgrounds;
use crate::store::comments::{self, Comment};
use crate::store::files::{self, File};
use crate::store::namespaces::{self, Namespace};
use crate::store::projects::{self, Project};
use crate::store::tasks::Task;
use crate::{saved_filters, sniff, tasks};

/// Archives of older releases cannot be read (0.24).
const OLDEST: [u32; 3] = [0, 20, 1];

/// Makes everything anew for the caller.
pub(super) fn insert(call: &Call<'_>, db: &Connection, content: &[u8]) -> Result<(), Failure> {
    let release = call.at.release;
    let no_archive = || {
        let text = "The provided file is not a valid zip file.";
        no_such_file(call, 14001, text, "the file is no archive")
    };
    let files = archive::unzip(content).ok_or_else(no_archive)?;
    if release.imports.begin_noted && version(&files).is_none_or(|version| version < OLDEST) {
        return Err(Failure::Breaks(
            "no VERSION in the archive that can be read",
        ));
    }
    let (data, filters) = (
        list(call, &files, "data.json")?,
        list(call, &files, "filters.json")?,
    );
    let mut import = Import {
        call,
        db,
        files: &files,
        labels: Labels::default(),
        projects: Vec::new(),
        tasks: Vec::new(),
    };
    if release.lists {
        for namespace in &data {
            import.namespace(namespace)?;
        }
    } else {
        for project in &data {
            import.project(project, None)?;
        }
    }
    import.nest()?;
    import.relate()?;
    for filter in filters {
        saved_filters::restore(call, db, filter)?;
    }
    Ok(())
}

type Files = BTreeMap<String, Vec<u8>>;

fn version(files: &Files) -> Option<[u32; 3]> {
    let text = std::str::from_utf8(files.get("VERSION")?).ok()?;
    let numbers = text.trim().trim_start_matches('v').split('.');
    let numbers: Option<Vec<u32>> = numbers.map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// A file with a list of objects or `null`, in the names of the models.
fn list(call: &Call<'_>, files: &Files, name: &str) -> Result<Vec<Value>, Failure> {
    let content = files.get(name).map_or(&[][..], Vec::as_slice);
    let objects: Option<Vec<Map<String, Value>>> = serde_json::from_slice(content)
        .map_err(|_| Failure::Breaks("a file of the archive cannot be read"))?;
    let inward = |object| match call.at.release.spelling {
        Some(spelling) => spelling.inward(object),
        None => object,
    };
    let objects = objects.unwrap_or_default().into_iter();
    Ok(objects.map(inward).map(Value::Object).collect())
}

fn model<T: DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value)
        .map_err(|_| Failure::Breaks("the archive holds something else than the release's models"))
}

/// What was made so far.
struct Import<'a> {
    call: &'a Call<'a>,
    db: &'a Connection,
    files: &'a Files,
    labels: Labels,
    /// Each as it was, and its copy.
    projects: Vec<(Project, Project)>,
    tasks: Vec<(Task, i64)>,
}

impl<'a> Import<'a> {
    fn namespace(&mut self, namespace: &Value) -> Result<(), Failure> {
        let wanted = Namespace {
            id: 0,
            is_archived: false,
            ..model(namespace)?
        };
        let made = namespaces::insert(self.db, self.call.user()?, wanted)?;
        for list in namespace["lists"].as_array().into_iter().flatten() {
            self.project(list, Some(made.id))?;
        }
        Ok(())
    }

    fn project(&mut self, value: &Value, namespace: Option<i64>) -> Result<(), Failure> {
        let (user, release) = (self.call.user()?, self.call.at.release);
        let old: Project = model(value)?;
        let wanted = Project {
            id: 0,
            parent_project_id: None,
            namespace_id: namespace,
            is_archived: false,
            position: 0.0,
            ..old.clone()
        };
        check_identifier(self.db, &wanted)?;
        let project = projects::insert(self.db, release, user, &wanted)?;
        if let Some(content) = self.file(value["background_file_id"].as_i64()) {
            let mut file = File {
                name: "background".to_owned(),
                ..File::default()
            };
            self.store(&mut file, content)?;
            backgrounds::set(self.db, project.id, file.id)?;
        }
        let all = value["tasks"].as_array().into_iter().flatten();
        let exported = all.clone().map(model).collect::<Result<Vec<Task>, _>>()?;
        let mut made: Vec<Task> = exported.iter().map(alone).collect();
        tasks::make_all(self.call, self.db, &project, &mut made)?;
        for ((value, old), task) in all.zip(exported).zip(made) {
            self.hang(value, &old, task.id)?;
            self.tasks.push((old, task.id));
        }
        self.projects.push((old, project));
        Ok(())
    }

    /// Hangs onto a task what hung on it.
    fn hang(&mut self, value: &Value, old: &Task, task: i64) -> Result<(), Failure> {
        let user = self.call.user()?.id;
        for label in old.labels.iter().flatten() {
            self.labels.put(self.call, self.db, task, label)?;
        }
        for comment in value["comments"].as_array().into_iter().flatten() {
            let comment = Comment {
                task,
                ..model(comment)?
            };
            comments::insert(self.db, None, user, &comment)?;
        }
        for attachment in old.attachments.iter().flatten() {
            if let Some(content) = self.file(Some(attachment.file.id)) {
                let mut file = attachment.file.clone();
                self.store(&mut file, content)?;
                files::attach(self.db, task, file.id, user, &Stamp::now())?;
            }
        }
        Ok(())
    }

    fn file(&self, id: Option<i64>) -> Option<&'a [u8]> {
        let content = self.files.get(&format!("files/{}", id?));
        content.map(Vec::as_slice)
    }

    fn store(&self, file: &mut File, content: &[u8]) -> Result<(), Failure> {
        file.size = i64::try_from(content.len()).unwrap_or(i64::MAX);
        file.created = Stamp::now();
        if self.call.at.release.files.have_types {
            sniff::by_content(content).clone_into(&mut file.mime);
        }
        files::insert(self.db, file, content)
    }

    /// Puts projects below their parents, and closes those that were archived, now that all is in them.
    fn nest(&mut self) -> Result<(), Failure> {
        let user = self.call.user()?;
        let places: HashMap<i64, i64> = self
            .projects
            .iter()
            .map(|(old, new)| (old.id, new.id))
            .collect();
        for (old, project) in &mut self.projects {
            let parent = old.parent_project_id.and_then(|old| places.get(&old));
            if let Some(parent) = parent {
                check_parent(self.db, user, project.id, *parent)?;
                project.parent_project_id = Some(*parent);
            }
            project.is_archived = old.is_archived;
            projects::update(self.db, user.id, project)?;
        }
        Ok(())
    }

    /// Relates the copies of related tasks.
    fn relate(&self) -> Result<(), Failure> {
        let places: HashMap<i64, i64> =
            self.tasks.iter().map(|(old, new)| (old.id, *new)).collect();
        for (old, task) in &self.tasks {
            for (kind, others) in old.related_tasks.iter().flatten() {
                for other in others.iter().filter_map(|other| places.get(&other.id)) {
                    relate(self.call, self.db, *task, kind, *other)?;
                }
            }
        }
        Ok(())
    }
}

/// A task without what names others: it is made anew, by somebody else.
fn alone(task: &Task) -> Task {
    Task {
        id: 0,
        index: 0,
        bucket_id: 0,
        cover_image_attachment_id: 0,
        assignees: None,
        labels: None,
        attachments: None,
        related_tasks: None,
        subscription: None,
        ..task.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let of = |text: &str| version(&Files::from([("VERSION".to_owned(), text.into())]));
        assert_eq!(of("v2.5.0\n"), Some([2, 5, 0]));
        assert_eq!(of("v0.1"), None);
        assert_eq!(of("unstable"), None);
        assert!(of("v0.20.4") > Some(OLDEST));
        assert_eq!(version(&Files::new()), None);
    }
}
