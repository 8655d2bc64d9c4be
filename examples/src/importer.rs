//! From GitHub issues to tasks, again and again: each issue is one task, however often and however far this runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use vikunja_sdk::{
    Execute, labels,
    model::{Label, LabelId, ProjectId, Task, TaskId},
    ops,
    page::walk,
    tasks,
};

/// Longest project and longest list of labels that is read.
const MOST: usize = 100_000;

/// An issue, as GitHub's REST API writes it. Only what is used.
#[derive(Debug, Deserialize)]
pub struct Issue {
    /// Its address: the key by which it is found again.
    pub html_url: String,
    /// Title.
    pub title: String,
    /// Text, Markdown.
    pub body: Option<String>,
    /// `open` or `closed`.
    pub state: String,
    /// Labels.
    #[serde(default)]
    pub labels: Vec<Name>,
    /// Only pull requests have it, which are in GitHub's lists of issues, too.
    pub pull_request: Option<serde_json::Value>,
}

/// What has a name.
#[derive(Debug, Deserialize)]
pub struct Name {
    /// It.
    pub name: String,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Tasks that were made.
    pub created: usize,
    /// Tasks whose title or state was changed.
    pub changed: usize,
    /// Labels that were put on tasks.
    pub labelled: usize,
    /// Issues whose task was right already.
    pub unchanged: usize,
}

/// Reads a dump: any number of lists one after the other, as `gh api --paginate` writes them. Pull requests are left out.
pub fn read(dump: &str) -> serde_json::Result<Vec<Issue>> {
    let lists = serde_json::Deserializer::from_str(dump).into_iter::<Vec<Issue>>();
    let mut issues = Vec::new();
    for list in lists {
        issues.extend(list?.into_iter().filter(|it| it.pull_request.is_none()));
    }
    Ok(issues)
}

/// Makes the project's tasks say what the issues say.
///
/// Title and state are GitHub's: a run sets them again. The text is written once, labels are only ever added, and all
/// else (dates, priority, assignees, position) is never touched. Two imports into one project at the same time could
/// both make a task: run one.
pub async fn import<X: Execute>(
    vikunja: &mut X,
    project: ProjectId,
    issues: &[Issue],
) -> Result<Imported, X::Error> {
    let mut tasks = known_tasks(vikunja, project).await?;
    let mut labels = known_labels(vikunja).await?;
    let mut done = Imported::default();
    for issue in issues {
        let before = (done.created, done.changed, done.labelled);
        // The key is part of the creation: who is killed after it finds the task the next time.
        let task = match tasks.remove(&issue.html_url) {
            Some(task) => task,
            None => {
                done.created += 1;
                vikunja.execute(&creation(project, issue)).await?
            }
        };
        if let Some(changes) = changes(&task, issue) {
            ops::edit(vikunja, task.id, &changes).await?;
            done.changed += 1;
        }
        done.labelled += add_labels(vikunja, &task, issue, &mut labels).await?;
        let after = (done.created, done.changed, done.labelled);
        done.unchanged += usize::from(before == after);
        // An issue that stands twice in the dump has one task all the same.
        tasks.insert(issue.html_url.clone(), task);
    }
    Ok(done)
}

/// The tasks of earlier imports, by key. Walked by id, so that none is missed while others work in the project.
async fn known_tasks<X: Execute>(
    vikunja: &mut X,
    project: ProjectId,
) -> Result<BTreeMap<String, Task>, X::Error> {
    let query = tasks::ListQuery {
        after: Some(TaskId(0)),
        ..Default::default()
    };
    let all = walk(vikunja, tasks::ListOfProject { project, query });
    let all = all.collect(MOST).await?;
    let mut known = BTreeMap::new();
    for task in all {
        if let Some(key) = key(&task.description) {
            // Of two with the same key, which somebody copied, the older one is ours.
            known.entry(key).or_insert(task);
        }
    }
    Ok(known)
}

/// Labels by title. Titles need not be unique: the first one counts.
async fn known_labels<X: Execute>(vikunja: &mut X) -> Result<BTreeMap<String, LabelId>, X::Error> {
    let all = walk(vikunja, labels::List::default()).collect(MOST).await?;
    let by_title = |label: Label| (label.title, label.id);
    Ok(all.into_iter().rev().map(by_title).collect())
}

