//! Administration and time entries. Servers answer 404 without a licence, which is recorded; the rest is held against
//! the documents that a server publishes about itself, and not against a running server.

use serde::Serialize;
use serde_json::{Value, json};
use vikunja_sdk::{
    Api, ApiChoice, BuildError, Changed, Endpoint, Failure, Output, Release, Server, Session,
    admin,
    auth::Token,
    filter::{Unit, now},
    model::{
        AdminUser, Patch, ProjectId, TaskId, TimeEntry, TimeEntryId, Timestamp, UserId, UserStatus,
        WorkedOn,
    },
    ops,
    testing::Fake,
    time_entries::{self, END, PROJECT, START, USER},
};

use super::{
    hold::{Tally, hold},
    recorded::exchanges,
    resources::{refusal, session},
};

const NEWEST: Release = Release(2, 5, 0);
const JWT: &str = "eyJ.recorded.jwt";

#[test]
fn without_a_licence_it_is_not_there() {
    let mut tally = Tally::default();
    for exchange in exchanges(&["admin.overview"]) {
        hold(&exchange, Some(admin::Overview), &mut tally);
    }
    for exchange in exchanges(&["time_entries.read_all"]) {
        hold(&exchange, Some(time_entries::List::default()), &mut tally);
    }
    assert_eq!(tally.refused, 3);
}

/// On one API of the newest release.
fn on(api: Api) -> Session {
    let server = Server::new("http://127.0.0.1:3456").unwrap();
    let session = Session::new(server.with_release(NEWEST).with_api(ApiChoice::Only(api)));
    session.set_token(Some(Token::new(JWT.to_owned().into()).unwrap()));
    session
}

/// What is sent, in a line and its body; and what comes of this answer.
#[track_caller]
fn asked<E: Endpoint>(
    api: Api,
    endpoint: &E,
    answer: &impl Serialize,
) -> (String, Value, Output<E>) {
    let (request, pending) = on(api).call(endpoint).unwrap();
    let line = format!("{} {}", request.method(), &request.uri().to_string()[21..]);
    let sent = serde_json::from_slice(request.body()).unwrap_or_default();
    let answer = http::Response::new(serde_json::to_vec(answer).unwrap().into());
    (line, sent, pending.decode(&answer).unwrap())
}

/// An account as the server describes it.
fn account() -> Value {
    json!({
        "id": 7, "name": "Bob", "username": "bob", "email": "bob@example.com",
        "created": "2026-11-23T08:51:56Z", "updated": "2026-11-23T08:52:59Z",
        "is_admin": true, "status": 3, "issuer": "local", "subject": "", "auth_provider": "",
    })
}

fn is_the_account(user: &AdminUser) {
    assert_eq!((user.id, user.username.as_str()), (UserId(7), "bob"));
    assert_eq!((user.is_admin, user.status), (true, UserStatus::Locked));
    assert_eq!(user.email.as_deref(), Some("bob@example.com"));
    assert_eq!((&user.subject, user.bot_owner_id), (&None, None));
    assert!(user.created.is_some() && user.updated.is_some());
}

#[test]
fn an_overview() {
    for api in [Api::V1, Api::V2] {
        let answer = json!({
            "users": 3, "projects": 4, "tasks": 50, "teams": 1,
            "shares": {"link_shares": 1, "team_shares": 2, "user_shares": 3},
            "license": {
                "licensed": true, "instance_id": "abc", "features": ["admin_panel"], "max_users": 10,
                "expires_at": "2027-01-01T00:00:00Z", "validated_at": "0001-01-01T00:00:00Z",
                "last_check_failed": false,
            },
        });
        let (line, _, overview) = asked(api, &admin::Overview, &answer);
        assert_eq!(line, format!("GET /api/{api}/admin/overview"));
        assert_eq!((overview.users, overview.tasks), (3, 50));
        assert_eq!(overview.shares.user_shares, 3);
        assert!(overview.license.licensed);
        assert_eq!(overview.license.features, ["admin_panel"]);
        assert!(overview.license.expires_at.is_some() && overview.license.validated_at.is_none());
    }
}

