//! Ids. Every kind of object has a type of its own, so that one cannot be taken for another.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id_type! {
    /// Id of an API token (0.22+).
    ApiTokenId,
    /// Id of an attachment of a task. It is not that of its file.
    AttachmentId,
    /// Id of a bot (2.4+): that of its [account](BotId::user).
    BotId,
    /// Id of a bucket. In views whose buckets are computed from filters it is their position instead, from 0.
    BucketId,
    /// Id of a CalDAV token.
    CaldavTokenId,
    /// Id of a comment.
    CommentId,
    /// Id of a stored file.
    FileId,
    /// Id of a saved filter. The filter is also a pseudo project, see [`FilterId::project`].
    FilterId,
    /// Id of a label.
    LabelId,
    /// Id of a link share.
    LinkShareId,
    /// Id of a namespace (0.20). Pseudo namespaces are negative.
    NamespaceId,
    /// Id of a notification.
    NotificationId,
    /// Id of a project, which 0.20 calls a list. Pseudo projects are negative.
    ProjectId,
    /// Id of a subscription.
    SubscriptionId,
    /// Id of a task. It is unique on the server; the number within a project is [`Task::index`](super::Task::index).
    TaskId,
    /// Id of a team.
    TeamId,
    /// Id of a membership in a team. No call takes it: members are named by team and user name.
    TeamMemberId,
    /// Id of a share with a team. No call takes it: shares are named by project and team.
    TeamShareId,
    /// Id of a time entry (2.4+).
    TimeEntryId,
    /// Id of a user. A link share acts as a user with a negative id.
    UserId,
    /// Id of a share with a user. No call takes it: shares are named by project and user.
    UserShareId,
    /// Id of a view of a project (0.24+). Those of the favourites are negative.
    ViewId,
    /// Id of a webhook (0.22+).
    WebhookId,
}

impl BotId {
    /// The bot's account: what owns its API tokens, and what tasks are assigned to.
    pub const fn user(self) -> UserId {
        UserId(self.0)
    }
}

impl ProjectId {
    /// The pseudo project of the caller's favourite tasks.
    pub const FAVORITES: Self = Self(-1);

    /// The saved filter that this pseudo project shows.
    pub const fn filter(self) -> Option<FilterId> {
        if self.0 < Self::FAVORITES.0 {
            Some(FilterId(-(self.0 + 1)))
        } else {
            None
        }
    }
}

impl FilterId {
    /// The pseudo project that shows what the filter finds.
    pub const fn project(self) -> ProjectId {
        ProjectId(-self.0 - 1)
    }
}

impl NamespaceId {
    /// The pseudo namespace of lists that others share with the caller.
    pub const SHARED: Self = Self(-1);
    /// The pseudo namespace of favourites.
    pub const FAVORITES: Self = Self(-2);
    /// The pseudo namespace of saved filters.
    pub const FILTERS: Self = Self(-3);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_on_the_wire_and_in_text() {
        let id: TaskId = serde_json::from_str("-7").unwrap();
        assert_eq!(id, TaskId(-7));
        assert_eq!(serde_json::to_string(&id).unwrap(), "-7");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(format!("{:>4}", TaskId::from(12)), "  12");
        assert!("seven".parse::<TaskId>().is_err());
    }

    #[test]
    fn a_saved_filter_is_a_pseudo_project() {
        assert_eq!(FilterId(1).project(), ProjectId(-2));
        assert_eq!(ProjectId(-2).filter(), Some(FilterId(1)));
        assert_eq!(ProjectId::FAVORITES.filter(), None);
        assert_eq!(ProjectId(2).filter(), None);
    }
}
