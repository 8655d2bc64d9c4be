//! Which tasks a list is about, and reading them: counted, by page, by bucket.

use std::collections::HashMap;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};

use super::{JOINED, Task, WIDTH, add_lists, columns};
use crate::failure::Failure;
use crate::release::SubtasksBelow;
use crate::store::boards;

/// A condition in SQL over the alias `t`, with its values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

impl Condition {
    /// Fulfilled by every task.
    pub(crate) fn always() -> Self {
        Self {
            sql: "TRUE".to_owned(),
            values: Vec::new(),
        }
    }

    /// Fulfilled by no task.
    pub(crate) fn never() -> Self {
        Self {
            sql: "FALSE".to_owned(),
            values: Vec::new(),
        }
    }

    /// Fulfilled when all are.
    pub(crate) fn all(conditions: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::always();
        for condition in conditions {
            all.sql.extend([" AND (", &condition.sql, ")"]);
            all.values.extend(condition.values);
        }
        all
    }
}

/// Which tasks a list is about: those of these projects (a JSON array of ids) that fulfil the condition.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) projects: String,
    pub(crate) condition: Condition,
    /// The view whose order counts.
    pub(crate) view: Option<i64>,
}

/// The living tasks of a selection, of which ?1 is the user, ?2 the projects and ?3 the view.
///
/// A join instead of `IN`, which would build a table of its own for every read.
const SELECTED: &str = "FROM json_each(?2) j CROSS JOIN tasks t ON t.project_id = j.value";

/// The same, with the tasks' positions in the view.
const IN_VIEW: &str = "LEFT JOIN task_positions vp ON vp.view_id = ?3 AND vp.task_id = t.id";

impl Selection {
    /// Leaves out the subtasks that the release shows below their parents.
    pub(crate) fn leave_out_subtasks(&mut self, below: SubtasksBelow) {
        let parent = match below {
            SubtasksBelow::AnyParent => "TRUE".to_owned(),
            SubtasksBelow::ParentInProject => "EXISTS (SELECT 1 FROM tasks parent
                 WHERE parent.id = r.other_task_id AND parent.project_id = t.project_id)"
                .to_owned(),
            SubtasksBelow::ListedParent => {
                let listed = format!("SELECT t.id {}", self.sql());
                self.condition.values.extend_from_within(..);
                format!("r.other_task_id IN ({listed})")
            }
        };
        self.condition.sql = format!(
            "({}) AND NOT EXISTS (SELECT 1 FROM relations r
             WHERE r.task_id = t.id AND r.kind = 'parenttask' AND {parent})",
            self.condition.sql
        );
    }

    /// Those that fulfil one more condition.
    pub(crate) fn narrowed(&self, condition: Option<Condition>) -> Self {
        let conditions = std::iter::once(self.condition.clone()).chain(condition);
        Self {
            projects: self.projects.clone(),
            condition: Condition::all(conditions),
            view: self.view,
        }
    }

    /// From where, and which.
    fn sql(&self) -> String {
        format!("{SELECTED} {} {}", self.positions(), self.which())
    }

    /// The same for tasks in buckets of the view.
    fn sql_in_buckets(&self) -> String {
        format!(
            "{SELECTED} {IN_VIEW} JOIN task_buckets b ON b.view_id = ?3 AND b.task_id = t.id {}",
            self.which()
        )
    }

    fn which(&self) -> String {
        format!(
            "WHERE ?1 IS NOT NULL AND t.deleted_at IS NULL AND ({})",
            self.condition.sql
        )
    }

    fn positions(&self) -> &'static str {
        self.view.map_or("", |_| IN_VIEW)
    }

    fn values(&self, user: i64) -> impl Iterator<Item = Sql> {
        let condition = self.condition.values.iter().cloned();
        [Sql::from(user), Sql::from(self.projects.clone())]
            .into_iter()
            .chain(self.view.map(Sql::from))
            .chain(condition)
    }
}

/// How many tasks are selected.
pub(crate) fn count(db: &Connection, user: i64, selection: &Selection) -> Result<i64, Failure> {
    let sql = format!("SELECT count(*) {}", selection.sql());
    Ok(db
        .prepare_cached(&sql)?
        .query_row(params_from_iter(selection.values(user)), |row| row.get(0))?)
}

/// The ids of all selected tasks.
pub(crate) fn ids(db: &Connection, user: i64, selection: &Selection) -> Result<Vec<i64>, Failure> {
    let sql = format!("SELECT t.id {} ORDER BY t.id", selection.sql());
    let mut query = db.prepare_cached(&sql)?;
    let ids = query.query_map(params_from_iter(selection.values(user)), |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// A page of the selected tasks, complete.
pub(crate) fn page(
    db: &Connection,
    user: i64,
    selection: &Selection,
    order: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<Task>, Failure> {
    // First the ids, then the wide rows of this page alone.
    let sql = format!(
        "SELECT {} FROM
         (SELECT t.id {} ORDER BY {order} LIMIT ? OFFSET ?) picked
         CROSS JOIN tasks t ON t.id = picked.id {JOINED} {} ORDER BY {order}",
        columns(),
        selection.sql(),
        selection.positions()
    );
    let values = selection
        .values(user)
        .chain([Sql::from(limit), Sql::from(offset)]);
    read_all(db, &sql, values, selection.view)
}

/// How many of the selected tasks each bucket of the view holds.
pub(crate) fn counts_by_bucket(
    db: &Connection,
    user: i64,
    selection: &Selection,
) -> Result<HashMap<i64, i64>, Failure> {
    let sql = format!(
        "SELECT b.bucket_id, count(*) {} GROUP BY b.bucket_id",
        selection.sql_in_buckets()
    );
    let mut query = db.prepare_cached(&sql)?;
    let counts = query.query_map(params_from_iter(selection.values(user)), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

/// A page of the selected tasks of every bucket of the view, complete and in order.
pub(crate) fn page_by_bucket(
    db: &Connection,
    user: i64,
    selection: &Selection,
    limit: i64,
    offset: i64,
) -> Result<Vec<Task>, Failure> {
    const ORDER: &str = "vp.position IS NULL, vp.position, t.id";
    let sql = format!(
        "SELECT {}, picked.bucket_id FROM
         (SELECT t.id, b.bucket_id, row_number() OVER (PARTITION BY b.bucket_id ORDER BY {ORDER}) place {}) picked
         CROSS JOIN tasks t ON t.id = picked.id {JOINED} {IN_VIEW}
         WHERE picked.place > ? AND picked.place <= ? ORDER BY {ORDER}",
        columns(),
        selection.sql_in_buckets()
    );
    let last = if limit < 0 { i64::MAX } else { offset + limit };
    let values = selection
        .values(user)
        .chain([Sql::from(offset), Sql::from(last)]);
    read_all(db, &sql, values, selection.view)
}

fn read_all(
    db: &Connection,
    sql: &str,
    values: impl Iterator<Item = Sql>,
    view: Option<i64>,
) -> Result<Vec<Task>, Failure> {
    let mut query = db.prepare_cached(sql)?;
    let in_buckets = query.column_count() > BUCKET;
    let read = |row: &Row<'_>| {
        let mut task = Task::read(row)?;
        if in_buckets {
            task.bucket_id = row.get(BUCKET)?;
        }
        Ok(task)
    };
    let mut tasks = query
        .query_map(params_from_iter(values), read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    add_lists(db, &mut tasks)?;
    if let Some(view) = view {
        boards::add_positions(db, view, &mut tasks)?;
    }
    Ok(tasks)
}

/// Where a bucket's id stands behind the columns of a task.
const BUCKET: usize = WIDTH;
