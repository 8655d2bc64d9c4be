//! Every request that the SDK builds equals the recorded one; every recorded answer decodes, and every refusal becomes
//! an API error with the recorded status and code.

use std::{collections::BTreeMap, str::FromStr};

use serde_json::Value;
use url::form_urlencoded;
use vikunja_sdk::{
    At, Body, BuildError, Endpoint, Path, ReplyError, Route, info,
    model::{NamespaceId, ProjectId, TaskId, Timestamp},
    namespaces, projects, tasks, users,
};

use super::recorded::{Exchange, exchanges};

/// What one operation came to.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    decoded: usize,
    refused: usize,
    /// Of those that are the same: with the recorded body, because the SDK would not send it.
    as_recorded: usize,
    /// Requests that the SDK cannot build, because they are wrong on purpose.
    unbuildable: usize,
}

/// Holds one exchange against an endpoint.
fn hold<E: Endpoint>(exchange: &Exchange, endpoint: Option<E>, tally: &mut Tally) {
    let Some(endpoint) = endpoint else {
        assert!(!exchange.is_success(), "no request for {}", exchange.name());
        tally.unbuildable += 1;
        return;
    };
    let name = exchange.name();
    let (request, pending) = match exchange.session().call(&endpoint) {
        Ok(call) => call,
        // Without a token, or where the server has no such route: the SDK says so before anything is sent.
        Err(_) if !exchange.is_success() => {
            tally.unbuildable += 1;
            return;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let recorded = &exchange.request;
    assert_eq!(request.method().as_str(), recorded.method, "{name}");
    let (path, query) = split(&recorded.path);
    assert_eq!(request.uri().path(), path, "{name}");
    assert_eq!(
        pairs(request.uri().query().unwrap_or_default()),
        pairs(query),
        "{name}"
    );
    if !request.body().is_empty() {
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(moments(sent), moments(recorded.body.clone()), "{name}");
        let content_type = request.headers()["content-type"].to_str().unwrap();
        assert_eq!(
            Some(content_type),
            recorded.content_type.as_deref(),
            "{name}"
        );
    }
    assert_eq!(
        request.headers().contains_key("authorization"),
        recorded.headers.contains_key("authorization"),
        "{name}"
    );
    tally.same += 1;
    match pending.decode(&exchange.answer()) {
        Ok(_) => {
            assert!(exchange.is_success(), "{name} was refused, and decodes");
            tally.decoded += 1;
        }
        Err(ReplyError::Api(error)) => {
            assert!(!exchange.is_success(), "{name}: {error}");
            assert_eq!(error.status.as_u16(), exchange.response.status, "{name}");
            assert_eq!(
                error.code.map(vikunja_sdk::Code::number),
                code_of(exchange),
                "{name}"
            );
            assert!(!error.to_string().contains("-password-"), "{name}: {error}");
            assert!(!error.message.is_empty(), "{name}");
            tally.refused += 1;
        }
        Err(ReplyError::Decode(error)) => panic!("{name}: {error}"),
    }
}

fn code_of(exchange: &Exchange) -> Option<i64> {
    let body: Value = serde_json::from_str(exchange.response.body.as_deref()?).ok()?;
    body.get("code")?.as_i64().filter(|code| *code != 0)
}

/// An endpoint with the recorded body: for bodies that no request of the SDK has, because they hold keys that no
/// release knows, ids against the path, or a whole object sent back (what `ops::edit` does, as raw JSON).
struct AsRecorded<'a, E>(E, &'a Exchange);

impl<E: Endpoint> Endpoint for AsRecorded<'_, E> {
    const ROUTE: Route = E::ROUTE;
    type Reply = E::Reply;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let request = &self.1.request;
        match request.content_type.as_deref() {
            Some("application/merge-patch+json") => Body::merge_patch(&request.body),
            _ => Body::json(&request.body),
        }
    }
}

