//! What differs between server releases, as data: handlers ask, nobody branches on a version number.

mod accounts;
mod boards;
mod people;
mod webhooks;

pub(crate) use accounts::Accounts;
pub(crate) use boards::Boards;
pub(crate) use people::People;
pub(crate) use webhooks::{LinkDoer, Webhooks};

use crate::spelling::{self, Spelling};

/// One imitated server release.
///
/// Found by [`Release::named`]; everything that a handler does differently is a field here.
#[derive(Debug)]
pub struct Release {
    /// Short name: `0.24`, `2.5` …
    pub name: &'static str,
    /// What `/info` reports.
    pub version: &'static str,
    /// Name of the release's columns in the route table: v1 and, if it has one, v2.
    pub(crate) tables: &'static [&'static str],
    /// Projects are lists in namespaces instead of in each other, with one board each (0.20).
    pub(crate) lists: bool,
    /// What a project is called in texts.
    pub(crate) project_word: &'static str,
    /// Names of keys, where they are not those of the models (0.20).
    pub(crate) spelling: Option<&'static Spelling>,
    /// Content type of v1's answers.
    pub(crate) json_type: &'static str,
    /// Paths outside of the API are those of the web front end, whatever they are (0.23).
    pub(crate) front_end: bool,
    /// A request without a token for an unknown route is 401, and a wrong verb is an unknown route (up to 0.24).
    pub(crate) token_before_routing: bool,
    /// What a request without a bearer token is told.
    pub(crate) no_token_text: &'static str,
    /// What a request with a useless token is told.
    pub(crate) bad_token_text: &'static str,
    /// Code of the token middleware's 401 (2.0).
    pub(crate) unauthorized_code: Option<i64>,
    /// Code of a plain «Forbidden» (2.4).
    pub(crate) forbidden_code: Option<i64>,
    /// The word for the caller's access, in a header and in texts: `right`, from 1.0 `permission`.
    pub(crate) access_word: &'static str,
    /// What an unreadable body or path parameter is answered with.
    pub(crate) binding: Binding,
    /// Status of a field validation on v1.
    pub(crate) validation_status: u16,
    /// A field validation on v1 comes with code and field list (not in 0.24).
    pub(crate) validation_lists: bool,
    /// That of hand-written handlers, too (0.20).
    pub(crate) settings_validation_lists: bool,
    /// Most characters of a colour.
    pub(crate) colour_length: usize,
    /// A colour keeps its `#` (0.20).
    pub(crate) colour_as_sent: bool,
    /// Registration looks at names, passwords and addresses (0.24).
    pub(crate) registration_checked: bool,
    /// The answer to a registration mirrors the request: with the address, in nanoseconds (0.24).
    pub(crate) registration_mirrored: bool,
    /// Validation rule that a too short password breaks, as the server words it.
    pub(crate) password_rule: &'static str,
    /// Longest password: beyond it the server answers 500 (0.24) or refuses (later).
    pub(crate) password_bytes_checked: bool,
    /// Status of a wrong log-in.
    pub(crate) wrong_login_status: u16,
    /// Sessions with a refresh cookie and short access tokens (2.0).
    pub(crate) sessions: bool,
    /// New users get the saved filter «My Open Tasks» (2.4).
    pub(crate) open_tasks_filter: bool,
    /// A view's `filter` is an object (1.0), before a string.
    pub(crate) filter_objects: bool,
    /// Buckets of a new board: (title, position); without a position it follows from the id.
    pub(crate) buckets: &'static [(&'static str, f64)],
    /// Views, buckets, positions and saved filters.
    pub(crate) boards: &'static Boards,
    /// A new board names its first bucket as default and its last as done bucket (1.0).
    pub(crate) board_roles: bool,
    /// Empty project lists are `null` on v1 (up to 0.24).
    pub(crate) null_lists: bool,
    /// Projects carry `max_permission` (1.0), users' own record its newer fields.
    pub(crate) permissions: bool,
    /// A project update without `parent_project_id` detaches it (up to 1.x).
    pub(crate) omitted_parent_detaches: bool,
    /// A search leaves the saved filters out of the project list (1.0).
    pub(crate) search_hides_filters: bool,
    /// Searching for a nested project lists it as a top-level one (0.24).
    pub(crate) search_finds_nested: bool,
    /// A task's `index` may be given on creation, and `done_at` not on update (1.0).
    pub(crate) index_on_create: bool,
    /// Largest `repeat_after` in seconds (2.3).
    pub(crate) repeat_limit: Option<i64>,
    /// Values of `expand` that a task read knows.
    pub(crate) expand: &'static [&'static str],
    /// `expand` of tasks is read with `[]` behind its name alone, that of projects without alone (1.0).
    pub(crate) expand_is_strict: bool,
    /// Errors carry the parts of their text apart, as `i18n_params` (2.4).
    pub(crate) error_params: bool,
    /// Other values of `expand` are refused (1.0); before, they are ignored.
    pub(crate) expand_checked: bool,
    /// Which tasks `expand=subtasks` takes out of a list, to put them behind their parents.
    pub(crate) subtasks_below: SubtasksBelow,
    /// Reactions are in every read of a task (0.24); later only when expanded.
    pub(crate) reactions_always: bool,
    /// Related tasks out of the caller's sight are not shown (2.x).
    pub(crate) related_tasks_guarded: bool,
    /// Access to one's own label, as reads tell it: 2, up to 1.x 0.
    pub(crate) own_label_access: i64,
    /// Adding or removing one label counts as a change of the task (2.x).
    pub(crate) label_touches_task: bool,
    /// The assignees of a task can be listed (2.4); before, 500.
    pub(crate) assignees_listed: bool,
    /// What an assignment's time is called: `Created`, from 2.0 `created`.
    pub(crate) assignee_created: &'static str,
    /// Listing the assignees of a task that has none works all the same, and answers `null` (0.20).
    pub(crate) nobody_listed: bool,
    /// A task cannot be made its own subtask (0.21), however far below.
    pub(crate) circles_refused: bool,
    /// Ending a relation ends its inverse (0.21); before, one of the same kind from the other side.
    pub(crate) inverse_ended: bool,
    /// A comment must have a text (1.0).
    pub(crate) comment_required: bool,
    /// A comment is only found below its own task (2.x).
    pub(crate) comments_below_task: bool,
    /// Comments can be sorted with `order_by` (2.x).
    pub(crate) comments_ordered: bool,
    /// Listing attachments asks for access to the task, and for the task (1.0).
    pub(crate) attachments_guarded: bool,
    /// Up- and downloads of attachments are refused with code 1 (2.x).
    pub(crate) file_refusals_coded: bool,
    /// Files have a stored type and are sent to be saved (2.x); before, the type follows from the name.
    pub(crate) files_have_types: bool,
    /// An upload that is no form is 400 (1.0); before, 500.
    pub(crate) forms_checked: bool,
    /// An upload's errors are inside `message` (up to 0.24).
    pub(crate) upload_errors_nested: bool,
    /// An upload counts as a change of the task (up to 1.x).
    pub(crate) upload_touches_task: bool,
    /// A bulk update of tasks names its fields (1.0); before, it is a task with `task_ids`.
    pub(crate) bulk_names_fields: bool,
    /// A bulk `done` moves the dates of repeating tasks (2.4), not only their reminders.
    pub(crate) bulk_moves_dates: bool,
    /// The 429 names the path (up to 0.24).
    pub(crate) limit_names_path: bool,
    /// Answers carry `X-Request-Id` (2.5).
    pub(crate) request_id: bool,
    /// Text after the JSON value of a body is an error (2.5).
    pub(crate) trailing_text_refused: bool,
    /// Filters are parallel arrays, `filter_by` and its like, instead of one expression (0.20).
    pub(crate) filter_arrays: bool,
    /// An unknown filter field has a code of its own (1.0), not the one of bad values.
    pub(crate) filter_fields_checked: bool,
    /// What refusals of filters call a label's id.
    pub(crate) label_column: &'static str,
    /// The highest index of a project is used again after a deletion (up to 2.3).
    pub(crate) index_reused: bool,
    /// A failing call leaves nothing behind (2.0); before, what it did until then stays.
    pub(crate) transactions: bool,
    /// A request's body may be as long as the longest file and two megabytes, in all (1.0).
    pub(crate) body_limit: Option<usize>,
    /// An `id` in the body of a creation is stored, or 500 when it is taken (up to 0.24).
    pub(crate) sent_ids_stored: bool,
    /// Teams, sharing, subscriptions, notifications, avatars.
    pub(crate) people: People,
    /// An unknown time zone in a filter is 400; before, 500.
    pub(crate) timezone_checked: bool,
    /// Accounts, tokens and link shares.
    pub(crate) accounts: Accounts,
    /// Webhooks and what they are told.
    pub(crate) webhooks: Webhooks,
}

