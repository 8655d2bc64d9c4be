//! Random filters of the builder find on the server what the same conditions find in Rust, in the whole list; sorted
//! lists are in the order that Rust sorts them in.

use std::{collections::BTreeSet, time::Duration};

use fastrand::Rng;
use vikunja_sdk::{
    Api, At, BuildError, Client, Error, Execute, Release, assignees,
    filter::{
        ASSIGNEES, CREATED, CREATED_BY, DESCRIPTION, DONE, DONE_AT, DUE_DATE, Date, END_DATE,
        Filter, HEX_COLOR, ID, INDEX, LABELS, Moment, Number, PERCENT_DONE, PRIORITY, PROJECT,
        REMINDERS, REPEAT_AFTER, START_DATE, TITLE, Text, UPDATED, Unit, now,
    },
    labels,
    model::{
        LabelId, NewReminder, Order, Patch, ProjectId, SortField, Task, TaskId, Timestamp, UserId,
    },
    namespaces, ops,
    page::walk,
    projects,
    tasks::{self, Fields},
    users,
};

use super::servers::{Told, servers};

/// Filters that every server is asked.
const FILTERS: usize = 300;
/// Tasks that they are asked about.
const TASKS: usize = 60;

/// Parts of titles and descriptions: words of the grammar, quotes, wildcards.
const PIECES: [&str; 40] = [
    "bread",
    "Bread",
    "BREAD",
    "flour",
    "ünï ☃",
    "a",
    "b",
    " in ",
    " like ",
    " not in ",
    "in",
    "like",
    "and",
    "or",
    "not",
    "=",
    "!=",
    "<",
    ">=",
    "~",
    "?=",
    "!",
    "'",
    "\"",
    "it's",
    "\\",
    "\\n",
    "\\\"",
    "&",
    "||",
    "(",
    ")",
    "%",
    "_",
    ",",
    "#7",
    "now",
    "true",
    "12",
    "id = 3",
];

#[tokio::test]
async fn filters() {
    for told in servers() {
        hold(&told).await;
    }
}

/// A filter and what it means.
struct Condition {
    filter: Filter,
    wants: Box<dyn Fn(&Task) -> bool>,
}

/// What the conditions are made of.
struct Pool {
    tasks: Vec<Task>,
    labels: Vec<LabelId>,
    me: (UserId, String),
    today: Timestamp,
}

async fn hold(told: &Told) {
    let Some((mut client, _)) = told.client().await else {
        println!("{}: has no such API", told.name);
        return;
    };
    client.retry.assume_sqlite = true;
    client.retry.locked_tries = 12;
    let seed = 12;
    let mut rng = Rng::with_seed(seed);
    let (project, pool) = fill(&mut client, &mut rng).await;
    // Filters differ by release, not by API.
    let at = At {
        release: client.session().server().release,
        api: Api::V1,
    };

    let (mut built, mut refused, mut found_some) = (0, 0, 0);
    while built < FILTERS {
        assert!(
            refused < 4 * FILTERS,
            "{}: nearly all is refused",
            told.name
        );
        let condition = any(&pool, &mut rng, 2);
        let list = tasks::ListOfProject {
            project,
            query: tasks::ListQuery {
                filter: Some(condition.filter.clone()),
                filter_timezone: (at.release >= Release(0, 24, 0)).then(|| "UTC".to_owned()),
                ..Default::default()
            },
        };
        let answer = match walk(&client, list).collect(1000).await {
            Err(Error::Build(BuildError::Filter { .. })) => {
                refused += 1;
                continue;
            }
            answer => answer,
        };
        let what = format!(
            "{}, seed {seed}, filter {:?} ({:?})",
            told.name,
            condition.filter,
            condition.filter.expression(at)
        );
        let found = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
        if today() != pool.today {
            println!("{}: midnight came between", told.name);
            return;
        }
        let titles = |tasks: &mut dyn Iterator<Item = &Task>| -> BTreeSet<(TaskId, String)> {
            tasks.map(|task| (task.id, task.title.clone())).collect()
        };
        let wanted = titles(&mut pool.tasks.iter().filter(|task| (condition.wants)(task)));
        assert_eq!(titles(&mut found.iter()), wanted, "{what}");
        built += 1;
        found_some += usize::from(!wanted.is_empty() && wanted.len() < pool.tasks.len());
    }
    sortings(&mut client, project, &pool).await;
    println!(
        "{}: {built} filters, {found_some} of which found some, not all; {refused} not sent",
        told.name
    );
    assert!(found_some > FILTERS / 4);
}

