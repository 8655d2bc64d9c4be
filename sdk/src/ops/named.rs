use crate::{
    Execute, Page, labels,
    model::{Label, Project, User},
    page::walk,
    projects, users,
};

/// What has a name: names need not be unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named<T> {
    /// Nothing that the caller sees has it.
    Nothing,
    /// One thing has it.
    One(T),
    /// Several have it, two at least.
    Several(Vec<T>),
}

impl<T> Named<T> {
    /// The one that has the name.
    pub fn one(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::Nothing | Self::Several(_) => None,
        }
    }

    fn of(found: impl IntoIterator<Item = T>) -> Self {
        let mut found: Vec<T> = found.into_iter().collect();
        match found.len() {
            0 | 1 => found.pop().map_or(Self::Nothing, Self::One),
            _ => Self::Several(found),
        }
    }
}

/// Longest list that is looked through.
const MOST: usize = 10_000;

/// The label with exactly this title, among those that the caller sees.
pub async fn label_named<X: Execute>(
    executor: &mut X,
    title: &str,
) -> Result<Named<Label>, X::Error> {
    let list = labels::List {
        search: searched(title),
        ..labels::List::default()
    };
    let found = walk(executor, list).collect(MOST).await?;
    Ok(Named::of(
        found.into_iter().filter(|label| label.title == title),
    ))
}

/// The project (0.20: list) with exactly this title, among those that the caller sees and that are not archived. Saved
/// filters and the favourites are not projects here.
pub async fn project_named<X: Execute>(
    executor: &mut X,
    title: &str,
) -> Result<Named<Project>, X::Error> {
    let list = projects::List {
        search: searched(title),
        ..projects::List::default()
    };
    let found = walk(executor, list).collect(MOST).await?;
    let is_it = |project: &Project| project.id.get() > 0 && project.title == title;
    Ok(Named::of(found.into_iter().filter(is_it)))
}

/// The user with exactly this name. Nobody needs to share anything with them.
pub async fn user_named<X: Execute>(
    executor: &mut X,
    username: &str,
) -> Result<Named<User>, X::Error> {
    let search = users::Search {
        search: Some(username.to_owned()),
    };
    let Page { items, .. } = executor.execute(&search).await?;
    Ok(Named::of(
        items.into_iter().filter(|user| user.username == username),
    ))
}

/// What the server may look for instead of sending everything; digits and commas would be ids to it.
fn searched(title: &str) -> Option<String> {
    let is_ids = title
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ',' | ' '));
    (!is_ids).then(|| title.to_owned())
}
