//! Bots (2.4): accounts that belong to another one and act by API tokens alone.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::auth::credentials_missing;
use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::failure::{Denied, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::users::{self, NewUser, User};

/// What a bot's name begins with.
const PREFIX: &str = "bot-";
/// Status of a bot that may do nothing.
const DISABLED: i64 = 2;
/// v2's schema of a bot that is read alone.
const READ_SCHEMA: &str = "BotUserReadBody";

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("username", Kind::Text).length(0, 250),
    Field::new("name", Kind::Text),
    Field::new("status", Kind::Integer),
    Field::new("bot_owner_id", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    // v2 does not want to be told this of a new bot.
    Field::new("max_permission", Kind::Ignored),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    username: String,
    name: String,
    status: i64,
}

#[derive(Serialize)]
struct Bot {
    status: i64,
    id: i64,
    name: String,
    username: String,
    #[serde(rename = "bot_owner_id")]
    owner: Option<i64>,
    created: Stamp,
    updated: Stamp,
    /// Only in v2's read of one bot, where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_permission: Option<i64>,
}

impl Bot {
    fn of(user: &User) -> Self {
        Self {
            status: user.status,
            id: user.id,
            name: user.name.clone(),
            username: user.username.clone(),
            owner: user.bot_owner_id,
            created: Stamp::from_seconds(Some(user.created)),
            updated: Stamp::from_seconds(Some(user.updated)),
            max_permission: None,
        }
    }
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    let part = (page.limit(), page.offset());
    let search = call.search().unwrap_or_default();
    let (bots, total) = call.read(|db| users::bots(db, user.id, search, part))?;
    let bots: Vec<Bot> = bots.iter().map(Bot::of).collect();
    let count = Count {
        total,
        here: count_of(&bots),
        forgotten_beyond_end: false,
    };
    Ok(page.reply(call, "PaginatedBotUser", &bots, count))
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("bot")?, call.user()?);
    let bot = call.read(|db| own(db, user, id, Denied::Sight))?;
    let mut shown = Bot::of(&bot);
    if call.at.api == crate::release::Api::V2 {
        shown.max_permission = Some(0);
    }
    Ok(call.version(READ_SCHEMA, &shown, &shown.updated, 0))
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (fields, user) = (&FIELDS[..FIELDS.len() - 1], call.user()?);
    let wanted: Wanted = call.bind(fields, &[])?;
    let bot = call.write(|db| {
        check_name(db, &wanted.username)?;
        let new = NewUser {
            username: wanted.username.clone(),
            name: wanted.name.clone(),
            bot_owner_id: Some(user.id),
            ..NewUser::default()
        };
        users::insert(db, &new, &Stamp::now())
    })?;
    Ok(call.ok(None, &Bot::of(&bot)))
}

/// What is not named is emptied, but for the username.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("bot")?, call.user()?);
    let wanted: Wanted = call.bind(FIELDS, &[])?;
    call.write(|db| {
        let bot = own(db, user, id, Denied::Act)?;
        replace(call, db, bot, wanted)
    })
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("bot")?, call.user()?);
    call.write(|db| {
        let bot = own(db, user, id, Denied::Sight)?;
        let mut now = Bot::of(&bot);
        now.max_permission = Some(0);
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted: Wanted = bind_object(call.at, merged, None, FIELDS, &[])?;
        replace(call, db, bot, wanted)
    })
}

fn replace(call: &Call<'_>, db: &Connection, bot: User, wanted: Wanted) -> Result<Reply, Failure> {
    let now = Stamp::now();
    let username = if wanted.username.is_empty() || wanted.username == bot.username {
        bot.username
    } else {
        check_name(db, &wanted.username)?;
        wanted.username
    };
    let bot = User {
        username,
        name: wanted.name,
        // Whatever else is sent means active.
        status: if wanted.status == DISABLED {
            DISABLED
        } else {
            0
        },
        updated: now.seconds().unwrap_or_default(),
        ..bot
    };
    users::update_bot(db, &bot)?;
    let shown = Bot {
        updated: now,
        ..Bot::of(&bot)
    };
    Ok(call.ok(None, &shown))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("bot")?, call.user()?);
    call.write(|db| {
        own(db, user, id, Denied::Act)?;
        users::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// Fails for a bot that is disabled; nobody can enable it again by the API.
pub(crate) fn check_active(bot: &User) -> Result<(), Failure> {
    if bot.is_active() {
        return Ok(());
    }
    let text = "This account is disabled. Check your emails or ask your administrator.";
    Err(domain(412, 1020, text))
}

/// A bot of that user. One that does not exist is refused like somebody else's.
fn own(db: &Connection, user: &User, id: i64, denied: Denied) -> Result<User, Failure> {
    let bot = users::by_id(db, id)?.filter(|bot| bot.bot_owner_id == Some(user.id));
    let bot = bot.ok_or(Failure::Forbidden(denied))?;
    check_active(&bot)?;
    Ok(bot)
}

fn check_name(db: &Connection, username: &str) -> Result<(), Failure> {
    if username.is_empty() {
        return Err(credentials_missing());
    }
    if !username.starts_with(PREFIX) {
        let text = "Bot usernames must start with the 'bot-' prefix.";
        return Err(domain(400, 1034, text));
    }
    if username.contains(' ') {
        return Err(domain(412, 1022, "The username must not contain spaces."));
    }
    if users::name_taken(db, username)? {
        return Err(domain(
            400,
            1001,
            "A user with this username already exists.",
        ));
    }
    Ok(())
}
