//! Registration and the caller's own record.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::hash;
use crate::auth::credentials_missing;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::caller::Credential;
use crate::clock;
use crate::failure::{Domain, Failure, Violation, domain};
use crate::link_shares;
use crate::release::{Api, At, Release};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::namespaces::{self, Namespace};
use crate::store::projects::{self, Project};
use crate::store::users::{self, NewUser, UserShape};

const REGISTRATION: &[Field] = &[
    Field::new("username", Kind::Text).schema_length(3, 250),
    Field::new("password", Kind::Text).schema_length(8, 72),
    Field::new("email", Kind::Text).schema_length(0, 250),
    Field::new("language", Kind::Text),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Registration {
    username: String,
    password: String,
    email: String,
}

#[derive(Serialize)]
struct Own {
    #[serde(flatten)]
    user: UserShape,
    settings: Settings,
    deletion_scheduled_at: Stamp,
    is_local_user: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_provider: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_admin: Option<bool>,
}

/// A user's settings, as read and as replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    name: String,
    email_reminders_enabled: bool,
    discoverable_by_name: bool,
    discoverable_by_email: bool,
    overdue_tasks_reminders_enabled: bool,
    overdue_tasks_reminders_time: String,
    default_project_id: i64,
    week_start: i64,
    language: String,
    timezone: String,
    #[serde(rename = "frontend_settings")]
    frontend: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_settings_links: Option<()>,
}

/// When a day's overdue tasks are told, `9:00`, and the time zone of it, by the stored settings.
pub(crate) fn overdue_time(stored: &str) -> (String, String) {
    let settings = Settings::stored(stored);
    (settings.overdue_tasks_reminders_time, settings.timezone)
}

/// What an update leaves out is empty.
const SETTINGS: &[Field] = &[
    Field::new("name", Kind::Text),
    Field::new("email_reminders_enabled", Kind::Boolean),
    Field::new("discoverable_by_name", Kind::Boolean),
    Field::new("discoverable_by_email", Kind::Boolean),
    Field::new("overdue_tasks_reminders_enabled", Kind::Boolean),
    Field::new("overdue_tasks_reminders_time", Kind::Text).required(),
    Field::new("default_project_id", Kind::Integer),
    Field::new("week_start", Kind::Integer),
    Field::new("language", Kind::Text),
    Field::new("timezone", Kind::Text),
    Field::new("frontend_settings", Kind::Json),
    Field::new("extra_settings_links", Kind::Ignored),
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            email_reminders_enabled: false,
            discoverable_by_name: false,
            discoverable_by_email: false,
            overdue_tasks_reminders_enabled: false,
            overdue_tasks_reminders_time: String::new(),
            default_project_id: 0,
            week_start: 0,
            language: String::new(),
            timezone: String::new(),
            frontend: Value::Null,
            extra_settings_links: None,
        }
    }
}

impl Settings {
    /// What an account begins with.
    fn of_new_user() -> Self {
        Self {
            overdue_tasks_reminders_enabled: true,
            overdue_tasks_reminders_time: "9:00".to_owned(),
            timezone: SERVER_ZONE.to_owned(),
            ..Self::default()
        }
    }

    fn of_bot() -> Self {
        Self {
            overdue_tasks_reminders_time: "9:00".to_owned(),
            ..Self::default()
        }
    }

    fn stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::of_new_user())
    }
}

/// Zones that the servers do not list.
const UNLISTED_ZONES: [&str; 4] = [
    "America/Ciudad_Juarez",
    "America/Coyhaique",
    "Europe/Kyiv",
    "Pacific/Kanton",
];
/// Zones under the names that the servers list from 0.24 on.
const RESPELLED_ZONES: [&str; 3] = ["Europe/Kyiv", "Europe/Uzhhorod", "Europe/Zaporizhzhia"];

/// `service.timezone`.
const SERVER_ZONE: &str = "GMT";

