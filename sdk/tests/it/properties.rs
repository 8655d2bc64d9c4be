//! What holds for any text: in paths, in queries, as a version, a time or a token, and in what a server answers. Damaged
//! answers are in [`super::mutation`].

use std::env;

use bytes::Bytes;
use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Endpoint, Json, Path, Pending, Query, Release, ReplyError,
    Route, Server, Session,
    auth::Token,
    filter::Filter,
    model::{TaskId, Timestamp},
    tasks, users, webhooks,
};

/// 10⁴ cases of each property, or as many as `PROPTEST_CASES` says.
pub(crate) fn config() -> ProptestConfig {
    let asked = env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(10_000),
        // The failing input is printed; a file in the source tree would add nothing.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any text: all characters alike, those that mean something in URLs and JSON, and what path segments are afraid of.
fn text() -> impl Strategy<Value = String> {
    let special: Vec<char> = r#"/.%?#&+=;:@\"'<>{}[]~ _-*"#.chars().collect();
    let character = prop_oneof![
        any::<char>(),
        select(special),
        proptest::char::range('a', 'z')
    ];
    let dangerous = select(
        &[
            "", ".", "..", "%2e", "%2E%2e", "../..", "a/b", "\\", "\0", "{one}",
        ][..],
    );
    prop_oneof![
        9 => vec(character, 0..12).prop_map(String::from_iter),
        1 => dangerous.prop_map(str::to_owned),
    ]
}

fn session(release: Release, api: Api) -> Session {
    let server = Server::new("http://h/sub").unwrap().with_release(release);
    Session::new(server.with_api(ApiChoice::Only(api)))
}

/// The newest session of an API, with a token.
fn signed(api: Api, token: &str) -> Result<Session, BuildError> {
    let session = session(Release(2, 5, 0), api);
    session.set_token(Some(Token::new(token.into())?));
    Ok(session)
}

/// Two texts in a path, and pairs in a query.
struct Anything {
    one: String,
    other: String,
    pairs: Vec<(String, String)>,
}

impl Endpoint for Anything {
    const ROUTE: Route = Route::read("/a/{one}/b/{other}/c").public();
    type Reply = Json<Value>;
    fn path(&self, path: &mut Path) {
        path.set("other", &self.other).set("one", &self.one);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        let mut query = Query::new();
        for (name, value) in &self.pairs {
            query.push(name, value);
        }
        Ok(query.finish())
    }
}

fn pairs_of(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_stays_in_its_place_in_the_url(
        one in text(),
        other in text(),
        pairs in vec((text(), text()), 0..4),
    ) {
        let endpoint = Anything { one, other, pairs };
        let called = session(Release(1, 0, 0), Api::V1).call(&endpoint);
        let texts = [&endpoint.one, &endpoint.other];
        if texts.iter().any(|text| ["", ".", ".."].contains(&text.as_str())) {
            prop_assert!(matches!(called, Err(BuildError::PathValue { .. })), "{called:?}");
            return Ok(());
        }
        let (request, _) = called.unwrap();
        prop_assert_eq!(request.method(), Method::GET);
        // As a client reads it that folds `..` and `%2e%2e`.
        let url = Url::parse(&request.uri().to_string()).unwrap();
        prop_assert_eq!(url.host_str(), Some("h"));
        prop_assert_eq!(url.fragment(), None);
        prop_assert_eq!(request.uri().path(), url.path());
        prop_assert_eq!(request.uri().query(), url.query());
        let segments: Vec<_> = url
            .path_segments()
            .unwrap()
            .map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned())
            .collect();
        let expected = ["sub", "api", "v1", "a", &endpoint.one, "b", &endpoint.other, "c"];
        prop_assert_eq!(segments, expected);
        prop_assert_eq!(pairs_of(url.query()), endpoint.pairs);
    }

    #[test]
    fn any_search_and_filter_is_asked_for_as_it_is(
        search in text(),
        filter in text().prop_filter("a blank one is none", |filter| !filter.trim().is_empty()),
        v2: bool,
    ) {
        let list = tasks::List {
            query: tasks::ListQuery {
                search: Some(search.clone()),
                filter: Some(Filter::raw(filter.clone())),
                ..tasks::ListQuery::default()
            },
        };
        let (api, name) = if v2 { (Api::V2, "q") } else { (Api::V1, "s") };
        let (request, _) = signed(api, "tk_0123").unwrap().call(&list).unwrap();
        let expected = [(name.to_owned(), search), ("filter".to_owned(), filter)];
        prop_assert_eq!(pairs_of(request.uri().query()), expected);
    }

    #[test]
    fn any_version_is_read_or_refused(
        text in prop_oneof![text(), r"v?[0-9]{0,6}\.?[0-9]{0,6}\.?[0-9]{0,6}[-+.a-z0-9]{0,4}"],
        numbers: (u16, u16, u16),
        rest in "([-+][0-9a-z.+-]{0,12})?",
    ) {
        let _ = Release::parse(&text);
        let release = Release(numbers.0, numbers.1, numbers.2);
        let version = format!("v{}.{}.{}{rest}", numbers.0, numbers.1, numbers.2);
        prop_assert_eq!(Release::parse(&version), Some(release));
    }

    #[test]
    fn any_time_is_read_or_refused(
        text in prop_oneof![
            text(),
            r"[-+]?[0-9]{4,6}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,12})?([Zz]|[-+][0-9]{2}:?[0-9]{2})?(\[[A-Za-z/]{0,9}\])?",
        ],
        seconds: i64,
    ) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
        let time = Timestamp::from_unix_seconds(seconds);
        prop_assert_eq!(time.to_string().parse(), Ok(time));
        let json = serde_json::to_string(&time).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }

    #[test]
    fn any_token_is_taken_or_refused_and_never_shown(
        token in prop_oneof![
            text(),
            "[!-~]{8,40}",
            "eyJ[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_-]{0,20}",
            any::<(Option<i64>, u64)>().prop_map(|(kind, exp)| jwt(&json!({"type": kind, "exp": exp}))),
        ],
    ) {
        let said = match Token::new(token.as_str().into()) {
            Ok(token) => format!("{token:?} {:?}", token.expires()),
            Err(error) => format!("{error} {error:?}"),
        };
        // Shorter ones stand in any text.
        prop_assert!(token.trim().len() < 8 || !said.contains(token.trim()), "{}", said);
    }

    #[test]
    fn no_secret_survives_in_what_a_server_says(
        secret in secret(),
        form in select(FORMS),
        around in (text(), text()),
        asked in select(ASKED),
        place in select(PLACES),
    ) {
        let Some(pending) = asked.pending(&secret) else {
            // No header can carry it.
            return Ok(());
        };
        let said = format!("{}{}{}", around.0, form.write(&secret), around.1);
        let Some(answer) = place.answer(&said) else {
            return Ok(());
        };
        let Err(error) = pending(&answer) else {
            return Ok(());
        };
        for text in [error.to_string(), format!("{error:?}")] {
            for form in FORMS {
                prop_assert!(!text.contains(&form.write(&secret)), "{form:?} in {text}");
            }
        }
    }
}

