//! Labels, comments, assignees, relations, API tokens and webhooks against the recordings, and what the SDK refuses
//! to send.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Changes, Endpoint, NewFile, Object, Release, Server, Session,
    api_tokens, assignees, attachments,
    auth::Token,
    comments, labels,
    model::{
        ApiTokenId, AttachmentId, CommentId, LabelId, Patch, ProjectId, RelationKind, TaskId,
        UserId, WebhookId,
    },
    object, relations, webhooks,
};

use super::{
    hold::{AsRecorded, check, hold, hold_fields, ids, query},
    recorded::Exchange,
};

/// The first id in the path.
pub(crate) fn first<I: From<i64>>(exchange: &Exchange) -> Option<I> {
    ids(exchange).first().copied().map(I::from)
}

/// The first two ids in the path.
pub(crate) fn two<I: From<i64>, J: From<i64>>(exchange: &Exchange) -> Option<(I, J)> {
    match ids(exchange)[..] {
        [one, other, ..] => Some((one.into(), other.into())),
        _ => None,
    }
}

/// One parameter of the query, where it is there and right.
pub(crate) fn parameter<T: std::str::FromStr>(exchange: &Exchange, name: &str) -> Option<T> {
    query(exchange).get(name)?.first()?.parse().ok()
}

pub(crate) fn search(exchange: &Exchange) -> Option<String> {
    parameter(exchange, "s").or_else(|| parameter(exchange, "q"))
}

/// One key of the body.
pub(crate) fn key<T: DeserializeOwned>(exchange: &Exchange, name: &str) -> Option<T> {
    serde_json::from_value(exchange.request.body.get(name)?.clone()).ok()
}

/// The ids in a list of objects in the body.
fn ids_in<I: From<i64>>(exchange: &Exchange, name: &str) -> Option<Vec<I>> {
    let objects: Vec<BTreeMap<String, i64>> = key(exchange, name)?;
    objects
        .iter()
        .map(|object| object.get("id").copied().map(I::from))
        .collect()
}

/// Holds what all objects can do. `name` is that of the operations.
pub(crate) fn hold_object<O: Object>(name: &str, id: impl Fn(&Exchange) -> Option<O>)
where
    O::Fields: DeserializeOwned + Default,
{
    check(&format!("{name}.read_one"), |exchange, tally| {
        // Reads on condition are not offered.
        if exchange.response.status != 304 {
            hold(exchange, id(exchange).map(|id| object::Get { id }), tally);
        }
    });
    check(&format!("{name}.update"), |exchange, tally| {
        let replace = |fields| {
            let id = id(exchange)?;
            Some(object::Replace { id, fields })
        };
        hold_fields(exchange, replace, tally);
    });
    check(&format!("{name}.patch"), |exchange, tally| {
        let patch = |fields| {
            let id = id(exchange)?;
            Some(object::Patch { id, fields })
        };
        hold_fields(exchange, patch, tally);
    });
    check(&format!("{name}.delete"), |exchange, tally| {
        hold(
            exchange,
            id(exchange).map(|id| object::Delete { id }),
            tally,
        );
    });
}

#[test]
fn labels_by_themselves() {
    check("labels.create", |exchange, tally| {
        hold_fields(exchange, |fields| Some(labels::Create { fields }), tally);
    });
    check("labels.read_all", |exchange, tally| {
        let list = labels::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
        };
        hold(exchange, Some(list), tally);
    });
    hold_object("labels", first::<LabelId>);
}

#[test]
fn labels_of_tasks() {
    check("task_labels.read_all", |exchange, tally| {
        let list = first(exchange).map(labels::ListOfTask::new);
        hold(exchange, list, tally);
    });
    check("task_labels.create", |exchange, tally| {
        let add = first(exchange)
            .zip(key(exchange, "label_id"))
            .map(|(task, label)| labels::Add { task, label });
        hold(exchange, add, tally);
    });
    check("task_labels.delete", |exchange, tally| {
        let remove = two(exchange).map(|(task, label)| labels::Remove { task, label });
        hold(exchange, remove, tally);
    });
    check("task_labels.replace_all", |exchange, tally| {
        let set = first(exchange)
            .zip(ids_in(exchange, "labels"))
            .map(|(task, labels)| labels::SetAll { task, labels });
        hold(exchange, set, tally);
    });
}

#[test]
fn comments_on_tasks() {
    check("task_comments.create", |exchange, tally| {
        let create = |fields| {
            let task = first(exchange)?;
            Some(comments::Create { task, fields })
        };
        hold_fields(exchange, create, tally);
    });
    check("task_comments.read_all", |exchange, tally| {
        let list = first(exchange).map(|task| comments::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
            ..comments::List::new(task)
        });
        hold(exchange, list, tally);
    });
    hold_object("task_comments", two::<TaskId, CommentId>);
}

