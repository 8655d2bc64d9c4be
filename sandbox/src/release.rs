//! What differs between server releases, as data: handlers ask, nobody branches on a version number.

mod accounts;
mod boards;
mod files;
mod filters;
mod imports;
mod people;
mod refusals;
mod tasks;
mod webhooks;

pub(crate) use accounts::Accounts;
pub(crate) use boards::Boards;
pub(crate) use files::Files;
pub(crate) use filters::Filters;
pub(crate) use imports::Imports;
pub(crate) use people::People;
pub(crate) use refusals::{Binding, Refusals};
pub(crate) use tasks::{SubtasksBelow, Tasks};
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
    /// The word for the caller's access, in a header and in texts: `right`, from 1.0 `permission`.
    pub(crate) access_word: &'static str,
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
    /// Answers carry `X-Request-Id` (2.5).
    pub(crate) request_id: bool,
    /// Text after the JSON value of a body is an error (2.5).
    pub(crate) trailing_text_refused: bool,
    /// A failing call leaves nothing behind (2.0); before, what it did until then stays.
    pub(crate) transactions: bool,
    /// An `id` in the body of a creation is stored, or 500 when it is taken (up to 0.24).
    pub(crate) sent_ids_stored: bool,
    /// Teams, sharing, subscriptions, notifications, avatars.
    pub(crate) people: People,
    /// Accounts, tokens and link shares.
    pub(crate) accounts: Accounts,
    /// Webhooks and what they are told.
    pub(crate) webhooks: Webhooks,
    /// Tasks and what hangs on them.
    pub(crate) tasks: Tasks,
    /// Files on tasks.
    pub(crate) files: Files,
    /// Filters of tasks.
    pub(crate) filters: Filters,
    /// Imports from files.
    pub(crate) imports: Imports,
    /// Words, statuses and codes of refusals.
    pub(crate) refusals: Refusals,
}

/// One of the two REST APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// `/api/v1`, in every release.
    V1,
    /// `/api/v2`, from 2.4.
    V2,
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
    access_word: "right",
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
    request_id: false,
    trailing_text_refused: false,
    transactions: false,
    sent_ids_stored: true,
    people: people::V0_20,
    accounts: accounts::V0_20,
    webhooks: webhooks::V0_20,
    tasks: tasks::V0_20,
    files: files::V0_20,
    filters: filters::V0_20,
    imports: imports::V0_20,
    refusals: refusals::V0_20,
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
    access_word: "right",
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
    request_id: false,
    trailing_text_refused: false,
    transactions: false,
    sent_ids_stored: true,
    people: people::V0_24,
    accounts: accounts::V0_24,
    webhooks: webhooks::V0_24,
    tasks: tasks::V0_24,
    files: files::V0_20,
    filters: filters::V0_24,
    imports: imports::V0_24,
    refusals: refusals::V0_24,
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
    access_word: "permission",
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
    request_id: false,
    trailing_text_refused: false,
    transactions: false,
    sent_ids_stored: false,
    people: people::V1_0,
    accounts: accounts::V1_0,
    webhooks: webhooks::V1_0,
    tasks: tasks::V1_0,
    files: files::V1_0,
    filters: filters::V1_0,
    imports: imports::V1_0,
    refusals: refusals::V1_0,
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
    access_word: "permission",
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
    request_id: true,
    trailing_text_refused: true,
    transactions: true,
    sent_ids_stored: false,
    people: people::V2_5,
    accounts: accounts::V2_5,
    webhooks: webhooks::V2_5,
    tasks: tasks::V2_5,
    files: files::V2_5,
    filters: filters::V2_5,
    imports: imports::V2_5,
    refusals: refusals::V2_5,
};
