//! Deleting what was made, and nothing else: what carries the mark.

use std::fmt;

use vikunja_sdk::{
    Execute, Failure, Release, api_tokens, labels,
    model::{NamespaceId, Project},
    namespaces, object,
    page::walk,
    projects, saved_filters, teams,
    users::Current,
};

use super::MARK;

/// Longest list that is looked through.
const MOST: usize = 100_000;
/// First release that lists saved filters as projects.
const PROJECTS: Release = Release(0, 21, 0);
/// First release with API tokens.
const TOKENS: Release = Release(0, 22, 0);

/// What was deleted in an account, and what stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Projects, with their tasks.
    pub projects: u64,
    /// Saved filters.
    pub filters: u64,
    /// Labels.
    pub labels: u64,
    /// Teams.
    pub teams: u64,
    /// API tokens.
    pub tokens: u64,
    /// Projects without the mark: the inbox, and what people made.
    pub kept: u64,
}

impl std::ops::AddAssign for Cleaned {
    fn add_assign(&mut self, other: Self) {
        self.projects += other.projects;
        self.filters += other.filters;
        self.labels += other.labels;
        self.teams += other.teams;
        self.tokens += other.tokens;
        self.kept += other.kept;
    }
}

impl fmt::Display for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            projects,
            filters,
            labels,
            teams,
            tokens,
            ..
        } = self;
        write!(
            f,
            "{projects} projects with their tasks, {filters} saved filters, {labels} labels, {teams} teams, {tokens} API tokens"
        )
    }
}

/// Deletes what carries the mark and is the caller's own. `tokens`: API tokens too, which takes a user's session.
pub async fn clean_account<X: Execute>(
    executor: &mut X,
    with_tokens: bool,
) -> Result<Cleaned, X::Error> {
    let mut cleaned = Cleaned::default();
    let me = executor.execute(&Current).await?.id;
    let list = teams::List::default();
    for team in walk(&mut *executor, list).collect(MOST).await? {
        let is_mine = team.created_by.is_none_or(|by| by.id == me);
        if is_mine && team.description == MARK {
            cleaned.teams += delete(executor, team.id).await?;
        }
    }
    let list = projects::List {
        is_archived: Some(true),
        ..projects::List::default()
    };
    let found = walk(&mut *executor, list).collect(MOST).await?;
    for filter in shown_filters(executor, &found).await? {
        if let Some(id) = filter.id.filter().filter(|_| filter.description == MARK) {
            let delete = saved_filters::Delete { id };
            cleaned.filters += gone(executor.execute(&delete).await)?;
        }
    }
    for project in found.into_iter().filter(|project| project.id.get() > 0) {
        let is_mine = project.owner.is_none_or(|owner| owner.id == me);
        if is_mine && project.description == MARK {
            // Children went with what was above them.
            cleaned.projects += delete(executor, project.id).await?;
        } else {
            cleaned.kept += u64::from(is_mine);
        }
    }
    let list = labels::List::default();
    for label in walk(&mut *executor, list).collect(MOST).await? {
        let is_mine = label.created_by.is_none_or(|by| by.id == me);
        if is_mine && label.description == MARK {
            cleaned.labels += delete(executor, label.id).await?;
        }
    }
    if with_tokens && executor.session().server().release >= TOKENS {
        let list = api_tokens::List::default();
        for token in walk(&mut *executor, list).collect(MOST).await? {
            if token.title == MARK {
                let delete = api_tokens::Delete { token: token.id };
                cleaned.tokens += gone(executor.execute(&delete).await)?;
            }
        }
    }
    Ok(cleaned)
}

/// The projects that saved filters are shown as. 0.20 has them in a namespace of their own.
pub(super) async fn shown_filters<X: Execute>(
    executor: &mut X,
    found: &[Project],
) -> Result<Vec<Project>, X::Error> {
    if executor.session().server().release < PROJECTS {
        let namespace = NamespaceId::FILTERS;
        return executor.execute(&namespaces::Lists { namespace }).await;
    }
    let filters = found.iter().filter(|one| one.id.filter().is_some());
    Ok(filters.cloned().collect())
}

async fn delete<X: Execute, O: vikunja_sdk::Object>(
    executor: &mut X,
    id: O,
) -> Result<u64, X::Error> {
    gone(executor.execute(&object::Delete { id }).await)
}

/// Gone is gone, also when somebody else was faster.
fn gone<E: Failure>(result: Result<(), E>) -> Result<u64, E> {
    match result {
        Ok(()) => Ok(1),
        Err(error) if error.is_not_found() => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vikunja_sdk::testing::Fake;

    /// A page of v2 with something marked of mine, something marked of somebody else, and something of mine.
    fn page(first: i64, by: &str) -> Value {
        let item = |id: i64, mark: &str, owner: i64| json!({"id": id, "title": "t", "name": "t", "description": mark, by: {"id": owner}});
        let items = [
            item(first, MARK, 1),
            item(first + 1, MARK, 2),
            item(first + 2, "", 1),
        ];
        json!({"items": items, "total": 3, "total_pages": 1})
    }

    #[tokio::test]
    async fn what_carries_the_mark_and_is_mine_is_deleted_and_nothing_else() {
        let mut fake = Fake::of(Release(2, 5, 0));
        let mut projects = page(20, "owner");
        let filter = json!({"id": -5, "title": "f", "description": MARK, "owner": {"id": 1}});
        projects["items"].as_array_mut().unwrap().push(filter);
        let tokens = json!({"items": [{"id": 40, "title": MARK}, {"id": 41, "title": "mine"}], "total": 2, "total_pages": 1});
        fake.answer("GET /api/v2/user", 200, &json!({"id": 1, "username": "u"}))
            .answer("GET /api/v2/teams", 200, &page(10, "created_by"))
            .answer("GET /api/v2/projects", 200, &projects)
            .answer("GET /api/v2/labels", 200, &page(30, "created_by"))
            .answer("GET /api/v2/tokens", 200, &tokens);
        for deleted in [
            "teams/10",
            "projects/20",
            "filters/4",
            "labels/30",
            "tokens/40",
        ] {
            fake.answer(&format!("DELETE /api/v2/{deleted}"), 200, &json!({}));
        }
        // It went with what was above it.
        fake.answer(
            "DELETE /api/v2/projects/20",
            404,
            &json!({"code": 3001, "message": "gone"}),
        );
        let cleaned = clean_account(&mut fake, true).await.unwrap();
        let all = Cleaned {
            projects: 1,
            filters: 1,
            labels: 1,
            teams: 1,
            tokens: 1,
            kept: 1,
        };
        assert_eq!(cleaned, all);
        let is_delete = |request: &&http::Request<bytes::Bytes>| request.method() == "DELETE";
        assert_eq!(fake.requests().iter().filter(is_delete).count(), 5);

        let again = clean_account(&mut fake, false).await.unwrap();
        assert_eq!(
            (again.projects, again.tokens),
            (0, 0),
            "gone is gone, and tokens were not asked for"
        );
    }
}