/// What a task is sorted by.
#[derive(PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Date(Timestamp),
    Unset,
}

impl From<Option<Timestamp>> for Key {
    fn from(date: Option<Timestamp>) -> Self {
        date.map_or(Self::Unset, Self::Date)
    }
}

/// Every field sorts as it says, in both directions, tasks without a date last; equal ones by id.
async fn sortings(client: &mut Client, project: ProjectId, pool: &Pool) {
    use SortField as By;
    let fields: [(By, Get<Key>); 17] = [
        (By::Id, |task| Key::Number(task.id.0 as f64)),
        (By::Title, |task| Key::Text(task.title.clone())),
        (By::Description, |task| Key::Text(task.description.clone())),
        (By::HexColor, |task| Key::Text(task.hex_color.clone())),
        (By::Done, |task| Key::Number(task.done.into())),
        (By::DoneAt, |task| task.done_at.into()),
        (By::DueDate, |task| task.due_date.into()),
        (By::StartDate, |task| task.start_date.into()),
        (By::EndDate, |task| task.end_date.into()),
        (By::Created, |task| task.created.into()),
        (By::Updated, |task| task.updated.into()),
        (By::CreatedBy, |_| Key::Unset),
        (By::Project, |_| Key::Unset),
        (By::Index, |task| Key::Number(task.index as f64)),
        (By::Priority, |task| Key::Number(task.priority as f64)),
        (By::PercentDone, |task| Key::Number(task.percent_done)),
        (By::RepeatAfter, |task| {
            Key::Number(task.repeat_after as f64)
        }),
    ];
    for (field, key) in fields {
        for order in [Order::Ascending, Order::Descending] {
            let list = tasks::ListOfProject {
                project,
                query: tasks::ListQuery {
                    sort: vec![(field.clone(), order), (By::Id, Order::Ascending)],
                    ..Default::default()
                },
            };
            let found = walk(&*client, list).collect(1000).await.unwrap();
            let mut wanted = pool.tasks.clone();
            wanted.sort_by(|one, other| {
                let (left, right) = (key(one), key(other));
                let by_key = left.partial_cmp(&right).unwrap();
                let is_unset = left == Key::Unset || right == Key::Unset;
                match order {
                    Order::Descending if !is_unset => by_key.reverse(),
                    _ => by_key,
                }
                .then(one.id.cmp(&other.id))
            });
            let ids = |tasks: &[Task]| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
            assert_eq!(ids(&found), ids(&wanted), "{field} {order:?}");
        }
    }
}

/// The beginning of this day, in UTC.
fn today() -> Timestamp {
    let seconds = Timestamp::now().as_unix_seconds();
    Timestamp::from_unix_seconds(seconds - seconds.rem_euclid(86_400))
}

fn shifted(moment: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(moment.as_unix_seconds() + seconds)
}

/// A moment of few, so that several tasks have it or the second beside it.
fn moment(rng: &mut Rng) -> Timestamp {
    shifted(today(), rng.i64(-2..=2) * 86_400 + rng.i64(-1..=1))
}

fn text(rng: &mut Rng) -> String {
    let glue = ["", " "][rng.usize(0..2)];
    let pieces: Vec<&str> = (0..rng.usize(1..=3))
        .map(|_| PIECES[rng.usize(0..PIECES.len())])
        .collect();
    pieces.join(glue)
}

