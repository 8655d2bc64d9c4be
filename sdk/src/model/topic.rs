//! What is said over a WebSocket.

use super::open_enum::string_enum;

string_enum! {
    /// What a server tells by itself (2.3+).
    Topic {
        /// A notification for the caller.
        NotificationCreated = "notification.created",
        /// A time entry of the caller was made (licensed).
        TimerCreated = "timer.created",
        /// A time entry of the caller was changed (licensed).
        TimerUpdated = "timer.updated",
        /// A time entry of the caller was deleted (licensed).
        TimerDeleted = "timer.deleted",
    }
}

string_enum! {
    /// Why a server refuses what it was told over a WebSocket.
    TopicRefusal {
        /// The token is bad, or none of a user.
        InvalidToken = "invalid_token",
        /// The server knows no such topic.
        InvalidEvent = "invalid_event",
        /// There was no token yet.
        AuthRequired = "auth_required",
        /// There was a token already.
        AlreadyAuthenticated = "already_authenticated",
    }
}
