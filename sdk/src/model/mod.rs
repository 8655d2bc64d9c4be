//! What the server sends and takes: ids, times, enumerations and objects, in one shape for all releases.
//!
//! The rules, for every object here:
//!
//! - Only what says which object it is must be there: the id, of tasks and projects the title too. The answer to a
//!   write is not the stored object: the server builds it from the request, so that owners, labels and times may be
//!   missing. Read again for the truth.
//! - Unset is `None`: the server writes a time of year one, the id 0, an empty word or `null`.
//! - A list or map that is `null` is empty.
//! - Fields and enumeration values that this version does not know are ignored, or kept as `Other`.
//! - Objects are read, not written. A whole object sent back would lose what a newer server has added to it; changes
//!   are [`Patch`]es of single fields.

mod admin;
mod api_token;
mod attachment;
mod avatar;
mod background;
mod bot;
mod caldav_token;
mod comment;
mod decode;
mod export;
mod filter;
mod health;
mod ids;
mod import;
mod info;
mod label;
mod listing;
mod message;
mod namespace;
mod notification;
mod oauth;
mod open_enum;
mod patch;
mod permission;
mod position;
mod project;
mod relation;
mod reminder;
mod session;
mod share;
mod subscription;
mod task;
mod team;
mod time_entry;
mod timestamp;
mod topic;
mod totp;
mod user;
mod user_status;
mod view;
mod webhook;
#[cfg(test)]
mod wire_tests;

pub use admin::{AdminOverview, AdminUser, License, ShareCounts};
pub use api_token::{ApiToken, ApiTokenRoute, ApiTokenRoutes};
pub use attachment::{File, TaskAttachment, UploadError, UploadedAttachments};
pub use avatar::{AvatarProvider, AvatarSettings};
pub use background::{UnsplashAuthor, UnsplashImage};
pub use bot::Bot;
pub use caldav_token::CaldavToken;
pub use comment::{Reaction, Reactions, TaskComment};
pub use export::Export;
pub use filter::{SavedFilter, TaskCollection};
pub use health::{Health, HealthStatus, ProviderHealth};
pub use ids::{
    ApiTokenId, AttachmentId, BotId, BucketId, CaldavTokenId, CommentId, FileId, FilterId, LabelId,
    LinkShareId, NamespaceId, NotificationId, ProjectId, SubscriptionId, TaskId, TeamId,
    TeamMemberId, TeamShareId, TimeEntryId, UserId, UserShareId, ViewId, WebhookId,
};
pub use import::{
    CsvAttribute, CsvColumn, CsvConfig, CsvDetected, CsvPreview, CsvTask, ImportAuthUrl,
    ImportStatus,
};
pub use info::{Auth, Info, LdapAuth, Legal, LocalAuth, OpenIdAuth, OpenIdProvider};
pub use label::{Label, TaskLabel};
pub use listing::{Expand, Order, SortField};
pub use message::Message;
pub use namespace::Namespace;
pub use notification::{Notification, NotificationContent, NotificationName};
pub use oauth::OAuthCode;
pub use patch::Patch;
pub use permission::Permission;
pub use position::{InvalidPosition, Position};
pub use project::{DuplicatedProject, Project};
pub use relation::{RelationKind, TaskRelation};
pub use reminder::{NewReminder, Reminder, ReminderBase};
pub use session::LoginSession;
pub use share::{LinkShare, SharingType, TeamShare, UserShare};
pub use subscription::{Subscription, SubscriptionEntity};
pub use task::{DuplicatedTask, RepeatMode, Task, TaskAssignee, TaskPosition};
pub use team::{Team, TeamMember};
pub use time_entry::{TimeEntry, WorkedOn};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use topic::{Topic, TopicRefusal};
pub use totp::Totp;
pub use user::{Settings, User};
pub use user_status::UserStatus;
pub use view::{
    Bucket, BucketConfiguration, BucketConfigurationMode, ProjectView, TaskBucket, ViewKind,
};
pub use webhook::{EventName, Webhook};

pub(crate) use decode::null_to_default;
