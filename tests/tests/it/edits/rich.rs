//! Tasks in which everything is set that can be, and single changes to them.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};
use vikunja_sdk::{
    buckets,
    model::{
        AttachmentId, BucketId, NewReminder, Patch, Position, RelationKind, ReminderBase, TaskId,
        Timestamp,
    },
    ops, relations, tasks,
};

use super::world::{Attach, VIEWS, World, free, offered};

/// What a task is to be. Dates in days; reminders in minutes from a date, or at a day of their own.
#[derive(Clone, Debug)]
pub(crate) struct Rich {
    /// Fields that are simply written.
    plain: Value,
    /// Due, start, end.
    dates: [Option<i64>; 3],
    relative: [Option<i64>; 3],
    absolute: Vec<i64>,
    /// Alice, Bob.
    assigned: [bool; 2],
    /// Alice, Bob.
    favourite: [bool; 2],
    labels: usize,
    is_related: bool,
    has_cover: bool,
    bucket: Option<usize>,
    position: Option<f64>,
}

const DATES: [&str; 3] = ["due_date", "start_date", "end_date"];

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zäß🌶<>&\"'\\\\]{1,3}[ a-z0-9]{0,9}[a-z]"
}

fn html() -> impl Strategy<Value = String> {
    const CHECKLIST: &str = r#"<ul data-type="taskList"><li data-checked="true" data-type="taskItem"><p>x</p></li></ul>"#;
    text().prop_map(|text| format!("<p>{text}</p>{CHECKLIST}"))
}

/// Past and future.
fn day() -> impl Strategy<Value = i64> {
    19_000..24_000_i64
}

fn date_of(fields: &mut tasks::Fields, date: usize) -> &mut Patch<Timestamp> {
    match date {
        0 => &mut fields.due_date,
        1 => &mut fields.start_date,
        _ => &mut fields.end_date,
    }
}

/// The hours keep moments apart: the server keeps only one of several reminders at the same moment.
fn moment(day: i64, date: usize) -> Timestamp {
    Timestamp::from_unix_seconds(day * 86_400 + [1, 9, 17][date] * 3600)
}

pub(crate) fn rich() -> impl Strategy<Value = Rich> {
    let repeat = prop_oneof![
        3 => Just((0, 0)),
        1 => (select(vec![3600, 86_400]), select(vec![0, 2])),
        1 => (select(vec![0, 3600]), Just(1)),
    ];
    let plain = (
        text(),
        html(),
        proptest::bool::weighted(0.25),
        0..6_i64,
        select(vec![0.0, 0.25, 1.0]),
        select(vec!["", "aa5500", "00ff7f"]),
        repeat,
    )
        .prop_map(|(title, description, done, priority, percent, colour, repeat)| {
            json!({
                "title": title, "description": description, "done": done, "priority": priority,
                "percent_done": percent, "hex_color": colour, "repeat_after": repeat.0, "repeat_mode": repeat.1,
            })
        });
    let date = || option::weighted(0.75, day());
    let relative = || option::weighted(0.5, -180..180_i64);
    (
        plain,
        [date(), date(), date()],
        [relative(), relative(), relative()],
        vec(day(), 0..3),
        any::<([bool; 2], [bool; 2])>(),
        (0..3_usize, any::<bool>(), any::<bool>()),
        option::of(0..2_usize),
        option::of(1.0..1e6),
    )
        .prop_map(
            |(plain, dates, relative, absolute, (assigned, favourite), more, bucket, position)| {
                let (labels, is_related, has_cover) = more;
                Rich {
                    plain,
                    dates,
                    relative,
                    absolute,
                    assigned,
                    favourite,
                    labels,
                    is_related,
                    has_cover,
                    bucket,
                    position,
                }
            },
        )
}

fn reminders(world: &World, relative: [Option<i64>; 3], absolute: &[i64]) -> Vec<NewReminder> {
    let bases = DATES.map(ReminderBase::from);
    let knows_relative = world.release >= vikunja_sdk::Release(0, 21, 0);
    let relative = bases
        .into_iter()
        .zip(relative)
        .filter(|_| knows_relative)
        .filter_map(|(relative_to, minutes)| {
            Some(NewReminder::Relative {
                relative_period: minutes? * 60,
                relative_to,
            })
        });
    let absolute = absolute.iter().map(|day| {
        // At no moment that a relative one can be at.
        NewReminder::at(Timestamp::from_unix_seconds(day * 86_400 + 30))
    });
    relative.chain(absolute).collect()
}

impl World {
    fn users(&self, chosen: [bool; 2]) -> Vec<tasks::Assignee> {
        [self.alice.id, self.bob.id]
            .into_iter()
            .zip(chosen)
            .filter(|(_, is_chosen)| *is_chosen)
            .map(|(id, _)| tasks::Assignee { id })
            .collect()
    }