/// An account with a project of random tasks.
async fn fill(client: &mut Client, rng: &mut Rng) -> (ProjectId, Pool) {
    let name = format!("filters{}", fastrand::u32(..));
    let register = users::Register {
        username: name.clone(),
        email: format!("{name}@example.com"),
        password: "filters-password-1".into(),
    };
    client.send(&register).await.unwrap();
    client
        .log_in(&name, "filters-password-1".into())
        .await
        .unwrap();
    let me = client.send(&users::Current).await.unwrap().id;
    let release = client.session().server().release;
    let mut create = projects::Create::new("Filters");
    if release < Release(0, 21, 0) {
        let namespaces = client.send(&namespaces::List::default()).await.unwrap();
        create.namespace = namespaces
            .items
            .iter()
            .map(|one| one.id)
            .find(|id| id.get() > 0);
    }
    let project = client.send(&create).await.unwrap().id;
    let mut made_labels = Vec::new();
    for title in ["red", "green", "blue"] {
        made_labels.push(client.send(&labels::Create::new(title)).await.unwrap().id);
    }
    for _ in 0..TASKS {
        let task = client.send(&random_task(project, rng)).await.unwrap();
        if rng.u8(0..4) == 0 && task.repeat_after == 0 {
            let done = Fields {
                done: true.into(),
                ..Fields::default()
            };
            ops::edit(client, task.id, &done).await.unwrap();
        }
        for label in &made_labels {
            if rng.u8(0..3) == 0 {
                let add = labels::Add {
                    task: task.id,
                    label: *label,
                };
                client.send(&add).await.unwrap();
            }
        }
        if rng.u8(0..3) == 0 {
            let add = assignees::Add {
                task: task.id,
                user: me,
            };
            client.send(&add).await.unwrap();
        }
    }
    let list = tasks::ListOfProject {
        project,
        query: tasks::ListQuery::default(),
    };
    let tasks = walk(&*client, list).collect(1000).await.unwrap();
    assert_eq!(tasks.len(), TASKS);
    let pool = Pool {
        tasks,
        labels: made_labels,
        me: (me, name),
        today: today(),
    };
    (project, pool)
}

fn random_task(project: ProjectId, rng: &mut Rng) -> tasks::Create {
    fn maybe<T>(rng: &mut Rng, value: impl FnOnce(&mut Rng) -> T) -> Patch<T> {
        if rng.bool() {
            Patch::Set(value(rng))
        } else {
            Patch::Keep
        }
    }
    let mut title = text(rng);
    if title.trim().is_empty() {
        title.push('x');
    }
    let reminders = (0..rng.usize(0..3)).map(|_| NewReminder::at(moment(rng)));
    tasks::Create {
        project,
        fields: Fields {
            title: title.into(),
            reminders: Patch::Set(reminders.collect()),
            description: maybe(rng, text),
            due_date: maybe(rng, moment),
            start_date: maybe(rng, moment),
            end_date: maybe(rng, moment),
            priority: maybe(rng, |rng| rng.i64(-2..=5)),
            percent_done: maybe(rng, |rng| [0.25, 0.333, 1.0][rng.usize(0..3)]),
            repeat_after: maybe(rng, |rng| rng.i64(0..2) * 3600),
            hex_color: maybe(rng, |rng| ["00cc66", "ff0000"][rng.usize(0..2)].to_owned()),
            ..Fields::default()
        },
    }
}

/// Any filter, joined at most `deep` levels deep.
fn any(pool: &Pool, rng: &mut Rng, deep: u8) -> Condition {
    if deep == 0 || rng.u8(0..3) == 0 {
        return single(pool, rng);
    }
    let is_and = rng.bool();
    (1..rng.usize(2..=3)).fold(any(pool, rng, deep - 1), |left, _| {
        let right = any(pool, rng, deep - 1);
        if is_and {
            Condition {
                filter: left.filter & right.filter,
                wants: Box::new(move |task| (left.wants)(task) && (right.wants)(task)),
            }
        } else {
            Condition {
                filter: left.filter | right.filter,
                wants: Box::new(move |task| (left.wants)(task) || (right.wants)(task)),
            }
        }
    })
}