#[test]
fn assignees_of_tasks() {
    check("task_assignees.read_all", |exchange, tally| {
        // 0.20 answers as long as there is nobody to list.
        if exchange.release == "0.20.4" && exchange.is_success() {
            return;
        }
        hold(exchange, first(exchange).map(assignees::List::new), tally);
    });
    check("task_assignees.create", |exchange, tally| {
        let add = first(exchange)
            .zip(key(exchange, "user_id"))
            .map(|(task, user)| assignees::Add { task, user });
        hold(exchange, add, tally);
    });
    check("task_assignees.delete", |exchange, tally| {
        let remove = two(exchange).map(|(task, user)| assignees::Remove { task, user });
        hold(exchange, remove, tally);
    });
    check("task_assignees.replace_all", |exchange, tally| {
        let set = first(exchange)
            .zip(ids_in(exchange, "assignees"))
            .map(|(task, users)| assignees::SetAll { task, users });
        hold(exchange, set, tally);
    });
}

#[test]
fn relations_of_tasks() {
    check("task_relations.create", |exchange, tally| {
        let create = || {
            Some(relations::Create {
                task: first(exchange)?,
                kind: key(exchange, "relation_kind")?,
                other: key(exchange, "other_task_id")?,
            })
        };
        hold(exchange, create(), tally);
    });
    check("task_relations.delete", |exchange, tally| {
        let delete = || {
            let (task, other) = two(exchange)?;
            let kind = exchange.request.path.split('/').rev().nth(1)?;
            let kind = RelationKind::from(kind);
            Some(relations::Delete { task, kind, other })
        };
        hold(exchange, delete(), tally);
    });
}

#[test]
fn tokens_of_programs() {
    check("api_tokens.routes", |exchange, tally| {
        hold(exchange, Some(api_tokens::Routes), tally);
    });
    check("api_tokens.read_all", |exchange, tally| {
        hold(exchange, Some(api_tokens::List::default()), tally);
    });
    check("api_tokens.create", |exchange, tally| {
        let create = || {
            Some(api_tokens::Create {
                title: key(exchange, "title")?,
                permissions: key(exchange, "permissions")?,
                expires_at: key(exchange, "expires_at")?,
                owner: key(exchange, "owner_id"),
            })
        };
        hold(exchange, create(), tally);
    });
    check("api_tokens.delete", |exchange, tally| {
        let delete = first(exchange).map(|token: ApiTokenId| api_tokens::Delete { token });
        hold(exchange, delete, tally);
    });
}

/// Holds the webhooks of one kind of owner. `name` is that of the operations.
fn hold_webhooks<O: webhooks::Owner>(name: &str, owner: impl Fn(&Exchange) -> Option<O>) {
    let webhook = |exchange: &Exchange| ids(exchange).last().copied().map(WebhookId);
    check(&format!("{name}.read_all"), |exchange, tally| {
        hold(exchange, owner(exchange).map(webhooks::List::new), tally);
    });
    check(&format!("{name}.create"), |exchange, tally| {
        let create = || {
            Some(webhooks::Create {
                owner: owner(exchange)?,
                target_url: key(exchange, "target_url")?,
                events: key(exchange, "events")?,
                secret: key::<String>(exchange, "secret").map(Into::into),
                basic_auth: None,
            })
        };
        hold(exchange, create(), tally);
    });
    check(&format!("{name}.update"), |exchange, tally| {
        let set = || {
            Some(webhooks::SetEvents {
                owner: owner(exchange)?,
                webhook: webhook(exchange)?,
                target_url: key(exchange, "target_url")?,
                events: key(exchange, "events")?,
            })
        };
        // A secret is not stored, hence not sent.
        if exchange.request.body.get("secret").is_some() {
            let as_recorded = set().map(|set| AsRecorded(set, exchange));
            tally.as_recorded += usize::from(as_recorded.is_some());
            hold(exchange, as_recorded, tally);
        } else {
            hold(exchange, set(), tally);
        }
    });
    check(&format!("{name}.delete"), |exchange, tally| {
        let delete = || {
            Some(webhooks::Delete {
                owner: owner(exchange)?,
                webhook: webhook(exchange)?,
            })
        };
        hold(exchange, delete(), tally);
    });
}

#[test]
fn webhooks_of_projects_and_users() {
    hold_webhooks("webhooks", first::<ProjectId>);
    hold_webhooks("user_webhooks", |_| Some(webhooks::Me));
    check("webhooks.read_events", |exchange, tally| {
        hold(exchange, Some(webhooks::ProjectEvents), tally);
    });
    check("user_webhooks.read_events", |exchange, tally| {
        hold(exchange, Some(webhooks::MyEvents), tally);
    });
}

/// A session with this token on a server of this release.
pub(crate) fn session(release: Release, token: &str) -> Session {
    let server = Server::new("http://127.0.0.1:3456")
        .unwrap()
        .with_release(release)
        .with_api(ApiChoice::Auto);
    let session = Session::new(server);
    session.set_token(Some(Token::new(token.to_owned().into()).unwrap()));
    session
}

/// What the SDK says instead of sending.
pub(crate) fn refusal<E: Endpoint>(session: &Session, endpoint: &E) -> BuildError {
    match session.call(endpoint) {
        Ok((request, _)) => panic!("{} {} is sent", request.method(), request.uri()),
        Err(error) => error,
    }
}