/// Holds an exchange whose body is an object of fields: as the SDK writes them, or as it was recorded.
fn hold_fields<E: Endpoint, F>(
    exchange: &Exchange,
    make: impl Fn(F) -> Option<E>,
    tally: &mut Tally,
) where
    F: serde::de::DeserializeOwned + serde::Serialize + Default,
{
    if let Some(fields) = fields(exchange) {
        hold(exchange, make(fields), tally);
    } else {
        let is_object = exchange.request.raw.is_none() && exchange.request.body.is_object();
        let as_recorded = make(F::default())
            .filter(|_| is_object)
            .map(|endpoint| AsRecorded(endpoint, exchange));
        tally.as_recorded += usize::from(as_recorded.is_some());
        hold(exchange, as_recorded, tally);
    }
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}

/// A query without regard to order and spelling of names with brackets.
fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.trim_end_matches("[]").to_owned(), value.into_owned()))
        .collect();
    pairs.sort();
    pairs
}

/// Times as instants: the SDK writes them in UTC.
fn moments(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => Value::from(format!("at {}", time.as_unix_seconds())),
            Err(_) => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(moments).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, moments(value)))
            .collect(),
        // 5 and 5.0 are the same number on the wire.
        Value::Number(number) => Value::from(number.as_f64()),
        other => other,
    }
}

/// The ids in a path, in order.
fn ids(exchange: &Exchange) -> Vec<i64> {
    let (path, _) = split(&exchange.request.path);
    path.split('/')
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// Reads a recorded body into the fields of a request; `None` where the body is no such thing, or holds more.
fn fields<F>(exchange: &Exchange) -> Option<F>
where
    F: serde::de::DeserializeOwned + serde::Serialize,
{
    if exchange.request.raw.is_some() {
        return None;
    }
    let mut body = exchange.request.body.clone();
    if let Some(map) = body.as_object_mut() {
        // What 0.20 calls otherwise, the SDK names as later releases do.
        if let Some(list) = map.remove("list_id") {
            map.insert("project_id".to_owned(), list);
        }
        if let Some(Value::Array(dates)) = map.remove("reminder_dates") {
            let dates = dates
                .into_iter()
                .map(|date| serde_json::json!({"reminder": date}))
                .collect();
            map.insert("reminders".to_owned(), dates);
        }
    }
    let fields: F = serde_json::from_value(body.clone()).ok()?;
    let again = serde_json::to_value(&fields).ok()?;
    (moments(again) == moments(body)).then_some(fields)
}

fn query(exchange: &Exchange) -> BTreeMap<String, Vec<String>> {
    let (_, query) = split(&exchange.request.path);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs_in_order(query) {
        found.entry(name).or_default().push(value);
    }
    found
}

fn pairs_in_order(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.trim_end_matches("[]").to_owned(), value.into_owned()))
        .collect()
}

/// A recorded query as the SDK's own, or `None` where it is wrong on purpose (`page=abc`).
fn list_query(exchange: &Exchange) -> Option<tasks::ListQuery> {
    let mut given = query(exchange);
    let mut one = |name: &str| given.remove(name).and_then(|mut values| values.pop());
    let mut asked = tasks::ListQuery {
        page: parsed(one("page")).ok()?,
        per_page: parsed(one("per_page")).ok()?,
        search: one("s").or_else(|| one("q")),
        filter: one("filter"),
        filter_timezone: one("filter_timezone"),
        filter_include_nulls: parsed(one("filter_include_nulls")).ok()?,
        ..tasks::ListQuery::default()
    };
    let orders = given.remove("order_by").unwrap_or_default();
    let mut orders = orders.into_iter();
    for field in given.remove("sort_by").unwrap_or_default() {
        asked.sort.push((field, orders.next().unwrap_or_default()));
    }
    asked.expand = given.remove("expand").unwrap_or_default();
    given.is_empty().then_some(asked)
}

/// A value that may be absent; `None` where it is there and wrong.
fn parsed<T: FromStr>(text: Option<String>) -> Result<Option<T>, T::Err> {
    text.map(|text| text.parse()).transpose()
}

/// Markdown instead of HTML (`?format=markdown`, v2) is not offered.
fn is_markdown(exchange: &Exchange) -> bool {
    split(&exchange.request.path).1.contains("format=")
}

