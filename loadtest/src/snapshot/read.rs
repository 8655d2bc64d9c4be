//! Reads everything that an account can see, and hands it on piece by piece.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vikunja_sdk::{
    Api, BuildError, Endpoint, Execute, Failure, Pages, Release, attachments,
    auth::TokenKind,
    buckets, comments, labels,
    model::{
        AttachmentId, BucketConfigurationMode, FilterId, Info, NamespaceId, ProjectId, ProjectView,
        TaskId, TeamId, Timestamp, ViewKind,
    },
    namespaces,
    page::walk,
    projects,
    renewing::Renewing,
    retry::Policy,
    retrying::Retrying,
    saved_filters, shares, sharing, tasks, teams, users, webhooks,
};

use super::{
    canonical::{self, id_of},
    file::{Record, kind},
};
use crate::{
    exit::Problem,
    line::{Line, LineError},
    who,
    witness::Witness,
};

/// First release with projects instead of namespaces and lists.
pub const PROJECTS: Release = Release(0, 21, 0);
/// First release whose boards belong to views.
pub const VIEWS: Release = Release(0, 24, 0);
/// First release that counts comments in lists of tasks.
const COUNTS: Release = Release(1, 0, 0);
/// Tasks a page where that can be chosen (v2): few enough to be small in memory.
const PAGE: u64 = 250;

/// What could not be read, and why: by kind, and, of several accounts, by account and kind.
pub type Gaps = BTreeMap<String, String>;

/// Reads one account.
pub struct Reader<'a, F> {
    on: Retrying<Renewing<Witness>>,
    base: String,
    account: String,
    info: &'a Info,
    files: bool,
    hand_on: F,
    /// What could not be read.
    pub gaps: Gaps,
}

/// The tasks on a board: bucket, position, and when the task was changed.
type Board = BTreeMap<TaskId, Place>;

struct Place {
    bucket: i64,
    position: f64,
    updated: Option<Timestamp>,
}

/// The boards of a project, by what a task's place on them is called.
type Boards = Vec<(String, Board)>;

impl<'a, F: FnMut(Record) -> Result<(), Problem>> Reader<'a, F> {
    /// For this account, on a line that is logged in. `files`: whether attachments are downloaded for their digest.
    pub fn new(line: Line, account: String, info: &'a Info, files: bool, hand_on: F) -> Self {
        Self {
            base: line.session().server().base().to_owned(),
            on: Retrying::new(Renewing(Witness::new(line)), Policy::default()),
            account,
            info,
            files,
            hand_on,
            gaps: Gaps::new(),
        }
    }

    /// Everything.
    pub async fn read(&mut self) -> Result<(), Problem> {
        self.user().await?;
        self.namespaces().await?;
        for (id, label) in self.all("label", labels::List::default()).await? {
            self.record(format!("label/{id}"), label)?;
        }
        self.teams().await?;
        for (id, hook) in self
            .all("webhook", webhooks::List::new(webhooks::Me))
            .await?
        {
            self.record(format!("webhook/{id}"), hook)?;
        }
        let archived = projects::List {
            is_archived: Some(true),
            ..projects::List::default()
        };
        let mut found = self.all("project", archived).await?;
        let views: BTreeMap<i64, Value> = found
            .iter_mut()
            .map(|(id, project)| (*id, project["views"].take()))
            .collect();
        self.filters(found.keys().copied().collect()).await?;
        // All of them before what is in them: a reader has to know them all to tell what became a project.
        for (id, project) in found {
            if id > 0 {
                self.record(format!("project/{id}"), project)?;
            }
        }
        for (id, views) in views {
            self.inside(ProjectId(id), views).await?;
        }
        Ok(())
    }

    /// v1 takes its own maximum, which is what no number asks for.
    fn page_size(&self, endpoint: &impl Endpoint) -> Option<u64> {
        let (_, pending) = self.on.session().call(endpoint).ok()?;
        (pending.route().at.api == Api::V2).then_some(PAGE)
    }

    fn release(&self) -> Release {
        self.on.session().server().release
    }

