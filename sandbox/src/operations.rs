//! From operation to handler. An operation that is not here is answered 501.

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::{
    accounts, api_tokens, assignees, attachments, auth, avatars, backgrounds, board, bots, buckets,
    bulk, caldav_tokens, comments, duplicate, duplicates, exports, feed, imports, info, labels,
    licensed, link_shares, live, namespaces, notifications, oauth, positions, projects, reactions,
    relations, saved_filters, search, sessions, shares, subscriptions, task_labels, tasks, teams,
    totp, users, views, webhooks,
};

pub(crate) type Handler = fn(&Call<'_>) -> Result<Reply, Failure>;

/// The handler of an operation, the same for every release and API.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "service.info" => info::info,
        "service.health" => info::health,
        "service.health_api" => info::health_api,
        "auth.register" => users::register,
        "auth.login" => auth::login,
        "auth.refresh" => auth::refresh,
        "auth.renew" => auth::renew,
        "auth.logout" => auth::logout,
        "auth.link_share_login" => link_shares::login,
        "auth.request_password_reset" => accounts::request_password_reset,
        "auth.reset_password" => accounts::reset_password,
        "auth.confirm_email" => accounts::confirm_email,
        "auth.oauth_authorize" => oauth::authorize,
        "auth.oauth_token" => oauth::token,
        "token.check" => api_tokens::check,
        "token.check_teapot" => api_tokens::check_teapot,
        "api_tokens.routes" => api_tokens::routes,
        "api_tokens.read_all" => api_tokens::read_all,
        "api_tokens.create" => api_tokens::create,
        "api_tokens.delete" => api_tokens::delete,
        "sessions.read_all" => sessions::read_all,
        "sessions.delete" => sessions::delete,
        "user.read_one" => users::read_one,
        "user.update_settings" => users::update_settings,
        "user.timezones" => users::timezones,
        "user.change_password" => accounts::change_password,
        "user.change_email" => accounts::change_email,
        "account_deletion.request" => accounts::request_deletion,
        "account_deletion.confirm" => accounts::confirm_deletion,
        "account_deletion.cancel" => accounts::cancel_deletion,
        "totp.read_one" => totp::read_one,
        "totp.enroll" => totp::enroll,
        "totp.enable" => totp::enable,
        "totp.disable" => totp::disable,
        "totp.qrcode" => totp::qr_code,
        "caldav_tokens.read_all" => caldav_tokens::read_all,
        "caldav_tokens.create" => caldav_tokens::create,
        "caldav_tokens.delete" => caldav_tokens::delete,
        "exports.request" => exports::request,
        "exports.status" => exports::status,
        "exports.download" => exports::download,
        "bots.read_all" => bots::read_all,
        "bots.read_one" => bots::read_one,
        "bots.create" => bots::create,
        "bots.update" => bots::update,
        "bots.patch" => bots::patch,
        "bots.delete" => bots::delete,
        "namespaces.read_all" => namespaces::read_all,
        "namespaces.read_one" => namespaces::read_one,
        "namespaces.create" => namespaces::create,
        "namespaces.update" => namespaces::update,
        "namespaces.delete" => namespaces::delete,
        "namespaces.read_lists" => namespaces::read_lists,
        "projects.read_all" => projects::read_all,
        "projects.read_one" => projects::read_one,
        "projects.create" => projects::create,
        "projects.update" => projects::update,
        "projects.patch" => projects::patch,
        "projects.delete" => projects::delete,
        "project_users.read_all"
        | "project_teams.read_all"
        | "namespace_users.read_all"
        | "namespace_teams.read_all" => shares::read_all,
        "project_users.create"
        | "project_teams.create"
        | "namespace_users.create"
        | "namespace_teams.create" => shares::create,
        "project_users.update"
        | "project_teams.update"
        | "namespace_users.update"
        | "namespace_teams.update" => shares::update,
        "project_users.delete"
        | "project_teams.delete"
        | "namespace_users.delete"
        | "namespace_teams.delete" => shares::delete,
        "projects.duplicate" => duplicate::duplicate,
        "backgrounds.read_one" => backgrounds::read_one,
        "backgrounds.upload" => backgrounds::upload,
        "backgrounds.delete" => backgrounds::delete,
        "views.read_all" => views::read_all,
        "views.read_one" => views::read_one,
        "views.create" => views::create,
        "views.update" => views::update,
        "views.patch" => views::patch,
        "views.delete" => views::delete,
        "buckets.read_all" => buckets::read_all,
        "buckets.read_all_with_tasks" => board::read_all,
        "buckets.create" => buckets::create,
        "buckets.update" => buckets::update,
        "buckets.delete" => buckets::delete,
        "buckets.move_task" => board::move_task,
        "filters.read_one" => saved_filters::read_one,
        "filters.create" => saved_filters::create,
        "filters.update" => saved_filters::update,
        "filters.patch" => saved_filters::patch,
        "filters.delete" => saved_filters::delete,
        "teams.read_all" => teams::read_all,
        "teams.read_one" => teams::read_one,
        "teams.create" => teams::create,
        "teams.update" => teams::update,
        "teams.patch" => teams::patch,
        "teams.delete" => teams::delete,
        "team_members.create" => teams::add_member,
        "team_members.delete" => teams::remove_member,
        "team_members.toggle_admin" => teams::toggle_admin,
        "avatar_provider.read_one" => avatars::read_provider,
        "avatar_provider.update" => avatars::update_provider,
        "avatar_provider.patch" => avatars::patch_provider,
        "avatars.read_one" => avatars::read_one,
        "avatars.upload" => avatars::upload,
        "migration_vikunja_file.migrate" => imports::vikunja_file,
        "migration_ticktick.migrate" => imports::ticktick,
        "users.search" => search::users,
        "projects.search_users" => search::users_of_project,
        "subscriptions.create" => subscriptions::create,
        "subscriptions.delete" => subscriptions::delete,
        "notifications.read_all" => notifications::read_all,
        "notifications.update" => notifications::update,
        "notifications.atom_feed" => feed::atom,
        "notifications.mark_all_read" => notifications::mark_all_read,
        "link_shares.read_all" => link_shares::read_all,
        "link_shares.read_one" => link_shares::read_one,
        "link_shares.create" => link_shares::create,
        "link_shares.delete" => link_shares::delete,
        "tasks.read_all" => tasks::read_all,
        "tasks.read_all_of_project" => tasks::read_all_of_project,
        "tasks.read_all_of_view" => tasks::read_all_of_view,
        "tasks.update_position" => positions::update,
        "tasks.read_one" => tasks::read_one,
        "tasks.read_one_by_index" => tasks::read_one_by_index,
        "tasks.create" => tasks::create,
        "tasks.create_bulk" => bulk::create,
        "tasks.update" => tasks::update,
        "tasks.update_bulk" => bulk::update,
        "tasks.patch" => tasks::patch,
        "tasks.delete" => tasks::delete,
        "tasks.duplicate" => duplicates::create,
        "tasks.mark_read" => tasks::mark_read,
        "task_assignees.read_all" => assignees::read_all,
        "task_assignees.create" => assignees::create,
        "task_assignees.delete" => assignees::delete,
        "task_assignees.replace_all" => assignees::replace_all,
        "task_labels.read_all" => task_labels::read_all,
        "task_labels.create" => task_labels::create,
        "task_labels.delete" => task_labels::delete,
        "task_labels.replace_all" => task_labels::replace_all,
        "task_relations.create" => relations::create,
        "task_relations.delete" => relations::delete,
        "task_attachments.read_all" => attachments::read_all,
        "task_attachments.upload" => attachments::upload,
        "task_attachments.download" => attachments::download,
        "task_attachments.delete" => attachments::delete,
        "task_comments.read_all" => comments::read_all,
        "task_comments.read_one" => comments::read_one,
        "task_comments.create" => comments::create,
        "task_comments.update" => comments::update,
        "task_comments.patch" => comments::patch,
        "task_comments.delete" => comments::delete,
        "reactions.read_all" => reactions::read_all,
        "reactions.create" => reactions::create,
        "reactions.delete" => reactions::delete,
        "labels.read_all" => labels::read_all,
        "labels.read_one" => labels::read_one,
        "labels.create" => labels::create,
        "labels.update" => labels::update,
        "labels.patch" => labels::patch,
        "labels.delete" => labels::delete,
        "websocket.connect" => live::connect,
        "webhooks.read_events" => webhooks::read_events,
        "webhooks.read_all" => webhooks::read_all,
        "webhooks.create" => webhooks::create,
        "webhooks.update" => webhooks::update,
        "webhooks.delete" => webhooks::delete,
        "user_webhooks.read_events" => webhooks::read_user_events,
        "user_webhooks.read_all" => webhooks::read_all_of_user,
        "user_webhooks.create" => webhooks::create_of_user,
        "user_webhooks.update" => webhooks::update_of_user,
        "user_webhooks.delete" => webhooks::delete_of_user,
        operation if is_import_status(operation) => imports::status,
        operation if operation.starts_with("admin") => licensed::admin,
        operation if operation.starts_with("time_entries.") => licensed::time_entries,
        _ => return None,
    })
}

