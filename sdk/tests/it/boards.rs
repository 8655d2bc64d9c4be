//! Views, buckets, saved filters, subscriptions, reactions, notifications and what else can be done with one task or
//! project, against the recordings.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;
use serde_json::Value;
use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Changes, Endpoint, Release, Server, Session,
    auth::Token,
    buckets,
    filter::{Filter, PRIORITY, Selection, TITLE},
    model::{
        BucketId, CommentId, FilterId, NamespaceId, NotificationId, Patch, Position, ProjectId,
        SortField, TaskId, ViewId, ViewKind,
    },
    namespaces, notifications, projects, reactions, saved_filters, subscriptions, tasks, views,
};

use super::{
    hold::{AsRecorded, Tally, check, hold, hold_fields},
    recorded::{Exchange, exchanges},
    requests::list_query,
    resources::{first, hold_object, key, search, two},
};

/// A stored filter as the SDK has it; `None` where it is wrong on purpose.
fn selection(stored: &Value) -> Option<Selection> {
    let column = |name: &str| -> Vec<String> {
        let values = stored.get(name).cloned().unwrap_or_default();
        serde_json::from_value(values).unwrap_or_default()
    };
    let fields = column("filter_by");
    let filter = match stored.get("filter").unwrap_or(stored) {
        Value::String(expression) => Some(Filter::raw(expression)),
        _ if fields == ["priority"] && column("filter_comparator") == ["greater"] => {
            Some(PRIORITY.gt(column("filter_value")[0].parse().ok()?))
        }
        _ if fields.is_empty() => None,
        _ => return None,
    };
    let orders = column("order_by")
        .into_iter()
        .map(|order| match order.as_str() {
            "asc" => vikunja_sdk::model::Order::Ascending,
            "desc" => vikunja_sdk::model::Order::Descending,
            other => panic!("{other}"),
        });
    let sort = column("sort_by");
    Some(Selection {
        filter,
        sort: sort
            .iter()
            .map(|field| SortField::from(field.as_str()))
            .zip(orders)
            .collect(),
        ..Selection::default()
    })
}

/// Holds an exchange whose fields hold stored filters, which are no plain JSON.
fn hold_stored<E: Endpoint, F>(
    exchange: &Exchange,
    keys: &[&str],
    make: impl Fn(F) -> Option<E>,
    stored: impl Fn(&mut F, &Value) -> Option<()>,
    tally: &mut Tally,
) where
    F: DeserializeOwned + serde::Serialize + Default,
{
    let body = &exchange.request.body;
    if !keys.iter().any(|key| body.get(key).is_some()) {
        return hold_fields(exchange, make, tally);
    }
    let endpoint = serde_json::from_value(body.clone())
        .ok()
        .and_then(|mut fields: F| {
            stored(&mut fields, body)?;
            make(fields)
        });
    if endpoint.is_some() {
        hold(exchange, endpoint, tally);
    } else {
        tally.as_recorded += 1;
        let as_recorded = make(F::default()).map(|one| AsRecorded(one, exchange));
        hold(exchange, as_recorded, tally);
    }
}

fn stored_in_view(fields: &mut views::Fields, body: &Value) -> Option<()> {
    if let Some(filter) = body.get("filter") {
        fields.filter = selection(filter)?.into();
    }
    if let Some(buckets) = body.get("bucket_configuration") {
        let buckets = buckets.as_array()?.iter().map(|bucket| {
            Some(views::FilteredBucket {
                title: bucket["title"].as_str()?.to_owned(),
                filter: selection(&bucket["filter"])?,
            })
        });
        fields.bucket_configuration = buckets.collect::<Option<Vec<_>>>()?.into();
    }
    Some(())
}

#[test]
fn views_of_projects() {
    check("views.create", |exchange, tally| {
        let create = |fields| {
            let project = first(exchange)?;
            Some(views::Create { project, fields })
        };
        let keys = &["filter", "bucket_configuration"];
        hold_stored(exchange, keys, create, stored_in_view, tally);
    });
    check("views.read_all", |exchange, tally| {
        let list = first(exchange).map(|project| views::List { project });
        hold(exchange, list, tally);
    });
    hold_object("views", two::<ProjectId, ViewId>);
}

