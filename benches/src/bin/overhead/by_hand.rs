//! The list of tasks without the SDK, as one writes it who needs just that of one release: a request, a struct, no
//! retries, no errors to speak of. Neither crippled nor padded: the header is made once, unset times are not parsed, and
//! UTF-8 is looked at once as in the SDK, which `serde_json::from_slice` does for each string.

#![expect(clippy::struct_field_names, reason = "they are the server's")]

use std::{collections::HashMap, error::Error};

use bytes::Bytes;
use http::{HeaderValue, Method, header::AUTHORIZATION};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

/// What goes wrong is only passed on.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The envelope of v2.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for what it costs")]
pub(crate) struct Page {
    pub(crate) items: Option<Vec<Task>>,
    total: u64,
    page: u64,
    per_page: u64,
    total_pages: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for what it costs")]
pub(crate) struct Task {
    id: i64,
    title: String,
    description: String,
    done: bool,
    #[serde(deserialize_with = "time")]
    done_at: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    due_date: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    start_date: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    end_date: Option<Timestamp>,
    reminders: Option<Vec<Reminder>>,
    project_id: i64,
    repeat_after: i64,
    repeat_mode: i64,
    priority: i64,
    percent_done: f64,
    hex_color: String,
    assignees: Option<Vec<User>>,
    labels: Option<Vec<Label>>,
    related_tasks: Option<HashMap<String, Vec<Task>>>,
    identifier: String,
    index: i64,
    is_favorite: bool,
    bucket_id: i64,
    #[serde(deserialize_with = "time")]
    created: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    updated: Option<Timestamp>,
    created_by: Option<User>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for what it costs")]
struct Reminder {
    #[serde(deserialize_with = "time")]
    reminder: Option<Timestamp>,
    relative_period: i64,
    relative_to: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for what it costs")]
struct User {
    id: i64,
    name: String,
    username: String,
    #[serde(deserialize_with = "time")]
    created: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    updated: Option<Timestamp>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for what it costs")]
struct Label {
    id: i64,
    title: String,
    description: String,
    hex_color: String,
    created_by: Option<User>,
    #[serde(deserialize_with = "time")]
    created: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    updated: Option<Timestamp>,
}

/// The server writes «no time» as the first second of year one.
fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Timestamp>, D::Error> {
    match Option::<&str>::deserialize(deserializer)? {
        None | Some("0001-01-01T00:00:00Z") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// The SDK's way to read JSON; `serde_json::from_slice` costs a fifth more.
fn json<T: de::DeserializeOwned>(body: &[u8]) -> Result<T> {
    Ok(serde_json::from_str(std::str::from_utf8(body)?)?)
}

/// The request for one page.
pub(crate) fn request(url: &str, bearer: &HeaderValue) -> Result<http::Request<Bytes>> {
    Ok(http::Request::builder()
        .method(Method::GET)
        .uri(format!("{url}?page={}&per_page={}", 1, 50))
        .header(AUTHORIZATION, bearer.clone())
        .body(Bytes::new())?)
}

/// The tasks in an answer of v1, and the number of pages.
pub(crate) fn read_v1(answer: &http::Response<Bytes>) -> Result<(Option<Vec<Task>>, u64)> {
    if !answer.status().is_success() {
        return Err(answer.status().as_str().into());
    }
    let pages = answer
        .headers()
        .get("x-pagination-total-pages")
        .ok_or("no number of pages")?;
    Ok((json(answer.body())?, pages.to_str()?.parse()?))
}

/// The page in an answer of v2.
pub(crate) fn read_v2(answer: &http::Response<Bytes>) -> Result<Page> {
    if !answer.status().is_success() {
        return Err(answer.status().as_str().into());
    }
    json(answer.body())
}

/// The whole call, over reqwest.
pub(crate) async fn send(http: &reqwest::Client, url: &str, bearer: &HeaderValue) -> Result<Page> {
    let answer = http
        .get(format!("{url}?page={}&per_page={}", 1, 50))
        .header(AUTHORIZATION, bearer.clone())
        .send()
        .await?
        .error_for_status()?;
    Ok(serde_json::from_str(std::str::from_utf8(
        &answer.bytes().await?,
    )?)?)
}
