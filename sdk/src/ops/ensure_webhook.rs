use std::collections::BTreeSet;

use url::{Host, Url};

use crate::{
    BuildError, Execute, Release,
    model::{EventName, Webhook, WebhookId},
    page::walk,
    webhooks::{Create, List, Owner, OwnerKind, SetEvents, Support, support},
};

/// Most webhooks of one owner that are looked through.
pub(super) const MOST: usize = 10_000;

/// From here on webhooks call no private address, unless the server is told to.
const GUARDED: Release = Release(2, 2, 0);

/// Sees to it that there is a webhook with this target and exactly these events: keeps it, or sets its events, or makes
/// it. To be called at every start of a receiver.
///
/// **A secret that is there already cannot be compared**, nor can a user name and password: then a warning says so, and
/// [`rotate_secret`](super::rotate_secret) sets another one. Two that call this at the same time can make two webhooks; the
/// next call warns of it.
///
/// An event that this release refuses is an error before anything is sent. One that it takes and never sends is a
/// warning.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{model::{EventName, ProjectId}, ops, webhooks};
/// let wanted = webhooks::Create {
///     owner: ProjectId(3),
///     target_url: "https://bot.example.com/vikunja".to_owned(),
///     events: vec![EventName::TaskCreated, EventName::ProjectUpdated],
///     secret: Some("something long and random".into()),
///     basic_auth: None,
/// };
/// for warning in ops::ensure_webhook(&mut client, &wanted).await?.warnings {
///     eprintln!("{warning}"); // on 0.24: project.updated is taken and never sent
/// }
/// # Ok(()) }
/// ```
pub async fn ensure_webhook<X: Execute, O: Owner>(
    executor: &mut X,
    wanted: &Create<O>,
) -> Result<Ensured, X::Error> {
    // What could not be made is not even looked for.
    executor.session().call(wanted)?;
    let release = executor.session().server().release;
    let mut warnings = of_events(&wanted.events, O::KIND, release)?;
    if release >= GUARDED && is_private(&wanted.target_url) {
        warnings.push(WebhookWarning::PrivateTarget);
    }
    let all = walk(&mut *executor, List::new(wanted.owner))
        .collect(MOST)
        .await?;
    let names = |events: &[EventName]| -> BTreeSet<String> {
        events.iter().map(ToString::to_string).collect()
    };
    let mut same: Vec<Webhook> = all
        .into_iter()
        .filter(|webhook| webhook.target_url == wanted.target_url)
        .collect();
    // One that has the events already comes first.
    same.sort_by_key(|webhook| names(&webhook.events) != names(&wanted.events));
    let mut same = same.into_iter();
    let (webhook, change) = match same.next() {
        None => (executor.execute(wanted).await?, WebhookChange::Made),
        Some(found) if names(&found.events) == names(&wanted.events) => {
            (found, WebhookChange::Nothing)
        }
        Some(found) => {
            let set = SetEvents {
                owner: wanted.owner,
                webhook: found.id,
                target_url: wanted.target_url.clone(),
                events: wanted.events.clone(),
            };
            // The answer to an update lacks who made it, and when.
            let events = executor.execute(&set).await?.events;
            (Webhook { events, ..found }, WebhookChange::EventsSet)
        }
    };
    if change != WebhookChange::Made && (wanted.secret.is_some() || wanted.basic_auth.is_some()) {
        warnings.push(WebhookWarning::SecretNotCompared(webhook.id));
    }
    let others: Vec<_> = same.map(|other| other.id).collect();
    if !others.is_empty() {
        warnings.push(WebhookWarning::SameTarget(others));
    }
    Ok(Ensured {
        webhook,
        change,
        warnings,
    })
}

/// A webhook that is as it was wanted, as far as that can be known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ensured {
    /// The webhook.
    pub webhook: Webhook,
    /// What was done.
    pub change: WebhookChange,
    /// What may keep deliveries from coming, or from being taken.
    pub warnings: Vec<WebhookWarning>,
}

/// What was done to have a webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WebhookChange {
    /// It was made.
    Made,
    /// It was there, with other events.
    EventsSet,
    /// It was there.
    Nothing,
}

/// Why a webhook may not do what is expected of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookWarning {
    /// This release takes the event's name and never sends the event, to such a webhook at least.
    #[error(
        "Vikunja {release} takes the event {event} and never sends it to a webhook like this one"
    )]
    NeverSent {
        /// The event.
        event: EventName,
        /// The release.
        release: Release,
    },
    /// The webhook was there. Whether its secret is the wanted one cannot be known.
    #[error(
        "webhook {0} was there already, and its secret cannot be read back: if deliveries are rejected, ops::rotate_secret sets it anew"
    )]
    SecretNotCompared(WebhookId),
    /// Others of the same owner have the same target: what they send comes more than once.
    #[error("{} more of the same owner send to the same target: {}", .0.len(), list(.0))]
    SameTarget(Vec<WebhookId>),
    /// From 2.2 on servers do not call this address unless they are told to. They say so in their log only.
    #[error(
        "the target looks like a private address: this server does not call it unless VIKUNJA_OUTGOINGREQUESTS_ALLOWNONROUTABLEIPS (2.2: VIKUNJA_WEBHOOKS_ALLOWNONROUTABLEIPS) is true, and says so in its log only"
    )]
    PrivateTarget,
}

fn list(ids: &[WebhookId]) -> String {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

/// Refuses what the server would refuse, and warns of what it would swallow.
fn of_events(
    events: &[EventName],
    owner: OwnerKind,
    release: Release,
) -> Result<Vec<WebhookWarning>, BuildError> {
    let mut warnings = Vec::new();
    for event in events {
        match support(event, owner, release) {
            Support::Sent | Support::Unknown => {}
            Support::NeverSent => warnings.push(WebhookWarning::NeverSent {
                event: event.clone(),
                release,
            }),
            Support::Refused => {
                let (whose, names) = match owner {
                    OwnerKind::Project => ("a project", "webhooks::ProjectEvents"),
                    OwnerKind::User => ("a user", "webhooks::MyEvents"),
                };
                return Err(BuildError::Body(format!(
                    "a webhook of {whose} cannot send {event} on Vikunja {release}; {names} lists what it can"
                )));
            }
        }
    }
    Ok(warnings)
}

/// Whether an address is on this machine or in a private network, as far as it tells.
fn is_private(url: &str) -> bool {
    match Url::parse(url).as_ref().map(Url::host) {
        Ok(Some(Host::Ipv4(ip))) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(Some(Host::Ipv6(ip))) => {
            ip.is_loopback()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_unspecified()
        }
        // A name without a dot is of this machine, its network or its containers.
        Ok(Some(Host::Domain(name))) => !name.trim_end_matches('.').contains('.'),
        Ok(None) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_targets_are_seen() {
        for target in [
            "http://localhost:8080/a",
            "http://bot/a",
            "http://127.0.0.1",
            "https://10.1.2.3",
            "http://192.168.1.1",
            "http://169.254.1.1",
            "http://[::1]:80",
            "http://[fd00::1]",
        ] {
            assert!(is_private(target), "{target}");
        }
        for target in [
            "https://bot.example.com",
            "http://8.8.8.8",
            "http://[2001:db8::1]",
            "nonsense",
        ] {
            assert!(!is_private(target), "{target}");
        }
    }
}
