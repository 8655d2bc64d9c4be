//! A user's sessions (2.x): the handlers.

use crate::call::Call;
use crate::failure::{Denied, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::reply::Reply;
use crate::store::sessions as store;

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    let part = (page.limit(), page.offset());
    let (sessions, total) = call.read(|db| store::list(db, user.id, part))?;
    let count = Count {
        total,
        here: count_of(&sessions),
        forgotten_beyond_end: false,
    };
    Ok(page.reply(call, "PaginatedSession", &sessions, count))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.params.first().map_or("", String::as_str), call.user()?);
    call.write(|db| match store::user(db, id)? {
        None => Err(domain(404, 16001, "The session does not exist.")),
        Some(owner) if owner != user.id => Err(Failure::Forbidden(Denied::Act)),
        Some(_) => {
            store::delete(db, id)?;
            Ok(call.deleted())
        }
    })
}
