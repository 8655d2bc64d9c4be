//! Notifications as an Atom feed, for readers that know a user name and an API token.

use std::fmt::Write as _;

use axum::http::header;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::call::Call;
use crate::clock;
use crate::failure::{Failure, plain};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::api_tokens;
use crate::store::notifications::{self as store, Notification};
use crate::store::users::User;

/// How many notifications are shown.
const LENGTH: i64 = 50;

pub(crate) fn atom(call: &Call<'_>) -> Result<Reply, Failure> {
    let Some(user) = reader(call)? else {
        let refused = plain(401, "Unauthorized").reply(call.at);
        return Ok(refused.with_header("www-authenticate", "Basic realm=\"Restricted\""));
    };
    let (news, _) = call.read(|db| store::list(db, user.id, (LENGTH, 0)))?;
    let host = call.header(&header::HOST).unwrap_or("localhost");
    let feed = written(&user, &format!("http://{host}"), &news)?;
    Ok(Reply::text("application/atom+xml; charset=utf-8", &feed))
}

/// The user of the token that stands where a password would, if it may read feeds.
fn reader(call: &Call<'_>) -> Result<Option<User>, Failure> {
    let sent = call.header(&header::AUTHORIZATION);
    let Some((name, token)) = sent.and_then(credentials) else {
        return Ok(None);
    };
    let found = call.read(|db| api_tokens::living(db, &token, clock::now().as_second()))?;
    let found = found.filter(|(user, permissions)| {
        let is_open = call
            .world
            .scopes
            .open(permissions, call.at.api, call.route.operation);
        user.username == name && is_open
    });
    Ok(found.map(|(user, _)| user))
}

fn credentials(authorization: &str) -> Option<(String, String)> {
    let encoded = authorization.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn written(user: &User, base: &str, news: &[Notification]) -> Result<String, Failure> {
    let name = escaped(shown_name(&user.name, &user.username));
    let now = time(&Stamp::now_in_seconds());
    let mut feed = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">
  <title>Vikunja notifications for {name}</title>
  <id>{base}/feeds/notifications.atom</id>
  <updated>{now}</updated>
  <link href="{base}/feeds/notifications.atom"></link>
  <author>
    <name>{name}</name>
  </author>
"#
    );
    for one in news {
        let (title, created) = (escaped(&title(one)?), time(&one.created));
        // Writing to a string cannot fail.
        let _ = write!(
            feed,
            r#"  <entry>
    <title>{title}</title>
    <updated>{created}</updated>
    <id>vikunja-notification-{}</id>
    <link href="{base}/" rel="alternate"></link>
  </entry>
"#,
            one.id
        );
    }
    feed.push_str("</feed>");
    Ok(feed)
}

/// What a notification says in a line. The server fails at an assignment, and with it at the whole feed.
fn title(one: &Notification) -> Result<String, Failure> {
    let news = &one.news;
    let doer = &news["doer"];
    let doer = shown_name(text(&doer["name"]), text(&doer["username"]));
    let task = &news["task"];
    let number = match text(&task["identifier"]) {
        "" => format!("#{}", task["index"]),
        identifier => identifier.to_owned(),
    };
    let task = text(&task["title"]);
    let is = |key: &str| news[key] == true;
    Ok(match one.name.as_str() {
        "task.comment" if is("mentioned") => {
            format!("{doer} mentioned you in a comment in \"{task}\" ({number})")
        }
        "task.comment" => format!("Re: {task} ({number})"),
        "task.mentioned" if is("is_new") => {
            format!("{doer} mentioned you in a new task \"{task}\" ({number})")
        }
        "task.mentioned" => format!("{doer} mentioned you in a task \"{task}\" ({number})"),
        "task.deleted" => format!("\"{task}\" ({number}) has been deleted"),
        "project.created" => {
            let project = text(&news["project"]["title"]);
            format!("{doer} created the project \"{project}\"")
        }
        "team.member.added" => {
            let team = text(&news["team"]["name"]);
            format!("{doer} added you to the \"{team}\" team in Vikunja")
        }
        name => {
            return Err(Failure::Internal(format!(
                "the feed has no words for {name}"
            )));
        }
    })
}

fn shown_name<'a>(name: &'a str, username: &'a str) -> &'a str {
    if name.is_empty() { username } else { name }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(stamp: &Stamp) -> String {
    let shown = serde_json::to_value(stamp).unwrap_or_default();
    text(&shown).to_owned()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tokens_stand_where_passwords_do() {
        let encoded = BASE64_STANDARD.encode("alice:tk_a:b");
        assert_eq!(
            credentials(&format!("Basic {encoded}")),
            Some(("alice".to_owned(), "tk_a:b".to_owned()))
        );
        for wrong in ["", "Basic", "Basic !!", "Bearer tk_a"] {
            assert_eq!(credentials(wrong), None);
        }
    }
}
