use std::{collections::BTreeMap, slice};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::model::{
    EventName, Project, ProjectId, Reminder, Task, TaskAttachment, TaskComment, TaskRelation, Team,
    User, null_to_default,
};

/// Every event has a name, and what it carries.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($carried:ident),)+) => {
        /// What happened. The objects are as they were when it was delivered.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $($(#[$doc])* $name(Box<$carried>),)+
            /// What this version does not know, or cannot read.
            Unknown {
                /// Its name.
                name: EventName,
                /// What it carries.
                data: Value,
            },
        }

        impl Event {
            /// Its name.
            pub fn name(&self) -> EventName {
                match self {
                    $(Self::$name(_) => EventName::$name,)+
                    Self::Unknown { name, .. } => name.clone(),
                }
            }

            fn about(&self) -> About<'_> {
                match self {
                    $(Self::$name(it) => it.about(),)+
                    Self::Unknown { .. } => About::default(),
                }
            }

            /// Reads what an event of this name carries; `None` where it cannot be read, or the name is not known.
            fn known(name: &EventName, data: &str) -> Option<Self> {
                match name {
                    $(EventName::$name => read(data).map(Self::$name),)+
                    EventName::Other(_) => None,
                }
            }
        }
    };
}

events! {
    /// A task was made.
    TaskCreated(OnTask),
    /// A task was changed, labelled, assigned or moved. Up to 0.24 bulk updates are not told.
    TaskUpdated(OnTask),
    /// A task was deleted; it is as it was before. From 2.4 those of a deleted project are not told.
    TaskDeleted(OnTask),
    /// A task was assigned to somebody. A [`Event::TaskUpdated`] comes, too.
    TaskAssigneeCreated(OnAssignee),
    /// A task is somebody's no more. A [`Event::TaskUpdated`] comes, too.
    TaskAssigneeDeleted(OnAssignee),
    /// A comment was written.
    TaskCommentCreated(OnComment),
    /// A comment was changed (1.0+).
    TaskCommentEdited(OnComment),
    /// A comment was deleted (1.0+).
    TaskCommentDeleted(OnComment),
    /// A file was attached to a task (up to 1.x).
    TaskAttachmentCreated(OnAttachment),
    /// A file was taken from a task.
    TaskAttachmentDeleted(OnAttachment),
    /// Two tasks were related; told of the one that was named.
    TaskRelationCreated(OnRelation),
    /// Two tasks are related no more; told of the one that was named.
    TaskRelationDeleted(OnRelation),
    /// A project was changed (1.0+).
    ProjectUpdated(OnProject),
    /// A project was deleted (1.0+). Told to its own webhooks, not to those of the projects above it.
    ProjectDeleted(OnProject),
    /// A project was shared with a user (1.0+).
    ProjectSharedUser(OnSharedUser),
    /// A project was shared with a team (1.0+).
    ProjectSharedTeam(OnSharedTeam),
    /// It is time for a task (2.2+): up to a minute early, and told for each of those whom it concerns.
    TaskReminderFired(OnReminder),
    /// A task is overdue (2.2+): told once a day.
    TaskOverdue(OnOverdue),
    /// All tasks of a user that are overdue (2.2+): told once a day, to webhooks of the user only.
    TasksOverdue(OnOverdues),
}

/// What the accessors look for.
#[derive(Default)]
struct About<'a> {
    tasks: &'a [Task],
    project: Option<&'a Project>,
    actor: Option<&'a User>,
    recipient: Option<&'a User>,
}

/// What events of tasks carry: a task, who did it, and more.
macro_rules! of_task {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The task.
            pub task: Task,
            $($(#[$field_doc])* pub $field: $type,)?
            /// See [`Event::project`].
            #[serde(default)]
            pub project: Option<Project>,
            /// See [`Event::actor`].
            #[serde(default, deserialize_with = "user_or_none")]
            pub doer: Option<User>,
        }

        impl $name {
            fn about(&self) -> About<'_> {
                About {
                    tasks: slice::from_ref(&self.task),
                    project: self.project.as_ref(),
                    actor: self.doer.as_ref(),
                    recipient: None,
                }
            }
        }
    };
}

of_task! {
    /// What an event of a task carries.
    OnTask {}
}

of_task! {
    /// What an event of an assignee carries.
    OnAssignee {
        /// Who was assigned. Up to 0.24 only the id of one who is assigned no more.
        assignee: User
    }
}

of_task! {
    /// What an event of a comment carries.
    OnComment {
        /// The comment. A changed one has no author and no time of creation.
        comment: TaskComment
    }
}

of_task! {
    /// What an event of an attachment carries.
    OnAttachment {
        /// The attachment. Up to 0.24 only the ids of a deleted one.
        attachment: TaskAttachment
    }
}

