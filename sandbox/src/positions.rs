//! Moving a task within a view: the handler.

use serde::{Deserialize, Serialize};

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::store::{boards, views as stored_views};
use crate::{tasks, views};

const FIELDS: &[Field] = &[
    Field::new("task_id", Kind::Integer),
    Field::new("project_view_id", Kind::Integer),
    Field::new("position", Kind::Number),
];

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Place {
    task_id: i64,
    project_view_id: i64,
    position: f64,
}

/// Says nothing about a view that does not exist, unless it would have to be renumbered.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id("task")?;
    let mut place: Place = call.bind(FIELDS, &[("task_id", task)])?;
    let release = call.at.release;
    call.write(|db| {
        tasks::check_write(db, call.user()?, place.task_id)?;
        let view = place.project_view_id;
        if stored_views::project_of(db, view)?.is_some() {
            boards::set_position(db, release, view, place.task_id, place.position)?;
            let stored = boards::position(db, view, place.task_id)?;
            if let Some(stored) = stored.filter(|_| !release.boards.echoes_position) {
                place.position = stored;
            }
        } else if place.position < release.boards.least_position {
            return Err(views::not_found());
        }
        call.tell(Event::TaskUpdated {
            task: place.task_id,
        });
        Ok(call.ok(None, &place))
    })
}
