//! Every operation of the server that has an endpoint here, with its route: what a release can do, as data.
//!
//! A test holds it against the list of all operations of four releases (`tests/endpoints.tsv`), so that nothing is
//! missing; `SUPPORTED.md` is made of it.
//!
//! ```
//! use vikunja_sdk::{Release, routes::ROUTES};
//!
//! let list = ROUTES.iter().find(|known| known.operation == "namespaces.read_all").unwrap();
//! assert_eq!(list.endpoint, "namespaces::List");
//! assert!(list.route.exists(Release(0, 20, 4)) && !list.route.exists(Release(1, 0, 0)));
//! ```

use crate::{
    Endpoint, Route, account, admin, api_tokens, assignees, attachments, avatars, backgrounds,
    bots, buckets, caldav_tokens, comments, exports, info, labels, login_sessions, migrations,
    model::{NamespaceId, ProjectId, TaskId, TeamId},
    namespaces, notifications, oauth, openid, projects, reactions, relations, saved_filters,
    service, settings, shares, sharing, subscriptions, tasks, teams, time_entries, token, totp,
    users, views, webhooks,
};

/// An operation and what calls it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Known {
    /// Its name: resource and what is done, such as `tasks.read_all`. The same on every release.
    pub operation: &'static str,
    /// The endpoint that calls it, such as `tasks::List`.
    pub endpoint: &'static str,
    /// Where it is on which release.
    pub route: Route,
}

macro_rules! known {
    ($($operation:literal $endpoint:ty;)+) => {
        &[$(Known {
            operation: $operation,
            endpoint: stringify!($endpoint),
            route: <$endpoint as Endpoint>::ROUTE,
        },)+]
    };
}

