//! Registration and the caller's own record.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::{credentials_missing, hand_written};
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Domain, Failure, UNLISTED, Violation, domain, plain};
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::namespaces::{self, Namespace};
use crate::store::projects::{self, Project};
use crate::store::users::{self, UserShape};

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

    fn stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::of_new_user())
    }
}

/// `service.timezone`.
const SERVER_ZONE: &str = "GMT";

pub(crate) fn register(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.world.faults().registration_closed {
        return Err(Failure::NoRoute);
    }
    let wanted: Registration = call
        .bind(REGISTRATION, &[])
        .map_err(|failure| hand_written(call, failure, "No or invalid user model provided."))?;
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
    // Outside the lock: this is the expensive part. bcrypt cannot hash more than 72 bytes.
    let hash = bcrypt::non_truncating_hash(&wanted.password, call.world.config.bcrypt_cost)
        .map_err(|error| Failure::Internal(error.to_string()))?;
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
        let user = users::insert(db, &wanted.username, &wanted.email, &hash, &now)?;
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
            projects::insert_filter(db, release, &user, "My Open Tasks", &filter)?;
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
    let broken = |field: &str, value: &str, rule: &str| Violation {
        location: format!("body.{field}"),
        v1: format!("{field}: {value} does not validate as {rule}"),
        v2: format!("{value} does not validate as {rule}"),
        value: None,
    };
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

/// No white space, nothing like a domain, no link share's name.
fn is_username(release: &Release, name: &str) -> bool {
    let newer = release.permissions && (name.contains(',') || name.starts_with("link-share-"));
    !(name.contains(char::is_whitespace) || name.contains("://") || name.contains('.') || newer)
}

fn is_email(text: &str) -> bool {
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
        params: None,
        fields,
    })
}

/// The caller's own record.
pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let newer = call.at.release.permissions;
    let stored = call.read(|db| users::settings(db, user.id))?;
    let own = Own {
        user: user.shape(),
        settings: Settings {
            name: user.name.clone(),
            default_project_id: user.default_project_id,
            extra_settings_links: newer.then_some(()),
            ..Settings::stored(&stored)
        },
        deletion_scheduled_at: Stamp::default(),
        is_local_user: true,
        auth_provider: newer.then_some("local"),
        is_admin: call.at.release.sessions.then_some(false),
    };
    Ok(call.ok(Some("UserInfoBody"), &own))
}

/// Replaces the settings; what is not named is emptied.
pub(crate) fn update_settings(call: &Call<'_>) -> Result<Reply, Failure> {
    // A hand-written handler, which words a broken rule otherwise than the generic ones.
    let listed = call.at.release.settings_validation_lists;
    let mut settings: Settings =
        call.bind(SETTINGS, &[])
            .map_err(|failure| match (failure, call.at.api) {
                (Failure::Invalid(_), Api::V1) if !listed => plain(400, UNLISTED),
                (failure, _) => failure,
            })?;
    if settings.timezone.is_empty() {
        SERVER_ZONE.clone_into(&mut settings.timezone);
    }
    check_zone(call.at.release, &settings.timezone)?;
    let user = call.user()?;
    let text = json!(settings).to_string();
    call.write(|db| {
        users::set_settings(
            db,
            user.id,
            &settings.name,
            settings.default_project_id,
            &text,
        )
    })?;
    Ok(call.ok(
        Some("UserActionMessageBody"),
        &json!({"message": "The settings were updated successfully."}),
    ))
}

fn check_zone(release: &Release, name: &str) -> Result<(), Failure> {
    if name == SERVER_ZONE || jiff::tz::TimeZone::get(name).is_ok() {
        return Ok(());
    }
    if !release.timezone_checked {
        return Err(Failure::Breaks("unknown time zone"));
    }
    Err(Failure::Domain(Domain {
        status: 400,
        code: 1025,
        message: format!(
            "The timezone '{name}' is invalid. Please select a valid timezone from the list."
        ),
        params: Some(("timezone", name.to_owned())),
        fields: Vec::new(),
    }))
}