fn is_import_status(operation: &str) -> bool {
    operation.starts_with("migration_") && operation.ends_with(".status")
}

/// Calls that take and answer rich text as Markdown when told to (v2).
pub(crate) fn knows_markdown(operation: &str) -> bool {
    matches!(
        operation,
        "tasks.read_one" | "tasks.read_one_by_index" | "tasks.update" | "tasks.patch"
    )
}

/// Calls by which a client gets ready; faults leave them alone.
pub(crate) fn is_set_up(operation: &str) -> bool {
    matches!(
        operation,
        "service.info" | "service.health" | "auth.register" | "auth.login" | "auth.refresh"
    )
}

/// Calls on which the per-address limit of v1 counts.
pub(crate) fn is_log_in(operation: &str) -> bool {
    matches!(
        operation,
        "auth.register"
            | "auth.login"
            | "auth.refresh"
            | "auth.request_password_reset"
            | "auth.reset_password"
            | "auth.confirm_email"
            | "auth.link_share_login"
            | "auth.oauth_token"
            | "websocket.connect"
    )
}

/// Calls that hash a password or make pictures: too slow for a thread that answers others.
pub(crate) fn is_slow(operation: &str) -> bool {
    matches!(
        operation,
        "auth.register"
            | "auth.login"
            | "auth.link_share_login"
            | "auth.reset_password"
            | "link_shares.create"
            | "user.change_password"
            | "user.change_email"
            | "totp.disable"
            | "exports.request"
            | "exports.download"
            | "backgrounds.upload"
            | "task_attachments.download"
            | "account_deletion.request"
            | "account_deletion.cancel"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;

    use super::handler;
    use crate::catalogue;

    const RELEASES: [&str; 5] = ["0.20", "0.24", "1.0", "2.5v1", "2.5v2"];

    /// By resource and release: how many operations there are, and which of them are here.
    fn table() -> String {
        let mut resources = BTreeMap::<&str, [(usize, usize); 5]>::new();
        let mut lacking = BTreeSet::new();
        for (operation, release) in catalogue::table() {
            let resource = operation.split('.').next().unwrap_or(operation);
            let place = RELEASES
                .iter()
                .position(|known| *known == release)
                .expect("a known release");
            let count = &mut resources.entry(resource).or_default()[place];
            count.1 += 1;
            if handler(operation).is_some() {
                count.0 += 1;
            } else {
                lacking.insert(operation);
            }
        }
        let mut text = format!(
            "# What the sandbox has\n\n\
             Made from its table of handlers by a test (`UPDATE=1 cargo test -p vikunja-sandbox --lib`). Operations by\n\
             resource, of those that each release has; – where it has none. What is not here is answered 501.\n\n\
             | Resource | {} |\n|---|---|---|---|---|---|\n",
            RELEASES.join(" | ")
        );
        for (resource, counts) in resources {
            let counts = counts.map(|(here, all)| match (here, all) {
                (_, 0) => "–".to_owned(),
                (here, all) if here == all => all.to_string(),
                (here, all) => format!("{here} of {all}"),
            });
            let _ = writeln!(text, "| {resource} | {} |", counts.join(" | "));
        }
        text.push_str("\nNot here: ");
        let mut line = "Not here: ".len();
        for (place, operation) in lacking.iter().enumerate() {
            let end = if place + 1 == lacking.len() { "." } else { "," };
            let word = format!("`{operation}`{end}");
            if line + word.len() > 118 {
                text.push('\n');
                line = 0;
            } else if place > 0 {
                text.push(' ');
            }
            line += word.len() + 1;
            text.push_str(&word);
        }
        text.push('\n');
        text
    }

    #[test]
    fn supported_md_says_what_is_here() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/SUPPORTED.md");
        let table = table();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &table).expect("written");
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == table,
            "SUPPORTED.md is out of date: UPDATE=1 cargo test -p vikunja-sandbox --lib"
        );
    }
}
