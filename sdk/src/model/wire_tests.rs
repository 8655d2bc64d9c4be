//! Every recorded answer of success is read, on all releases, and nothing in it is lost unknowingly.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde::{Deserialize, de::DeserializeOwned};

use super::*;

/// One line of a recording.
#[derive(Deserialize)]
struct Exchange {
    op: String,
    case: String,
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    body: Option<String>,
}

/// One line of a recording of webhooks.
#[derive(Deserialize)]
struct Delivery {
    event: String,
    body: String,
}

/// What a webhook delivers, as far as the models reach.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it is enough that it can be read")]
struct Event {
    #[serde(rename = "event_name")]
    name: String,
    time: Timestamp,
    data: EventData,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is enough that it can be read")]
struct EventData {
    doer: Option<User>,
    user: Option<User>,
    assignee: Option<User>,
    team: Option<Team>,
    project: Option<Project>,
    projects: Option<BTreeMap<ProjectId, Project>>,
    task: Option<Task>,
    tasks: Option<Vec<Task>>,
    comment: Option<TaskComment>,
    relation: Option<TaskRelation>,
    attachment: Option<TaskAttachment>,
    reminder: Option<Reminder>,
}

/// A page of v2.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it is enough that it can be read")]
struct Envelope<T> {
    items: Vec<T>,
    total: u64,
    page: Option<u64>,
    per_page: Option<u64>,
    total_pages: Option<u64>,
}

/// Reads an answer; gives the keys in it that the model leaves out.
type Read = fn(&str) -> serde_json::Result<BTreeSet<String>>;

fn one<T: DeserializeOwned>(body: &str) -> serde_json::Result<BTreeSet<String>> {
    let mut left_out = BTreeSet::new();
    let mut json = serde_json::Deserializer::from_str(body);
    serde_ignored::deserialize::<_, _, T>(&mut json, |path| {
        if let serde_ignored::Path::Map { key, .. } = path {
            left_out.insert(key);
        }
    })?;
    json.end()?;
    Ok(left_out)
}

fn list<T: DeserializeOwned>(body: &str) -> serde_json::Result<BTreeSet<String>> {
    if body.starts_with('{') {
        one::<Envelope<T>>(body)
    } else {
        one::<Option<Vec<T>>>(body)
    }
}

/// Views that are boards answer buckets, others tasks. A bucket can be read as a task; its limit is then left out.
fn tasks_or_buckets(body: &str) -> serde_json::Result<BTreeSet<String>> {
    let left_out = list::<Task>(body)?;
    if left_out.contains("limit") {
        list::<Bucket>(body)
    } else {
        Ok(left_out)
    }
}

#[rustfmt::skip]
const OPERATIONS: &[(&str, Read)] = &[
    ("service.info", one::<Info>),
    ("auth.register", one::<User>),
    ("user.read_one", one::<User>),
    ("users.search", list::<User>),
    ("namespaces.create", one::<Namespace>),
    ("namespaces.read_one", one::<Namespace>),
    ("namespaces.read_all", list::<Namespace>),
    ("namespaces.read_lists", list::<Project>),
    ("namespaces.update", one::<Namespace>),
    ("namespace_users.create", one::<UserShare>),
    ("namespace_users.read_all", list::<User>),
    ("namespace_users.update", one::<UserShare>),
    ("namespace_teams.create", one::<TeamShare>),
    ("namespace_teams.read_all", list::<Team>),
    ("namespace_teams.update", one::<TeamShare>),
    ("projects.create", one::<Project>),
    ("projects.read_one", one::<Project>),
    ("projects.read_all", list::<Project>),
    ("projects.update", one::<Project>),
    ("projects.patch", one::<Project>),
    ("projects.duplicate", one::<DuplicatedProject>),
    ("projects.search_users", list::<User>),
    ("backgrounds.upload", one::<Project>),
    ("backgrounds.delete", one::<Project>),
    ("project_users.create", one::<UserShare>),
    ("project_users.read_all", list::<User>),
    ("project_users.update", one::<UserShare>),
    ("project_teams.create", one::<TeamShare>),
    ("project_teams.read_all", list::<Team>),
    ("project_teams.update", one::<TeamShare>),
    ("link_shares.create", one::<LinkShare>),
    ("link_shares.read_one", one::<LinkShare>),
    ("link_shares.read_all", list::<LinkShare>),
    ("views.create", one::<ProjectView>),
    ("views.read_one", one::<ProjectView>),
    ("views.read_all", list::<ProjectView>),
    ("views.update", one::<ProjectView>),
    ("views.patch", one::<ProjectView>),
    ("buckets.create", one::<Bucket>),
    ("buckets.read_all", list::<Bucket>),
    ("buckets.read_all_with_tasks", list::<Bucket>),
    ("buckets.update", one::<Bucket>),
    ("buckets.move_task", one::<TaskBucket>),
    ("tasks.create", one::<Task>),
    ("tasks.read_one", one::<Task>),
    ("tasks.read_one_by_index", one::<Task>),
    ("tasks.read_all", list::<Task>),
    ("tasks.read_all_of_project", list::<Task>),
    ("tasks.read_all_of_view", tasks_or_buckets),
    ("tasks.update", one::<Task>),
    ("tasks.patch", one::<Task>),
    ("tasks.duplicate", one::<DuplicatedTask>),
    ("tasks.update_position", one::<TaskPosition>),
    ("task_assignees.create", one::<TaskAssignee>),
    ("task_assignees.read_all", list::<User>),
    ("task_attachments.upload", one::<UploadedAttachments>),
    ("task_attachments.read_all", list::<TaskAttachment>),
    ("task_comments.create", one::<TaskComment>),
    ("task_comments.read_one", one::<TaskComment>),
    ("task_comments.read_all", list::<TaskComment>),
    ("task_comments.update", one::<TaskComment>),
    ("task_comments.patch", one::<TaskComment>),
    ("task_labels.create", one::<TaskLabel>),
    ("task_labels.read_all", list::<Label>),
    ("task_relations.create", one::<TaskRelation>),
    ("reactions.create", one::<Reaction>),
    ("reactions.read_all", one::<Option<Reactions>>),
    ("subscriptions.create", one::<Subscription>),
    ("labels.create", one::<Label>),
    ("labels.read_one", one::<Label>),
    ("labels.read_all", list::<Label>),
    ("labels.update", one::<Label>),
    ("labels.patch", one::<Label>),
    ("teams.create", one::<Team>),
    ("teams.read_one", one::<Team>),
    ("teams.read_all", list::<Team>),
    ("teams.update", one::<Team>),
    ("teams.patch", one::<Team>),
    ("team_members.create", one::<TeamMember>),
    ("team_members.toggle_admin", one::<TeamMember>),
    ("bots.create", one::<Bot>),
    ("bots.read_one", one::<Bot>),
    ("bots.read_all", list::<Bot>),
    ("bots.update", one::<Bot>),
    ("bots.patch", one::<Bot>),
    ("filters.create", one::<SavedFilter>),
    ("filters.read_one", one::<SavedFilter>),
    ("filters.update", one::<SavedFilter>),
    ("filters.patch", one::<SavedFilter>),
    ("webhooks.create", one::<Webhook>),
    ("webhooks.read_all", list::<Webhook>),
    ("webhooks.update", one::<Webhook>),
    ("user_webhooks.create", one::<Webhook>),
    ("user_webhooks.read_all", list::<Webhook>),
    ("user_webhooks.update", one::<Webhook>),
    ("notifications.read_all", list::<Notification>),
    ("notifications.update", one::<Notification>),
    ("api_tokens.create", one::<ApiToken>),
    ("api_tokens.read_all", list::<ApiToken>),
    ("api_tokens.routes", one::<ApiTokenRoutes>),
    ("sessions.read_all", list::<LoginSession>),
    ("caldav_tokens.create", one::<CaldavToken>),
    ("caldav_tokens.read_all", list::<CaldavToken>),
    ("totp.read_one", one::<Totp>),
    ("totp.enroll", one::<Totp>),
    ("avatar_provider.read_one", one::<AvatarSettings>),
    ("auth.oauth_authorize", one::<OAuthCode>),
    ("tasks.delete", one::<Message>),
    ("user.update_settings", one::<Message>),
];

/// What the models leave out on purpose: part of the operation's name, and the key.
#[rustfmt::skip]
const LEFT_OUT: &[(&str, &str)] = &[
    // Says where the JSON schema of the answer is (v2).
    ("", "$schema"),
    // A parameter of the query that leaks into the answer.
    ("team", "include_public"),
    // The request, repeated.
    ("projects.duplicate", "namespace_id"),
    // Always null.
    ("reactions.create", "user"),
    // Always the zero time.
    ("task_labels.create", "created"),
    ("task_assignees.create", "created"),
    ("task_assignees.create", "Created"),
    // Empty, or secrets that the caller has just sent.
    ("link_shares.", "password"),
    ("webhooks.", "secret"),
    ("webhooks.", "basic_auth_user"),
    ("webhooks.", "basic_auth_password"),
];

/// The keys that are left out, but not on purpose.
fn lost(source: &str, left_out: BTreeSet<String>) -> impl Iterator<Item = String> {
    left_out
        .into_iter()
        .filter(move |key| {
            !LEFT_OUT
                .iter()
                .any(|(part, known)| source.contains(part) && key == known)
        })
        .map(move |key| format!("{source}: {key}"))
}

/// The lines of a recording.
fn recording<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = format!("{}/../tests/wire/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_is_left_out_is_seen_at_any_depth() {
    let task = r#"{"id":1,"title":"t","a":1,"reminders":[{"b":1}],"created_by":{"id":1,"c":[]}}"#;
    assert_eq!(
        one::<Task>(task).unwrap(),
        ["a", "b", "c"].map(String::from).into()
    );
    let page = r#"{"items":[{"id":1,"filter":{"d":{}}}],"total":1}"#;
    assert_eq!(list::<ProjectView>(page).unwrap(), ["d".to_owned()].into());
}

#[test]
fn every_recorded_answer_is_read() {
    let mut unseen: BTreeSet<&str> = OPERATIONS.iter().map(|(op, _)| *op).collect();
    let mut problems = BTreeSet::new();
    for release in ["0.20.4", "0.24.1", "1.0.0", "2.5.0"] {
        for exchange in recording::<Exchange>(release) {
            let Exchange { op, case, response } = exchange;
            let body = response.body.unwrap_or_default();
            if !case.starts_with("success") || body.is_empty() {
                continue;
            }
            let Some((name, read)) = OPERATIONS.iter().find(|(name, _)| *name == op) else {
                continue;
            };
            unseen.remove(name);
            match read(&body) {
                Ok(left_out) => problems.extend(lost(&op, left_out)),
                Err(error) => {
                    problems.insert(format!("{release} {op} ({case}): {error}: {body}"));
                }
            }
        }
    }
    assert_eq!(problems, BTreeSet::new());
    assert_eq!(unseen, BTreeSet::new());
}

#[test]
fn every_recorded_delivery_is_read() {
    let mut problems = BTreeSet::new();
    for release in ["0.24.1", "1.0.0", "2.5.0"] {
        for Delivery { event, body } in recording(&format!("webhooks-{release}")) {
            match one::<Event>(&body) {
                Ok(left_out) => problems.extend(lost(&event, left_out)),
                Err(error) => {
                    problems.insert(format!("{release} {event}: {error}: {body}"));
                }
            }
        }
    }
    assert_eq!(problems, BTreeSet::new());
}