fn creation(project: ProjectId, issue: &Issue) -> tasks::Create {
    let mut create = tasks::Create::new(project, &issue.title);
    create.fields.description = description(issue).into();
    create
}

/// What has to change; `None` where all is right. `done` is not sent where it is so already: on a repeating task it
/// would move the dates.
fn changes(task: &Task, issue: &Issue) -> Option<tasks::Fields> {
    let mut fields = tasks::Fields::default();
    if task.title != issue.title {
        fields.title = issue.title.as_str().into();
    }
    let is_closed = issue.state == "closed";
    if task.done != is_closed {
        fields.done = is_closed.into();
    }
    let is_right = fields.title.is_keep() && fields.done.is_keep();
    (!is_right).then_some(fields)
}

async fn add_labels<X: Execute>(
    vikunja: &mut X,
    task: &Task,
    issue: &Issue,
    known: &mut BTreeMap<String, LabelId>,
) -> Result<usize, X::Error> {
    let has: BTreeSet<&str> = task.labels.iter().map(|it| it.title.as_str()).collect();
    let wanted: BTreeSet<&str> = issue.labels.iter().map(|it| it.name.as_str()).collect();
    let missing = wanted.difference(&has);
    let mut added = 0;
    for name in missing {
        let label = match known.get(*name) {
            Some(label) => *label,
            None => {
                let label = vikunja.execute(&labels::Create::new(*name)).await?.id;
                known.insert((*name).to_owned(), label);
                label
            }
        };
        let task = task.id;
        vikunja.execute(&labels::Add { task, label }).await?;
        added += 1;
    }
    Ok(added)
}

/// The key stands in the first link, which people see and editors keep; the issue's own text comes after it, and cannot
/// hold a link, because it is escaped.
fn description(issue: &Issue) -> String {
    let url = escaped(&issue.html_url);
    let text = issue.body.as_deref().unwrap_or_default();
    let text = escaped(text.trim()).replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").filter(|it| !it.is_empty());
    let paragraphs = paragraphs.map(|it| format!("<p>{}</p>", it.replace('\n', "<br>")));
    let paragraphs: String = paragraphs.collect();
    format!("<p><a href=\"{url}\">{url}</a></p>{paragraphs}")
}

/// The address of the first link.
fn key(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("href=\"")?;
    let (url, _) = rest.split_once('"')?;
    Some(url.replace("&amp;", "&"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(body: &str) -> Issue {
        Issue {
            html_url: "https://github.com/a/b/issues/1".to_owned(),
            title: "t".to_owned(),
            body: Some(body.to_owned()),
            state: "open".to_owned(),
            labels: Vec::new(),
            pull_request: None,
        }
    }

    #[test]
    fn no_text_of_an_issue_is_its_key() {
        let other = "<a href=\"https://github.com/a/b/issues/2\">other</a> & more\r\nnext\n\nlast";
        let description = description(&issue(other));
        let expected = "https://github.com/a/b/issues/1".to_owned();
        assert_eq!(key(&description), Some(expected));
        assert_eq!(description.matches("href=").count(), 2);
        assert!(description.contains("&lt;a href=&#34;https"));
        assert!(description.ends_with("&amp; more<br>next</p><p>last</p>"));
        assert_eq!(key("<p>made by hand</p>"), None);
    }

    #[test]
    fn a_dump_is_one_list_or_several_without_pull_requests() {
        let one = |number: u8, extra: &str| {
            format!(r#"{{"html_url":"u{number}","title":"t","body":null,"state":"open"{extra}}}"#)
        };
        let pull = one(3, r#","pull_request":{"url":"p"}"#);
        let dump = format!("[{}]\n[{},{pull}]", one(1, ""), one(2, ""));
        let urls: Vec<_> = read(&dump)
            .unwrap()
            .into_iter()
            .map(|it| it.html_url)
            .collect();
        assert_eq!(urls, ["u1", "u2"]);
        assert!(read(&dump[..dump.len() - 3]).is_err());
    }
}
