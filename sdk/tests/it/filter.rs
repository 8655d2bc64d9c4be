//! What filters and list queries are written as, and what is refused instead of written.

use proptest::{collection::vec, prelude::*, sample::select};
use url::form_urlencoded;
use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Release, Server, Session,
    auth::Token,
    filter::{
        ASSIGNEES, DESCRIPTION, DONE, DUE_DATE, Filter, HEX_COLOR, LABELS, PERCENT_DONE, PRIORITY,
        PROJECT, REMINDERS, TITLE, Unit, now,
    },
    model::{Expand, LabelId, Order, ProjectId, SortField, Timestamp},
    tasks::{List, ListQuery},
};

const OLD: Release = Release(0, 20, 4);
const RELEASES: [Release; 3] = [Release(0, 24, 1), Release(1, 0, 0), Release(2, 5, 0)];

fn at(release: Release) -> At {
    At {
        release,
        api: Api::V1,
    }
}

/// The query of a list, decoded.
fn query(release: Release, query: ListQuery) -> Result<Vec<(String, String)>, BuildError> {
    let server = Server::new("http://127.0.0.1:3456")?
        .with_release(release)
        .with_api(ApiChoice::Only(Api::V1));
    let session = Session::new(server);
    session.set_token(Some(Token::new("eyJ.some.jwt".into())?));
    let (request, _) = session.call(&List { query })?;
    let query = request.uri().query().unwrap_or_default().as_bytes();
    Ok(form_urlencoded::parse(query).into_owned().collect())
}

fn filtered(release: Release, filter: Filter) -> Result<Vec<(String, String)>, BuildError> {
    query(
        release,
        ListQuery {
            filter: Some(filter),
            ..ListQuery::default()
        },
    )
}

