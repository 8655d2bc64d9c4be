//! What differs between releases about webhooks and their deliveries.

/// One release's rules about webhooks.
#[derive(Debug)]
pub(crate) struct Webhooks {
    /// Events that a project's webhook may want.
    pub(crate) events: &'static [&'static str],
    /// Events that a user's webhook may want.
    pub(crate) user_events: &'static [&'static str],
    /// Events that are wanted in vain: they are never sent.
    pub(crate) silent: &'static [&'static str],
    /// A wrong event or address is refused (1.0); before, the server breaks.
    pub(crate) checked: bool,
    /// The answer to a creation or update repeats the secret (up to 2.3).
    pub(crate) secrets_told: bool,
    /// Webhooks know a user and basic authentication (2.x).
    pub(crate) newer_keys: bool,
    /// Whose a webhook is decides who may change it (2.x); before, the project that the request names.
    pub(crate) guarded: bool,
    /// Whoever has a link may not list them (2.4).
    pub(crate) closed_to_links: bool,
    /// Each delivery is on its own: its own project, one body for all attempts, repeated until it is accepted (2.x).
    /// Before, the webhooks of an event are told one after the other and all of them again when one cannot be reached.
    pub(crate) independent: bool,
    /// Events of the same name wait for each other (up to 0.24).
    pub(crate) one_at_a_time: bool,
    /// Tasks come with their buckets and with a project (1.0).
    pub(crate) fuller: bool,
    /// What was taken away is told by its id alone (0.24).
    pub(crate) removed_by_id: bool,
    /// What someone with a link did to a task is read again (0.24).
    pub(crate) read_again_for_links: bool,
    /// Who changed a task, if it was someone with a link.
    pub(crate) link_doer: LinkDoer,
    /// Who edited a comment is told (2.4).
    pub(crate) editor_told: bool,
    /// Targets on this machine or in private networks may be refused (2.2).
    pub(crate) targets_guarded: bool,
}

/// What is told of someone with a link who changes a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkDoer {
    /// A user of whom nothing is known (0.24).
    Nameless,
    /// Nobody (1.0 to 2.3).
    Nobody,
    /// The user that a link acts as (2.4).
    Link,
}

/// 0.20 has none; oldest first, each with what it changed.
pub(super) const V0_20: Webhooks = Webhooks {
    events: &[],
    ..V0_24
};

pub(super) const V0_24: Webhooks = Webhooks {
    events: &[
        "project.deleted",
        "project.shared.team",
        "project.shared.user",
        "project.updated",
        "task.assignee.created",
        "task.assignee.deleted",
        "task.attachment.created",
        "task.attachment.deleted",
        "task.comment.created",
        "task.comment.deleted",
        "task.comment.edited",
        "task.created",
        "task.deleted",
        "task.relation.created",
        "task.relation.deleted",
        "task.updated",
    ],
    user_events: &[],
    silent: &[
        "project.deleted",
        "project.shared.team",
        "project.shared.user",
        "project.updated",
        "task.comment.deleted",
        "task.comment.edited",
    ],
    checked: false,
    secrets_told: true,
    newer_keys: false,
    guarded: false,
    closed_to_links: false,
    independent: false,
    one_at_a_time: true,
    fuller: false,
    removed_by_id: true,
    read_again_for_links: true,
    link_doer: LinkDoer::Nameless,
    editor_told: false,
    targets_guarded: false,
};

pub(super) const V1_0: Webhooks = Webhooks {
    silent: &[],
    checked: true,
    one_at_a_time: false,
    fuller: true,
    removed_by_id: false,
    read_again_for_links: false,
    link_doer: LinkDoer::Nobody,
    ..V0_24
};

pub(super) const V2_5: Webhooks = Webhooks {
    events: &[
        "project.deleted",
        "project.shared.team",
        "project.shared.user",
        "project.updated",
        "task.assignee.created",
        "task.assignee.deleted",
        "task.attachment.created",
        "task.attachment.deleted",
        "task.comment.created",
        "task.comment.deleted",
        "task.comment.edited",
        "task.created",
        "task.deleted",
        "task.overdue",
        "task.relation.created",
        "task.relation.deleted",
        "task.reminder.fired",
        "task.updated",
        "tasks.overdue",
    ],
    user_events: &["task.overdue", "task.reminder.fired", "tasks.overdue"],
    silent: &["task.attachment.created"],
    secrets_told: false,
    newer_keys: true,
    guarded: true,
    closed_to_links: true,
    independent: true,
    link_doer: LinkDoer::Link,
    editor_told: true,
    targets_guarded: true,
    ..V1_0
};
