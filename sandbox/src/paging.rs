//! Pages of lists: what is asked for, and how each API tells where one is.

use serde::Serialize;

use crate::call::Call;
use crate::failure::{Failure, Unreadable, plain};
use crate::release::Api;
use crate::reply::Reply;

/// `service.maxitemsperpage`, and v2's default.
const PAGE_SIZE: i64 = 50;
/// v2's own upper bound.
const V2_LIMIT: i64 = 1000;

/// The page that a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    number: i64,
    size: i64,
}

/// v2's list.
#[derive(Serialize)]
struct Envelope<'a, T> {
    items: &'a [T],
    total: i64,
    page: i64,
    per_page: i64,
    total_pages: i64,
}

/// What a list says about its length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    /// All items, on whatever page.
    pub(crate) total: i64,
    /// Items on this page that count.
    pub(crate) here: i64,
    /// v2 forgets the total beyond the end (projects, not tasks).
    pub(crate) forgotten_beyond_end: bool,
}

impl Page {
    pub(crate) fn asked(call: &Call<'_>) -> Result<Self, Failure> {
        match call.at.api {
            Api::V1 => Self::asked_v1(call),
            Api::V2 => Ok(Self {
                number: v2_number(call, "page", 1, i64::MAX)?,
                size: v2_number(call, "per_page", PAGE_SIZE, V2_LIMIT)?,
            }),
        }
    }

    fn asked_v1(call: &Call<'_>) -> Result<Self, Failure> {
        let number = v1_number(call, "page", 1).ok_or_else(|| plain(400, "Bad page requested."))?;
        let size = v1_number(call, "per_page", 0)
            .ok_or_else(|| plain(400, "Bad per page amount requested."))?;
        if number < 0 {
            return Err(plain(400, "Page number cannot be negative."));
        }
        if size < 0 {
            return Err(plain(400, "Per page amount cannot be negative."));
        }
        let size = if size == 0 || size > PAGE_SIZE {
            PAGE_SIZE
        } else {
            size
        };
        Ok(Self { number, size })
    }

    /// SQL's `LIMIT`; page 0 (v1 only) turns paging off.
    pub(crate) fn limit(self) -> i64 {
        if self.number == 0 { -1 } else { self.size }
    }

    /// As many items as a page can have, whatever was asked for: pages that are counted by one size and filled by another.
    pub(crate) fn filled_up(self) -> Self {
        Self {
            size: PAGE_SIZE,
            ..self
        }
    }

    /// SQL's `OFFSET`.
    pub(crate) fn offset(self) -> i64 {
        (self.number - 1).max(0).saturating_mul(self.size)
    }

    /// The answer with these items.
    pub(crate) fn reply<T: Serialize>(
        self,
        call: &Call<'_>,
        schema: &'static str,
        items: &[T],
        count: Count,
    ) -> Reply {
        let pages = |total: i64| (total + self.size - 1) / self.size;
        match call.at.api {
            Api::V1 => {
                // Beyond the end there are no pages at all.
                let total_pages = if count.here == 0 {
                    0
                } else {
                    pages(count.total)
                };
                let reply =
                    if items.is_empty() && count.forgotten_beyond_end && call.at.release.null_lists
                    {
                        call.ok(None, &serde_json::Value::Null)
                    } else {
                        call.ok(None, items)
                    };
                reply
                    .with_header("x-pagination-total-pages", &total_pages.to_string())
                    .with_header("x-pagination-result-count", &count.here.to_string())
            }
            Api::V2 => {
                let total = if count.here == 0 && count.forgotten_beyond_end {
                    0
                } else {
                    count.total
                };
                let envelope = Envelope {
                    items,
                    total,
                    page: self.number,
                    per_page: self.size,
                    total_pages: pages(total),
                };
                call.ok(Some(schema), &envelope)
            }
        }
    }
}

/// How many items there are.
pub(crate) fn count_of<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn v1_number(call: &Call<'_>, name: &str, default: i64) -> Option<i64> {
    match call.query(name) {
        None | Some("") => Some(default),
        Some(text) => text.parse().ok(),
    }
}

fn v2_number(call: &Call<'_>, name: &str, default: i64, most: i64) -> Result<i64, Failure> {
    let Some(text) = call.query(name) else {
        return Ok(default);
    };
    let refused = |message: String, value: serde_json::Value| {
        Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: String::new(),
            v2: message,
            location: format!("query.{name}"),
            value: Some(value),
            bad_request: true,
        })
    };
    match text.parse::<i64>() {
        Err(_) => Err(refused("invalid integer".to_owned(), text.into())),
        Ok(number) if number < 1 => Err(refused("expected number >= 1".to_owned(), number.into())),
        Ok(number) if number > most => {
            Err(refused(format!("expected number <= {most}"), number.into()))
        }
        Ok(number) => Ok(number),
    }
}