/// Reads a field of a task.
type Get<T> = fn(&Task) -> T;
type GetText = fn(&Task) -> &String;

const INTEGERS: [(Number<i64>, Get<i64>); 3] = [
    (PRIORITY, |task| task.priority),
    (REPEAT_AFTER, |task| task.repeat_after),
    (INDEX, |task| task.index),
];

const TEXTS: [(Text, GetText); 4] = [
    (TITLE, |task| &task.title),
    (TITLE, |task| &task.title),
    (DESCRIPTION, |task| &task.description),
    (HEX_COLOR, |task| &task.hex_color),
];

const DATES: [(Date, Get<Option<Timestamp>>); 6] = [
    (DUE_DATE, |task| task.due_date),
    (START_DATE, |task| task.start_date),
    (END_DATE, |task| task.end_date),
    (CREATED, |task| task.created),
    (UPDATED, |task| task.updated),
    (DONE_AT, |task| task.done_at),
];

fn single(pool: &Pool, rng: &mut Rng) -> Condition {
    let task = &pool.tasks[rng.usize(0..pool.tasks.len())];
    match rng.u8(0..24) {
        0 | 1 => {
            let wanted = rng.bool();
            Condition {
                filter: DONE.is(wanted),
                wants: Box::new(move |task| task.done == wanted),
            }
        }
        2..=4 => {
            let (field, get) = INTEGERS[rng.usize(0..INTEGERS.len())];
            number(field, get, get(task), rng.i64(-3..=70), rng)
        }
        5 => {
            let present = task.percent_done;
            number(
                PERCENT_DONE,
                |task| task.percent_done,
                present,
                rng.f64(),
                rng,
            )
        }
        6 => number(ID, |task| task.id, task.id, TaskId(rng.i64(0..70)), rng),
        7 => {
            let present = task.project_id;
            number(PROJECT, |task| task.project_id, present, ProjectId(1), rng)
        }
        8 => {
            let me = pool.me.0;
            number(CREATED_BY, move |_| me, me, UserId(me.0 + 1), rng)
        }
        9..=12 => {
            let (field, get) = TEXTS[rng.usize(0..TEXTS.len())];
            words(field, get, get(task), rng)
        }
        13..=16 => {
            let (field, get) = DATES[rng.usize(0..DATES.len())];
            let all = move |task: &Task| get(task).into_iter().collect();
            date(field, all, get(task), pool, rng)
        }
        17 => Condition {
            filter: Filter::raw("done = true || priority > 2"),
            wants: Box::new(|task| task.done || task.priority > 2),
        },
        18 | 19 => {
            let all = |task: &Task| {
                task.reminders
                    .iter()
                    .filter_map(|one| one.reminder)
                    .collect()
            };
            date(REMINDERS, all, None, pool, rng)
        }
        20 | 21 => {
            let wanted: Vec<LabelId> = (0..rng.usize(1..3))
                .map(|_| pool.labels[rng.usize(0..3)])
                .collect();
            listed(
                rng,
                LABELS.any_of(wanted.clone()),
                LABELS.none_of(wanted.clone()),
                move |task| task.labels.iter().any(|label| wanted.contains(&label.id)),
            )
        }
        _ => {
            let wanted = [pool.me.1.clone(), "nobody".to_owned()][rng.usize(0..2)..].to_vec();
            listed(
                rng,
                ASSIGNEES.any_of(wanted.clone()),
                ASSIGNEES.none_of(wanted.clone()),
                move |task| {
                    task.assignees
                        .iter()
                        .any(|user| wanted.contains(&user.username))
                },
            )
        }
    }
}

/// «Any of» or «none of».
fn listed(
    rng: &mut Rng,
    any_of: Filter,
    none_of: Filter,
    has_one: impl Fn(&Task) -> bool + 'static,
) -> Condition {
    if rng.bool() {
        Condition {
            filter: any_of,
            wants: Box::new(has_one),
        }
    } else {
        Condition {
            filter: none_of,
            wants: Box::new(move |task| !has_one(task)),
        }
    }
}

