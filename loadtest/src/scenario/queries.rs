//! What the web client asks lists of tasks for, as the official load test has copied it.

use vikunja_sdk::{
    Release,
    filter::{DONE, DUE_DATE, Date, END_DATE, Filter, START_DATE, Unit, now},
    model::{Expand, Order, SortField},
    tasks::ListQuery,
};

use super::scene::VIEWS;

/// First release that expands more than subtasks.
const EXPANDS: Release = Release(1, 0, 0);

/// What this release can expand; others would ignore it.
pub(super) fn expand(release: Release, wanted: &[Expand]) -> Vec<Expand> {
    let since = |what: &Expand| match what {
        Expand::Subtasks => VIEWS,
        _ => EXPANDS,
    };
    let known = wanted.iter().filter(|what| release >= since(what));
    known.cloned().collect()
}

/// A first page, with the time zone of the person where the release takes one.
fn page(release: Release, per_page: Option<u64>) -> ListQuery {
    ListQuery {
        page: Some(1),
        per_page,
        filter_timezone: (release >= VIEWS).then(|| "Europe/Berlin".to_owned()),
        ..ListQuery::default()
    }
}

/// What is open, the most urgent first; `soon`: only what is due about now.
pub(super) fn home(release: Release, soon: bool) -> ListQuery {
    let about_now = DUE_DATE.ge(now().minus(30, Unit::Day)) & DUE_DATE.lt(now().plus(7, Unit::Day));
    let open = DONE.is(false);
    ListQuery {
        sort: vec![
            (SortField::DueDate, Order::Ascending),
            (SortField::Id, Order::Descending),
        ],
        filter: Some(if soon { open & about_now } else { open }),
        filter_include_nulls: Some(false),
        expand: expand(release, &[Expand::CommentCount, Expand::IsUnread]),
        ..page(release, None)
    }
}

/// A list view.
pub(super) fn list(release: Release, number: u64) -> ListQuery {
    let wanted = [Expand::CommentCount, Expand::IsUnread, Expand::Subtasks];
    ListQuery {
        sort: vec![(SortField::Position, Order::Ascending)],
        filter: Some(DONE.is(false)),
        filter_include_nulls: Some(false),
        expand: expand(release, &wanted),
        page: Some(number),
        ..page(release, Some(25))
    }
}

/// A board.
pub(super) fn kanban(release: Release) -> ListQuery {
    page(release, Some(25))
}

/// A time line of seventy days, which begins so many days ago.
pub(super) fn gantt(release: Release, days_ago: u32) -> ListQuery {
    let within = |date: Date| -> Filter {
        date.ge(now().minus(days_ago, Unit::Day)) & date.lt(now().plus(70 - days_ago, Unit::Day))
    };
    // Before 0.24 there are no parentheses: conditions are joined all alike.
    let shown = if release >= VIEWS {
        within(START_DATE) | within(END_DATE)
    } else {
        within(START_DATE)
    };
    ListQuery {
        sort: vec![(SortField::StartDate, Order::Ascending)],
        filter: Some(shown),
        filter_include_nulls: Some(false),
        ..page(release, Some(200))
    }
}