pub(crate) fn register(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.world.faults().registration_closed {
        return Err(Failure::NoRoute);
    }
    let wanted: Registration =
        call.bind_by_hand(REGISTRATION, "No or invalid user model provided.")?;
    if wanted.username.is_empty() || wanted.password.is_empty() || wanted.email.is_empty() {
        return Err(credentials_missing());
    }
    let release = call.at.release;
    let violations = if release.registration_checked {
        violations(release, &wanted)
    } else {
        Vec::new()
    };
    if !violations.is_empty() {
        return Err(refused(call.at.api, violations));
    }
    if release.open_tasks_filter && wanted.username.starts_with("bot-") {
        return Err(domain(400, 1026, "This username is reserved."));
    }
    // Outside the lock: this is the expensive part.
    let new = NewUser {
        username: wanted.username.clone(),
        email: wanted.email.clone(),
        password: hash(call, &wanted.password)?,
        ..NewUser::default()
    };
    let now = Stamp::now();
    let user = call.write(|db| {
        if users::name_taken(db, &wanted.username)? {
            return Err(domain(
                400,
                1001,
                "A user with this username already exists.",
            ));
        }
        if users::email_taken(db, &wanted.email)? {
            return Err(domain(
                400,
                1002,
                "A user with this email address already exists.",
            ));
        }
        let user = users::insert(db, &new, &now)?;
        if release.lists {
            let own = Namespace {
                title: user.username.clone(),
                description: format!("{}'s namespace.", user.username),
                ..Namespace::default()
            };
            namespaces::insert(db, &user, own)?;
        } else {
            let inbox = Project {
                title: "Inbox".to_owned(),
                ..Project::default()
            };
            let inbox = projects::insert(db, release, &user, &inbox)?;
            users::set_default_project(db, user.id, inbox.id)?;
        }
        if release.open_tasks_filter {
            let filter = format!("done = false && assignees = {}", user.username);
            crate::saved_filters::open_tasks(db, release, user.id, filter)?;
        }
        Ok(user)
    })?;
    let mut shape = user.shape();
    if release.registration_mirrored {
        shape.email = user.email;
        shape.updated = now;
    }
    Ok(call.ok(Some("User"), &shape))
}

fn violations(release: &Release, wanted: &Registration) -> Vec<Violation> {
    let mut violations = Vec::new();
    let length = wanted.username.chars().count();
    if !(3..=250).contains(&length) {
        violations.push(broken("username", &wanted.username, "length(3|250)"));
    } else if !is_username(release, &wanted.username) {
        violations.push(broken("username", &wanted.username, "username"));
    }
    let too_long = release.password_bytes_checked && wanted.password.len() > 72;
    if wanted.password.chars().count() < 8 || too_long {
        violations.push(broken("password", &wanted.password, release.password_rule));
    }
    if !is_email(&wanted.email) {
        violations.push(broken("email", &wanted.email, "email"));
    }
    violations
}

/// A text that is not what a rule of the validator wants.
pub(crate) fn broken(field: &str, value: &str, rule: &str) -> Violation {
    Violation {
        location: format!("body.{field}"),
        v1: format!("{field}: {value} does not validate as {rule}"),
        v2: format!("{value} does not validate as {rule}"),
        value: None,
    }
}

/// No white space, nothing like a domain, no link share's name.
fn is_username(release: &Release, name: &str) -> bool {
    let newer = release.permissions && (name.contains(',') || name.starts_with("link-share-"));
    !(name.contains(char::is_whitespace) || name.contains("://") || name.contains('.') || newer)
}

pub(crate) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    !name.is_empty()
        && host.contains('.')
        && !text.contains(char::is_whitespace)
        && !host.contains('@')
}

/// Registration lists the broken rules on v1 even where other calls do not (0.24).
fn refused(api: Api, violations: Vec<Violation>) -> Failure {
    if api == Api::V2 {
        return Failure::Invalid(violations);
    }
    let fields = violations
        .into_iter()
        .map(|violation| violation.v1)
        .collect();
    Failure::Domain(Domain {
        status: 412,
        code: 2002,
        message: "Invalid Data".to_owned(),
        params: Vec::new(),
        fields,
    })
}

