//! The list of all operations of four releases (`tests/endpoints.tsv`) against the registry of routes: what has no
//! endpoint, what an endpoint gets wrong, and the page that says so (`SUPPORTED.md`, written by `UPDATE=1`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use vikunja_sdk::{
    Api, At, Auth, Release,
    routes::{Known, ROUTES},
    scope,
};

/// What has no endpoint, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("docs.openapi", DOCUMENTATION),
    ("docs.openapi_yaml", DOCUMENTATION),
    ("docs.openapi30", DOCUMENTATION),
    ("docs.openapi30_yaml", DOCUMENTATION),
    ("docs.schema", DOCUMENTATION),
    ("docs.html", DOCUMENTATION),
    ("docs.script", DOCUMENTATION),
    ("testing.replace_table", FIXTURES),
    ("testing.truncate_all", FIXTURES),
    ("websocket.connect", "no request and answer: `ws::Events`"),
];

const DOCUMENTATION: &str = "the server's documentation of itself";
const FIXTURES: &str = "fills a server's tables for its own tests";

/// What a release has and the crate keeps from it, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("tasks.update_bulk", "0.20", WIPES),
    ("tasks.update_bulk", "0.24", WIPES),
];

/// Endpoints that do on some APIs what other operations do there.
const BESIDE: &[(&str, Api, &str)] = &[(
    "buckets.read_all_with_tasks",
    Api::V1,
    "boards are read at tasks.read_all_of_view (0.24+) and buckets.read_all (0.20)",
)];

const WIPES: &str = "it resets what is not named; `ops::edit_many` does not";

/// A column of the list, in its order.
struct Column {
    name: &'static str,
    at: At,
}

const COLUMNS: [Column; 5] = [
    column("0.20", Release(0, 20, 4), Api::V1),
    column("0.24", Release(0, 24, 1), Api::V1),
    column("1.0", Release(1, 0, 0), Api::V1),
    column("2.5v1", Release(2, 5, 0), Api::V1),
    column("2.5v2", Release(2, 5, 0), Api::V2),
];

const fn column(name: &'static str, release: Release, api: Api) -> Column {
    Column {
        name,
        at: At { release, api },
    }
}

/// An operation on a release.
struct Row {
    operation: String,
    resource: String,
    release: String,
    method: String,
    path: String,
    status: u16,
    auth: String,
}

impl Row {
    /// Whether it may be sent: the release does answer it with success (v1's teapot is one), and it does no harm.
    fn is_sent(&self) -> bool {
        let is_this = |(operation, release, _): &&(&str, &str, &str)| {
            *operation == self.operation && *release == self.release
        };
        (self.status < 400 || self.status == 418) && !REFUSED.iter().any(|one| is_this(&one))
    }
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(project().join("tests/endpoints.tsv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("op_id\tresource\trelease\tmethod\tpath\tstatus\tshape\tauth")
    );
    lines
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let text = |at: usize| fields[at].to_owned();
            Row {
                operation: text(0),
                resource: text(1),
                release: text(2),
                method: text(3),
                path: text(4),
                status: fields[5].parse().unwrap(),
                auth: text(7),
            }
        })
        .collect()
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_operation_has_an_endpoint() {
    let listed: BTreeSet<_> = rows().into_iter().map(|row| row.operation).collect();
    let mut seen = BTreeSet::new();
    let known = ROUTES.iter().map(|known| known.operation);
    let skipped = SKIPPED.iter().map(|(operation, _)| *operation);
    let mut unknown = Vec::new();
    for operation in known.chain(skipped) {
        if !listed.contains(operation) {
            unknown.push(operation);
        }
        assert!(seen.insert(operation.to_owned()), "{operation} comes twice");
    }
    assert!(
        unknown.is_empty(),
        "without a line in tests/endpoints.tsv (CONTRIBUTING.md, step 3): {unknown:?}"
    );
    let missing: Vec<_> = listed.difference(&seen).collect();
    assert!(
        missing.is_empty(),
        "without a line in routes.rs: {missing:?}"
    );
    assert!(SKIPPED.len() <= 25);
}

