//! Settings of the caller's account. They are read with the account: [`User::settings`](crate::model::User::settings).
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{ops, settings};
//!
//! let zones = vikunja.send(&settings::TimeZones).await?;
//! if zones.iter().any(|zone| zone == "Europe/Berlin") {
//!     let changes = settings::Fields {
//!         timezone: "Europe/Berlin".into(),
//!         week_start: 1.into(),
//!         ..settings::Fields::default()
//!     };
//!     ops::edit_settings(&mut vikunja, &changes).await?;
//! }
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Any};

use crate::{
    At, Body, BuildError, Changes, Endpoint, Json, Release, Route,
    model::{Message, Patch as Value, ProjectId},
};

/// First release with projects, and with settings of the web front end.
const PROJECTS: Release = Release(0, 21, 0);

/// What can be written of the settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Name for people.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub name: Value<String>,
    /// Whether reminders come by email.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub email_reminders_enabled: Value<bool>,
    /// Whether others find this account by its name.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub discoverable_by_name: Value<bool>,
    /// Whether others find this account by its email address.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub discoverable_by_email: Value<bool>,
    /// Whether a list of overdue tasks comes by email every day.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub overdue_tasks_reminders_enabled: Value<bool>,
    /// When that list comes: `9:00` or `09:00`, in `timezone`. It cannot be cleared.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub overdue_tasks_reminders_time: Value<String>,
    /// The project that new tasks go into. The server does not look whether it exists.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub default_project_id: Value<ProjectId>,
    /// First day of the week, 0 = Sunday … 6 = Saturday.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub week_start: Value<i64>,
    /// Language of the web front end and of emails. The server takes any word.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub language: Value<String>,
    /// Time zone, one of [`TimeZones`]; cleared = that of the server. An unknown one is 400, code 1025 (up to 0.24: 500).
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub timezone: Value<String>,
    /// What the web front end keeps here (0.21+), any JSON.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub frontend_settings: Value<Any>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        // Older releases would ignore them.
        if !self.frontend_settings.is_keep() && at.release < PROJECTS {
            return Err(BuildError::Body(format!(
                "settings of the web front end need Vikunja {PROJECTS} or newer; this server is {}",
                at.release
            )));
        }
        self.overdue_tasks_reminders_time.check_not_emptied(
            "the time of the list of overdue tasks",
            at,
            String::is_empty,
        )
    }

    fn adapt(&self, at: At, fields: &mut Map<String, Any>) -> Result<(), BuildError> {
        if at.release < PROJECTS
            && let Some(project) = fields.remove("default_project_id")
        {
            fields.insert("default_list_id".to_owned(), project);
        }
        Ok(())
    }
}

/// Writes all settings: **what is not named is reset**, switches are off then and the default project is none.
/// [`crate::ops::edit_settings`] changes single ones. Without the time of the list of overdue tasks it is refused (400; v2:
/// 422). From 1.0 a link share is refused; up to 0.24 that is 500.
#[derive(Clone, Debug, Default)]
pub struct Replace {
    /// All of them.
    pub fields: Fields,
}

impl Endpoint for Replace {
    const ROUTE: Route = Route::replace("/user/settings/general").user_only();
    type Reply = Json<Message>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Reads the names of all time zones that the server knows, in no order.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeZones;

impl Endpoint for TimeZones {
    const ROUTE: Route = Route::read("/user/timezones").user_only();
    type Reply = Json<Vec<String>>;
}