/// One of the two REST APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// `/api/v1`, in every release.
    V1,
    /// `/api/v2`, from 2.4.
    V2,
}

/// How v1 words a body or path that it cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The Go error as text, no code (up to 0.24).
    Text,
    /// Code 2004 (1.0).
    Coded,
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

/// Release and API of a request: what endpoint code may ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) release: &'static Release,
    pub(crate) api: Api,
}

impl At {
    /// What a request for that path is about.
    pub(crate) fn of(release: &'static Release, path: &str) -> Self {
        let is_v2 = release.has_v2() && path.starts_with("/api/v2/");
        Self {
            release,
            api: if is_v2 { Api::V2 } else { Api::V1 },
        }
    }
}

impl Release {
    /// Whether it has `/api/v2`.
    pub(crate) fn has_v2(&self) -> bool {
        self.tables.len() > 1
    }

    /// All imitated releases, oldest first.
    pub const ALL: [&'static Release; 4] = [&V0_20, &V0_24, &V1_0, &V2_5];

    /// The release of that short name, e.g. `2.5`.
    pub fn named(name: &str) -> Option<&'static Release> {
        Self::ALL.into_iter().find(|release| release.name == name)
    }
}

/// What both kinds of 401 say from 0.24 on.
const TOKEN_TEXT: &str = "missing, malformed, expired or otherwise invalid token provided";

