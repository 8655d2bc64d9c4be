//! What differs between releases among people: teams, sharing, subscriptions, notifications, avatars.

use crate::notify::DeletionTold;
use crate::store::teams::TeamKeys;

/// One release's rules about people among each other.
#[derive(Debug)]
pub(crate) struct People {
    /// Keys of a team.
    pub(crate) team_keys: TeamKeys,
    /// Toggling a team member's admin flag answers the stored member (2.x), before one without id and time.
    pub(crate) toggle_answers_member: bool,
    /// Reads through a share tell the access of other people's shares, too (up to 0.24).
    pub(crate) shares_mixed: bool,
    /// Searching the users of a project finds parts of names (0.24).
    pub(crate) members_found_by_parts: bool,
    /// Subscriptions have a `user` (up to 0.24).
    pub(crate) subscriptions_have_user: bool,
    /// Listed projects show the subscription to a parent (1.0); one read alone always does.
    pub(crate) subscriptions_inherited_in_lists: bool,
    /// Notifications show the project and always name the doer (2.x).
    pub(crate) fuller_notifications: bool,
    /// Whom a text mentions is said by elements of the editor (1.0), before by `@name`.
    pub(crate) mentions_are_elements: bool,
    /// Who gets a notification when a task is deleted.
    pub(crate) deletion_told: DeletionTold,
    /// Deleting a project tells the deletion of each of its tasks (up to 2.3).
    pub(crate) project_deletion_tells_tasks: bool,
    /// Providers of avatars.
    pub(crate) avatar_providers: &'static [&'static str],
    /// Initials are drawings (1.0); before, they are painted.
    pub(crate) avatars_drawn: bool,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: People = People {
    team_keys: TeamKeys {
        oidc_id: false,
        external_id: false,
        is_public: false,
        include_public: false,
    },
    toggle_answers_member: false,
    shares_mixed: true,
    members_found_by_parts: false,
    subscriptions_have_user: true,
    subscriptions_inherited_in_lists: false,
    fuller_notifications: false,
    mentions_are_elements: false,
    deletion_told: DeletionTold::ItsSubscribers,
    project_deletion_tells_tasks: true,
    avatar_providers: &["", "default", "gravatar", "initials", "marble", "upload"],
    avatars_drawn: false,
};

pub(super) const V0_24: People = People {
    team_keys: TeamKeys {
        oidc_id: true,
        is_public: true,
        include_public: true,
        ..V0_20.team_keys
    },
    members_found_by_parts: true,
    ..V0_20
};

pub(super) const V1_0: People = People {
    team_keys: TeamKeys {
        oidc_id: false,
        external_id: true,
        ..V0_24.team_keys
    },
    shares_mixed: false,
    subscriptions_have_user: false,
    subscriptions_inherited_in_lists: true,
    mentions_are_elements: true,
    deletion_told: DeletionTold::Nobody,
    avatar_providers: &[
        "", "default", "gravatar", "initials", "marble", "upload", "ldap", "openid",
    ],
    avatars_drawn: true,
    ..V0_24
};

pub(super) const V2_5: People = People {
    team_keys: TeamKeys {
        include_public: false,
        ..V1_0.team_keys
    },
    toggle_answers_member: true,
    fuller_notifications: true,
    deletion_told: DeletionTold::Everyone,
    project_deletion_tells_tasks: false,
    ..V1_0
};