of_task! {
    /// What an event of a relation carries.
    OnRelation {
        /// The relation.
        relation: TaskRelation
    }
}

/// What events of projects carry: a project, who did it, and more.
macro_rules! of_project {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The project.
            pub project: Project,
            $($(#[$field_doc])* pub $field: $type,)?
            /// See [`Event::actor`].
            #[serde(default, deserialize_with = "user_or_none")]
            pub doer: Option<User>,
        }

        impl $name {
            fn about(&self) -> About<'_> {
                About {
                    project: Some(&self.project),
                    actor: self.doer.as_ref(),
                    ..About::default()
                }
            }
        }
    };
}

of_project! {
    /// What an event of a project carries.
    OnProject {}
}

of_project! {
    /// What sharing with a user carries.
    OnSharedUser {
        /// With whom it was shared.
        user: User
    }
}

of_project! {
    /// What sharing with a team carries.
    OnSharedTeam {
        /// With whom it was shared.
        team: Team
    }
}

/// What a reminder carries. Project and task come without their people and views.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct OnReminder {
    /// The task.
    pub task: Task,
    /// Who is reminded.
    pub user: User,
    /// The reminder.
    #[serde(default)]
    pub reminder: Option<Reminder>,
    /// The project of the task.
    #[serde(default)]
    pub project: Option<Project>,
}

impl OnReminder {
    fn about(&self) -> About<'_> {
        About {
            tasks: slice::from_ref(&self.task),
            project: self.project.as_ref(),
            recipient: Some(&self.user),
            ..About::default()
        }
    }
}

/// What an overdue task carries. Project and task come without their people and views.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct OnOverdue {
    /// The task.
    pub task: Task,
    /// Who is told.
    pub user: User,
    /// The project of the task.
    #[serde(default)]
    pub project: Option<Project>,
}

impl OnOverdue {
    fn about(&self) -> About<'_> {
        About {
            tasks: slice::from_ref(&self.task),
            project: self.project.as_ref(),
            recipient: Some(&self.user),
            ..About::default()
        }
    }
}

/// What all overdue tasks of a user carry. Projects and tasks come without their people and views.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct OnOverdues {
    /// The tasks.
    #[serde(deserialize_with = "null_to_default")]
    pub tasks: Vec<Task>,
    /// Who is told.
    pub user: User,
    /// The projects of the tasks.
    #[serde(default, deserialize_with = "null_to_default")]
    pub projects: BTreeMap<ProjectId, Project>,
}

impl OnOverdues {
    fn about(&self) -> About<'_> {
        About {
            tasks: &self.tasks,

            recipient: Some(&self.user),
            ..About::default()
        }
    }
}

impl Event {
    pub(super) fn read(name: EventName, data: &str) -> serde_json::Result<Self> {
        match Self::known(&name, data) {
            Some(event) => Ok(event),
            None => serde_json::from_str(data).map(|data| Self::Unknown { name, data }),
        }
    }

    /// The task that it is about; of several see [`tasks`](Self::tasks).
    ///
    /// Where nobody knows who [did it](Self::actor), the task is what the request held, and not what is stored: without
    /// author, labels, identifier and times. Read it where that matters.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Self::TasksOverdue(_) => None,
            other => other.tasks().first(),
        }
    }

    /// The tasks that it is about: one for nearly all events of tasks, none for those of projects.
    pub fn tasks(&self) -> &[Task] {
        self.about().tasks
    }

    /// The project that came along. For events of tasks it is **not always that of the task**, for which there is
    /// [`project_id`](Self::project_id): up to 0.24 there is none, in 1.x it is that of any webhook that fits, from 2.0
    /// that of the webhook, which can be a project above.
    pub fn project(&self) -> Option<&Project> {
        self.about().project
    }

    /// The project in which it happened: that of the task, where there is one, on every release.
    pub fn project_id(&self) -> Option<ProjectId> {
        match self.task() {
            Some(task) => Some(task.project_id),
            None => self.project().map(|project| project.id),
        }
    }

    /// Who did it. A link share has a negative id.
    ///
    /// Nobody, for reminders and overdue tasks, which have a [`recipient`](Self::recipient). Not known, up to 2.3, for what
    /// link shares change and for edited comments.
    pub fn actor(&self) -> Option<&User> {
        self.about().actor
    }

    /// Who is told, of reminders and overdue tasks.
    pub fn recipient(&self) -> Option<&User> {
        self.about().recipient
    }
}

fn read<T: DeserializeOwned>(data: &str) -> Option<T> {
    serde_json::from_str(data).ok()
}

/// Reads a user; 0.24 writes «nobody» as one with the id 0.
fn user_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<User>, D::Error> {
    let user = Option::<User>::deserialize(deserializer)?;
    Ok(user.filter(|user| user.id.get() != 0))
}