fn number<T>(
    field: Number<T>,
    get: impl Fn(&Task) -> T + 'static,
    present: T,
    other: T,
    rng: &mut Rng,
) -> Condition
where
    T: vikunja_sdk::filter::Operand + PartialOrd + Copy + 'static,
{
    let value = if rng.bool() { present } else { other };
    let (filter, holds): (_, fn(&T, &T) -> bool) = match rng.u8(0..7) {
        0 => (field.eq(value), T::eq),
        1 => (field.ne(value), T::ne),
        2 => (field.lt(value), T::lt),
        3 => (field.le(value), T::le),
        4 => (field.gt(value), T::gt),
        5 => (field.ge(value), T::ge),
        _ => {
            let values = [present, other];
            let (any_of, none_of) = (field.any_of(values), field.none_of(values));
            return listed(rng, any_of, none_of, move |task| {
                values.contains(&get(task))
            });
        }
    };
    Condition {
        filter,
        wants: Box::new(move |task| holds(&get(task), &value)),
    }
}

fn words(
    field: Text,
    get: impl Fn(&Task) -> &String + 'static,
    present: &str,
    rng: &mut Rng,
) -> Condition {
    let value = if rng.u8(0..4) > 0 {
        present.to_owned()
    } else {
        text(rng)
    };
    match rng.u8(0..5) {
        0 => Condition {
            filter: field.eq(value.clone()),
            wants: Box::new(move |task| *get(task) == value),
        },
        1 => Condition {
            filter: field.ne(value.clone()),
            wants: Box::new(move |task| *get(task) != value),
        },
        2 => {
            let values = [value, text(rng)];
            let (any_of, none_of) = (field.any_of(values.clone()), field.none_of(values.clone()));
            listed(rng, any_of, none_of, move |task| values.contains(get(task)))
        }
        _ => {
            let chars: Vec<char> = value.chars().collect();
            let from = rng.usize(0..=chars.len());
            let part: String = chars[from..rng.usize(from..=chars.len())].iter().collect();
            let pattern: Vec<char> = format!("%{part}%").chars().collect();
            Condition {
                filter: field.like(part),
                wants: Box::new(move |task| {
                    is_like(&get(task).chars().collect::<Vec<_>>(), &pattern)
                }),
            }
        }
    }
}

/// SQLite's `LIKE`.
fn is_like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|from| is_like(&text[from..], rest)),
        [one, rest @ ..] => text.split_first().is_some_and(|(first, others)| {
            (*one == '_' || one.eq_ignore_ascii_case(first)) && is_like(others, rest)
        }),
    }
}

fn date(
    field: Date,
    get: impl Fn(&Task) -> Vec<Timestamp> + 'static,
    present: Option<Timestamp>,
    pool: &Pool,
    rng: &mut Rng,
) -> Condition {
    let days = rng.i64(-3..=3);
    let (value, given) = match (present, rng.u8(0..3)) {
        (Some(present), 0) => (present, Moment::from(present)),
        (_, 1) => {
            let midnight = now().start_of(Unit::Day);
            let count = u32::try_from(days.abs()).unwrap();
            let math = if days < 0 {
                midnight.minus(count, Unit::Day)
            } else {
                midnight.plus(count, Unit::Day)
            };
            (shifted(pool.today, days * 86_400), math.into())
        }
        _ => {
            let value = moment(rng) + Duration::from_millis(500 * rng.u64(0..2));
            (value, value.into())
        }
    };
    let (filter, holds): (_, fn(&Timestamp, &Timestamp) -> bool) = match rng.u8(0..4) {
        0 => (field.lt(given), Timestamp::lt),
        1 => (field.le(given), Timestamp::le),
        2 => (field.gt(given), Timestamp::gt),
        _ => (field.ge(given), Timestamp::ge),
    };
    Condition {
        filter,
        wants: Box::new(move |task| get(task).iter().any(|one| holds(one, &value))),
    }
}