/// A webhook with everything that is secret in it.
fn webhook() -> webhooks::Create<ProjectId> {
    webhooks::Create {
        owner: ProjectId(5),
        target_url: "https://example.com/hook".to_owned(),
        events: vec!["task.created".into()],
        secret: Some("s3cr3t-key".to_owned().into()),
        basic_auth: Some(webhooks::BasicAuth {
            user: "hook".to_owned(),
            password: "s3cr3t-word".to_owned().into(),
        }),
    }
}

#[test]
fn what_a_server_cannot_do_is_said_before_anything_is_sent() {
    let user = "eyJ.recorded.jwt";
    let task = TaskId(1);
    let needs = |release, said: &str| {
        let error = refusal(&session(release, user), &assignees::List::new(task)).to_string();
        assert!(error.contains(said), "{error}");
    };
    needs(Release(1, 0, 0), "2.4.0 or newer");

    let error = refusal(&session(Release(1, 0, 0), user), &webhook());
    assert!(error.to_string().contains("1.1.0 or newer"), "{error}");

    let of_bot = api_tokens::List {
        owner: Some(UserId(4)),
        ..api_tokens::List::default()
    };
    let error = refusal(&session(Release(1, 0, 0), user), &of_bot);
    assert!(error.to_string().contains("2.4.0 or newer"), "{error}");

    let mine = webhooks::List::new(webhooks::Me);
    let error = refusal(&session(Release(1, 0, 0), user), &mine);
    assert!(matches!(error, BuildError::NotOnThisServer { .. }));
    let error = refusal(&session(Release(0, 20, 4), user), &api_tokens::Routes);
    assert!(matches!(error, BuildError::NotOnThisServer { .. }));
}

#[test]
fn api_tokens_are_kept_from_what_refuses_them() {
    let token = "tk_0123456789012345678901234567890123456789";
    for release in [Release(0, 24, 1), Release(1, 0, 0), Release(2, 5, 0)] {
        let error = refusal(&session(release, token), &api_tokens::List::default());
        assert!(matches!(error, BuildError::ApiTokenRefused { .. }));
    }
    let error = refusal(&session(Release(0, 24, 1), token), &api_tokens::Routes);
    assert!(matches!(error, BuildError::ApiTokenRefused { .. }));
    let newer = session(Release(1, 0, 0), token);
    assert!(newer.call(&api_tokens::Routes).is_ok());
}

#[test]
fn a_comment_is_not_emptied_where_it_cannot_be() {
    let at = |release| At {
        release,
        api: Api::V1,
    };
    for comment in [Patch::Clear, "".into()] {
        let fields = comments::Fields { comment };
        assert!(fields.check(at(Release(0, 24, 1))).is_ok());
        let error = fields.check(at(Release(1, 0, 0))).unwrap_err();
        assert!(matches!(error, BuildError::CannotClear { .. }));
    }
    let keep = comments::Fields::default();
    assert!(keep.check(at(Release(2, 5, 0))).is_ok());
}

#[test]
fn secrets_of_webhooks_are_sent_and_not_printed() {
    let create = webhook();
    let session = session(Release(2, 5, 0), "eyJ.recorded.jwt");
    let (request, pending) = session.call(&create).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        sent,
        serde_json::json!({
            "target_url": "https://example.com/hook",
            "events": ["task.created"],
            "secret": "s3cr3t-key",
            "basic_auth_user": "hook",
            "basic_auth_password": "s3cr3t-word",
        })
    );
    let refused = http::Response::builder()
        .status(422)
        .body(bytes::Bytes::from_static(
            br#"{"title":"no","status":422,"detail":"s3cr3t-word for s3cr3t-key is refused"}"#,
        ))
        .unwrap();
    let error = pending.decode(&refused).unwrap_err();
    assert!(error.to_string().contains("is refused"), "{error}");
    for text in [
        format!("{create:?}"),
        error.to_string(),
        format!("{error:?}"),
    ] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn attachments() {
    check("task_attachments.read_all", |exchange, tally| {
        hold(exchange, first(exchange).map(attachments::List::new), tally);
    });
    check("task_attachments.upload", |exchange, tally| {
        // A field that the server does not look at, and no form at all: the SDK builds neither.
        if !exchange.case.contains("wrong_field") {
            let files = exchange.request.multipart.iter();
            let files: Vec<_> = files
                .map(|part| NewFile::from_bytes(part.filename.as_str(), part.content()))
                .collect();
            let task = first(exchange).filter(|_| !files.is_empty());
            hold(
                exchange,
                task.map(|task| attachments::Upload { task, files }),
                tally,
            );
        }
    });
    check("task_attachments.download", |exchange, tally| {
        // The SDK asks for the rest of a file, never for a part in its middle.
        if exchange.case != "success_range" {
            let ids = two(exchange);
            let download = ids.map(|(task, file)| attachments::Download::new(task, file));
            hold(exchange, download, tally);
        }
    });
    check("task_attachments.delete", |exchange, tally| {
        let ids = two::<TaskId, AttachmentId>(exchange);
        let delete = ids.map(|(task, attachment)| attachments::Delete { task, attachment });
        hold(exchange, delete, tally);
    });
}
