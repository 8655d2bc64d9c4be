//! Health, token checks, imports, backgrounds: as recorded, and where nothing was recorded as the server's own document
//! has it.

use bytes::Bytes;
use serde_json::{Value, json};
use vikunja_sdk::{
    Api, ApiChoice, BuildError, Endpoint, NewFile, Output, Release, ReplyError, Server, Session,
    auth::Token,
    backgrounds, migrations,
    model::{CsvAttribute, CsvConfig, HealthStatus, ProjectId},
    retry::Repeat,
    service, token,
};

use super::{
    hold::{Tally, check, hold, ids},
    recorded::Exchange,
};

fn files(exchange: &Exchange) -> Vec<NewFile> {
    let parts = exchange.request.multipart.iter();
    parts
        .map(|part| NewFile::from_bytes(part.filename.as_str(), part.content()))
        .collect()
}

fn only_file(exchange: &Exchange) -> Option<NewFile> {
    files(exchange).pop()
}

#[test]
fn health_and_tokens() {
    check("service.health", |exchange, tally| {
        hold(exchange, Some(service::Health), tally);
    });
    check("service.health_api", |exchange, tally| {
        hold(exchange, Some(service::HealthInDetail), tally);
    });
    check("token.check", |exchange, tally| {
        hold(exchange, Some(token::Check), tally);
    });
    check("token.check_teapot", |exchange, tally| {
        hold(exchange, Some(token::CheckByPost), tally);
    });
}

#[test]
fn backgrounds_as_recorded() {
    let project = |exchange: &Exchange| ids(exchange).first().copied().map(ProjectId);
    check("backgrounds.read_one", |exchange, tally| {
        // The SDK does not ask whether it has changed: releases answer that wrongly.
        if !exchange.request.headers.contains_key("if-modified-since") {
            let get = project(exchange).map(|project| backgrounds::Get { project });
            hold(exchange, get, tally);
        }
    });
    check("backgrounds.upload", |exchange, tally| {
        let upload = project(exchange)
            .zip(only_file(exchange))
            .map(|(project, file)| backgrounds::Upload { project, file });
        hold(exchange, upload, tally);
    });
    check("backgrounds.delete", |exchange, tally| {
        let delete = project(exchange).map(|project| backgrounds::Delete { project });
        hold(exchange, delete, tally);
    });
}

#[test]
fn imports_as_recorded() {
    check("migration_vikunja_file.status", |exchange, tally| {
        let status = migrations::Status::of(migrations::VikunjaFile);
        hold(exchange, Some(status), tally);
    });
    check("migration_csv.detect", |exchange, tally| {
        let detect = only_file(exchange).map(|file| migrations::DetectCsv { file });
        hold(exchange, detect, tally);
    });
    // Only a refusal was recorded.
    let mut tally = Tally::default();
    for exchange in super::recorded::exchanges(&["migration_vikunja_file.migrate"]) {
        let format = migrations::VikunjaFile;
        let import = only_file(&exchange).map(|file| migrations::Import { format, file });
        hold(&exchange, import, &mut tally);
    }
    assert_eq!((tally.same, tally.refused), (5, 5));
}

fn session(release: Release, api: Api) -> Session {
    let server = Server::new("http://127.0.0.1:3456").unwrap();
    let server = server.with_release(release).with_api(ApiChoice::Only(api));
    let session = Session::new(server);
    session.set_token(Some(Token::new("eyJ.user.jwt".into()).unwrap()));
    session
}

const OLD: (Release, Api) = (Release(0, 20, 4), Api::V1);
const V1: (Release, Api) = (Release(2, 5, 0), Api::V1);
const V2: (Release, Api) = (Release(2, 5, 0), Api::V2);

/// The request as `verb path?query body`.
fn sent<E: Endpoint>((release, api): (Release, Api), endpoint: &E) -> String {
    let (request, _) = session(release, api).call(endpoint).unwrap();
    let body = String::from_utf8_lossy(request.body());
    let text = format!("{} {} {body}", request.method(), request.uri());
    text.replace("http://127.0.0.1:3456", "").trim().to_owned()
}

