//! What differs between releases about views, buckets, positions and saved filters.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Boards {
    /// A new task goes before the others (1.0); before, its place follows from its index.
    pub(crate) new_tasks_first: bool,
    /// The place that one view gave to a new task is answered and taken over by the views after it (1.x).
    pub(crate) first_view_decides: bool,
    /// A position below this one leaves no room: the view is renumbered.
    pub(crate) least_position: f64,
    /// Tasks of equal position are spread between their neighbours (1.0).
    pub(crate) spreads_equals: bool,
    /// Setting a task's position in one view takes it away from all others (0.24).
    pub(crate) one_position_per_task: bool,
    /// The answer to setting a position is the number that was sent, whatever is stored (0.24).
    pub(crate) echoes_position: bool,
    /// A task from another project gets a place on every board (1.0); before, on those with a done bucket.
    pub(crate) placed_on_every_board: bool,
    /// A repeating task that is done goes back to the default bucket (2.0); before, only if the update ended its repetition.
    pub(crate) repeating_task_moves: bool,
    /// Moving a task into the done bucket is as good as an update with `done` (1.0); before,
    /// `done_at` stays unset and repeating tasks stay where they are.
    pub(crate) bucket_completes: bool,
    /// The answer to a move holds bucket and task (1.0), before just whether the task is done.
    pub(crate) move_answers_task: bool,
    /// Nothing can be moved on the board of an archived project (2.0).
    pub(crate) archive_stops_moves: bool,
    /// An empty bucket has `tasks: null`; otherwise the key is absent (1.0).
    pub(crate) null_tasks: bool,
    /// A full bucket refuses new tasks (1.0), not only those that are moved into it.
    pub(crate) full_refuses_new: bool,
    /// A new task cannot name a bucket of another project (2.x); before, it went into the default bucket.
    pub(crate) foreign_bucket_refused: bool,
    /// A view that is made without a position gets it from its id, as buckets do everywhere (2.5).
    pub(crate) view_position_from_id: bool,
    /// Boards are always kanban views and kanban views always boards, with buckets made for them (2.5).
    pub(crate) kanban_is_board: bool,
    /// A view with a bad filter is refused, a saved filter with one before anything is stored (1.0).
    pub(crate) filters_checked: bool,
    /// Deleting a view that does not exist is refused (2.x).
    pub(crate) view_deletion_checked: bool,
    /// The project of the path is looked up before the view (up to 1.x).
    pub(crate) project_before_view: bool,
    /// A filter by bucket fails on a view without buckets (0.24).
    pub(crate) bucket_filter_needs_board: bool,
    /// A saved filter with a bad order is refused (up to 1.x).
    pub(crate) filter_order_checked: bool,
    /// The views of a new saved filter place all tasks that its owner sees, matching or not (0.24).
    pub(crate) filters_place_all: bool,
    /// A favourite filter is one in lists alone, not when it is read as a project (0.24).
    pub(crate) favorite_filter_listed: bool,
    /// Tasks that came to match a saved filter later get a place in its views when those are read (1.0).
    pub(crate) filters_place_later: bool,
    /// Somebody else's saved filter is refused when its tasks are read (2.x); before, it selects among one's own.
    pub(crate) foreign_filter_refused: bool,
    /// A copy of a project keeps the numbers of its tasks (2.x); before, they are counted anew.
    pub(crate) copies_keep_numbers: bool,
    /// A copy of a project has the shares of the original only when asked for (2.4).
    pub(crate) shares_copied_on_request: bool,
    /// Backgrounds are stored as JPEGs, whatever they were (0.24).
    pub(crate) backgrounds_are_jpegs: bool,
    /// A background that the client has is not sent again (2.0).
    pub(crate) background_not_modified: bool,
    /// The answer to the removal of a background holds the project's id alone (2.3).
    pub(crate) background_removal_empty: bool,
    /// Setting a background takes the caller's favourite mark away, and is answered without owner (0.20).
    pub(crate) background_unmarks: bool,
    /// Removing it does (up to 1.x).
    pub(crate) background_removal_unmarks: bool,
    /// What v1 says about a project without background.
    pub(crate) no_background: &'static str,
}

/// Its lists have one board each, which is not imitated yet.
pub(super) static V0_20: Boards = Boards {
    backgrounds_are_jpegs: false,
    background_unmarks: true,
    ..V0_24
};

pub(super) static V0_24: Boards = Boards {
    new_tasks_first: false,
    first_view_decides: false,
    least_position: 0.1,
    spreads_equals: false,
    one_position_per_task: true,
    echoes_position: true,
    placed_on_every_board: false,
    repeating_task_moves: false,
    bucket_completes: false,
    move_answers_task: false,
    archive_stops_moves: false,
    null_tasks: true,
    full_refuses_new: false,
    foreign_bucket_refused: false,
    view_position_from_id: false,
    kanban_is_board: false,
    filters_checked: false,
    view_deletion_checked: false,
    project_before_view: true,
    bucket_filter_needs_board: true,
    filter_order_checked: true,
    filters_place_all: true,
    favorite_filter_listed: true,
    filters_place_later: false,
    foreign_filter_refused: false,
    copies_keep_numbers: false,
    shares_copied_on_request: false,
    backgrounds_are_jpegs: true,
    background_not_modified: false,
    background_removal_empty: false,
    background_unmarks: false,
    background_removal_unmarks: true,
    no_background: "Not Found",
};

pub(super) static V1_0: Boards = Boards {
    new_tasks_first: true,
    first_view_decides: true,
    least_position: 0.01,
    spreads_equals: true,
    one_position_per_task: false,
    echoes_position: false,
    placed_on_every_board: true,
    bucket_completes: true,
    move_answers_task: true,
    null_tasks: false,
    full_refuses_new: true,
    filters_checked: true,
    bucket_filter_needs_board: false,
    filters_place_all: false,
    favorite_filter_listed: false,
    filters_place_later: true,
    no_background: "Project background not found",
    ..V0_24
};

pub(super) static V2_5: Boards = Boards {
    first_view_decides: false,
    repeating_task_moves: true,
    archive_stops_moves: true,
    foreign_bucket_refused: true,
    view_position_from_id: true,
    kanban_is_board: true,
    view_deletion_checked: true,
    project_before_view: false,
    filter_order_checked: false,
    foreign_filter_refused: true,
    copies_keep_numbers: true,
    shares_copied_on_request: true,
    background_not_modified: true,
    background_removal_empty: true,
    background_removal_unmarks: false,
    ..V1_0
};
