//! How a list of tasks is sorted, and what is added to its tasks.

use super::open_enum::string_enum;

string_enum! {
    /// What tasks are sorted by. Text is sorted by byte value (`B` before `a`); tasks without the date come last, in
    /// both directions. A field that the server does not know is refused by it.
    SortField {
        /// Id: stable while pages are read.
        Id = "id",
        /// Title.
        Title = "title",
        /// Description.
        Description = "description",
        /// Whether it is done.
        Done = "done",
        /// When it was done.
        DoneAt = "done_at",
        /// When it is due.
        DueDate = "due_date",
        /// When it begins.
        StartDate = "start_date",
        /// When it ends.
        EndDate = "end_date",
        /// When it was made.
        Created = "created",
        /// When it was last changed.
        Updated = "updated",
        /// Who made it.
        CreatedBy = "created_by_id",
        /// The project that it is in.
        Project = "project_id",
        /// Its number within the project.
        Index = "index",
        /// Priority.
        Priority = "priority",
        /// How much of it is done.
        PercentDone = "percent_done",
        /// Repetition, in seconds.
        RepeatAfter = "repeat_after",
        /// Colour.
        HexColor = "hex_color",
        /// Order in the list (0.20 to 0.23); later there is one only in a view.
        Position = "position",
        /// How well it fits what was searched for (2.0+). Has an effect on some databases only.
        Relevance = "relevance",
    }
}

/// Direction of a sorting.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Order {
    /// Least first.
    #[default]
    Ascending,
    /// Most first.
    Descending,
}

impl Order {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

string_enum! {
    /// What is added to each task of a list; it makes reading slower.
    Expand {
        /// The subtasks of the tasks on the page, so that it may hold more than was asked for (0.24+).
        Subtasks = "subtasks",
        /// The buckets that it is in (1.0+).
        Buckets = "buckets",
        /// Who reacted (1.0+; 0.24 always says it).
        Reactions = "reactions",
        /// Its first 50 comments (1.0+).
        Comments = "comments",
        /// How many comments it has (1.0+).
        CommentCount = "comment_count",
        /// Whether the caller has not read its comments (1.0+).
        IsUnread = "is_unread",
        /// How many time entries it has (2.4+, licensed).
        TimeEntriesCount = "time_entries_count",
    }
}