#[test]
fn what_views_show() {
    let tally = check("tasks.read_all_of_view", |exchange, tally| {
        let show = || {
            let (project, view) = two(exchange)?;
            let query = list_query(exchange)?;
            Some(views::Show {
                project,
                view,
                query,
            })
        };
        hold(exchange, show(), tally);
    });
    assert_eq!(tally.unbuildable, 0);
    // The same by those who know what they ask for.
    let mut seen = (0, 0);
    for exchange in exchanges(&["tasks.read_all_of_view"])
        .iter()
        .filter(|one| one.is_success())
    {
        let name = exchange.name();
        let (project, view) = two(exchange).unwrap();
        let query = list_query(exchange).unwrap();
        let session = exchange.session();
        let shown = session
            .call(&views::Show {
                project,
                view,
                query: query.clone(),
            })
            .unwrap()
            .1;
        let list = tasks::ListOfView {
            project,
            view,
            query: query.clone(),
        };
        let list = session.call(&list).unwrap().1.decode(&exchange.answer());
        let board = buckets::Board {
            place: buckets::Place::view(project, view),
            query,
        };
        let board = session.call(&board).unwrap().1.decode(&exchange.answer());
        match shown.decode(&exchange.answer()).unwrap() {
            views::Shown::Tasks(page) => {
                assert_eq!(list.unwrap(), page, "{name}");
                let error = board.unwrap_err().to_string();
                assert!(error.contains("tasks::ListOfView"), "{name}: {error}");
                seen.0 += 1;
            }
            views::Shown::Buckets(buckets) => {
                assert!(exchange.api == "v1" && !buckets.is_empty(), "{name}");
                assert_eq!(board.unwrap(), buckets, "{name}");
                let error = list.unwrap_err().to_string();
                assert!(error.contains("buckets::Board"), "{name}: {error}");
                seen.1 += 1;
            }
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
}

/// Where an exchange is about buckets, and which of them.
fn place(exchange: &Exchange) -> Option<(buckets::Place, Option<BucketId>)> {
    let ids = super::hold::ids(exchange);
    if exchange.release == "0.20.4" {
        let project = first(exchange)?;
        return Some((
            buckets::Place::project(project),
            ids.get(1).copied().map(BucketId),
        ));
    }
    let (project, view) = two(exchange)?;
    Some((
        buckets::Place::view(project, view),
        ids.get(2).copied().map(BucketId),
    ))
}

#[test]
fn buckets_of_boards() {
    check("buckets.read_all", |exchange, tally| {
        let Some(query) = list_query(exchange).filter(|query| query.per_page.is_some()) else {
            let list = place(exchange).map(|(place, _)| buckets::List { place });
            return hold(exchange, list, tally);
        };
        let board = place(exchange).map(|(place, _)| buckets::Board { place, query });
        hold(exchange, board, tally);
    });
    check("buckets.read_all_with_tasks", |exchange, tally| {
        let board = place(exchange).map(|(place, _)| buckets::Board::new(place));
        hold(exchange, board, tally);
    });
    check("buckets.create", |exchange, tally| {
        let create = |fields| {
            let (place, _) = place(exchange)?;
            Some(buckets::Create { place, fields })
        };
        hold_fields(exchange, create, tally);
    });
    check("buckets.update", |exchange, tally| {
        let replace = |fields| {
            let (place, bucket) = place(exchange)?;
            let bucket = bucket?;
            Some(buckets::Replace {
                place,
                bucket,
                fields,
            })
        };
        hold_fields(exchange, replace, tally);
    });
    check("buckets.delete", |exchange, tally| {
        let delete = || {
            let (place, bucket) = place(exchange)?;
            let bucket = bucket?;
            Some(buckets::Delete { place, bucket })
        };
        hold(exchange, delete(), tally);
    });
    check("buckets.move_task", |exchange, tally| {
        let move_task = || {
            let (place, bucket) = place(exchange)?;
            let (bucket, task) = (bucket?, key(exchange, "task_id")?);
            Some(buckets::MoveTask {
                place,
                bucket,
                task,
            })
        };
        hold(exchange, move_task(), tally);
    });
}

#[test]
fn one_task() {
    check("tasks.read_one_by_index", |exchange, tally| {
        let get = two::<ProjectId, i64>(exchange);
        let get = get.map(|(project, index)| tasks::GetByIndex { project, index });
        hold(exchange, get, tally);
    });
    check("tasks.duplicate", |exchange, tally| {
        let duplicate = first(exchange).map(|task| tasks::Duplicate { task });
        hold(exchange, duplicate, tally);
    });
    check("tasks.mark_read", |exchange, tally| {
        let mark = first(exchange).map(|task| tasks::MarkRead { task });
        hold(exchange, mark, tally);
    });
    check("tasks.update_position", |exchange, tally| {
        let set = |position: Position| {
            Some(tasks::SetPosition {
                task: first(exchange)?,
                view: key(exchange, "project_view_id")?,
                position,
            })
        };
        // 0 is no position.
        if let Some(position) = key(exchange, "position") {
            hold(exchange, set(position), tally);
        } else {
            tally.as_recorded += 1;
            let as_recorded = set(Position::FIRST).map(|set| AsRecorded(set, exchange));
            hold(exchange, as_recorded, tally);
        }
    });
}

#[test]
fn saved_filters_of_users() {
    let stored = |fields: &mut saved_filters::Fields, body: &Value| {
        fields.filters = selection(&body["filters"])?.into();
        Some(())
    };
    check("filters.create", |exchange, tally| {
        let create = |fields| Some(saved_filters::Create { fields });
        hold_stored(exchange, &["filters"], create, stored, tally);
    });
    check("filters.update", |exchange, tally| {
        let replace = |fields| {
            let id = first::<FilterId>(exchange)?;
            Some(saved_filters::Replace { id, fields })
        };
        hold_stored(exchange, &["filters"], replace, stored, tally);
    });
    check("filters.patch", |exchange, tally| {
        let patch = |fields| {
            let id = first::<FilterId>(exchange)?;
            Some(saved_filters::Patch { id, fields })
        };
        hold_fields(exchange, patch, tally);
    });
    check("filters.read_one", |exchange, tally| {
        if exchange.response.status != 304 {
            hold(
                exchange,
                first(exchange).map(|id| saved_filters::Get { id }),
                tally,
            );
        }
    });
    check("filters.delete", |exchange, tally| {
        hold(
            exchange,
            first(exchange).map(|id| saved_filters::Delete { id }),
            tally,
        );
    });
}

#[test]
fn projects_and_namespaces() {
    check("projects.duplicate", |exchange, tally| {
        let duplicate = first(exchange).map(|project| projects::Duplicate {
            parent: key(exchange, "parent_project_id"),
            namespace: key(exchange, "namespace_id"),
            ..projects::Duplicate::new(project)
        });
        hold(exchange, duplicate, tally);
    });
    check("projects.search_users", |exchange, tally| {
        let search = first(exchange).map(|project| projects::SearchUsers {
            project,
            search: search(exchange),
        });
        hold(exchange, search, tally);
    });
    check("namespaces.read_lists", |exchange, tally| {
        let lists = first(exchange).map(|namespace| namespaces::Lists { namespace });
        hold(exchange, lists, tally);
    });
}

#[test]
fn subscriptions_to_things() {
    let kind = |exchange: &Exchange| {
        exchange
            .request
            .path
            .split('/')
            .rev()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    check("subscriptions.create", |exchange, tally| {
        match kind(exchange).as_str() {
            "task" => hold(
                exchange,
                first::<TaskId>(exchange).map(|to| subscriptions::Create { to }),
                tally,
            ),
            "list" | "project" => {
                hold(
                    exchange,
                    first::<ProjectId>(exchange).map(|to| subscriptions::Create { to }),
                    tally,
                );
            }
            // There is no such type.
            other => assert!(other == "label" && !exchange.is_success()),
        }
    });
    check("subscriptions.delete", |exchange, tally| {
        match kind(exchange).as_str() {
            "task" => hold(
                exchange,
                first::<TaskId>(exchange).map(|to| subscriptions::Delete { to }),
                tally,
            ),
            _ => hold(
                exchange,
                first::<ProjectId>(exchange).map(|to| subscriptions::Delete { to }),
                tally,
            ),
        }
    });
    let (request, _) = session(Release(0, 20, 4), JWT)
        .call(&subscriptions::Create { to: NamespaceId(4) })
        .unwrap();
    assert_eq!(request.uri().path(), "/api/v1/subscriptions/namespace/4");
}

#[test]
fn reactions_to_tasks_and_comments() {
    let is_comment = |exchange: &Exchange| exchange.request.path.contains("/comments/");
    check("reactions.read_all", |exchange, tally| {
        hold(
            exchange,
            first::<TaskId>(exchange).map(|to| reactions::List { to }),
            tally,
        );
    });
    check("reactions.create", |exchange, tally| {
        let value: String = key(exchange, "value").unwrap();
        if is_comment(exchange) {
            let to = first::<CommentId>(exchange).unwrap();
            hold(exchange, Some(reactions::Add { to, value }), tally);
        } else if exchange.case == "unknown_kind" {
            // There is no such type.
        } else {
            let to = first::<TaskId>(exchange).unwrap();
            hold(exchange, Some(reactions::Add { to, value }), tally);
        }
    });
    check("reactions.delete", |exchange, tally| {
        let remove = first::<TaskId>(exchange)
            .zip(key(exchange, "value"))
            .map(|(to, value)| reactions::Remove { to, value });
        hold(exchange, remove, tally);
    });
}

#[test]
fn notifications_of_the_caller() {
    check("notifications.read_all", |exchange, tally| {
        let list = list_query(exchange).map(|query| notifications::List {
            page: query.page,
            per_page: query.per_page,
        });
        hold(exchange, list, tally);
        every_part_is_read(exchange);
    });
    check("notifications.update", |exchange, tally| {
        let notification: NotificationId = first(exchange).unwrap();
        // What is left out means «unread»: the SDK says so.
        if let Some(read) = key(exchange, "read") {
            hold(
                exchange,
                Some(notifications::Mark { notification, read }),
                tally,
            );
        } else {
            tally.as_recorded += 1;
            let mark = notifications::Mark {
                notification,
                read: false,
            };
            hold(exchange, Some(AsRecorded(mark, exchange)), tally);
        }
    });
    check("notifications.mark_all_read", |exchange, tally| {
        hold(exchange, Some(notifications::MarkAllRead), tally);
    });
}

#[test]
fn the_feed_of_notifications() {
    check("notifications.atom_feed", |exchange, tally| {
        let feed = notifications::AtomFeed {
            username: "alice".to_owned(),
            token: API_TOKEN.into(),
        };
        // Without credentials nothing is sent.
        if exchange.is_success() {
            hold(exchange, Some(feed), tally);
        }
    });
    let feed = notifications::AtomFeed {
        username: "alice".to_owned(),
        token: API_TOKEN.into(),
    };
    let (request, _) = session(Release(2, 5, 0), JWT).call(&feed).unwrap();
    let sent = &request.headers()["authorization"];
    assert!(sent.is_sensitive());
    let login = sent.to_str().unwrap().strip_prefix("Basic ").unwrap();
    let login = BASE64_STANDARD.decode(login).unwrap();
    assert_eq!(login, format!("alice:{API_TOKEN}").as_bytes());
    assert!(!format!("{feed:?}").contains(API_TOKEN));
}

/// What cannot be read of a notification is left out silently: so nothing of the recorded ones may be.
fn every_part_is_read(exchange: &Exchange) {
    let raw: Value = serde_json::from_str(exchange.response.body.as_deref().unwrap()).unwrap();
    let raw = raw.get("items").unwrap_or(&raw).as_array().unwrap().clone();
    let (_, pending) = exchange
        .session()
        .call(&notifications::List::default())
        .unwrap();
    let read = pending.decode(&exchange.answer()).unwrap().items;
    assert_eq!(raw.len(), read.len());
    for (raw, read) in raw.iter().zip(read) {
        assert!(!format!("{:?}", read.name).starts_with("Other"), "{raw}");
        let content = &read.content;
        for (key, value) in raw["notification"].as_object().unwrap() {
            let is_read = match key.as_str() {
                "doer" => content.doer.is_some(),
                "task" => content.task.is_some(),
                "project" => content.project.is_some(),
                "comment" => content.comment.is_some(),
                "mentioned" => value.as_bool() == Some(content.mentioned),
                "assignee" => content.assignee.is_some(),
                "member" => content.member.is_some(),
                "team" => content.team.is_some(),
                _ => false,
            };
            assert!(is_read, "{}: {key}: {value}", exchange.name());
        }
    }
}

const JWT: &str = "eyJ.recorded.jwt";
const API_TOKEN: &str = "tk_0123456789012345678901234567890123456789";

fn session(release: Release, token: &str) -> Session {
    let server = Server::new("http://127.0.0.1:3456")
        .unwrap()
        .with_release(release);
    let session = Session::new(server.with_api(ApiChoice::Auto));
    session.set_token(Some(Token::new(token.to_owned().into()).unwrap()));
    session
}

/// Why a request is not sent.
fn refusal(release: Release, token: &str, endpoint: &impl Endpoint) -> String {
    match session(release, token).call(endpoint) {
        Ok((request, _)) => panic!("{} {} is sent", request.method(), request.uri()),
        Err(error) => error.to_string(),
    }
}

/// The JSON that a request sends.
fn body(release: Release, endpoint: &impl Endpoint) -> Value {
    let (request, _) = session(release, JWT).call(endpoint).unwrap();
    serde_json::from_slice(request.body()).unwrap()
}

const ALL_RELEASES: [Release; 4] = [
    Release(0, 20, 4),
    Release(0, 24, 1),
    Release(1, 0, 0),
    Release(2, 5, 0),
];

#[test]
fn what_a_release_lacks_is_said_before_anything_is_sent() {
    let [v0_20, v0_24, v1_0, _] = ALL_RELEASES;
    let (project, task, view) = (ProjectId(1), TaskId(1), ViewId(1));
    let list = views::List { project };
    assert!(refusal(v0_20, JWT, &list).contains("0.24.0 or newer"));
    let board = buckets::Board::new(buckets::Place::project(project));
    assert!(refusal(v0_24, JWT, &board).contains("needs a value for {view}"));
    let place = buckets::Place::view(project, view);
    let move_task = buckets::MoveTask {
        place,
        bucket: BucketId(1),
        task,
    };
    assert!(refusal(v0_20, JWT, &move_task).contains("0.24.0 or newer"));
    let mut create = buckets::Create::new(place, "Done");
    create.fields.is_done_bucket = true.into();
    assert!(refusal(v0_24, JWT, &create).contains("done_bucket_id"));
    let read = tasks::MarkRead { task };
    assert!(refusal(v0_24, JWT, &read).contains("1.0.0 or newer"));
    let subscribe = subscriptions::Create { to: NamespaceId(1) };
    assert!(refusal(v0_24, JWT, &subscribe).contains("before 0.21.0"));
    let lists = namespaces::Lists {
        namespace: NamespaceId(1),
    };
    assert!(refusal(v0_24, JWT, &lists).contains("before 0.21.0"));

    let copy = projects::Duplicate::new(project);
    assert!(refusal(v0_20, JWT, &copy).contains("needs a namespace"));
    let inside = projects::Duplicate {
        parent: Some(project),
        ..copy
    };
    assert!(refusal(v0_20, JWT, &inside).contains("0.21.0 or newer"));
    let bare = projects::Duplicate {
        with_shares: Some(false),
        ..copy
    };
    assert!(refusal(v1_0, JWT, &bare).contains("2.4.0 or newer"));
    let shared = projects::Duplicate {
        with_shares: Some(true),
        ..copy
    };
    assert_eq!(body(v1_0, &shared), serde_json::json!({}));
    assert_eq!(
        body(Release(2, 5, 0), &shared),
        serde_json::json!({"duplicate_shares": true})
    );
}

#[test]
fn api_tokens_are_kept_from_what_refuses_them() {
    let [_, v0_24, v1_0, v2_5] = ALL_RELEASES;
    let mark = notifications::Mark {
        notification: NotificationId(1),
        read: true,
    };
    let marks = |release| {
        session(release, API_TOKEN)
            .call(&mark)
            .map(|(request, _)| request)
    };
    assert!(marks(v0_24).is_ok());
    assert!(matches!(
        marks(v1_0),
        Err(BuildError::ApiTokenRefused { .. })
    ));
    assert_eq!(marks(v2_5).unwrap().uri().path(), "/api/v2/notifications/1");
    let all = |release| {
        let call = session(release, API_TOKEN).call(&notifications::MarkAllRead);
        call.err().map(|error| error.to_string())
    };
    assert!(all(v0_24).is_some());
    assert_eq!(all(v1_0), None);
    for release in [v0_24, v1_0, v2_5] {
        let subscribe = subscriptions::Create { to: TaskId(1) };
        assert!(refusal(release, API_TOKEN, &subscribe).contains("API tokens"));
    }
}

const fn at(release: Release, api: Api) -> At {
    At { release, api }
}

#[test]
fn what_cannot_be_emptied_is_not() {
    for release in ALL_RELEASES {
        let at = at(release, Api::V1);
        let refused = |checked: Result<(), BuildError>| {
            assert!(
                matches!(checked, Err(BuildError::CannotClear { .. })),
                "{checked:?}"
            );
        };
        for title in [Patch::Clear, "".into()] {
            refused(
                views::Fields {
                    title: title.clone(),
                    ..Default::default()
                }
                .check(at),
            );
            refused(
                buckets::Fields {
                    title: title.clone(),
                    ..Default::default()
                }
                .check(at),
            );
            refused(
                saved_filters::Fields {
                    title,
                    ..Default::default()
                }
                .check(at),
            );
        }
        refused(
            views::Fields {
                view_kind: Patch::Clear,
                ..Default::default()
            }
            .check(at),
        );
        let mode = views::Fields {
            bucket_configuration_mode: Patch::Clear,
            ..Default::default()
        };
        refused(mode.check(at));
        for filters in [Patch::Clear, Selection::default().into()] {
            refused(
                saved_filters::Fields {
                    filters,
                    ..Default::default()
                }
                .check(at),
            );
        }
        assert!(
            views::Fields {
                view_kind: ViewKind::List.into(),
                ..Default::default()
            }
            .check(at)
            .is_ok()
        );
        assert!(views::Fields::default().check(at).is_ok());
        assert!(buckets::Fields::default().check(at).is_ok());
        assert!(saved_filters::Fields::default().check(at).is_ok());
    }
}

/// Two filters of which one is more than an expression.
fn selections() -> [Selection; 2] {
    let plain = Selection::from(PRIORITY.gt(2) & TITLE.like("bread"));
    let rich = Selection {
        sort: vec![(SortField::Project, vikunja_sdk::model::Order::Descending)],
        filter_include_nulls: true,
        ..plain.clone()
    };
    [plain, rich]
}

#[test]
fn filters_are_stored_as_each_release_has_them() {
    let [v0_20, v0_24, v1_0, _] = ALL_RELEASES;
    let [plain, rich] = selections();
    let stored = |release, filter: &Selection| {
        body(release, &saved_filters::Create::new("F", filter.clone()))["filters"].take()
    };
    let expression = "priority > 2 && title like \"bread\"";
    assert_eq!(
        stored(v0_24, &plain),
        serde_json::json!({"filter": expression})
    );
    assert_eq!(
        stored(v0_20, &rich),
        serde_json::json!({
            "filter_by": ["priority", "title"],
            "filter_comparator": ["greater", "like"],
            "filter_value": ["2", "bread"],
            "filter_concat": "and",
            "sort_by": ["list_id"],
            "order_by": ["desc"],
            "filter_include_nulls": true,
        })
    );
    let in_view = |release, filter: &Selection| {
        let mut create = views::Create::new(ProjectId(1), "V");
        create.fields.filter = filter.clone().into();
        create
            .fields
            .to_json(at(release, Api::V1))
            .map(|mut fields| fields["filter"].take())
    };
    assert_eq!(in_view(v0_24, &plain).unwrap(), expression);
    let refused = in_view(v0_24, &rich).unwrap_err().to_string();
    assert!(refused.contains("1.0.0 or newer"), "{refused}");
    assert_eq!(in_view(v0_24, &Selection::default()).unwrap(), "");
    assert_eq!(
        in_view(v1_0, &rich).unwrap(),
        serde_json::json!({
            "filter": expression,
            "sort_by": ["project_id"],
            "order_by": ["desc"],
            "filter_include_nulls": true,
        })
    );
    let searching = Selection {
        search: Some("bread".to_owned()),
        ..plain
    };
    assert_eq!(stored(v1_0, &searching)["s"], "bread");
    let create = saved_filters::Create::new("F", searching);
    assert!(refusal(v0_24, JWT, &create).contains("1.0.0 or newer"));
}

/// A merge patch would keep the old sorting.
#[test]
fn a_stored_filter_is_patched_as_a_whole() {
    let [plain, _] = selections();
    let expected = serde_json::json!({
        "filter": "priority > 2 && title like \"bread\"",
        "filter_include_nulls": null,
        "order_by": null,
        "s": null,
        "sort_by": null,
    });
    let fields = saved_filters::Fields {
        filters: plain.clone().into(),
        ..Default::default()
    };
    let patch = saved_filters::Patch {
        id: FilterId(1),
        fields,
    };
    assert_eq!(
        body(Release(2, 5, 0), &patch),
        serde_json::json!({"filters": expected})
    );
    let fields = views::Fields {
        filter: plain.into(),
        ..Default::default()
    };
    let patch = views::Patch {
        id: (ProjectId(1), ViewId(2)),
        fields,
    };
    assert_eq!(
        body(Release(2, 5, 0), &patch),
        serde_json::json!({"filter": expected})
    );
    let fields = views::Fields {
        filter: Patch::Clear,
        ..Default::default()
    };
    let patch = views::Patch {
        id: (ProjectId(1), ViewId(2)),
        fields,
    };
    assert_eq!(
        body(Release(2, 5, 0), &patch),
        serde_json::json!({"filter": null})
    );
}