static V0_20: Release = Release {
    name: "0.20",
    version: "v0.20.4",
    tables: &["0.20"],
    lists: true,
    project_word: "list",
    spelling: Some(&spelling::LISTS),
    json_type: "application/json; charset=UTF-8",
    front_end: false,
    token_before_routing: true,
    no_token_text: "missing or malformed jwt",
    bad_token_text: "invalid or expired jwt",
    unauthorized_code: None,
    forbidden_code: None,
    access_word: "right",
    binding: Binding::Text,
    validation_status: 400,
    validation_lists: true,
    settings_validation_lists: true,
    colour_length: 6,
    colour_as_sent: true,
    registration_checked: false,
    registration_mirrored: false,
    password_rule: "length(8|250)",
    password_bytes_checked: false,
    wrong_login_status: 412,
    sessions: false,
    open_tasks_filter: false,
    filter_objects: false,
    buckets: &[("Backlog", 0.0)],
    boards: &boards::V0_20,
    board_roles: false,
    null_lists: true,
    permissions: false,
    omitted_parent_detaches: true,
    search_hides_filters: false,
    search_finds_nested: false,
    index_on_create: false,
    repeat_limit: None,
    expand: &[],
    expand_checked: false,
    subtasks_below: SubtasksBelow::AnyParent,
    reactions_always: false,
    related_tasks_guarded: false,
    own_label_access: 0,
    label_touches_task: false,
    assignees_listed: false,
    assignee_created: "Created",
    nobody_listed: true,
    circles_refused: false,
    inverse_ended: false,
    comment_required: false,
    comments_below_task: false,
    comments_ordered: false,
    attachments_guarded: false,
    file_refusals_coded: false,
    files_have_types: false,
    forms_checked: false,
    upload_errors_nested: true,
    upload_touches_task: true,
    bulk_names_fields: false,
    bulk_moves_dates: true,
    expand_is_strict: false,
    error_params: false,
    limit_names_path: true,
    request_id: false,
    trailing_text_refused: false,
    filter_arrays: true,
    filter_fields_checked: false,
    label_column: "`label_id`",
    index_reused: true,
    transactions: false,
    body_limit: None,
    timezone_checked: false,
    sent_ids_stored: true,
    people: people::V0_20,
    accounts: accounts::V0_20,
    webhooks: webhooks::V0_20,
};