/// A token with these claims.
fn jwt(claims: &Value) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let claims: String = claims
        .to_string()
        .as_bytes()
        .chunks(3)
        .flat_map(|three| {
            let bits = three
                .iter()
                .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - three.len()));
            (0..=three.len())
                .map(move |six| LETTERS[(bits >> (18 - 6 * six)) as usize % 64] as char)
        })
        .collect();
    format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl")
}

/// Long enough not to stand in a text by chance. Without the character of the mask.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => vec(any::<char>(), 8..16).prop_map(String::from_iter),
        2 => vec(proptest::char::range(' ', '~'), 8..16).prop_map(String::from_iter),
    ]
    .prop_map(|secret| secret.replace('*', "%").trim().to_owned())
    .prop_filter("too short", |secret| secret.chars().count() >= 8)
}

/// How a secret comes back.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    Json,
    /// As Go writes JSON for browsers.
    GoJson,
    /// As Python writes JSON: all in ASCII.
    AsciiJson,
    JsonInJson,
    Url,
    LowerUrl,
    /// As Go writes paths.
    Path,
    Query,
    /// As Rust prints it, in the errors of decoders.
    Debug,
}

const FORMS: &[Form] = &[
    Form::Plain,
    Form::Json,
    Form::GoJson,
    Form::AsciiJson,
    Form::JsonInJson,
    Form::Url,
    Form::LowerUrl,
    Form::Path,
    Form::Query,
    Form::Debug,
];

impl Form {
    fn write(self, secret: &str) -> String {
        const PATH: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'_')
            .remove(b'.')
            .remove(b'~')
            .remove(b'$')
            .remove(b'&')
            .remove(b'+')
            .remove(b'=')
            .remove(b':')
            .remove(b'@');
        let inner = |quoted: String| quoted[1..quoted.len() - 1].to_owned();
        let json = |text: &str| inner(Value::from(text).to_string());
        let unicode = |c: char| -> String {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            let escaped = units.map(|unit| format!("\\u{unit:04x}"));
            escaped.collect::<Vec<_>>().concat()
        };
        match self {
            Self::Plain => secret.to_owned(),
            Self::Json => json(secret),
            Self::GoJson => json(secret)
                .chars()
                .map(|c| match c {
                    '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => unicode(c),
                    c => c.to_string(),
                })
                .collect(),
            Self::AsciiJson => json(secret)
                .chars()
                .map(|c| {
                    if c.is_ascii() {
                        c.to_string()
                    } else {
                        unicode(c)
                    }
                })
                .collect(),
            Self::JsonInJson => json(&json(secret)),
            Self::Url => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            Self::LowerUrl => secret
                .chars()
                .map(|c| {
                    let url = utf8_percent_encode(&c.to_string(), NON_ALPHANUMERIC).to_string();
                    if c.is_ascii_alphanumeric() {
                        url
                    } else {
                        url.to_ascii_lowercase()
                    }
                })
                .collect(),
            Self::Path => utf8_percent_encode(secret, PATH).to_string(),
            Self::Query => form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            Self::Debug => inner(format!("{secret:?}")),
        }
    }
}