#[test]
fn every_route_is_as_the_servers_have_it() {
    let mut rows: BTreeMap<(String, String), Row> = rows()
        .into_iter()
        .map(|row| ((row.operation.clone(), row.release.clone()), row))
        .collect();
    let mut wrong = String::new();
    for known in ROUTES {
        for column in &COLUMNS {
            let row = rows.remove(&(known.operation.to_owned(), column.name.to_owned()));
            let (expected, found) = (expected(row.as_ref()), found(known, column.at));
            let is_beside = BESIDE
                .iter()
                .any(|(operation, api, _)| *operation == known.operation && *api == column.at.api);
            if expected != found && !is_beside {
                let (name, operation) = (column.name, known.operation);
                writeln!(wrong, "{operation} {name}: {expected} is {found}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A route that lets API tokens in has a permission for them, and only such a route.
#[test]
fn who_comes_in_has_a_permission() {
    let mut wrong = String::new();
    for known in ROUTES {
        for column in &COLUMNS {
            let is_there =
                known.route.exists(column.at.release) && known.route.is_on(column.at.api);
            let resolved = known.route.resolve(column.at);
            let is_open = column.at.release >= Release(0, 22, 0)
                && resolved.auth == Auth::Bearer
                && known.route.takes_api_tokens(column.at);
            // The check of a token needs none.
            let wants = is_open && !known.operation.starts_with("token.");
            let has = !scope::of(&resolved).is_empty();
            if is_there && wants != has {
                let (name, operation) = (column.name, known.operation);
                writeln!(wrong, "{operation} {name}: lets in {wants}, has one {has}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Method, path and credential as the list has them. What never succeeds is not sent, so that it counts as absent.
fn expected(row: Option<&Row>) -> String {
    let Some(row) = row.filter(|row| row.is_sent()) else {
        return "absent".to_owned();
    };
    let credential = match row.auth.as_str() {
        // 0.20 has no API tokens.
        "bearer" | "tk-ok" => "any token",
        "jwt-only" => "no API token",
        // No token of the session: what they want stands in a header of their own.
        "public" | "basic" => "public",
        other => other,
    };
    format!("{} {} ({credential})", row.method, unnamed(&row.path))
}

/// The same as the registry has them.
fn found(known: &Known, at: At) -> String {
    let Known { route, .. } = known;
    if !route.exists(at.release) || !route.is_on(at.api) {
        return "absent".to_owned();
    }
    let resolved = route.resolve(at);
    let credential = match resolved.auth {
        Auth::Public => "public",
        Auth::Cookie => "cookie",
        _ if at.release < Release(0, 22, 0) || route.takes_api_tokens(at) => "any token",
        _ => "no API token",
    };
    let path = format!("{}{}", resolved.prefix(), resolved.template);
    format!("{} {} ({credential})", resolved.verb, unnamed(&path))
}

/// A path whose placeholders count by position.
fn unnamed(path: &str) -> String {
    path.split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// An endpoint in the sources.
struct Written {
    /// `tasks::List`.
    name: String,
    /// Lines of its struct and its implementation, without comments and empty ones.
    lines: usize,
}

/// Every public type of the crate that is an endpoint, found by reading the sources.
fn written() -> Vec<Written> {
    let mut found = Vec::new();
    let mut folders = vec![project().join("sdk/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                endpoints_of(&module(&path), &text, &mut found);
            }
        }
    }
    found
}

/// The public module that a file is: `tasks` for `tasks.rs` and `tasks/bulk.rs`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(project().join("sdk/src")).unwrap();
    let first = below.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn endpoints_of(module: &str, text: &str, found: &mut Vec<Written>) {
    let lines: Vec<_> = text.lines().collect();
    let block = |start: usize| {
        lines[start..]
            .iter()
            .take_while(|line| !matches!(**line, "}" | ");"))
            .filter(|line| !line.trim_start().starts_with("//") && !line.trim().is_empty())
            .count()
            + usize::from(!lines[start].ends_with(';'))
    };
    for (at, line) in lines.iter().enumerate() {
        let Some((_, implementor)) = line.split_once(" Endpoint for ") else {
            continue;
        };
        if !line.starts_with("impl") {
            continue;
        }
        let name = implementor.split(['<', ' ']).next().unwrap();
        let is_struct = |line: &str| {
            let rest = line.strip_prefix("pub struct ").unwrap_or_default();
            rest.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '<', ';', '(']))
        };
        if let Some(declared) = lines.iter().position(|line| is_struct(line)) {
            let structure = if lines[declared].ends_with(';') {
                1
            } else {
                block(declared)
            };
            found.push(Written {
                name: format!("{module}::{name}"),
                lines: structure + block(at),
            });
        }
    }
}

/// Wrappers, what is made at run time, and second endpoints for an operation have none of their own; the endpoints of
/// `object` have one for each object, under its name.
const WITHOUT_OPERATION: &[&str] = &[
    "raw::Raw",
    "reply::WithRaw",
    // Of bots.patch.
    "bots::Disable",
    // Of auth.oauth_token.
    "oauth::Refresh",
    // Of tasks.read_all_of_view.
    "views::Show",
];

#[test]
fn every_endpoint_has_an_operation() {
    let known: BTreeSet<_> = ROUTES
        .iter()
        .map(|known| known.endpoint.split('<').next().unwrap().trim())
        .collect();
    let written = written();
    assert!(written.len() > 40, "the sources are read wrongly");
    let forgotten: Vec<_> = written
        .iter()
        .map(|one| one.name.as_str())
        .filter(|name| !known.contains(name) && !WITHOUT_OPERATION.contains(name))
        .filter(|name| !name.starts_with("object::"))
        .collect();
    assert!(
        forgotten.is_empty(),
        "without a line in routes.rs: {forgotten:?}"
    );
}

/// Reported, not judged.
#[test]
fn how_long_an_endpoint_is() {
    let mut written = written();
    written.sort_by_key(|one| one.lines);
    let lines: usize = written.iter().map(|one| one.lines).sum();
    println!(
        "{} endpoints are written in {lines} lines, half of them in at most {} each",
        written.len(),
        written[written.len() / 2].lines
    );
    for one in written.iter().rev().take(5) {
        println!("{:>4} {}", one.lines, one.name);
    }
}

#[test]
fn the_page_of_what_is_supported_is_up_to_date() {
    let page = project().join("SUPPORTED.md");
    let text = supported();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, &text).unwrap();
    }
    let kept = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        kept == text,
        "SUPPORTED.md is stale; write it with `UPDATE=1 cargo test -p vikunja-sdk --test it coverage`"
    );
}

fn supported() -> String {
    let rows = rows();
    let mut page = "# What is supported\n\n\
        Made from the registry of routes by a test (`UPDATE=1 cargo test -p vikunja-sdk --test it coverage`), and held \
        against\n`tests/endpoints.tsv`, which lists every operation of four releases.\n\n"
        .to_owned();
    let mut resources: Vec<&str> = Vec::new();
    for row in &rows {
        if !resources.contains(&row.resource.as_str()) {
            resources.push(&row.resource);
        }
    }
    let heads: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
    let heads = heads.join(" | ");
    let counts = |of: &dyn Fn(&Row) -> bool| {
        let cells = COLUMNS.iter().map(|column| {
            let here = |row: &&Row| of(row) && row.release == column.name && is_offered(row);
            let all = rows.iter().filter(here).count();
            let has = |row: &&Row| ROUTES.iter().any(|known| known.operation == row.operation);
            match (rows.iter().filter(here).filter(has).count(), all) {
                (_, 0) => "–".to_owned(),
                (known, all) if known == all => all.to_string(),
                (known, all) => format!("{known} of {all}"),
            }
        });
        cells.collect::<Vec<_>>().join(" | ")
    };
    page += "Operations by resource; – where the release has none.\n\n";
    writeln!(page, "| Resource | {heads} |\n|---|---|---|---|---|---|").unwrap();
    for resource in resources {
        let counted = counts(&|row| row.resource == resource);
        if counted.chars().any(|cell| cell.is_ascii_digit()) {
            writeln!(page, "| {resource} | {counted} |").unwrap();
        }
    }
    writeln!(page, "| **all** | {} |", counts(&|_| true)).unwrap();

    page += "\n## Operations\n\nAn endpoint is a type of `vikunja_sdk`; ✓ where the release has it.\n\n";
    writeln!(
        page,
        "| Operation | Endpoint | {heads} |\n|---|---|---|---|---|---|---|"
    )
    .unwrap();
    for known in ROUTES {
        let ticks = COLUMNS.iter().map(|column| {
            let is_there = found(known, column.at) != "absent";
            if is_there { "✓" } else { "" }
        });
        let ticks = ticks.collect::<Vec<_>>().join(" | ");
        let (operation, endpoint) = (known.operation, known.endpoint);
        writeln!(page, "| {operation} | `{endpoint}` | {ticks} |").unwrap();
    }

    page += "\n## Without an endpoint\n\n[`Raw`](sdk/src/raw.rs) reaches them.\n\n| Operation | Why |\n|---|---|\n";
    for (operation, why) in SKIPPED {
        writeln!(page, "| {operation} | {why} |").unwrap();
    }
    for (operation, release, why) in REFUSED {
        writeln!(page, "| {operation} on {release} | {why} |").unwrap();
    }
    page
}

/// Whether an endpoint for it is wanted at all.
fn is_offered(row: &Row) -> bool {
    row.is_sent() && SKIPPED.iter().all(|(skipped, _)| *skipped != row.operation)
}