    fn record(&mut self, what: String, value: Value) -> Result<(), Problem> {
        (self.hand_on)(Record {
            account: self.account.clone(),
            fields: canonical::of(kind(&what), value),
            what,
        })
    }

    /// Carries an endpoint out; `None` where that cannot be seen. The whole answer is in `body` afterwards.
    async fn one<E: Endpoint>(
        &mut self,
        kind: &'static str,
        endpoint: &E,
    ) -> Result<Option<vikunja_sdk::Output<E>>, Problem> {
        match self.on.execute(endpoint).await {
            Ok(output) => Ok(Some(output)),
            Err(error) => self.unseen(kind, &error).map(|()| None),
        }
    }

    /// The whole last answer.
    fn body(&mut self) -> Value {
        let body = &self.on.inner().0.last.body;
        // It was read as JSON once, with a type: it is some.
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// All of a list, whole, by id.
    async fn all<L: Pages>(
        &mut self,
        kind: &'static str,
        list: L,
    ) -> Result<BTreeMap<i64, Value>, Problem> {
        let mut found = BTreeMap::new();
        let mut walk = walk(&mut self.on, list);
        let ended = loop {
            match walk.next_page().await {
                Ok(Some(_)) => found.extend(items(&walk.inner().inner().0)),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = ended {
            self.unseen(kind, &error)?;
        }
        Ok(found)
    }

    /// What is refused is not seen, and said so. What a release does not have is not missed. Anything else ends the
    /// reading.
    fn unseen(&mut self, kind: &'static str, error: &LineError) -> Result<(), Problem> {
        let token = self.on.session().token_kind();
        let is_closed = match error {
            LineError::Build(BuildError::NotOnThisServer { .. }) => return Ok(()),
            LineError::Build(BuildError::ApiTokenRefused { .. }) => true,
            _ => match error.status_code() {
                // 501: the stand-in lacks it.
                Some(403 | 404 | 501) => true,
                Some(401) => token == Some(TokenKind::Api),
                _ => false,
            },
        };
        // Without these there would be nothing to compare.
        if is_closed && !matches!(kind, "project" | "task") {
            let words = error.to_string();
            self.gaps.entry(kind.to_owned()).or_insert(words);
            return Ok(());
        }
        Err(who::explain_refusal(error, &self.base, token))
    }

    async fn user(&mut self) -> Result<(), Problem> {
        let Some(user) = self.one("user", &users::Current).await? else {
            return Ok(());
        };
        let fields = self.body();
        self.record(format!("user/{}", user.id), fields)
    }

    /// Up to 0.20, with whom they are shared.
    async fn namespaces(&mut self) -> Result<(), Problem> {
        let list = namespaces::List {
            is_archived: Some(true),
            namespaces_only: Some(true),
            ..namespaces::List::default()
        };
        for (id, namespace) in self.all("namespace", list).await? {
            // Pseudo namespaces are made for each answer.
            if id < 0 {
                continue;
            }
            self.record(format!("namespace/{id}"), namespace)?;
            let place = NamespaceId(id);
            let users = self
                .all("namespace/user", sharing::List::users(place))
                .await?;
            self.guests(&format!("namespace/{id}/user"), users)?;
            let teams = self
                .all("namespace/team", sharing::List::teams(place))
                .await?;
            self.guests(&format!("namespace/{id}/team"), teams)?;
        }
        Ok(())
    }

    /// Who something is shared with, and what they may do there.
    fn guests(&mut self, what: &str, guests: BTreeMap<i64, Value>) -> Result<(), Problem> {
        for (id, guest) in guests {
            self.record(format!("{what}/{id}"), guest)?;
        }
        Ok(())
    }

    /// One by one: in lists every member is in one team only.
    async fn teams(&mut self) -> Result<(), Problem> {
        for (id, _) in self.all("team", teams::List::default()).await? {
            let get = teams::Get { id: TeamId(id) };
            if self.one("team", &get).await?.is_some() {
                let fields = self.body();
                self.record(format!("team/{id}"), fields)?;
            }
        }
        Ok(())
    }

    /// Saved filters are listed as pseudo projects; up to 0.20 in a pseudo namespace.
    async fn filters(&mut self, mut projects: Vec<i64>) -> Result<(), Problem> {
        if self.release() < PROJECTS {
            let namespace = NamespaceId::FILTERS;
            // There is none while there is no filter.
            if let Ok(lists) = self.on.execute(&namespaces::Lists { namespace }).await {
                projects.extend(lists.iter().map(|list| list.id.get()));
            }
        }
        let filters: Vec<FilterId> = projects
            .into_iter()
            .filter_map(|id| ProjectId(id).filter())
            .collect();
        for id in filters {
            if self
                .one("filter", &saved_filters::Get { id })
                .await?
                .is_some()
            {
                let fields = self.body();
                self.record(format!("filter/{id}"), fields)?;
            }
        }
        Ok(())
    }

    /// What is in a project. Of a pseudo project, its views.
    async fn inside(&mut self, id: ProjectId, views: Value) -> Result<(), Problem> {
        let mut boards = Vec::new();
        for view in views.as_array().into_iter().flatten() {
            self.view(id, view, &mut boards).await?;
        }
        if id.get() < 0 {
            return Ok(());
        }
        if self.release() < VIEWS {
            self.buckets(buckets::Place::project(id), None).await?;
        }
        let users = self.all("project/user", sharing::List::users(id)).await?;
        self.guests(&format!("project/{id}/user"), users)?;
        let teams = self.all("project/team", sharing::List::teams(id)).await?;
        self.guests(&format!("project/{id}/team"), teams)?;
        for (share, fields) in self.all("link_share", shares::List::new(id)).await? {
            self.record(format!("link_share/{share}"), fields)?;
        }
        if self.info.webhooks_enabled != Some(false) {
            for (hook, fields) in self.all("webhook", webhooks::List::new(id)).await? {
                self.record(format!("webhook/{hook}"), fields)?;
            }
        }
        self.tasks(id, &boards).await
    }

    /// A view, and, where people move tasks between its buckets, those and where the tasks are.
    async fn view(
        &mut self,
        project: ProjectId,
        value: &Value,
        boards: &mut Boards,
    ) -> Result<(), Problem> {
        let view: ProjectView = serde_json::from_value(value.clone()).map_err(|error| {
            Problem::new(format!(
                "{}: a view of project {project} cannot be read: {error}",
                self.base
            ))
        })?;
        let id = view.id;
        // Those of the favourites are the same everywhere.
        if id.get() < 0 {
            return Ok(());
        }
        self.record(format!("view/{id}"), value.clone())?;
        let is_board = view.view_kind == ViewKind::Kanban
            && view.bucket_configuration_mode == BucketConfigurationMode::Manual;
        if !is_board {
            return Ok(());
        }
        let place = buckets::Place::view(project, id);
        let done = view.done_bucket_id.map(vikunja_sdk::model::BucketId::get);
        self.buckets(place, done).await?;
        // The first board of a project is the one that it had before there were views.
        let name = if boards.is_empty() {
            "board".to_owned()
        } else {
            format!("board/{id}")
        };
        let board = self.board(place).await?;
        boards.push((name, board));
        Ok(())
    }

    /// Buckets say on every release whether their tasks are done; from 0.24 the view names that bucket.
    async fn buckets(&mut self, place: buckets::Place, done: Option<i64>) -> Result<(), Problem> {
        if self
            .one("bucket", &buckets::List { place })
            .await?
            .is_none()
        {
            return Ok(());
        }
        let found: BTreeMap<_, _> = items(&self.on.inner().0).collect();
        for (id, mut bucket) in found {
            if done == Some(id) {
                bucket["is_done_bucket"] = json!(true);
            }
            self.record(format!("bucket/{id}"), bucket)?;
        }
        Ok(())
    }

    /// Where the tasks of a board are. Its pages are counted within each bucket, and end when nothing is new.
    async fn board(&mut self, place: buckets::Place) -> Result<Board, Problem> {
        let mut found = Board::new();
        for page in 1.. {
            let mut board = buckets::Board::new(place);
            board.query.page = Some(page);
            board.query.per_page = self.page_size(&board);
            let Some(buckets) = self.one("task/board", &board).await? else {
                break;
            };
            let known = found.len();
            for bucket in buckets {
                for task in bucket.tasks {
                    let place = Place {
                        bucket: bucket.id.get(),
                        position: task.position,
                        updated: task.updated,
                    };
                    found.insert(task.id, place);
                }
            }
            if found.len() == known {
                break;
            }
        }
        Ok(found)
    }

    /// By project: the list of all tasks leaves out those of archived projects on some releases (0.20, 2.5).
    async fn tasks(&mut self, project: ProjectId, boards: &Boards) -> Result<(), Problem> {
        use vikunja_sdk::model::Expand;
        let mut query = tasks::ListQuery {
            after: Some(TaskId(0)),
            ..tasks::ListQuery::default()
        };
        if self.release() >= COUNTS {
            query.expand = vec![Expand::CommentCount, Expand::Reactions];
        }
        let mut list = tasks::ListOfProject { project, query };
        list.query.per_page = self.page_size(&list);
        // A walk would hold the executor, which the comments of each task need: so it goes on from the last id.
        loop {
            let Some(page) = self.one("task", &list).await? else {
                break;
            };
            let Some(reached) = page.items.iter().map(|task| task.id).max() else {
                break;
            };
            drop(page);
            for (id, task) in items(&self.on.inner().0) {
                self.task(TaskId(id), task, boards).await?;
            }
            list.query.after = Some(reached);
        }
        Ok(())
    }

    async fn task(&mut self, id: TaskId, mut task: Value, boards: &Boards) -> Result<(), Problem> {
        let files = task["attachments"].take();
        let has_comments = task["comment_count"].as_u64().is_none_or(|count| count > 0);
        if self.release() < VIEWS {
            self.record(format!("task/{id}/board"), task.clone())?;
        }
        self.record(format!("task/{id}"), task)?;
        for (name, board) in boards {
            if let Some(place) = board.get(&id) {
                let place = json!({
                    "bucket_id": place.bucket,
                    "position": place.position,
                    "updated": place.updated,
                });
                self.record(format!("task/{id}/{name}"), place)?;
            }
        }
        for file in files.as_array().into_iter().flatten() {
            self.attachment(id, file.clone()).await?;
        }
        // Up to 0.24 nothing counts them: each task is asked.
        if self.info.task_comments_enabled && has_comments {
            for (comment, fields) in self.all("task/comment", comments::List::new(id)).await? {
                self.record(format!("task/{id}/comment/{comment}"), fields)?;
            }
        }
        Ok(())
    }

    /// A file by its digest. One that is listed and not there is a record, too: the database was restored without it.
    async fn attachment(&mut self, task: TaskId, mut file: Value) -> Result<(), Problem> {
        let id = AttachmentId(id_of(&file));
        if self.files {
            let get = attachments::Download::new(task, id);
            match self.on.execute(&get).await {
                Ok(content) => file["content"] = json!(canonical::digest(&content.bytes)),
                Err(error) if error.reply().is_some() => {
                    // Without the words: they name the request, which is another one each time.
                    file["unreadable"] = json!(error.status_code());
                }
                Err(error) => return self.unseen("task/attachment", &error),
            }
        }
        self.record(format!("task/{task}/attachment/{id}"), file)
    }
}

/// What a page holds, whole: a bare list on v1, an envelope on v2.
fn items(witness: &Witness) -> impl Iterator<Item = (i64, Value)> + use<> {
    let body: Value = serde_json::from_slice(&witness.last.body).unwrap_or_default();
    let items = match body {
        Value::Object(mut envelope) => envelope.remove("items").unwrap_or_default(),
        list => list,
    };
    let items = match items {
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    items.into_iter().map(|item| (id_of(&item), item))
}