/// What was asked, with the secret in it.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Password,
    Cookie,
    Bearer,
    WebhookSecret,
    WebhookPassword,
}

const ASKED: &[Asked] = &[
    Asked::Password,
    Asked::Cookie,
    Asked::Bearer,
    Asked::WebhookSecret,
    Asked::WebhookPassword,
];

type Read = Box<dyn Fn(&http::Response<Bytes>) -> Result<(), ReplyError>>;

impl Asked {
    fn pending(self, secret: &str) -> Option<Read> {
        fn read<E: Endpoint + 'static>(session: &Session, endpoint: &E) -> Option<Read> {
            let (_, pending): (_, Pending<E>) = session.call(endpoint).ok()?;
            Some(Box::new(move |answer| pending.decode(answer).map(drop)))
        }
        let session = signed(Api::V2, "tk_0123").unwrap();
        let webhook = |key: Option<&str>, password: Option<&str>| webhooks::Create {
            owner: webhooks::Me,
            target_url: "https://example.com".to_owned(),
            events: Vec::new(),
            secret: key.map(Into::into),
            basic_auth: password.map(|password| webhooks::BasicAuth {
                user: "hook".to_owned(),
                password: password.into(),
            }),
        };
        match self {
            Self::Password => read(&session, &users::LogIn::new("alice", secret.into())),
            Self::Cookie => read(
                &session,
                &users::Refresh {
                    refresh: secret.into(),
                },
            ),
            Self::Bearer => read(&signed(Api::V2, secret).ok()?, &tasks::Get::new(TaskId(1))),
            Self::WebhookSecret => read(&session, &webhook(Some(secret), None)),
            Self::WebhookPassword => read(&session, &webhook(None, Some(secret))),
        }
    }
}

/// Where it comes back.
#[derive(Clone, Copy, Debug)]
enum Place {
    Message,
    Detail,
    Field,
    FieldName,
    Location,
    /// A refusal that is no JSON.
    Text,
    /// A refusal in JSON of unknown shape.
    Other,
    /// A good status, and a text where an object should be.
    Word,
    /// A good status, and no JSON.
    Garbage,
    /// A good status, and a wrong value under a key.
    Key,
    ContentType,
}

const PLACES: &[Place] = &[
    Place::Message,
    Place::Detail,
    Place::Field,
    Place::FieldName,
    Place::Location,
    Place::Text,
    Place::Other,
    Place::Word,
    Place::Garbage,
    Place::Key,
    Place::ContentType,
];

impl Place {
    fn answer(self, said: &str) -> Option<http::Response<Bytes>> {
        let mut answer = http::Response::new(Bytes::new());
        let (status, body) = match self {
            Self::Message => (412, json!({"message": said}).to_string()),
            Self::Detail => (422, json!({"title": "no", "detail": said}).to_string()),
            Self::Field => {
                let fields = [format!("password: {said}")];
                (
                    412,
                    json!({"message": "", "invalid_fields": fields}).to_string(),
                )
            }
            Self::FieldName => {
                let errors = [json!({"location": said, "message": "no"})];
                (422, json!({"detail": "", "errors": errors}).to_string())
            }
            Self::Location => {
                let location = said.parse().ok()?;
                answer.headers_mut().insert(header::LOCATION, location);
                (302, String::new())
            }
            Self::Text => (500, said.to_owned()),
            Self::Other => (500, json!([{"sent": said}]).to_string()),
            Self::Word => (200, json!(said).to_string()),
            Self::Garbage => (200, said.to_owned()),
            Self::Key => {
                let task = json!({"id": 1, "title": "t", "related_tasks": {said: [5]}});
                (200, task.to_string())
            }
            Self::ContentType => {
                let kind = said.parse().ok()?;
                answer.headers_mut().insert(header::CONTENT_TYPE, kind);
                (200, "no JSON".to_owned())
            }
        };
        *answer.status_mut() = status.try_into().ok()?;
        *answer.body_mut() = body.into();
        Some(answer)
    }
}