fn read<E: Endpoint>(
    (release, api): (Release, Api),
    endpoint: &E,
    status: u16,
    body: &str,
) -> Result<Output<E>, ReplyError> {
    let (_, pending) = session(release, api).call(endpoint).unwrap();
    let answer = http::Response::builder().status(status);
    pending.decode(&answer.body(Bytes::from(body.to_owned())).unwrap())
}

#[test]
fn only_ok_is_well() {
    let page = "<!DOCTYPE html><title>Vikunja</title>";
    let error = read(V1, &service::Health, 200, page).unwrap_err();
    assert!(
        error.to_string().contains("expected the text OK"),
        "{error}"
    );
    let down = read(V1, &service::Health, 500, r#"{"message":"no database"}"#).unwrap_err();
    assert!(matches!(down, ReplyError::Api(_)), "{down}");

    let degraded = r#"{"status":"degraded","openid_providers":[{"key":"a","available":false}]}"#;
    let health = read(V2, &service::HealthInDetail, 200, degraded).unwrap();
    assert_eq!(health.status, HealthStatus::Degraded);
    let provider = &health.openid_providers[0];
    assert_eq!((provider.key.as_str(), provider.available), ("a", false));
}

#[test]
fn metrics_are_a_text_and_their_login_is_their_own() {
    let login = |username: &str| service::Metrics {
        login: Some((username.to_owned(), "hunter2".into())),
    };
    let header = |metrics: &service::Metrics| {
        let (request, _) = session(V1.0, V1.1).call(metrics).unwrap();
        assert_eq!(request.uri().path(), "/api/v1/metrics");
        request.headers().get("authorization").cloned()
    };
    assert_eq!(header(&service::Metrics::default()), None);
    for (username, encoded) in [
        ("prometheus", "Basic cHJvbWV0aGV1czpodW50ZXIy"),
        ("é", "Basic w6k6aHVudGVyMg=="),
        ("ab", "Basic YWI6aHVudGVyMg=="),
        ("a", "Basic YTpodW50ZXIy"),
        ("", "Basic Omh1bnRlcjI="),
    ] {
        let header = header(&login(username)).unwrap();
        assert_eq!(header, encoded, "{username}");
        assert!(header.is_sensitive());
    }
    let refused = session(V1.0, V1.1).call(&login("a:b")).unwrap_err();
    assert!(refused.to_string().contains("colon"), "{refused}");
    assert!(!refused.to_string().contains("hunter2"), "{refused}");

    let counters = "# TYPE vikunja_task_count gauge\nvikunja_task_count 3\n";
    let text = read(V1, &service::Metrics::default(), 200, counters).unwrap();
    assert_eq!(text, counters);
    let on_v2 = session(V2.0, V2.1).call(&service::Metrics::default());
    assert!(matches!(on_v2, Err(BuildError::NotOnThisApi { .. })));
}

#[test]
fn a_teapot_is_a_success_and_a_refusal_is_none() {
    read(V1, &token::CheckByPost, 418, r#"{"message":"🍵"}"#).unwrap();
    let refused = read(V1, &token::CheckByPost, 401, r#"{"message":"no"}"#).unwrap_err();
    assert!(matches!(refused, ReplyError::Api(error) if error.is_unauthorized()));
    let early = session(Release(0, 24, 1), Api::V1).call(&token::Check);
    let early = early.unwrap_err().to_string();
    assert!(early.contains("1.0.0 or newer"), "{early}");
}

#[test]
fn services_are_named_in_the_path() {
    use migrations::{AuthUrl, MicrosoftTodo, Migrate, Status, Todoist, Trello, Wekan};
    assert_eq!(
        sent(V2, &AuthUrl::of(Todoist)),
        "GET /api/v2/migration/todoist/auth"
    );
    assert_eq!(
        sent(OLD, &Status::of(Trello)),
        "GET /api/v1/migration/trello/status"
    );
    let migrate = Migrate {
        service: MicrosoftTodo,
        code: "c0de".into(),
    };
    for (at, path) in [(OLD, "/api/v1"), (V2, "/api/v2")] {
        assert_eq!(
            sent(at, &migrate),
            format!("POST {path}/migration/microsoft-todo/migrate {{\"code\":\"c0de\"}}")
        );
    }
    assert!(!format!("{migrate:?}").contains("c0de"));
    let early = session(Release(2, 2, 0), Api::V1).call(&Status::of(Wekan));
    assert!(matches!(early, Err(BuildError::NotOnThisServer { .. })));

    let url = r#"{"url":"https://todoist.com/oauth/authorize?client_id=x"}"#;
    let url = read(V1, &AuthUrl::of(Todoist), 200, url).unwrap().url;
    assert!(url.starts_with("https://todoist.com/"));
}

#[test]
fn a_status_says_whether_an_import_runs() {
    use migrations::{Status, Todoist};
    let status = |at, json: Value| {
        let body = json.to_string();
        read(at, &Status::of(Todoist), 200, &body).unwrap()
    };
    let never = "0001-01-01T00:00:00Z";
    let then = "2026-01-02T03:04:05Z";
    let running =
        json!({"id": 1, "migrator_name": "todoist", "started_at": then, "finished_at": never});
    assert!(status(V1, running).is_running());
    let over =
        json!({"id": 1, "migrator_name": "todoist", "started_at": then, "finished_at": then});
    assert!(!status(V1, over).is_running());
    let none = json!({"id": 0, "migrator_name": "", "started_at": never, "finished_at": never});
    assert!(!status(V1, none).is_running());
    let old = status(
        OLD,
        json!({"id": 1, "migrator_name": "todoist", "time": then}),
    );
    assert_eq!(old.finished_at, old.started_at);
    assert!(old.started_at.is_some() && !old.is_running());
}

fn config() -> CsvConfig {
    serde_json::from_value(json!({
        "delimiter": ";",
        "quote_char": "\"",
        "date_format": "2006-01-02",
        "skip_rows": 0,
        "mapping": [{"column_index": 0, "column_name": "what", "attribute": "title"}],
    }))
    .unwrap()
}

#[test]
fn a_csv_file_goes_with_its_configuration() {
    let file = NewFile::from_bytes("tasks.csv", "what\nPeel\n");
    let config = config();
    assert_eq!(config.mapping[0].attribute, CsvAttribute::Title);
    let preview = migrations::PreviewCsv {
        file: file.clone(),
        config: config.clone(),
    };
    let import = migrations::ImportCsv { file, config };
    for (at, head) in [(V1, "PUT /api/v1"), (V2, "POST /api/v2")] {
        for (text, path) in [
            (sent(at, &preview), "/migration/csv/preview"),
            (sent(at, &import), "/migration/csv/migrate"),
        ] {
            assert!(text.starts_with(&format!("{head}{path} --")), "{text}");
            let (_, rest) = text.split_once("name=\"config\"\r\n\r\n").unwrap();
            let (json, rest) = rest.split_once("\r\n--").unwrap();
            assert_eq!(
                serde_json::from_str::<Value>(json).unwrap(),
                serde_json::to_value(&import.config).unwrap()
            );
            assert!(rest.contains("name=\"import\"; filename=\"tasks.csv\""));
            assert!(rest.contains("\r\n\r\nwhat\nPeel\n\r\n--"));
        }
    }
    // Looking may be done twice, importing may not.
    let asked = |endpoint: &migrations::PreviewCsv| {
        let (_, pending) = session(V2.0, V2.1).call(endpoint).unwrap();
        pending.asked()
    };
    assert!(!asked(&preview).op.writes());
    assert_eq!(asked(&preview).repeat, Repeat::ByOperation);
    let (_, pending) = session(V2.0, V2.1).call(&import).unwrap();
    assert!(pending.asked().op.writes());

    let answer = r#"{"tasks":[{"title":"Peel","description":"","done":false,"priority":0,"labels":null}],"total_rows":1}"#;
    let seen = read(V2, &preview, 200, answer).unwrap();
    assert_eq!((seen.tasks[0].title.as_str(), seen.total_rows), ("Peel", 1));
}

#[test]
fn what_is_not_stored_may_be_larger_than_a_file() {
    let limited = |endpoint: &dyn Fn(&Session) -> Result<(), BuildError>| {
        let mut server = Server::new("http://127.0.0.1:3456").unwrap();
        server = server.with_release(Release(2, 5, 0));
        server.max_file_size = Some(1000);
        let session = Session::new(server);
        session.set_token(Some(Token::new("eyJ.user.jwt".into()).unwrap()));
        endpoint(&session)
    };
    let file = |length| NewFile::from_bytes("export.zip", vec![0; length]);
    let import = |length| migrations::Import {
        format: migrations::VikunjaFile,
        file: file(length),
    };
    limited(&|session| session.call(&import(2000)).map(drop)).unwrap();
    let picture = backgrounds::Upload {
        project: ProjectId(3),
        file: file(2000),
    };
    limited(&|session| session.call(&picture).map(drop)).unwrap();
    // No request is larger than the limit and 2 MB.
    let refused = limited(&|session| session.call(&import(3 << 20)).map(drop));
    assert!(matches!(refused, Err(BuildError::FilesTooLarge { .. })));
}

#[test]
fn what_was_detected_is_a_configuration() {
    let file = NewFile::from_bytes("tasks.csv", "x");
    let answer = r#"{"columns":["what"],"delimiter":";","quote_char":"\"","date_format":"2006-01-02",
        "suggested_mapping":[{"column_index":0,"column_name":"what","attribute":"title"}],"preview_rows":[["Peel"]]}"#;
    let detected = read(V1, &migrations::DetectCsv { file }, 200, answer).unwrap();
    assert_eq!(detected.config(), config());
    assert_eq!(detected.preview_rows, [["Peel"]]);
}

#[test]
fn unsplash_is_asked_as_each_api_wants() {
    let search = backgrounds::SearchUnsplash {
        search: Some("bread & salt".to_owned()),
        page: Some(2),
    };
    assert_eq!(
        sent(OLD, &search),
        "GET /api/v1/backgrounds/unsplash/search?s=bread+%26+salt&p=2"
    );
    assert_eq!(
        sent(V2, &search),
        "GET /api/v2/backgrounds/unsplash/search?q=bread+%26+salt&page=2"
    );
    let photo = r#"{"id":"LBI7","url":"https://u/1","thumb":"https://u/2","blur_hash":"L1","info":
        {"author":"ann","author_name":"Ann"}}"#;
    let found = read(V1, &search, 200, &format!("[{photo}]")).unwrap();
    assert_eq!(found.items[0].info.author_name, "Ann");
    let page = format!(r#"{{"items":[{photo}],"total":0,"page":2,"per_page":0,"total_pages":0}}"#);
    assert_eq!(read(V2, &search, 200, &page).unwrap().items, found.items);

    let set = backgrounds::SetUnsplash {
        project: ProjectId(3),
        image: found.items[0].id.clone(),
    };
    for (at, request) in [
        (OLD, "POST /api/v1/lists/3/backgrounds/unsplash"),
        (V1, "POST /api/v1/projects/3/backgrounds/unsplash"),
        (V2, "PUT /api/v2/projects/3/backgrounds/unsplash"),
    ] {
        assert_eq!(sent(at, &set), format!("{request} {{\"id\":\"LBI7\"}}"));
    }
    let image = || set.image.clone();
    assert_eq!(
        sent(V2, &backgrounds::UnsplashThumb { image: image() }),
        "GET /api/v2/backgrounds/unsplash/images/LBI7/thumb"
    );
    assert_eq!(
        sent(OLD, &backgrounds::UnsplashPicture { image: image() }),
        "GET /api/v1/backgrounds/unsplash/images/LBI7"
    );
}