/// The caller's own record. A link share has one, too.
pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    let share = match call.caller.as_ref().map(|caller| &caller.by) {
        Some(Credential::LinkShare { share, .. }) => Some(link_shares::existing(call, *share)?),
        _ => None,
    };
    let settings = match (&share, user.bot_owner_id) {
        (Some(_), _) => Settings::default(),
        (None, Some(_)) => Settings::of_bot(),
        (None, None) => Settings::stored(&call.read(|db| users::settings(db, user.id))?),
    };
    let newer = release.permissions;
    let own = Own {
        user: user.shape(),
        settings: Settings {
            name: user.name.clone(),
            default_project_id: user.default_project_id,
            extra_settings_links: newer.then_some(()),
            ..settings
        },
        deletion_scheduled_at: Stamp::from_seconds(user.deletion_scheduled_at),
        is_local_user: share.is_none(),
        auth_provider: newer.then_some(if share.is_none() { "local" } else { "" }),
        is_admin: release.sessions.then_some(false),
    };
    Ok(call.ok(Some("UserInfoBody"), &own))
}

/// Replaces the settings; what is not named is emptied.
pub(crate) fn update_settings(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut settings: Settings = call.bind_by_hand(SETTINGS, "Bad Request")?;
    let broken = broken_settings(call.at, &settings);
    if !broken.is_empty() {
        return Err(call.by_hand(Failure::Invalid(broken), ""));
    }
    if settings.timezone.is_empty() {
        SERVER_ZONE.clone_into(&mut settings.timezone);
    }
    check_zone(call.at.release, &settings.timezone)?;
    let (user, text) = (call.user()?, json!(settings).to_string());
    call.write(|db| {
        let project = settings.default_project_id;
        users::set_settings(db, user.id, &settings.name, project, &text)
    })?;
    Ok(call.message(
        "UserActionMessageBody",
        "The settings were updated successfully.",
    ))
}

/// What the validator finds wrong with settings, and v2's schema before it.
fn broken_settings(at: At, settings: &Settings) -> Vec<Violation> {
    let mut found = Vec::new();
    let last = at.release.accounts.last_day_of_week;
    if !(0..=last).contains(&settings.week_start) {
        let bound = if settings.week_start < 0 {
            ">= 0".to_owned()
        } else {
            format!("<= {last}")
        };
        found.push(Violation {
            v2: format!("expected number {bound}"),
            value: Some(settings.week_start.into()),
            ..broken(
                "week_start",
                &settings.week_start.to_string(),
                &format!("range(0|{last})"),
            )
        });
    }
    let time = &settings.overdue_tasks_reminders_time;
    let is_time = time.split_once(':').is_some_and(|(hour, minute)| {
        minute.len() == 2
            && hour.parse::<u8>().is_ok_and(|hour| hour < 24)
            && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
    });
    if !is_time {
        found.push(broken("overdue_tasks_reminders_time", time, "time"));
    }
    found
}

/// The names of all time zones, in no order that could be relied on.
pub(crate) fn timezones(call: &Call<'_>) -> Result<Reply, Failure> {
    call.user()?;
    let respelled = call.at.release.accounts.zones_respelled;
    let names: Vec<String> = clock::zones()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| !UNLISTED_ZONES.contains(&name.as_str()))
        .chain(RESPELLED_ZONES.map(str::to_owned))
        .filter(|name| respelled || !RESPELLED_ZONES.contains(&name.as_str()))
        .collect();
    Ok(call.ok(None, &names))
}

fn check_zone(release: &Release, name: &str) -> Result<(), Failure> {
    if name == SERVER_ZONE || clock::zones().get(name).is_ok() {
        return Ok(());
    }
    if !release.filters.timezone_checked {
        return Err(Failure::Breaks("unknown time zone"));
    }
    Err(Failure::Domain(Domain {
        status: 400,
        code: 1025,
        message: format!(
            "The timezone '{name}' is invalid. Please select a valid timezone from the list."
        ),
        params: vec![("timezone", name.to_owned())],
        fields: Vec::new(),
    }))
}
