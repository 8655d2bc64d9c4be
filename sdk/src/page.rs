//! Pages of lists, and a walk through them that ends whatever the server does.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use vikunja_sdk::{Client, Error, page::walk, projects, tasks};
//!
//! # async fn example(mut vikunja: Client) -> Result<(), Error> {
//! let projects = walk(&mut vikunja, projects::List::default()).collect(1000).await?;
//!
//! let mut tasks = walk(&mut vikunja, tasks::List::default());
//! while let Some(page) = tasks.next_page().await? {
//!     println!("{} tasks more", page.items.len());
//! }
//!
//! let mut tasks = std::pin::pin!(walk(&mut vikunja, tasks::List::default()).items());
//! while let Some(task) = tasks.try_next().await? {
//!     println!("{}", task.title);
//! }
//! # Ok(()) }
//! ```

use std::{collections::HashSet, hash::Hash};

use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{Endpoint, Execute, Release, Reply};

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Pages in all. The server says 0 beyond the end: trust that of the first page.
    pub total_pages: Option<u64>,
    /// Items in all, on all pages (v2 only; pseudo projects are not counted).
    pub total: Option<u64>,
}

/// Something with an id, so that a walk can tell what it has seen.
pub trait Keyed {
    /// Its id.
    type Key: Eq + Hash + Send;

    /// Its id.
    fn key(&self) -> Self::Key;
}

/// A list that comes in pages.
pub trait Pages: Endpoint<Reply: Reply<Output = Page<Self::Item>>> + Send {
    /// What is in it.
    type Item: Keyed + Send + serde::de::DeserializeOwned;

    /// Asks for page `number`, from 1.
    fn set_page(&mut self, number: u64);

    /// Asks for page `number` of a walk, after a page on which this was new.
    fn advance(&mut self, number: u64, _new: &[Self::Item]) {
        self.set_page(number);
    }

    /// Whether the total of the first page can be trusted here. 0.20 says «one page» for its lists, however many.
    fn total_pages_hold(&self, _: Release) -> bool {
        true
    }
}

/// A walk through a list, from its first page, whatever page the list names.
pub fn walk<X: Execute, L: Pages>(executor: X, list: L) -> Walk<X, L> {
    Walk {
        executor,
        list,
        number: 0,
        total_pages: None,
        seen: HashSet::new(),
        is_over: false,
    }
}

/// A walk through a list.
///
/// It ends at the total of the first page, or at a page on which nothing is new: projects and saved filters that are
/// repeated on every page, and things that move to a later page meanwhile, come out once.
///
/// What others add or delete during the walk moves the rest: an item can be missed.
/// [`tasks::ListQuery::after`](crate::tasks::ListQuery::after) walks so that none is.
///
/// A page whose future was dropped, or that failed, is asked for again: nothing is skipped.
pub struct Walk<X, L: Pages> {
    executor: X,
    list: L,
    /// Pages so far.
    number: u64,
    /// What the first page said, where that can be trusted.
    total_pages: Option<u64>,
    seen: HashSet<<L::Item as Keyed>::Key>,
    is_over: bool,
}

impl<X, L: Pages> std::fmt::Debug for Walk<X, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk")
            .field("pages", &self.number)
            .field("items", &self.seen.len())
            .finish_non_exhaustive()
    }
}

impl<X: Execute, L: Pages> Walk<X, L> {
    /// The executor, between two pages: for one that keeps more of the last answer than the page.
    pub fn inner(&mut self) -> &mut X {
        &mut self.executor
    }

    /// What is new on the next page; `None` at the end.
    pub async fn next_page(&mut self) -> Result<Option<Page<L::Item>>, X::Error> {
        if self.is_over {
            return Ok(None);
        }
        if self.number == 0 {
            self.list.advance(1, &[]);
        }
        let mut page = self.executor.execute(&self.list).await?;
        // From here on nothing waits: a dropped future has changed nothing, or all.
        self.number += 1;
        if self.number == 1 {
            let release = self.executor.session().server().release;
            let is_true = self.list.total_pages_hold(release);
            self.total_pages = page.total_pages.filter(|_| is_true);
        }
        page.items.retain(|item| self.seen.insert(item.key()));
        self.is_over =
            page.items.is_empty() || self.total_pages.is_some_and(|total| self.number >= total);
        self.list.advance(self.number + 1, &page.items);
        Ok(Some(page).filter(|page| !page.items.is_empty()))
    }

    /// The pages one by one. It ends at the first error.
    pub fn pages(self) -> impl Stream<Item = Result<Page<L::Item>, X::Error>> {
        stream::try_unfold(self, |mut walk| async move {
            let page = walk.next_page().await?;
            Ok(page.map(|page| (page, walk)))
        })
    }

    /// The items one by one; a page is asked for when the one before it is used up. It ends at the first error.
    pub fn items(self) -> impl Stream<Item = Result<L::Item, X::Error>> {
        self.pages()
            .map_ok(|page| stream::iter(page.items).map(Ok))
            .try_flatten()
    }

    /// All items, but not more than `most`; the pages after that are not asked for.
    pub async fn collect(mut self, most: usize) -> Result<Vec<L::Item>, X::Error> {
        let mut found = Vec::new();
        while found.len() < most
            && let Some(page) = self.next_page().await?
        {
            found.extend(page.items);
        }
        found.truncate(most);
        Ok(found)
    }
}
