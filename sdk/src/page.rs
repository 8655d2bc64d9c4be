//! Pages of lists, and a walk through them that ends whatever the server does.

use std::{collections::HashSet, hash::Hash};

use crate::{At, Endpoint, Execute, Paged};

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
pub trait Pages: Endpoint<Reply = Paged<Self::Item>> + Send {
    /// What is in it.
    type Item: Keyed + Send + serde::de::DeserializeOwned;

    /// Asks for page `number`, from 1.
    fn set_page(&mut self, number: u64);

    /// Whether the total of the first page can be trusted here. 0.20 says «one page» for its lists, however many.
    fn total_pages_hold(&self, _: At) -> bool {
        true
    }
}

/// Walks through a list and collects at most `most` items.
///
/// It ends at the total of the first page, or at a page on which nothing is new: projects and saved filters that are
/// repeated on every page come out once.
pub async fn collect<X: Execute, E: Pages>(
    executor: &mut X,
    mut list: E,
    most: usize,
) -> Result<Vec<E::Item>, X::Error> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut total_pages = None;
    for number in 1.. {
        list.set_page(number);
        let page = executor.execute(&list).await?;
        if number == 1 {
            let release = executor.session().server().release;
            let at = At {
                release,
                api: crate::Api::V1,
            };
            total_pages = page.total_pages.filter(|_| list.total_pages_hold(at));
        }
        let before = found.len();
        found.extend(
            page.items
                .into_iter()
                .filter(|item| seen.insert(item.key())),
        );
        if found.len() >= most {
            found.truncate(most);
            break;
        }
        if found.len() == before || total_pages.is_some_and(|total| number >= total) {
            break;
        }
    }
    Ok(found)
}
