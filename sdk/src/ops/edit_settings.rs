use serde::Deserialize;

use super::edit::{Whole, name_in};
use crate::{
    At, Body, BuildError, Changes, Endpoint, Execute, Json, Route,
    model::{Message, User},
    settings::{Fields, Replace},
    users,
};

/// Changes the named settings of the caller's account and leaves all others as they are, on every release.
///
/// The server's update replaces: what is not sent is reset. So the settings are read, changed and sent back whole, to
/// the letter, on v2 too, which has no `PATCH` for them. The answer is the account with its settings, read again.
///
/// No release protects against a lost update: of two writers at the same time the last one wins, over all settings.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{ops, settings};
/// let changes = settings::Fields { language: "de".into(), ..Default::default() };
/// let me = ops::edit_settings(&mut client, &changes).await?;
/// # Ok(()) }
/// ```
pub async fn edit_settings<X: Execute>(
    executor: &mut X,
    changes: &Fields,
) -> Result<User, X::Error> {
    // What could not be written is not even read.
    let fields = changes.clone();
    executor.session().call(&Replace { fields })?;
    let account = executor.execute(&GetRaw).await?;
    let replace = ReplaceRaw {
        whole: account.settings,
        changes,
    };
    executor.execute(&replace).await?;
    executor.execute(&users::Current).await
}

/// The account as the server has it, with settings that this crate does not know.
struct GetRaw;

#[derive(Deserialize)]
struct Account {
    settings: Whole,
}

impl Endpoint for GetRaw {
    const ROUTE: Route = users::Current::ROUTE;
    type Reply = Json<Account>;
}

/// All of it sent back, with the changes in it.
struct ReplaceRaw<'a> {
    whole: Whole,
    changes: &'a Fields,
}

impl Endpoint for ReplaceRaw<'_> {
    const ROUTE: Route = Replace::ROUTE;
    type Reply = Json<Message>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        let mut whole = self.whole.clone();
        name_in(&mut whole, &self.changes.to_json(at)?)?;
        Body::json(&whole)
    }
}