fn check(op: &str, hold_one: impl Fn(&Exchange, &mut Tally)) -> Tally {
    let mut tally = Tally::default();
    for exchange in exchanges(&[op])
        .iter()
        .filter(|exchange| !is_markdown(exchange))
    {
        hold_one(exchange, &mut tally);
    }
    println!("{op}: {tally:?}");
    assert!(tally.decoded > 0, "{op}: nothing was decoded");
    tally
}

#[test]
fn info_and_accounts() {
    check("service.info", |exchange, tally| {
        hold(exchange, Some(info::Get), tally);
    });
    check("user.read_one", |exchange, tally| {
        hold(exchange, Some(users::Current), tally);
    });
    check("auth.register", |exchange, tally| {
        let text = |key: &str| {
            exchange
                .request
                .body
                .get(key)?
                .as_str()
                .map(ToOwned::to_owned)
        };
        let register = || {
            Some(users::Register {
                username: text("username")?,
                email: text("email")?,
                password: text("password")?.into(),
            })
        };
        if exchange.case.contains("unknown_field") {
            hold(
                exchange,
                register().map(|register| AsRecorded(register, exchange)),
                tally,
            );
        } else {
            hold(exchange, register(), tally);
        }
    });
    check("auth.login", |exchange, tally| {
        let body = &exchange.request.body;
        let text = |key: &str| body.get(key)?.as_str().map(ToOwned::to_owned);
        let log_in = text("username")
            .zip(text("password"))
            .map(|(username, password)| users::LogIn {
                totp_passcode: text("totp_passcode"),
                long_token: body.get("long_token").is_some(),
                ..users::LogIn::new(username, password.into())
            });
        hold(exchange, log_in, tally);
    });
    check("auth.refresh", |exchange, tally| {
        let cookie = exchange.request.headers.get("cookie");
        let refresh = cookie.and_then(|cookie| {
            let (_, value) = cookie.split_once('=')?;
            Some(users::Refresh {
                refresh: value.to_owned().into(),
            })
        });
        hold(exchange, refresh, tally);
    });
    check("auth.renew", |exchange, tally| {
        hold(exchange, Some(users::Renew), tally);
    });
    check("auth.logout", |exchange, tally| {
        hold(exchange, Some(users::LogOut), tally);
    });
}

#[test]
fn containers() {
    let namespace = |exchange: &Exchange| ids(exchange).first().copied().map(NamespaceId);
    let project = |exchange: &Exchange| ids(exchange).first().copied().map(ProjectId);
    check("namespaces.create", |exchange, tally| {
        hold_fields(
            exchange,
            |fields| Some(namespaces::Create { fields }),
            tally,
        );
    });
    check("namespaces.read_one", |exchange, tally| {
        hold(
            exchange,
            namespace(exchange).map(|namespace| namespaces::Get { id: namespace }),
            tally,
        );
    });
    check("namespaces.read_all", |exchange, tally| {
        let given = query(exchange);
        let one = |name: &str| given.get(name)?.first();
        let list = namespaces::List {
            page: one("page").and_then(|text| text.parse().ok()),
            per_page: one("per_page").and_then(|text| text.parse().ok()),
            search: one("s").cloned(),
            is_archived: one("is_archived").and_then(|text| text.parse().ok()),
            namespaces_only: one("namespaces_only").and_then(|text| text.parse().ok()),
        };
        hold(exchange, Some(list), tally);
    });
    check("namespaces.update", |exchange, tally| {
        let replace = |fields| {
            let namespace = namespace(exchange)?;
            Some(namespaces::Replace {
                id: namespace,
                fields,
            })
        };
        hold_fields(exchange, replace, tally);
    });
    check("namespaces.delete", |exchange, tally| {
        hold(
            exchange,
            namespace(exchange).map(|namespace| namespaces::Delete { id: namespace }),
            tally,
        );
    });
    check("projects.create", |exchange, tally| {
        let create = |fields| {
            Some(projects::Create {
                namespace: namespace(exchange),
                fields,
            })
        };
        hold_fields(exchange, create, tally);
    });
    check("projects.read_one", |exchange, tally| {
        hold(
            exchange,
            project(exchange).map(|project| projects::Get { id: project }),
            tally,
        );
    });
    check("projects.read_all", |exchange, tally| {
        let mut given = query(exchange);
        let mut one = |name: &str| given.remove(name).and_then(|mut values| values.pop());
        let list = projects::List {
            page: one("page").and_then(|text| text.parse().ok()),
            per_page: one("per_page").and_then(|text| text.parse().ok()),
            search: one("s").or_else(|| one("q")),
            is_archived: one("is_archived").and_then(|text| text.parse().ok()),
            expand: one("expand"),
        };
        let numbers_hold = pairs(split(&exchange.request.path).1).len() == list_len(&list);
        hold(
            exchange,
            (given.is_empty() && numbers_hold).then_some(list),
            tally,
        );
    });
    check("projects.update", |exchange, tally| {
        let replace = |fields| {
            let project = project(exchange)?;
            Some(projects::Replace {
                id: project,
                fields,
            })
        };
        hold_fields(exchange, replace, tally);
    });
    check("projects.patch", |exchange, tally| {
        let patch = |fields| {
            let project = project(exchange)?;
            Some(projects::Patch {
                id: project,
                fields,
            })
        };
        hold_fields(exchange, patch, tally);
    });
    check("projects.delete", |exchange, tally| {
        hold(
            exchange,
            project(exchange).map(|project| projects::Delete { id: project }),
            tally,
        );
    });
}

