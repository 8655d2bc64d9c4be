//! What differs between releases about tasks and what hangs on them: relations, labels, assignees, comments.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// A task's `index` may be given on creation, and `done_at` not on update (1.0).
    pub(crate) index_on_create: bool,
    /// The highest index of a project is used again after a deletion (up to 2.3).
    pub(crate) index_reused: bool,
    /// Largest `repeat_after` in seconds (2.3).
    pub(crate) repeat_limit: Option<i64>,
    /// Values of `expand` that a task read knows.
    pub(crate) expand: &'static [&'static str],
    /// `expand` of tasks is read with `[]` behind its name alone, that of projects without alone (1.0).
    pub(crate) expand_is_strict: bool,
    /// Other values of `expand` are refused (1.0); before, they are ignored.
    pub(crate) expand_checked: bool,
    /// Which tasks `expand=subtasks` takes out of a list, to put them behind their parents.
    pub(crate) subtasks_below: SubtasksBelow,
    /// Reactions are in every read of a task (0.24); later only when expanded.
    pub(crate) reactions_always: bool,
    /// Related tasks out of the caller's sight are not shown (2.x).
    pub(crate) relations_guarded: bool,
    /// A task cannot be made its own subtask (0.21), however far below.
    pub(crate) circles_refused: bool,
    /// Ending a relation ends its inverse (0.21); before, one of the same kind from the other side.
    pub(crate) inverse_ended: bool,
    /// Access to one's own label, as reads tell it: 2, up to 1.x 0.
    pub(crate) own_label_access: i64,
    /// Adding or removing one label counts as a change of the task (2.x).
    pub(crate) label_touches: bool,
    /// The assignees of a task can be listed (2.4); before, 500.
    pub(crate) assignees_listed: bool,
    /// What an assignment's time is called: `Created`, from 2.0 `created`.
    pub(crate) assignee_created: &'static str,
    /// Listing the assignees of a task that has none works all the same, and answers `null` (0.20).
    pub(crate) nobody_listed: bool,
    /// A comment must have a text (1.0).
    pub(crate) comment_required: bool,
    /// A comment is only found below its own task (2.x).
    pub(crate) comments_below_task: bool,
    /// Comments can be sorted with `order_by` (2.x).
    pub(crate) comments_ordered: bool,
    /// A bulk update of tasks names its fields (1.0); before, it is a task with `task_ids`.
    pub(crate) bulk_names_fields: bool,
    /// A bulk `done` moves the dates of repeating tasks (2.4), not only their reminders.
    pub(crate) bulk_moves_dates: bool,
}

/// Which subtasks `expand=subtasks` moves behind their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubtasksBelow {
    /// All that have a parent (0.24).
    AnyParent,
    /// Those whose parent is in the same project (1.0).
    ParentInProject,
    /// Those whose parent is in the list, on whatever page (2.x).
    ListedParent,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: Tasks = Tasks {
    index_on_create: false,
    index_reused: true,
    repeat_limit: None,
    expand: &[],
    expand_is_strict: false,
    expand_checked: false,
    subtasks_below: SubtasksBelow::AnyParent,
    reactions_always: false,
    relations_guarded: false,
    circles_refused: false,
    inverse_ended: false,
    own_label_access: 0,
    label_touches: false,
    assignees_listed: false,
    assignee_created: "Created",
    nobody_listed: true,
    comment_required: false,
    comments_below_task: false,
    comments_ordered: false,
    bulk_names_fields: false,
    bulk_moves_dates: true,
};

pub(super) const V0_24: Tasks = Tasks {
    expand: &["subtasks"],
    reactions_always: true,
    circles_refused: true,
    inverse_ended: true,
    nobody_listed: false,
    ..V0_20
};

pub(super) const V1_0: Tasks = Tasks {
    index_on_create: true,
    expand: &[
        "subtasks",
        "buckets",
        "reactions",
        "comments",
        "comment_count",
        "is_unread",
    ],
    expand_is_strict: true,
    expand_checked: true,
    subtasks_below: SubtasksBelow::ParentInProject,
    reactions_always: false,
    comment_required: true,
    bulk_names_fields: true,
    bulk_moves_dates: false,
    ..V0_24
};

pub(super) const V2_5: Tasks = Tasks {
    index_reused: false,
    repeat_limit: Some(315_360_000),
    expand: &[
        "subtasks",
        "buckets",
        "reactions",
        "comments",
        "comment_count",
        "time_entries_count",
        "is_unread",
    ],
    expand_is_strict: false,
    subtasks_below: SubtasksBelow::ListedParent,
    relations_guarded: true,
    own_label_access: 2,
    label_touches: true,
    assignees_listed: true,
    assignee_created: "created",
    comments_below_task: true,
    comments_ordered: true,
    bulk_moves_dates: true,
    ..V1_0
};