#[test]
fn accounts_are_administered() {
    let user = UserId(7);
    let list = admin::ListUsers {
        page: Some(2),
        search: Some("bo".to_owned()),
        ..Default::default()
    };
    let (line, _, page) = asked(Api::V1, &list, &[account()]);
    assert_eq!(line, "GET /api/v1/admin/users?page=2&s=bo");
    is_the_account(&page.items[0]);

    let create = admin::CreateUser {
        username: "bob".to_owned(),
        email: "bob@example.com".to_owned(),
        password: "s3cr3t-word".into(),
        name: Some("Bob".to_owned()),
        language: None,
        is_admin: false,
        skip_email_confirm: true,
    };
    for api in [Api::V1, Api::V2] {
        let (line, sent, made) = asked(api, &create, &account());
        assert_eq!(line, format!("POST /api/{api}/admin/users"));
        let expected = json!({
            "username": "bob", "email": "bob@example.com", "password": "s3cr3t-word", "name": "Bob",
            "is_admin": false, "skip_email_confirm": true,
        });
        assert_eq!(sent, expected);
        is_the_account(&made);

        let change = admin::SetAdmin {
            user,
            is_admin: false,
        };
        let (line, sent, changed) = asked(api, &change, &account());
        assert_eq!(line, format!("PATCH /api/{api}/admin/users/7/admin"));
        assert_eq!(sent, json!({"is_admin": false}));
        is_the_account(&changed);

        let change = admin::SetStatus {
            user,
            status: UserStatus::Disabled,
        };
        let (line, sent, changed) = asked(api, &change, &account());
        assert_eq!(line, format!("PATCH /api/{api}/admin/users/7/status"));
        assert_eq!(sent, json!({"status": 2}));
        is_the_account(&changed);

        for (when, mode) in [
            (admin::Deletion::Scheduled, "scheduled"),
            (admin::Deletion::Now, "now"),
        ] {
            let (request, pending) = on(api).call(&admin::DeleteUser { user, when }).unwrap();
            assert_eq!(request.method(), "DELETE");
            let uri = request.uri().to_string();
            assert!(uri.ends_with(&format!("/api/{api}/admin/users/7?mode={mode}")));
            let gone = http::Response::builder().status(204);
            pending
                .decode(&gone.body(bytes::Bytes::new()).unwrap())
                .unwrap();
        }
    }
    assert!(!format!("{create:?}").contains("s3cr3t"));
}

#[test]
fn passwords_are_administered_on_v2() {
    let user = UserId(7);
    let change = admin::SetPassword {
        user,
        password: "s3cr3t-word".into(),
    };
    let (line, sent, changed) = asked(Api::V2, &change, &account());
    assert_eq!(line, "PATCH /api/v2/admin/users/7/password");
    assert_eq!(sent, json!({"new_password": "s3cr3t-word"}));
    is_the_account(&changed);
    assert!(!format!("{change:?}").contains("s3cr3t"));
    let error = refusal(&on(Api::V1), &change);
    assert!(matches!(error, BuildError::NotOnThisApi { .. }), "{error}");

    let reset = admin::SendPasswordReset { user };
    let (line, _, said) = asked(Api::V2, &reset, &json!({"message": "Sent."}));
    assert_eq!(line, "POST /api/v2/admin/users/7/password-reset-email");
    assert_eq!(said.message, "Sent.");
}

#[test]
fn projects_are_administered() {
    let project = json!({"id": 5, "title": "Kitchen", "owner": {"id": 7, "username": "bob"}});
    let list = admin::ListProjects {
        search: Some("Kit".to_owned()),
        ..Default::default()
    };
    let (line, _, page) = asked(Api::V1, &list, &[&project]);
    assert_eq!(line, "GET /api/v1/admin/projects?s=Kit");
    assert_eq!(page.items[0].id, ProjectId(5));
    let envelope = json!({"items": [project], "total": 1, "total_pages": 1});
    let (line, _, page) = asked(Api::V2, &list, &envelope);
    assert_eq!(line, "GET /api/v2/admin/projects?q=Kit");
    assert_eq!(page.items[0].title, "Kitchen");
    for api in [Api::V1, Api::V2] {
        let change = admin::SetOwner {
            project: ProjectId(5),
            owner: UserId(7),
        };
        let (line, sent, given) = asked(api, &change, &project);
        assert_eq!(line, format!("PATCH /api/{api}/admin/projects/5/owner"));
        assert_eq!(sent, json!({"owner_id": 7}));
        assert_eq!(given.owner.map(|owner| owner.id), Some(UserId(7)));
    }
}

