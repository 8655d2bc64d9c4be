//! Every request that the SDK builds equals the recorded one; every recorded answer decodes, and every refusal becomes
//! an API error with the recorded status and code.

use std::{collections::BTreeMap, str::FromStr};

use vikunja_sdk::{
    BuildError,
    filter::{DONE, DUE_DATE, Filter, LABELS, PRIORITY, TITLE, Text},
    info,
    model::{NamespaceId, Order, ProjectId, SortField, TaskId, Timestamp},
    namespaces, projects, shares, tasks, users,
};

use super::{
    hold::{AsRecorded, check, hold, hold_fields, ids, pairs, query, split},
    recorded::Exchange,
};

/// A recorded query as the SDK's own, or `None` where it is wrong on purpose (`page=abc`).
pub(crate) fn list_query(exchange: &Exchange) -> Option<tasks::ListQuery> {
    let mut given = query(exchange);
    let filter = if given.contains_key("filter_by") {
        Some(arrays(&mut given)?)
    } else {
        None
    };
    let mut one = |name: &str| given.remove(name).and_then(|mut values| values.pop());
    let mut asked = tasks::ListQuery {
        page: parsed(one("page")).ok()?,
        per_page: parsed(one("per_page")).ok()?,
        search: one("s").or_else(|| one("q")),
        filter: filter.or_else(|| one("filter").map(Filter::raw)),
        filter_timezone: one("filter_timezone"),
        filter_include_nulls: parsed(one("filter_include_nulls")).ok()?,
        ..tasks::ListQuery::default()
    };
    let orders = given.remove("order_by").unwrap_or_default();
    let mut orders = orders.into_iter();
    for field in given.remove("sort_by").unwrap_or_default() {
        let order = match orders.next().as_deref() {
            None | Some("asc") => Order::Ascending,
            Some("desc") => Order::Descending,
            Some(_) => return None,
        };
        asked.sort.push((SortField::from(field.as_str()), order));
    }
    let expand = given.remove("expand").unwrap_or_default();
    asked.expand = expand.iter().map(|what| what.as_str().into()).collect();
    given.is_empty().then_some(asked)
}

/// A filter of 0.20, typed, or `None` where it is wrong on purpose.
fn arrays(given: &mut BTreeMap<String, Vec<String>>) -> Option<Filter> {
    let mut take = |name: &str| given.remove(name).unwrap_or_default();
    let (fields, values, comparators) = (
        take("filter_by"),
        take("filter_value"),
        take("filter_comparator"),
    );
    let concat = take("filter_concat").pop();
    let conditions: Option<Vec<Filter>> = fields
        .iter()
        .zip(&values)
        .zip(&comparators)
        .map(|((field, value), comparator)| {
            Some(match (field.as_str(), comparator.as_str()) {
                ("done", "equals") => DONE.is(value.parse().ok()?),
                ("priority", "equals") => PRIORITY.eq(value.parse().ok()?),
                ("priority", "greater") => PRIORITY.gt(value.parse().ok()?),
                ("title", "like") => TITLE.like(value),
                ("due_date", "greater") => DUE_DATE.gt(value.parse::<Timestamp>().ok()?),
                ("labels", "in") => LABELS.any_of([value.parse().ok()?]),
                ("colour", "equals") => Text::named("colour").eq(value),
                _ => return None,
            })
        })
        .collect();
    let joined = conditions?.into_iter();
    match concat.as_deref() {
        None | Some("or") => joined.reduce(|all, one| all | one),
        Some("and") => joined.reduce(|all, one| all & one),
        Some(_) => None,
    }
}

/// A value that may be absent; `None` where it is there and wrong.
fn parsed<T: FromStr>(text: Option<String>) -> Result<Option<T>, T::Err> {
    text.map(|text| text.parse()).transpose()
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
                totp_passcode: text("totp_passcode").map(Into::into),
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
    check("auth.link_share_login", |exchange, tally| {
        let (path, _) = split(&exchange.request.path);
        let hash = path.rsplit('/').nth(1).unwrap().to_owned().into();
        let password = exchange.request.body.get("password");
        let password = password.map(|text| text.as_str().unwrap().to_owned().into());
        hold(exchange, Some(shares::LogIn { hash, password }), tally);
    });
    check("users.search", |exchange, tally| {
        let searched = query(exchange);
        let search = searched.get("s").or_else(|| searched.get("q"));
        let search = search.map(|all| all[0].clone());
        hold(exchange, Some(users::Search { search }), tally);
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
        // `format=markdown` and `If-None-Match` are not asked for by this endpoint.
        let mut given = query(exchange);
        let expand = given.remove("expand").unwrap_or_default();
        if given.is_empty() && exchange.response.status != 304 {
            let get = task(exchange).map(|id| tasks::Get {
                id,
                expand: expand.iter().map(|what| what.as_str().into()).collect(),
            });
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
        hold(exchange, list, tally);
    });
    check("tasks.update", |exchange, tally| {
        let replace = |fields| {
            let task = task(exchange)?;
            Some(tasks::Replace { id: task, fields })
        };
        // v1 answers 200 to an empty title and keeps the old one: the SDK does not send it.
        if exchange.case == "success_empty_title" {
            let empty_title = tasks::Fields {
                title: "".into(),
                ..Default::default()
            };
            let refused = exchange.session().call(&replace(empty_title).unwrap());
            assert!(matches!(refused, Err(BuildError::CannotClear { .. })));
            let as_recorded = replace(tasks::Fields::default()).unwrap();
            hold(exchange, Some(AsRecorded(as_recorded, exchange)), tally);
            return;
        }
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