static V0_24: Release = Release {
    name: "0.24",
    version: "v0.24.1",
    tables: &["0.24"],
    lists: false,
    project_word: "project",
    spelling: None,
    json_type: "application/json",
    front_end: true,
    token_before_routing: true,
    no_token_text: TOKEN_TEXT,
    bad_token_text: TOKEN_TEXT,
    unauthorized_code: None,
    forbidden_code: None,
    access_word: "right",
    binding: Binding::Text,
    validation_status: 400,
    validation_lists: false,
    settings_validation_lists: false,
    colour_length: 7,
    colour_as_sent: false,
    registration_checked: true,
    registration_mirrored: true,
    password_rule: "length(8|250)",
    password_bytes_checked: false,
    wrong_login_status: 412,
    sessions: false,
    open_tasks_filter: false,
    filter_objects: false,
    buckets: &[("Backlog", 0.0)],
    boards: &boards::V0_24,
    board_roles: false,
    null_lists: true,
    permissions: false,
    omitted_parent_detaches: true,
    search_hides_filters: false,
    search_finds_nested: true,
    index_on_create: false,
    repeat_limit: None,
    expand: &["subtasks"],
    expand_checked: false,
    subtasks_below: SubtasksBelow::AnyParent,
    reactions_always: true,
    related_tasks_guarded: false,
    own_label_access: 0,
    label_touches_task: false,
    assignees_listed: false,
    assignee_created: "Created",
    nobody_listed: false,
    circles_refused: true,
    inverse_ended: true,
    comment_required: false,
    comments_below_task: false,
    comments_ordered: false,
    attachments_guarded: false,
    file_refusals_coded: false,
    files_have_types: false,
    forms_checked: false,
    upload_errors_nested: true,
    upload_touches_task: true,
    bulk_names_fields: false,
    bulk_moves_dates: true,
    expand_is_strict: false,
    error_params: false,
    limit_names_path: true,
    request_id: false,
    trailing_text_refused: false,
    filter_arrays: false,
    filter_fields_checked: false,
    label_column: "`label_id`",
    index_reused: true,
    transactions: false,
    body_limit: None,
    timezone_checked: false,
    sent_ids_stored: true,
    people: people::V0_24,
    accounts: accounts::V0_24,
    webhooks: webhooks::V0_24,
};

