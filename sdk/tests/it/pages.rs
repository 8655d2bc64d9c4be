//! Walks end, miss nothing and hold nothing twice, whatever the server says of its pages.

use std::{future::Future, pin::pin, task::Context};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use vikunja_sdk::{
    Release,
    model::{Order, SortField, TaskId},
    page::walk,
    projects,
    retry::Happened,
    tasks,
    testing::Fake,
};

const OLDEST: Release = Release(0, 20, 4);
const ONE: Release = Release(1, 0, 0);
const NEWEST: Release = Release(2, 5, 0);

/// A page of v1, with the header of its total.
fn v1(ids: &[i64], total: Option<u64>) -> http::Response<Bytes> {
    let mut answer = http::Response::builder();
    if let Some(total) = total {
        answer = answer.header("x-pagination-total-pages", total);
    }
    answer.body(Bytes::from(items(ids).to_string())).unwrap()
}

/// A page of v2.
fn v2(ids: &[i64], total_pages: u64) -> Value {
    json!({"items": items(ids), "total": 99, "page": 1, "per_page": 2, "total_pages": total_pages})
}

fn items(ids: &[i64]) -> Value {
    ids.iter()
        .map(|id| json!({"id": id, "title": format!("Number {id}")}))
        .collect()
}

async fn projects(fake: &mut Fake) -> Vec<i64> {
    let found = walk(fake, projects::List::default()).collect(1000).await;
    found
        .unwrap()
        .iter()
        .map(|project| project.id.get())
        .collect()
}

async fn tasks(fake: &mut Fake, most: usize) -> Vec<i64> {
    let found = walk(fake, tasks::List::default()).collect(most).await;
    found.unwrap().iter().map(|task| task.id.get()).collect()
}

#[tokio::test]
async fn the_total_of_the_first_page_ends_it() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1, 2], Some(3)));
    // Fewer than the first: not the end.
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[3], Some(3)));
    fake.answer_with("GET /api/v1/tasks?page=3", v1(&[4], Some(3)));
    assert_eq!(tasks(&mut fake, 1000).await, [1, 2, 3, 4]);
    assert_eq!(fake.requests().len(), 3);
}

#[tokio::test]
async fn an_empty_list_is_one_request() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks", v1(&[], Some(0)));
    assert_eq!(tasks(&mut fake, 1000).await, [0; 0]);
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn without_a_total_an_empty_page_ends_it() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1], None));
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[2], None));
    fake.answer_with("GET /api/v1/tasks?page=3", v1(&[], None));
    assert_eq!(tasks(&mut fake, 1000).await, [1, 2]);
}

#[tokio::test]
async fn pseudo_projects_on_every_page_come_out_once() {
    let mut fake = Fake::of(NEWEST);
    fake.answer("GET /api/v2/projects?page=1", 200, &v2(&[-2, -1, 1, 2], 2));
    fake.answer("GET /api/v2/projects?page=2", 200, &v2(&[-2, -1, 3], 2));
    assert_eq!(projects(&mut fake).await, [-2, -1, 1, 2, 3]);
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn the_total_of_old_lists_is_not_believed() {
    let mut fake = Fake::of(OLDEST);
    fake.answer_with("GET /api/v1/lists?page=1", v1(&[1, 2], Some(1)));
    fake.answer_with("GET /api/v1/lists?page=2", v1(&[3], Some(1)));
    fake.answer_with("GET /api/v1/lists?page=3", v1(&[], Some(0)));
    assert_eq!(projects(&mut fake).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_page_with_nothing_new_ends_it() {
    let mut fake = Fake::of(NEWEST);
    // As views do: everything on each of a hundred pages.
    fake.answer("GET /api/v2/projects", 200, &v2(&[1, 2, 3], 100));
    assert_eq!(projects(&mut fake).await, [1, 2, 3]);
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn what_moves_to_a_later_page_comes_out_once() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1, 2], Some(2)));
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[2, 3], Some(2)));
    assert_eq!(tasks(&mut fake, 1000).await, [1, 2, 3]);
}