fn new_year() -> Timestamp {
    "2031-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn expressions_are_written() {
    let newest = Release(2, 5, 0);
    for (release, filter, text) in [
        (
            newest,
            DONE.is(false) & PRIORITY.gt(0),
            "done = false && priority > 0",
        ),
        (
            newest,
            (PRIORITY.eq(4) | PRIORITY.eq(2)) & DONE.is(false),
            "(priority = 4 || priority = 2) && done = false",
        ),
        (
            newest,
            DONE.is(true) & (PRIORITY.le(-1) & (TITLE.ne("") & PERCENT_DONE.ge(0.5))),
            r#"done = true && priority <= -1 && title != "" && percent_done >= 0.5"#,
        ),
        // Only `>` and `<=` are right about the exact second.
        (
            newest,
            DUE_DATE.gt(new_year()),
            "due_date > 2031-01-01T00:00:00Z",
        ),
        (
            newest,
            DUE_DATE.ge(new_year()),
            "due_date > 2030-12-31T23:59:59Z",
        ),
        (
            newest,
            DUE_DATE.le(new_year()),
            "due_date <= 2031-01-01T00:00:00Z",
        ),
        (
            newest,
            DUE_DATE.lt(new_year()),
            "due_date <= 2030-12-31T23:59:59Z",
        ),
        (
            newest,
            DUE_DATE.lt(now().minus(1, Unit::Week).start_of(Unit::Month)),
            "due_date <= now-1w/M-1s",
        ),
        // Side by side they would be about one and the same reminder in 2.5.
        (
            newest,
            REMINDERS.gt(new_year()) & REMINDERS.le(now()),
            "(reminders > 2031-01-01T00:00:00Z) && (reminders <= now)",
        ),
        (
            newest,
            LABELS.any_of([LabelId(3), LabelId(5)]),
            "labels in 3,5",
        ),
        (newest, LABELS.none_of([LabelId(3)]), "labels not in 3"),
        (newest, PRIORITY.none_of([1, 2]), "priority not in 1,2"),
        (
            Release(0, 24, 1),
            PRIORITY.none_of([1, 2]) | DONE.is(true),
            "(priority != 1 && priority != 2) || done = true",
        ),
        // Lists have no quotes.
        (
            newest,
            HEX_COLOR.any_of(["00cc66", "a,b"]) & DONE.is(true),
            r#"(hex_color = "00cc66" || hex_color = "a,b") && done = true"#,
        ),
        (newest, ASSIGNEES.any_of(["bob"]), r#"assignees = "bob""#),
        (newest, ASSIGNEES.none_of(["bob"]), r#"assignees != "bob""#),
        (
            newest,
            TITLE.eq(r#"say "in" \o/"#),
            r#"title = "say \"in\" \\o/""#,
        ),
        (
            newest,
            TITLE.like("bread in oven"),
            r#"title like "bread in oven""#,
        ),
        (newest, Filter::raw("done = false"), "done = false"),
        (
            newest,
            Filter::raw("done = false || index > 3") & PROJECT.eq(ProjectId(5)),
            "(done = false || index > 3) && project_id = 5",
        ),
    ] {
        assert_eq!(filter.expression(at(release)).unwrap(), text);
        let sent = ("filter".to_owned(), text.to_owned());
        assert_eq!(filtered(release, filter).unwrap(), [sent]);
    }
}

#[test]
fn arrays_are_written() {
    for (filter, wanted) in [
        (DONE.is(false), "done equals false"),
        (
            DONE.is(false) & PROJECT.eq(ProjectId(2)) & LABELS.any_of([LabelId(1), LabelId(2)]),
            "done equals false, list_id equals 2, labels in 1,2, and",
        ),
        (
            PRIORITY.none_of([1, 2]) & TITLE.like("a && (b"),
            "priority not_equals 1, priority not_equals 2, title like a && (b, and",
        ),
        (
            TITLE.any_of(["a", "b,c"]) | DUE_DATE.ge(new_year()),
            "title equals a, title equals b,c, due_date greater 2030-12-31T23:59:59Z, or",
        ),
    ] {
        let sent = filtered(OLD, filter).unwrap();
        let all = |name: &str| -> Vec<&str> {
            let named = sent.iter().filter(|(given, _)| given == name);
            named.map(|(_, value)| value.as_str()).collect()
        };
        let rows = all("filter_by[]")
            .into_iter()
            .zip(all("filter_comparator[]"))
            .zip(all("filter_value[]"))
            .map(|((field, comparator), value)| format!("{field} {comparator} {value}"));
        let concat = all("filter_concat").into_iter().map(ToOwned::to_owned);
        let written: Vec<String> = rows.chain(concat).collect();
        assert_eq!(written.join(", "), wanted);
    }
}

#[test]
fn what_cannot_be_carried_is_refused_by_name() {
    let (v24, v1, newest) = (RELEASES[0], RELEASES[1], RELEASES[2]);
    for (release, filter, said) in [
        (newest, TITLE.eq("R&D"), r#"title = "R&D" cannot stand"#),
        (
            newest,
            TITLE.eq("R&D"),
            "ends a value at «&», also in quotes; compare with a part",
        ),
        (newest, TITLE.like("a (b"), "«(»"),
        (newest, TITLE.eq("a "), "cuts blanks off"),
        (
            v1,
            TITLE.eq("cheese in oven"),
            "may take «in» for an operator",
        ),
        (
            v24,
            TITLE.ne("as like as two peas"),
            "may take «like» for an operator",
        ),
        (v1, TITLE.eq(r"C:\"), "backslash"),
        (v1, TITLE.any_of(["fine", "a | b"]), r#"title = "a | b""#),
        (newest, LABELS.any_of([]), "a list of no values for labels"),
        (
            newest,
            TITLE.any_of::<String>([]),
            "a list of no values for title",
        ),
        (
            newest,
            PERCENT_DONE.lt(f64::NAN),
            "percent_done compared with NaN",
        ),
        (
            newest,
            PERCENT_DONE.any_of([f64::INFINITY]),
            "compared with inf",
        ),
        (
            newest,
            Filter::raw(" ") & DONE.is(true),
            "an empty expression",
        ),
        (v24, LABELS.none_of([LabelId(1)]), "«none of» labels"),
        (v24, ASSIGNEES.none_of(["bob"]), "1.0.0 and newer"),
        (
            OLD,
            Filter::raw("done = true"),
            "would ignore it and list everything",
        ),
        (OLD, REMINDERS.gt(now()), "a condition on reminders"),
        (OLD, LABELS.none_of([LabelId(1)]), "«none of» labels"),
        (OLD, PRIORITY.any_of([]), "a list of no values"),
        (
            OLD,
            DONE.is(true) & (PRIORITY.eq(1) | PRIORITY.eq(2)),
            "«and» together with «or»",
        ),
        (
            OLD,
            DONE.is(true) | PRIORITY.none_of([1, 2]),
            "«and» together with «or»",
        ),
    ] {
        let error = filtered(release, filter).unwrap_err();
        assert!(matches!(error, BuildError::Filter { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(said), "{text}");
        assert!(text.contains(&format!("on Vikunja {release}: ")), "{text}");
    }
    let error = DONE.is(true).expression(at(OLD)).unwrap_err();
    assert!(error.to_string().contains("0.24.0 and newer"), "{error}");
}

#[test]
fn what_a_release_would_ignore_is_refused() {
    let expand = |what| ListQuery {
        expand: vec![what],
        ..ListQuery::default()
    };
    let zone = ListQuery {
        filter_timezone: Some("Europe/Berlin".to_owned()),
        ..ListQuery::default()
    };
    for (release, asked, said) in [
        (
            OLD,
            expand(Expand::Subtasks),
            Some("expand=subtasks needs Vikunja 0.24.0"),
        ),
        (Release(0, 24, 1), expand(Expand::Subtasks), None),
        // They are always there in 0.24.
        (Release(0, 24, 1), expand(Expand::Reactions), None),
        (
            Release(0, 24, 1),
            expand(Expand::Comments),
            Some("needs Vikunja 1.0.0"),
        ),
        (Release(1, 0, 0), expand(Expand::Comments), None),
        (
            OLD,
            zone.clone(),
            Some("filter_timezone needs Vikunja 0.24.0"),
        ),
        (Release(0, 24, 1), zone, None),
    ] {
        match (query(release, asked), said) {
            (Ok(sent), None) => assert_eq!(sent.len(), 1),
            (Err(error), Some(said)) => assert!(error.to_string().contains(said), "{error}"),
            (outcome, _) => panic!("{release}: {outcome:?}, expected {said:?}"),
        }
    }
}

#[test]
fn sorting_is_written() {
    let sorted = |release, sort| {
        let asked = ListQuery {
            sort,
            ..ListQuery::default()
        };
        let sent = query(release, asked).unwrap();
        let pairs: Vec<_> = sent
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join(" ")
    };
    let by_project = || {
        vec![
            (SortField::Project, Order::Ascending),
            (SortField::DueDate, Order::Descending),
        ]
    };
    assert_eq!(
        sorted(RELEASES[0], by_project()),
        "sort_by=project_id sort_by=due_date order_by=asc order_by=desc"
    );
    assert_eq!(
        sorted(OLD, by_project()),
        "sort_by=list_id sort_by=due_date order_by=asc order_by=desc"
    );
    let one = vec![(SortField::from("new_field"), Order::Ascending)];
    assert_eq!(sorted(RELEASES[2], one), "sort_by=new_field");
}

/// What a filter means, as the server reads it.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    /// Field, operator, value.
    Compare(String, String, String),
    /// `&&` or `||`.
    Join(&'static str, Vec<Tree>),
}

impl Tree {
    fn compare(field: &str, operator: &str, value: &impl ToString) -> Self {
        Self::Compare(field.to_owned(), operator.to_owned(), value.to_string())
    }

    /// Joined in the same way is one level.
    fn join(self, sign: &'static str, other: Self) -> Self {
        let mut parts = Vec::new();
        for part in [self, other] {
            match part {
                Self::Join(same, inner) if same == sign => parts.extend(inner),
                part => parts.push(part),
            }
        }
        Self::Join(sign, parts)
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Compare(_, _, value) => vec![value],
            Self::Join(_, parts) => parts.iter().flat_map(Self::texts).collect(),
        }
    }

    /// The rows of the arrays, where one level of joining says it all.
    fn rows(&self) -> Option<Vec<&Self>> {
        let Self::Join(_, parts) = self else {
            return Some(vec![self]);
        };
        let is_flat = parts.iter().all(|part| matches!(part, Self::Compare(..)));
        is_flat.then(|| parts.iter().collect())
    }
}

/// Reads an expression as the servers were seen to.
fn read(text: &str, release: Release) -> Option<Tree> {
    // Older ones make signs of the words first, wherever they stand.
    let is_old = release < Release(2, 5, 0);
    let text = if is_old {
        text.replace(" in ", " ?= ").replace(" like ", " ~ ")
    } else {
        text.to_owned()
    };
    let mut rest = text.as_str();
    let tree = read_group(&mut rest, is_old)?;
    rest.is_empty().then_some(tree)
}

fn read_group(rest: &mut &str, is_old: bool) -> Option<Tree> {
    let mut tree = read_part(rest, is_old)?;
    let mut only = None;
    while let Some(sign) = ["&&", "||"].into_iter().find(|sign| rest.starts_with(sign)) {
        if *only.get_or_insert(sign) != sign {
            return None;
        }
        *rest = &rest[2..];
        tree = tree.join(sign, read_part(rest, is_old)?);
    }
    Some(tree)
}

fn read_part(rest: &mut &str, is_old: bool) -> Option<Tree> {
    *rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('(') {
        *rest = inside;
        let tree = read_group(rest, is_old)?;
        *rest = rest.strip_prefix(')')?.trim_start();
        return Some(tree);
    }
    let (condition, after) = rest.split_at(rest.find(['&', '|', '(', ')']).unwrap_or(rest.len()));
    *rest = after;
    let (field, behind) = condition.split_once(' ')?;
    let (operator, value) = behind.split_once(' ')?;
    let operator = if operator == "like" { "~" } else { operator };
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        None => value.to_owned(),
        Some(quoted) => read_quoted(quoted, is_old)?,
    };
    Some(Tree::compare(field, operator, &value.trim()))
}

/// What follows a quote, which must end at the next one that is not escaped.
fn read_quoted(quoted: &str, is_old: bool) -> Option<String> {
    let mut value = String::new();
    let mut chars = quoted.chars().peekable();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(value),
            '\\' if chars.peek() == Some(&'"') => value.extend(chars.next()),
            '\\' if !is_old && chars.peek() == Some(&'\\') => value.extend(chars.next()),
            '\\' if !is_old && chars.peek() == Some(&'n') => {
                chars.next();
                value.push('\n');
            }
            one => value.push(one),
        }
    }
}

/// Texts of what could be mistaken for something else, and of anything.
fn any_text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        " ", "a", "in", "like", " in ", " like ", "\"", "'", "\\", "\\\"", "\\n", "&&", "|", "(",
        ")", "=", "!=", "~", "?=", ",", "%", "é",
    ];
    let piece = prop_oneof![
        4 => select(PIECES).prop_map(ToOwned::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A filter, and what it means.
fn any_filter() -> impl Strategy<Value = (Filter, Tree)> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| (DONE.is(value), Tree::compare("done", "=", &value))),
        any::<i64>()
            .prop_map(|value| (PRIORITY.le(value), Tree::compare("priority", "<=", &value))),
        any::<f64>().prop_map(|value| (
            PERCENT_DONE.gt(value),
            Tree::compare("percent_done", ">", &value)
        )),
        any_text().prop_map(|text| (TITLE.ne(&text), Tree::compare("title", "!=", &text))),
        any_text().prop_map(|text| (TITLE.like(&text), Tree::compare("title", "~", &text))),
        any_text().prop_map(|text| {
            let tree = Tree::compare("description", "=", &text);
            (DESCRIPTION.any_of([text]), tree)
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (any::<bool>(), vec(inner, 2..4)).prop_map(|(is_and, parts)| {
            let join = |(left, tree): (Filter, Tree), (right, other)| {
                if is_and {
                    (left & right, tree.join("&&", other))
                } else {
                    (left | right, tree.join("||", other))
                }
            };
            // There are two at least.
            parts.into_iter().reduce(join).unwrap()
        })
    })
}

proptest! {
    /// What is written is read back the same; what is refused holds something that could not be.
    #[test]
    fn expressions_round_trip((filter, tree) in any_filter(), release in select(&RELEASES[..])) {
        match filtered(release, filter) {
            Ok(sent) => {
                prop_assert_eq!(&sent[0].0, "filter");
                prop_assert_eq!(read(&sent[0].1, release), Some(tree), "{}", &sent[0].1);
            }
            Err(error) => {
                let is_hard = |text: &str| {
                    let signs = ['&', '|', '(', ')', '\\'];
                    text != text.trim()
                        || text.contains(signs)
                        || [" in ", " like "].iter().any(|word| text.contains(word))
                        || ["NaN", "inf", "-inf"].contains(&text)
                };
                prop_assert!(tree.texts().into_iter().any(is_hard), "{}", error);
            }
        }
    }

    /// Arrays carry any text.
    #[test]
    fn arrays_round_trip((filter, tree) in any_filter()) {
        match filtered(OLD, filter) {
            Ok(sent) => {
                let word = |operator: &str| match operator {
                    "=" => "equals",
                    "!=" => "not_equals",
                    "<=" => "less_equals",
                    ">" => "greater",
                    _ => "like",
                };
                let all = |name: &str| -> Vec<&str> {
                    let named = sent.iter().filter(|(given, _)| given == name);
                    named.map(|(_, value)| value.as_str()).collect()
                };
                let (fields, comparators, values) =
                    (all("filter_by[]"), all("filter_comparator[]"), all("filter_value[]"));
                let rows = tree.rows().unwrap();
                prop_assert_eq!(rows.len(), fields.len());
                for (number, row) in rows.into_iter().enumerate() {
                    let Tree::Compare(field, operator, value) = row else { unreachable!() };
                    prop_assert_eq!(field, fields[number]);
                    prop_assert_eq!(value, values[number]);
                    // One text of «any of» stays «in», unless it holds a comma.
                    if comparators[number] == "in" {
                        prop_assert!(!value.contains(','));
                    } else {
                        prop_assert_eq!(word(operator), comparators[number]);
                    }
                }
            }
            Err(error) => {
                let is_number = |text: &str| !["NaN", "inf", "-inf"].contains(&text);
                prop_assert!(tree.rows().is_none() || !tree.texts().into_iter().all(is_number), "{}", error);
            }
        }
    }
}
