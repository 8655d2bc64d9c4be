//! Lists of tasks: of everything, of a project, of a view.

use crate::call::Call;
use crate::expand::{self, Expand};
use crate::failure::Failure;
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::store::filters::pseudo_id;
use crate::store::projects::FAVORITES;
use crate::store::tasks::{self as store, Condition, Selection};
use crate::store::views::View;
use crate::{board, filter, projects, saved_filters, views};

use super::no_access_to_project;

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    list(call, Listed::of(visible(call)?))
}

pub(crate) fn read_all_of_project(call: &Call<'_>) -> Result<Reply, Failure> {
    // A link share gets its own project's tasks, whatever it asks for.
    let asked = call.id("project")?;
    let project = call.shared_project().unwrap_or(asked);
    let listed = of_project(call, project, None)?;
    list(call, listed)
}

/// Tasks of a view; v1 answers the buckets of a board, unless the filter asks for certain ones.
pub(crate) fn read_all_of_view(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let (listed, view) = of_view(call, project, id)?;
    let with_buckets = view.is_board() || view.has_bucket_filters();
    if call.at.api == Api::V1 && with_buckets && !filter::names_bucket(call) {
        return board::read(call, listed, &view);
    }
    list(call, listed)
}

/// What a list is about before the request narrows it down.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) projects: String,
    pub(crate) conditions: Vec<Condition>,
    /// A saved filter's own order, which comes after the request's.
    sort_by: Vec<String>,
    order_by: Vec<String>,
    view: Option<View>,
}

impl Listed {
    fn of(projects: String) -> Self {
        Self {
            projects,
            ..Self::default()
        }
    }

    /// What the request leaves of it.
    pub(crate) fn selection(self, call: &Call<'_>) -> Result<Selection, Failure> {
        let asked = [
            call.search().map(searched),
            filter::condition(call, self.view.as_ref())?,
        ];
        Ok(Selection {
            projects: self.projects,
            condition: Condition::all(
                self.conditions
                    .into_iter()
                    .chain(asked.into_iter().flatten()),
            ),
            view: self.view.map(|view| view.id),
        })
    }

    fn order(&self, call: &Call<'_>) -> Result<String, Failure> {
        fn joined<'a>(asked: impl Iterator<Item = &'a str>, own: &'a [String]) -> Vec<&'a str> {
            asked.chain(own.iter().map(String::as_str)).collect()
        }
        let sort_by = joined(call.query_all("sort_by"), &self.sort_by);
        let order_by = joined(call.query_all("order_by"), &self.order_by);
        filter::order(call.at.release, &sort_by, &order_by, self.view.is_some())
    }
}

/// The tasks of a project, of the favourites, or of a saved filter.
fn of_project(call: &Call<'_>, project: i64, view: Option<&View>) -> Result<Listed, Failure> {
    let user = call.user()?;
    match project {
        FAVORITES => {
            let sql =
                "t.id IN (SELECT entity_id FROM favorites WHERE user_id = ?1 AND kind = 'task')";
            Ok(Listed {
                conditions: vec![Condition {
                    sql: sql.to_owned(),
                    values: Vec::new(),
                }],
                ..Listed::of(visible(call)?)
            })
        }
        project if project < FAVORITES => {
            let filter = call.read(|db| saved_filters::found(db, pseudo_id(project)))?;
            if filter.owner_id() != user.id && call.at.release.boards.foreign_filter_refused {
                return Err(projects::not_allowed());
            }
            let own = filter::stored(call.at.release, &filter.query, view)?;
            Ok(Listed {
                conditions: own.into_iter().collect(),
                sort_by: filter.query.sort_by.unwrap_or_default(),
                order_by: filter.query.order_by.unwrap_or_default(),
                ..Listed::of(visible(call)?)
            })
        }
        project => {
            call.read(|db| match projects::check_access(db, user, project, 0) {
                Err(Failure::Forbidden(_)) => Err(no_access_to_project()),
                other => other,
            })?;
            Ok(Listed::of(format!("[{project}]")))
        }
    }
}

/// The tasks of a view: those of its project, less what the view's own filter leaves out.
pub(crate) fn of_view(call: &Call<'_>, project: i64, id: i64) -> Result<(Listed, View), Failure> {
    let release = call.at.release;
    // Who must not see the project does not hear whether it has the view.
    of_project(call, project, None)?;
    let view = call.read(|db| views::found(db, release, project, id))?;
    let mut listed = of_project(call, project, Some(&view))?;
    if let Some(query) = &view.filter.query {
        listed
            .conditions
            .extend(filter::stored(release, query, Some(&view))?);
        let search = query.s.as_deref().filter(|text| !text.is_empty());
        listed.conditions.extend(search.map(searched));
    }
    if project < FAVORITES && release.boards.filters_place_later {
        saved_filters::place_later(call, &listed, &view)?;
    }
    listed.view = Some(view.clone());
    Ok((listed, view))
}

/// The projects that the caller sees.
pub(crate) fn visible(call: &Call<'_>) -> Result<String, Failure> {
    let user = call.user()?;
    call.read(|db| crate::store::projects::visible(db, user.id))
}

/// A page of these tasks.
fn list(call: &Call<'_>, listed: Listed) -> Result<Reply, Failure> {
    let (page, user, expand) = (Page::asked(call)?, call.user()?, Expand::asked(call)?);
    let order = listed.order(call)?;
    let mut selection = listed.selection(call)?;
    if expand.subtasks {
        selection.leave_out_subtasks(call.at.release.tasks.subtasks_below);
    }
    call.read(|db| {
        let total = store::count(db, user.id, &selection)?;
        let mut tasks = store::page(db, user.id, &selection, &order, page.limit(), page.offset())?;
        if expand.subtasks {
            expand::add_subtasks(db, user.id, &mut tasks)?;
        }
        expand.fill(call, db, &mut tasks)?;
        let here = count_of(&tasks);
        Ok(page.reply(
            call,
            "PaginatedTask",
            &tasks,
            Count {
                total,
                here,
                // Someone without any project gets nothing at all.
                forgotten_beyond_end: selection.projects == "[]",
            },
        ))
    })
}

/// One phrase in title or description, or `#n` for the task of that number.
pub(crate) fn searched(text: &str) -> Condition {
    let number = text
        .strip_prefix('#')
        .and_then(|number| number.parse::<i64>().ok());
    Condition {
        sql: "t.title LIKE '%' || ? || '%' OR t.description LIKE '%' || ? || '%' OR t.number = ?"
            .to_owned(),
        values: vec![
            text.to_owned().into(),
            text.to_owned().into(),
            number.into(),
        ],
    }
}