#[tokio::test]
async fn the_cap_holds_and_saves_requests() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1, 2], Some(9)));
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[3, 4], Some(9)));
    assert_eq!(tasks(&mut fake, 3).await, [1, 2, 3]);
    assert_eq!(tasks(&mut fake, 0).await, [0; 0]);
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn a_page_that_failed_is_asked_for_again() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1], Some(2)));
    fake.fail("GET /api/v1/tasks?page=2", Happened::Lost);
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[2], Some(2)));
    let mut walk = walk(&mut fake, tasks::List::default());
    assert!(walk.next_page().await.unwrap().is_some());
    assert!(walk.next_page().await.is_err());
    assert_eq!(walk.next_page().await.unwrap().unwrap().items.len(), 1);
    assert_eq!(walk.next_page().await.unwrap(), None);
}

#[tokio::test]
async fn items_are_asked_for_when_they_are_wanted() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1, 2], Some(2)));
    fake.fail("GET /api/v1/tasks?page=2", Happened::Lost);
    let mut items = pin!(walk(&mut fake, tasks::List::default()).items());
    for id in [1, 2] {
        let task = items.try_next().await.unwrap().unwrap();
        assert_eq!(task.id.get(), id);
    }
    items.try_next().await.unwrap_err();
    assert_eq!(items.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn a_walk_by_id_goes_on_after_the_greatest() {
    let mut fake = Fake::of(NEWEST);
    let after =
        |id| format!("GET /api/v2/tasks?sort_by=id&filter=done+%3D+false+%26%26+id+%3E+{id}");
    fake.answer(&after(0), 200, &v2(&[1, 2, 4], 9));
    fake.answer(&after(4), 200, &v2(&[5], 1));
    fake.answer(&after(5), 200, &v2(&[], 0));
    let query = tasks::ListQuery {
        filter: Some(vikunja_sdk::filter::DONE.is(false)),
        after: Some(TaskId(0)),
        ..Default::default()
    };
    let found = walk(&mut fake, tasks::List { query }).collect(1000).await;
    assert_eq!(found.unwrap().len(), 4);

    let sorted = tasks::ListQuery {
        sort: vec![(SortField::Title, Order::default())],
        after: Some(TaskId(0)),
        ..Default::default()
    };
    let error = walk(&mut fake, tasks::List { query: sorted })
        .collect(1)
        .await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("leave sort and page out")
    );
}

/// An executor that waits once before it answers.
struct Slow(Fake);

impl vikunja_sdk::Execute for Slow {
    type Error = vikunja_sdk::testing::FakeError;

    fn session(&self) -> &vikunja_sdk::Session {
        self.0.session()
    }

    async fn execute<E: vikunja_sdk::Endpoint>(
        &mut self,
        endpoint: &E,
    ) -> Result<vikunja_sdk::Output<E>, Self::Error> {
        tokio::task::yield_now().await;
        self.0.execute(endpoint).await
    }
}

#[tokio::test]
async fn a_dropped_page_is_asked_for_again() {
    let mut fake = Fake::of(ONE);
    fake.answer_with("GET /api/v1/tasks?page=1", v1(&[1], Some(2)));
    fake.answer_with("GET /api/v1/tasks?page=2", v1(&[2], Some(2)));
    let mut walk = walk(Slow(fake), tasks::List::default());
    let mut found = Vec::new();
    for _ in 0..2 {
        {
            let dropped = pin!(walk.next_page());
            let waker = futures_util::task::noop_waker_ref();
            assert!(dropped.poll(&mut Context::from_waker(waker)).is_pending());
        }
        let page = walk.next_page().await.unwrap().unwrap();
        found.extend(page.items.iter().map(|task| task.id.get()));
    }
    assert_eq!(found, [1, 2]);
}