/// All operations that have an endpoint, in the order of the server's resources.
pub const ROUTES: &[Known] = known! {
    "service.info" info::Get;
    "service.health" service::Health;
    "service.health_api" service::HealthInDetail;
    "service.metrics" service::Metrics;
    "token.check" token::Check;
    "token.check_teapot" token::CheckByPost;
    "api_tokens.routes" api_tokens::Routes;
    "auth.register" users::Register;
    "auth.login" users::LogIn;
    "auth.refresh" users::Refresh;
    "auth.renew" users::Renew;
    "auth.logout" users::LogOut;
    "auth.request_password_reset" account::RequestPasswordReset;
    "auth.reset_password" account::ResetPassword;
    "auth.confirm_email" account::ConfirmEmail;
    "auth.openid_callback" openid::LogIn;
    "auth.link_share_login" shares::LogIn;
    "auth.oauth_token" oauth::Exchange;
    "auth.oauth_authorize" oauth::Authorize;
    "user.read_one" users::Current;
    "users.search" users::Search;
    "user.change_password" account::ChangePassword;
    "user.change_email" account::ChangeEmail;
    "user.update_settings" settings::Replace;
    "avatar_provider.read_one" avatars::GetProvider;
    "avatar_provider.update" avatars::SetProvider;
    "avatar_provider.patch" avatars::PatchProvider;
    "avatars.upload" avatars::Upload;
    "avatars.read_one" avatars::Download;
    "user.timezones" settings::TimeZones;
    "totp.read_one" totp::Get;
    "totp.enroll" totp::Enroll;
    "totp.enable" totp::Enable;
    "totp.disable" totp::Disable;
    "totp.qrcode" totp::QrCode;
    "caldav_tokens.read_all" caldav_tokens::List;
    "caldav_tokens.create" caldav_tokens::Create;
    "caldav_tokens.delete" caldav_tokens::Delete;
    "api_tokens.read_all" api_tokens::List;
    "api_tokens.create" api_tokens::Create;
    "api_tokens.delete" api_tokens::Delete;
    "sessions.read_all" login_sessions::List;
    "sessions.delete" login_sessions::Delete;
    "exports.request" exports::Request;
    "exports.download" exports::Download;
    "exports.status" exports::Status;
    "account_deletion.request" account::RequestDeletion;
    "account_deletion.confirm" account::ConfirmDeletion;
    "account_deletion.cancel" account::CancelDeletion;
    "bots.read_all" bots::List;
    "bots.read_one" bots::Get;
    "bots.create" bots::Create;
    "bots.update" bots::Replace;
    "bots.patch" bots::Patch;
    "bots.delete" bots::Delete;
    "namespaces.read_all" namespaces::List;
    "namespaces.create" namespaces::Create;
    "namespaces.read_one" namespaces::Get;
    "namespaces.update" namespaces::Replace;
    "namespaces.delete" namespaces::Delete;
    "namespaces.read_lists" namespaces::Lists;
    "namespace_teams.read_all" sharing::List<NamespaceId, TeamId>;
    "namespace_teams.create" sharing::Add<NamespaceId, TeamId>;
    "namespace_teams.update" sharing::Change<NamespaceId, TeamId>;
    "namespace_teams.delete" sharing::Remove<NamespaceId, TeamId>;
    "namespace_users.read_all" sharing::List<NamespaceId, sharing::Username>;
    "namespace_users.create" sharing::Add<NamespaceId, sharing::Username>;
    "namespace_users.update" sharing::Change<NamespaceId, sharing::Username>;
    "namespace_users.delete" sharing::Remove<NamespaceId, sharing::Username>;
    "projects.read_all" projects::List;
    "projects.create" projects::Create;
    "projects.read_one" projects::Get;
    "projects.update" projects::Replace;
    "projects.patch" projects::Patch;
    "projects.delete" projects::Delete;
    "projects.duplicate" projects::Duplicate;
    "projects.search_users" projects::SearchUsers;
    "project_users.read_all" sharing::List<ProjectId, sharing::Username>;
    "project_users.create" sharing::Add<ProjectId, sharing::Username>;
    "project_users.update" sharing::Change<ProjectId, sharing::Username>;
    "project_users.delete" sharing::Remove<ProjectId, sharing::Username>;
    "project_teams.read_all" sharing::List<ProjectId, TeamId>;
    "project_teams.create" sharing::Add<ProjectId, TeamId>;
    "project_teams.update" sharing::Change<ProjectId, TeamId>;
    "project_teams.delete" sharing::Remove<ProjectId, TeamId>;
    "link_shares.read_all" shares::List;
    "link_shares.create" shares::Create;
    "link_shares.read_one" shares::Get;
    "link_shares.delete" shares::Delete;
    "backgrounds.read_one" backgrounds::Get;
    "backgrounds.delete" backgrounds::Delete;
    "backgrounds.upload" backgrounds::Upload;
    "backgrounds.set_unsplash" backgrounds::SetUnsplash;
    "unsplash.search" backgrounds::SearchUnsplash;
    "unsplash.image" backgrounds::UnsplashPicture;
    "unsplash.thumb" backgrounds::UnsplashThumb;
    "views.read_all" views::List;
    "views.read_one" views::Get;
    "views.create" views::Create;
    "views.update" views::Replace;
    "views.patch" views::Patch;
    "views.delete" views::Delete;
    "buckets.read_all" buckets::List;
    "buckets.create" buckets::Create;
    "buckets.update" buckets::Replace;
    "buckets.delete" buckets::Delete;
    "buckets.move_task" buckets::MoveTask;
    "buckets.read_all_with_tasks" buckets::Board;
    "tasks.read_all" tasks::List;
    "tasks.read_all_of_project" tasks::ListOfProject;
    "tasks.read_all_of_view" tasks::ListOfView;
    "tasks.create" tasks::Create;
    "tasks.create_bulk" tasks::CreateBulk;
    "tasks.read_one" tasks::Get;
    "tasks.read_one_by_index" tasks::GetByIndex<ProjectId>;
    "tasks.update" tasks::Replace;
    "tasks.patch" tasks::Patch;
    "tasks.delete" tasks::Delete;
    "tasks.update_bulk" tasks::UpdateBulk;
    "tasks.duplicate" tasks::Duplicate;
    "tasks.update_position" tasks::SetPosition;
    "tasks.mark_read" tasks::MarkRead;
    "task_assignees.read_all" assignees::List;
    "task_assignees.create" assignees::Add;
    "task_assignees.delete" assignees::Remove;
    "task_assignees.replace_all" assignees::SetAll;
    "task_labels.read_all" labels::ListOfTask;
    "task_labels.create" labels::Add;
    "task_labels.delete" labels::Remove;
    "task_labels.replace_all" labels::SetAll;
    "task_relations.create" relations::Create;
    "task_relations.delete" relations::Delete;
    "task_attachments.read_all" attachments::List;
    "task_attachments.upload" attachments::Upload;
    "task_attachments.download" attachments::Download;
    "task_attachments.delete" attachments::Delete;
    "task_comments.read_all" comments::List;
    "task_comments.read_one" comments::Get;
    "task_comments.create" comments::Create;
    "task_comments.update" comments::Replace;
    "task_comments.patch" comments::Patch;
    "task_comments.delete" comments::Delete;
    "reactions.read_all" reactions::List<TaskId>;
    "reactions.create" reactions::Add<TaskId>;
    "reactions.delete" reactions::Remove<TaskId>;
    "labels.read_all" labels::List;
    "labels.read_one" labels::Get;
    "labels.create" labels::Create;
    "labels.update" labels::Replace;
    "labels.patch" labels::Patch;
    "labels.delete" labels::Delete;
    "filters.read_one" saved_filters::Get;
    "filters.create" saved_filters::Create;
    "filters.update" saved_filters::Replace;
    "filters.patch" saved_filters::Patch;
    "filters.delete" saved_filters::Delete;
    "teams.read_all" teams::List;
    "teams.read_one" teams::Get;
    "teams.create" teams::Create;
    "teams.update" teams::Replace;
    "teams.patch" teams::Patch;
    "teams.delete" teams::Delete;
    "team_members.create" teams::AddMember;
    "team_members.delete" teams::RemoveMember;
    "team_members.toggle_admin" teams::ToggleAdmin;
    "subscriptions.create" subscriptions::Create<TaskId>;
    "subscriptions.delete" subscriptions::Delete<TaskId>;
    "notifications.read_all" notifications::List;
    "notifications.update" notifications::Mark;
    "notifications.mark_all_read" notifications::MarkAllRead;
    "notifications.atom_feed" notifications::AtomFeed;
    "webhooks.read_events" webhooks::ProjectEvents;
    "webhooks.read_all" webhooks::List<ProjectId>;
    "webhooks.create" webhooks::Create<ProjectId>;
    "webhooks.update" webhooks::SetEvents<ProjectId>;
    "webhooks.delete" webhooks::Delete<ProjectId>;
    "user_webhooks.read_events" webhooks::MyEvents;
    "user_webhooks.read_all" webhooks::List<webhooks::Me>;
    "user_webhooks.create" webhooks::Create<webhooks::Me>;
    "user_webhooks.update" webhooks::SetEvents<webhooks::Me>;
    "user_webhooks.delete" webhooks::Delete<webhooks::Me>;
    "time_entries.read_all" time_entries::List;
    "time_entries.read_one" time_entries::Get;
    "time_entries.create" time_entries::Create;
    "time_entries.update" time_entries::Replace;
    "time_entries.patch" time_entries::Patch;
    "time_entries.delete" time_entries::Delete;
    "time_entries.read_all_of_task" time_entries::ListOf<TaskId>;
    "time_entries.read_all_of_project" time_entries::ListOf<ProjectId>;
    "time_entries.stop_timer" time_entries::StopTimer;
    "admin.overview" admin::Overview;
    "admin_users.read_all" admin::ListUsers;
    "admin_users.create" admin::CreateUser;
    "admin_users.update_admin" admin::SetAdmin;
    "admin_users.update_status" admin::SetStatus;
    "admin_users.update_password" admin::SetPassword;
    "admin_users.send_password_reset" admin::SendPasswordReset;
    "admin_users.delete" admin::DeleteUser;
    "admin_projects.read_all" admin::ListProjects;
    "admin_projects.update_owner" admin::SetOwner;
    "migration_todoist.auth_url" migrations::AuthUrl<migrations::Todoist>;
    "migration_todoist.status" migrations::Status<migrations::Todoist>;
    "migration_todoist.migrate" migrations::Migrate<migrations::Todoist>;
    "migration_trello.auth_url" migrations::AuthUrl<migrations::Trello>;
    "migration_trello.status" migrations::Status<migrations::Trello>;
    "migration_trello.migrate" migrations::Migrate<migrations::Trello>;
    "migration_microsoft_todo.auth_url" migrations::AuthUrl<migrations::MicrosoftTodo>;
    "migration_microsoft_todo.status" migrations::Status<migrations::MicrosoftTodo>;
    "migration_microsoft_todo.migrate" migrations::Migrate<migrations::MicrosoftTodo>;
    "migration_vikunja_file.status" migrations::Status<migrations::VikunjaFile>;
    "migration_vikunja_file.migrate" migrations::Import<migrations::VikunjaFile>;
    "migration_ticktick.status" migrations::Status<migrations::TickTick>;
    "migration_ticktick.migrate" migrations::Import<migrations::TickTick>;
    "migration_wekan.status" migrations::Status<migrations::Wekan>;
    "migration_wekan.migrate" migrations::Import<migrations::Wekan>;
    "migration_csv.status" migrations::Status<migrations::Csv>;
    "migration_csv.detect" migrations::DetectCsv;
    "migration_csv.preview" migrations::PreviewCsv;
    "migration_csv.migrate" migrations::ImportCsv;
};