    /// Makes the task at home.
    pub(crate) async fn make(&self, rich: &Rich) -> TaskId {
        let alice = &self.alice.client;
        let mut fields: tasks::Fields = serde_json::from_value(rich.plain.clone()).unwrap();
        for (date, day) in rich.dates.into_iter().enumerate() {
            if let Some(day) = day {
                *date_of(&mut fields, date) = moment(day, date).into();
            }
        }
        fields.reminders = reminders(self, rich.relative, &rich.absolute).into();
        fields.is_favorite = rich.favourite[0].into();
        fields.assignees = self.users(rich.assigned).into();
        let create = tasks::Create {
            project: self.home.project,
            fields,
        };
        let task = alice.send(&create).await.unwrap().id;
        for label in &self.labels[..rich.labels.min(self.labels.len())] {
            let add = vikunja_sdk::labels::Add {
                task,
                label: *label,
            };
            alice.send(&add).await.unwrap();
        }
        if rich.is_related {
            let relation = relations::Create {
                task,
                kind: RelationKind::Subtask,
                other: self.neighbour,
            };
            offered(alice.send(&relation).await);
        }
        if rich.has_cover
            && let Some(cover) = self.attach(task).await
        {
            let with_cover = tasks::Fields {
                cover_image_attachment_id: cover.into(),
                ..Default::default()
            };
            ops::edit(&mut alice.clone(), task, &with_cover)
                .await
                .unwrap();
        }
        self.put(task, rich).await;
        if rich.favourite[1] {
            let marked = tasks::Fields {
                is_favorite: true.into(),
                ..Default::default()
            };
            ops::edit(&mut self.bob.client.clone(), task, &marked)
                .await
                .unwrap();
        }
        task
    }

    async fn attach(&self, task: TaskId) -> Option<AttachmentId> {
        let client = free(&self.alice.client);
        for _ in 0..100 {
            let answer = offered(client.send(&Attach { task }).await)?;
            if let Some(id) = answer["success"][0]["id"].as_i64() {
                return Some(id.into());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{}: nothing can be attached", self.name);
    }

    /// Puts the task into its bucket and place.
    async fn put(&self, task: TaskId, rich: &Rich) {
        let client = free(&self.alice.client);
        let bucket = rich.bucket.and_then(|number| self.home.buckets.get(number));
        if let Some(bucket) = bucket {
            self.put_into(task, *bucket).await;
        }
        for view in self.home.views.iter().filter(|_| self.home.board.is_some()) {
            if let Some(position) = rich.position {
                // Another one for each task: equal ones are 500, code 4028, now and then.
                let stand = tasks::SetPosition {
                    task,
                    view: *view,
                    position: Position::new(position + task.get() as f64).unwrap(),
                };
                client.send(&stand).await.unwrap();
            }
        }
    }

    async fn put_into(&self, task: TaskId, bucket: BucketId) {
        let mut client = free(&self.alice.client);
        match self.home.board {
            Some(_) => {
                let moved = buckets::MoveTask {
                    place: self.home.board(),
                    bucket,
                    task,
                };
                client.send(&moved).await.unwrap();
            }
            None => {
                let moved = tasks::Fields {
                    bucket_id: bucket.into(),
                    ..Default::default()
                };
                ops::edit(&mut client, task, &moved).await.unwrap();
            }
        }
    }
}

/// A change of one field. What only the server knows the id of is named by a number.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Any field that is simply written; `null` clears it.
    Plain(&'static str, Value),
    Date(usize, Option<i64>),
    Reminders([Option<i64>; 3], Vec<i64>),
    Assignees([bool; 2]),
    Away,
    Bucket(usize),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    fn or_null<T: Into<Value> + std::fmt::Debug>(
        field: &'static str,
        values: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Change> {
        option::weighted(0.7, values)
            .prop_map(move |value| Change::Plain(field, value.map_or(Value::Null, Into::into)))
    }
    let date = (0..3_usize, option::of(day()));
    let reminders = (
        option::of(-180..180_i64).prop_map(|minutes| [minutes, None, None]),
        vec(day(), 0..2),
    );
    prop_oneof![
        1 => text().prop_map(|text| Change::Plain("title", text.into())),
        1 => or_null("description", html()),
        3 => or_null("done", any::<bool>()),
        3 => date.prop_map(|(date, day)| Change::Date(date, day)),
        2 => reminders.prop_map(|(relative, absolute)| Change::Reminders(relative, absolute)),
        2 => Just(Change::Away),
        1 => or_null("repeat_after", select(vec![0, 3600, 86_400])),
        1 => or_null("repeat_mode", 0..3),
        1 => or_null("priority", 0..6),
        1 => or_null("percent_done", select(vec![0.0, 0.5, 1.0])),
        1 => or_null("hex_color", select(vec!["", "123456"])),
        2 => any::<[bool; 2]>().prop_map(Change::Assignees),
        1 => Just(Change::Plain("cover_image_attachment_id", Value::Null)),
        2 => or_null("is_favorite", any::<bool>()),
        1 => (0..2_usize).prop_map(Change::Bucket),
    ]
}

impl Change {
    /// Whether a release can do it.
    pub(crate) fn is_possible(&self, world: &World) -> bool {
        !matches!(self, Self::Bucket(_)) || world.release < VIEWS
    }

    /// The field, as the newest release calls it.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::Plain(field, _) => field,
            Self::Date(date, _) => DATES[*date],
            Self::Reminders(..) => "reminders",
            Self::Assignees(_) => "assignees",
            Self::Away => "project_id",
            Self::Bucket(_) => "bucket_id",
        }
    }

    /// Names the change in what is written.
    pub(crate) fn name_in(&self, world: &World, fields: &mut tasks::Fields) {
        match self {
            Self::Plain(field, value) => {
                let mut all = serde_json::to_value(&*fields).unwrap();
                all[field] = value.clone();
                *fields = serde_json::from_value(all).unwrap();
            }
            Self::Date(date, day) => {
                *date_of(fields, *date) = day.map_or(Patch::Clear, |day| moment(day, *date).into());
            }
            Self::Reminders(relative, absolute) => {
                fields.reminders = reminders(world, *relative, absolute).into();
            }
            Self::Assignees(chosen) => fields.assignees = world.users(*chosen).into(),
            Self::Away => fields.project_id = world.away.project.into(),
            Self::Bucket(number) => fields.bucket_id = world.home.buckets[*number].into(),
        }
    }
}