static V1_0: Release = Release {
    name: "1.0",
    version: "v1.0.0",
    tables: &["1.0"],
    lists: false,
    project_word: "project",
    spelling: None,
    json_type: "application/json",
    front_end: true,
    token_before_routing: false,
    no_token_text: TOKEN_TEXT,
    bad_token_text: TOKEN_TEXT,
    unauthorized_code: None,
    forbidden_code: None,
    access_word: "permission",
    binding: Binding::Coded,
    validation_status: 412,
    validation_lists: true,
    settings_validation_lists: false,
    colour_length: 7,
    colour_as_sent: false,
    registration_checked: true,
    registration_mirrored: true,
    password_rule: "bcrypt_password",
    password_bytes_checked: true,
    wrong_login_status: 403,
    sessions: false,
    open_tasks_filter: false,
    filter_objects: true,
    buckets: &[("To-Do", 100.0), ("Doing", 200.0), ("Done", 300.0)],
    boards: &boards::V1_0,
    board_roles: true,
    null_lists: false,
    permissions: true,
    omitted_parent_detaches: true,
    search_hides_filters: true,
    search_finds_nested: false,
    index_on_create: true,
    repeat_limit: None,
    expand: &[
        "subtasks",
        "buckets",
        "reactions",
        "comments",
        "comment_count",
        "is_unread",
    ],
    expand_checked: true,
    subtasks_below: SubtasksBelow::ParentInProject,
    reactions_always: false,
    related_tasks_guarded: false,
    own_label_access: 0,
    label_touches_task: false,
    assignees_listed: false,
    assignee_created: "Created",
    nobody_listed: false,
    circles_refused: true,
    inverse_ended: true,
    comment_required: true,
    comments_below_task: false,
    comments_ordered: false,
    attachments_guarded: true,
    file_refusals_coded: false,
    files_have_types: false,
    forms_checked: true,
    upload_errors_nested: false,
    upload_touches_task: true,
    bulk_names_fields: true,
    bulk_moves_dates: false,
    expand_is_strict: true,
    error_params: false,
    limit_names_path: false,
    request_id: false,
    trailing_text_refused: false,
    filter_arrays: false,
    filter_fields_checked: true,
    label_column: "label_id",
    index_reused: true,
    transactions: false,
    body_limit: Some(22 << 20),
    timezone_checked: true,
    sent_ids_stored: false,
    people: people::V1_0,
    accounts: accounts::V1_0,
    webhooks: webhooks::V1_0,
};

static V2_5: Release = Release {
    name: "2.5",
    version: "v2.5.0",
    tables: &["2.5v1", "2.5v2"],
    lists: false,
    project_word: "project",
    spelling: None,
    json_type: "application/json",
    front_end: true,
    token_before_routing: false,
    no_token_text: TOKEN_TEXT,
    bad_token_text: TOKEN_TEXT,
    unauthorized_code: Some(11),
    forbidden_code: Some(0),
    access_word: "permission",
    binding: Binding::Coded,
    validation_status: 412,
    validation_lists: true,
    settings_validation_lists: false,
    colour_length: 7,
    colour_as_sent: false,
    registration_checked: true,
    registration_mirrored: true,
    password_rule: "bcrypt_password",
    password_bytes_checked: true,
    wrong_login_status: 403,
    sessions: true,
    open_tasks_filter: true,
    filter_objects: true,
    buckets: &[("To-Do", 100.0), ("Doing", 200.0), ("Done", 300.0)],
    boards: &boards::V2_5,
    board_roles: true,
    null_lists: false,
    permissions: true,
    omitted_parent_detaches: false,
    search_hides_filters: true,
    search_finds_nested: false,
    index_on_create: true,
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
    expand_checked: true,
    subtasks_below: SubtasksBelow::ListedParent,
    reactions_always: false,
    related_tasks_guarded: true,
    own_label_access: 2,
    label_touches_task: true,
    assignees_listed: true,
    assignee_created: "created",
    nobody_listed: false,
    circles_refused: true,
    inverse_ended: true,
    comment_required: true,
    comments_below_task: true,
    comments_ordered: true,
    attachments_guarded: true,
    file_refusals_coded: true,
    files_have_types: true,
    forms_checked: true,
    upload_errors_nested: false,
    upload_touches_task: false,
    bulk_names_fields: true,
    bulk_moves_dates: true,
    expand_is_strict: false,
    error_params: true,
    limit_names_path: false,
    request_id: true,
    trailing_text_refused: true,
    filter_arrays: false,
    filter_fields_checked: true,
    label_column: "label_id",
    index_reused: false,
    transactions: true,
    body_limit: Some(22 << 20),
    timezone_checked: true,
    sent_ids_stored: false,
    people: people::V2_5,
    accounts: accounts::V2_5,
    webhooks: webhooks::V2_5,
};
