use secrecy::SecretString;

use super::ensure_webhook::MOST;
use crate::{
    BuildError, Execute,
    model::{Webhook, WebhookId},
    page::walk,
    webhooks::{BasicAuth, Create, Delete, List, Owner},
};

/// Gives a webhook another secret. The server cannot change one: so a new webhook is made, with the same target and events,
/// and after it the old one is deleted. The answer is the new one.
///
/// Let the receiver know both secrets before, and only the new one after. In between an event can come from both, with
/// one digest. User name and password of the old one cannot be read back either: without `basic_auth` the new one has
/// none.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use vikunja_sdk::{model::{ProjectId, WebhookId}, ops};
/// let new = "another one, long and random".into();
/// let webhook = ops::rotate_secret(&mut client, ProjectId(3), WebhookId(7), new, None).await?;
/// # Ok(()) }
/// ```
pub async fn rotate_secret<X: Execute, O: Owner>(
    executor: &mut X,
    owner: O,
    webhook: WebhookId,
    secret: SecretString,
    basic_auth: Option<BasicAuth>,
) -> Result<Webhook, NotRotated<X::Error>> {
    let failed = |made| {
        move |error| NotRotated {
            old: webhook,
            made,
            error,
        }
    };
    let all = walk(&mut *executor, List::new(owner)).collect(MOST).await;
    let all = all.map_err(failed(None))?;
    let old = all.into_iter().find(|it| it.id == webhook).ok_or_else(|| {
        let unknown =
            format!("there is no webhook {webhook} of this owner: webhooks::List names them");
        failed(None)(BuildError::Body(unknown).into())
    })?;
    let create = Create {
        owner,
        target_url: old.target_url,
        events: old.events,
        secret: Some(secret),
        basic_auth,
    };
    let made = executor.execute(&create).await.map_err(failed(None))?;
    match executor.execute(&Delete { owner, webhook }).await {
        Ok(()) => Ok(made),
        Err(error) => Err(failed(Some(made))(error)),
    }
}

/// A webhook still has its old secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("webhook {old} still has its old secret{}: {error}", beside(made.as_ref()))]
#[non_exhaustive]
pub struct NotRotated<E> {
    /// The webhook.
    pub old: WebhookId,
    /// The one with the new secret, where it was made: **both send now**. Delete the old one.
    pub made: Option<Webhook>,
    /// What failed. The text says it; so it is no `source()`, which would be printed a second time.
    pub error: E,
}

fn beside(made: Option<&Webhook>) -> String {
    made.map_or_else(String::new, |made| {
        format!(
            ", beside webhook {} with the new one: it was not deleted",
            made.id
        )
    })
}
