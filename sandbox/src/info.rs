//! What the server says about itself.
#![expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]

use axum::http::header;
use serde_json::{Value, json};

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

pub(crate) fn info(call: &Call<'_>) -> Result<Reply, Failure> {
    let (release, faults) = (call.at.release, call.world.faults());
    let host = call.header(&header::HOST).unwrap_or("localhost");
    let open = !faults.registration_closed;
    let mut info = json!({
        "version": faults.version.as_deref().unwrap_or(release.version),
        "frontend_url": format!("http://{host}/"),
        "motd": "",
        "link_sharing_enabled": true,
        "max_file_size": "20MB",
        "available_migrators": ["vikunja-file", "ticktick"],
        "task_attachments_enabled": true,
        "enabled_background_providers": ["upload"],
        "totp_enabled": true,
        "legal": {"imprint_url": "", "privacy_policy_url": ""},
        "caldav_enabled": true,
        "auth": {"local": {"enabled": true}, "openid_connect": {"enabled": false, "providers": null}},
        "email_reminders_enabled": true,
        "user_deletion_enabled": true,
        "task_comments_enabled": true,
    });
    if release.lists {
        info["frontend_url"] = json!("");
        info["auth"]["openid_connect"]["redirect_url"] = json!("auth/openid/");
    } else {
        info["demo_mode_enabled"] = json!(false);
        info["webhooks_enabled"] = json!(true);
        info["public_teams_enabled"] = json!(false);
    }
    if release.permissions {
        info["max_items_per_page"] = json!(50);
        info["auth"]["local"]["registration_enabled"] = json!(open);
        info["auth"]["ldap"] = json!({"enabled": false});
    } else {
        info["registration_enabled"] = json!(open);
    }
    if release.sessions {
        info["available_migrators"] = json!(["vikunja-file", "ticktick", "wekan", "csv"]);
    }
    if release.open_tasks_filter {
        info["allow_icon_changes"] = json!(false);
        info["enabled_pro_features"] = Value::Array(Vec::new());
        info["concurrent_writes"] = json!(false);
    }
    Ok(call.ok(Some("VikunjaInfos"), &info))
}

/// `/health` at the root: plain text.
pub(crate) fn health(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::text("text/plain; charset=UTF-8", "OK"))
}

/// v2's own health route.
pub(crate) fn health_api(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(call.ok(Some("HealthBodyBody"), &json!({"status": "OK"})))
}