/// Where each API has only a part, or lets only some in, the other one is called.
#[test]
fn the_api_that_can_is_called() {
    let token = session(NEWEST, "tk_0123456789012345678901234567890123456789");
    let user = session(NEWEST, JWT);
    let change = admin::SetAdmin {
        user: UserId(7),
        is_admin: true,
    };
    let path = |session: &Session| {
        let (request, _) = session.call(&change).unwrap();
        request.uri().path().to_owned()
    };
    assert_eq!(path(&user), "/api/v2/admin/users/7/admin");
    assert_eq!(path(&token), "/api/v1/admin/users/7/admin");
    let (request, _) = user.call(&admin::ListUsers::default()).unwrap();
    assert_eq!(request.uri().path(), "/api/v1/admin/users");
    let change = admin::SetPassword {
        user: UserId(7),
        password: "s3cr3t-word".into(),
    };
    let error = refusal(&token, &change);
    assert!(matches!(error, BuildError::ApiTokenRefused { .. }));
    let error = refusal(&session(Release(2, 3, 0), JWT), &admin::Overview);
    assert!(error.to_string().contains("2.4.0 or newer"), "{error}");
}

/// A time entry as the server describes it; a timer that runs.
fn entry() -> Value {
    json!({
        "id": 9, "user_id": 7, "task_id": 3, "project_id": 0, "comment": "Kneading",
        "start_time": "2026-11-23T08:00:00Z", "end_time": null,
        "created": "2026-11-23T08:00:00Z", "updated": "2026-11-23T08:00:00Z", "max_permission": 2,
    })
}

fn is_the_entry(entry: &TimeEntry) {
    assert_eq!((entry.id, entry.user_id), (TimeEntryId(9), Some(UserId(7))));
    assert_eq!(entry.on(), Some(WorkedOn::Task(TaskId(3))));
    assert!(entry.start_time.is_some() && entry.end_time.is_none());
    assert_eq!(entry.comment, "Kneading");
}

#[test]
fn time_is_noted() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (line, sent, made) = asked(Api::V2, &time_entries::Create::timer(TaskId(3)), &entry());
    assert_eq!(line, "POST /api/v2/time-entries");
    assert_eq!(sent, json!({"task_id": 3, "project_id": 0}));
    is_the_entry(&made);

    let mut worked = time_entries::Create::worked(
        ProjectId(5),
        at("2026-11-23T08:00:00Z"),
        at("2026-11-23T09:00:00Z"),
    );
    worked.fields.comment = "Baking".into();
    let (_, sent, _) = asked(Api::V2, &worked, &entry());
    assert_eq!(
        sent,
        json!({
            "task_id": 0, "project_id": 5, "comment": "Baking",
            "start_time": "2026-11-23T08:00:00Z", "end_time": "2026-11-23T09:00:00Z",
        })
    );

    let (line, _, stopped) = asked(Api::V2, &time_entries::StopTimer, &entry());
    assert_eq!(line, "POST /api/v2/time-entries/timer/stop");
    is_the_entry(&stopped);

    let id = TimeEntryId(9);
    let (line, _, read) = asked(Api::V2, &time_entries::Get { id }, &entry());
    assert_eq!(line, "GET /api/v2/time-entries/9");
    is_the_entry(&read);
    let fields = time_entries::Fields {
        on: Some(ProjectId(5).into()),
        ..Default::default()
    };
    let patch = time_entries::Patch {
        id,
        fields: fields.clone(),
    };
    let (line, sent, changed) = asked(Api::V2, &patch, &entry());
    assert_eq!(line, "PATCH /api/v2/time-entries/9");
    assert_eq!(sent, json!({"task_id": 0, "project_id": 5}));
    assert!(matches!(changed, Changed::Now(entry) if entry.id == id));
    let (line, ..) = asked(Api::V2, &time_entries::Replace { id, fields }, &entry());
    assert_eq!(line, "PUT /api/v2/time-entries/9");
    let (line, ..) = asked(Api::V2, &time_entries::Delete { id }, &Value::Null);
    assert_eq!(line, "DELETE /api/v2/time-entries/9");
}

