//! Notifications: the handlers. What is told to whom is decided in [`crate::notify`].

use serde::Deserialize;
use serde_json::json;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Denied, Failure};
use crate::paging::{Count, Page, count_of};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::notifications as store;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("notification", Kind::Ignored),
    Field::new("name", Kind::Ignored),
    Field::new("read_at", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("read", Kind::Boolean),
];

/// What is not said is unread.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Mark {
    read: bool,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    call.read(|db| {
        let (notifications, total) = store::list(db, user.id, (page.limit(), page.offset()))?;
        let count = Count {
            total,
            here: count_of(&notifications),
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, "PaginatedDatabaseNotification", &notifications, count))
    })
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("notificationid")?, call.user()?);
    let mark: Mark = call.bind(FIELDS, &[])?;
    call.write(|db| {
        let found = store::by_id(db, user.id, id)?;
        let mut notification = found.ok_or(Failure::Forbidden(Denied::Act))?;
        notification.read = Some(mark.read);
        notification.read_at = if mark.read {
            Stamp::now()
        } else {
            Stamp::default()
        };
        store::mark(db, id, &notification.read_at)?;
        Ok(call.ok(None, &notification))
    })
}

pub(crate) fn mark_all_read(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    call.write(|db| store::mark_all(db, user.id))?;
    Ok(call.ok(Some("MarkAllReadBodyBody"), &json!({"message": "success"})))
}