fn list_len(list: &projects::List) -> usize {
    [
        list.page.is_some(),
        list.per_page.is_some(),
        list.search.is_some(),
        list.is_archived.is_some(),
        list.expand.is_some(),
    ]
    .into_iter()
    .filter(|given| *given)
    .count()
}

#[test]
fn tasks_of_all_kinds() {
    let task = |exchange: &Exchange| ids(exchange).first().copied().map(TaskId);
    let project = |exchange: &Exchange| ids(exchange).first().copied().map(ProjectId);
    check("tasks.create", |exchange, tally| {
        let create = |fields| {
            let project = project(exchange)?;
            Some(tasks::Create { project, fields })
        };
        hold_fields(exchange, create, tally);
    });
    check("tasks.read_one", |exchange, tally| {
        let plain = split(&exchange.request.path).1.is_empty() && exchange.response.status != 304;
        let get = task(exchange)
            .filter(|_| plain)
            .map(|task| tasks::Get { id: task });
        if plain {
            hold(exchange, get, tally);
        }
    });
    check("tasks.read_all", |exchange, tally| {
        let list = list_query(exchange).map(|query| tasks::List { query });
        hold(exchange, list, tally);
    });
    check("tasks.read_all_of_project", |exchange, tally| {
        let list = project(exchange)
            .zip(list_query(exchange))
            .map(|(project, query)| tasks::ListOfProject { project, query });
        // Filters of 0.20, which are parallel arrays, are not offered.
        if exchange.release == "0.20.4" && exchange.request.path.contains("filter") {
            return;
        }
        hold(exchange, list, tally);
    });
    check("tasks.update", |exchange, tally| {
        let replace = |fields| {
            let task = task(exchange)?;
            Some(tasks::Replace { id: task, fields })
        };
        hold_fields(exchange, replace, tally);
    });
    check("tasks.patch", |exchange, tally| {
        let patch = |fields| {
            let task = task(exchange)?;
            Some(tasks::Patch { id: task, fields })
        };
        // Other patch formats, and Markdown, are not offered.
        let is_ours = exchange.request.content_type.as_deref()
            == Some("application/merge-patch+json")
            && !exchange.request.headers.contains_key("x-vikunja-format");
        if is_ours {
            hold_fields(exchange, patch, tally);
        }
    });
    check("tasks.delete", |exchange, tally| {
        hold(
            exchange,
            task(exchange).map(|task| tasks::Delete { id: task }),
            tally,
        );
    });
}