#[test]
fn time_is_listed() {
    let envelope = json!({"items": [entry()], "total": 1, "total_pages": 1});
    let week = START.ge(now().start_of(Unit::Week));
    let list = time_entries::List {
        filter: Some(PROJECT.eq(ProjectId(5)) & USER.any_of([UserId(7)]) & week),
        filter_timezone: Some("Europe/Berlin".to_owned()),
        per_page: Some(10),
        ..Default::default()
    };
    let (request, pending) = on(Api::V2).call(&list).unwrap();
    let query: Vec<_> = url::form_urlencoded::parse(request.uri().query().unwrap().as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        query,
        [
            "filter=project_id = 5 && user_id in 7 && start_time > now/w-1s",
            "filter_timezone=Europe/Berlin",
            "per_page=10",
        ]
    );
    let answer = http::Response::new(serde_json::to_vec(&envelope).unwrap().into());
    is_the_entry(&pending.decode(&answer).unwrap().items[0]);

    let running = time_entries::List {
        filter: Some(time_entries::is_running() | END.gt(now())),
        ..Default::default()
    };
    let (line, ..) = asked(Api::V2, &running, &envelope);
    assert!(
        line.ends_with("filter=%28end_time+%3D+null%29+%7C%7C+end_time+%3E+now"),
        "{line}"
    );

    let of_task = time_entries::ListOf::new(TaskId(3));
    let (line, _, page) = asked(Api::V2, &of_task, &envelope);
    assert_eq!(line, "GET /api/v2/tasks/3/time-entries");
    is_the_entry(&page.items[0]);
    let of_project = time_entries::ListOf {
        page: Some(2),
        ..time_entries::ListOf::new(ProjectId(5))
    };
    let (line, ..) = asked(Api::V2, &of_project, &envelope);
    assert_eq!(line, "GET /api/v2/projects/5/time-entries?page=2");
}

/// An edit of what only v2 has is a patch, or is refused before anything is sent: v1 is never asked.
#[tokio::test]
async fn an_edit_of_what_v1_does_not_have() {
    let id = TimeEntryId(9);
    let comment = time_entries::Fields {
        comment: "Kneading".into(),
        ..Default::default()
    };
    let mut newest = Fake::of(NEWEST);
    newest.answer("PATCH /api/v2/time-entries/9", 200, &entry());
    newest.answer("GET /api/v2/time-entries/9", 200, &entry());
    is_the_entry(&ops::edit(&mut newest, id, &comment).await.unwrap());
    assert_eq!(newest.requests()[0].body(), r#"{"comment":"Kneading"}"#);

    let v1 = Server::new("https://vikunja.test").unwrap();
    let mut v1 = Fake::at(v1.with_release(NEWEST).with_api(ApiChoice::Only(Api::V1)));
    let error = ops::edit(&mut v1, id, &comment).await.unwrap_err();
    assert!(error.to_string().contains("is not on API v1"), "{error}");
    let mut old = Fake::of(Release(1, 0, 0));
    let error = ops::edit(&mut old, id, &comment).await.unwrap_err();
    assert!(error.to_string().contains("2.4.0 or newer"), "{error}");
    assert!(error.reply().is_none());
    assert!(v1.requests().is_empty() && old.requests().is_empty());

    for refused in [
        time_entries::Fields {
            start_time: Patch::Clear,
            ..Default::default()
        },
        time_entries::Fields {
            end_time: Patch::Clear,
            ..Default::default()
        },
    ] {
        let error = ops::edit(&mut newest, id, &refused).await.unwrap_err();
        assert!(error.to_string().contains("of a time entry"), "{error}");
    }
}
