//! Vikunja's numeric error codes.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// Vikunja's numeric error codes, with the HTTP status that each comes with and the first release that has it
        /// (none named: all have it).
        ///
        /// A few numbers mean two things; their names and lines say both. [`crate::ApiError::status`] or the call that
        /// was made decides which. Refusals may come without any code: missing permission (403), schema errors of v2
        /// (422), everything that is not Vikunja's own (404, 405, 413, 429, 500).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code without a name here, of a newer server.
            Other(i64),
        }

        impl Code {
            /// All codes that have a name.
            #[cfg(test)]
            const NAMED: &[Self] = &[$(Self::$name,)*];

            /// The code with this number; 0 is the filler of 2.4+ bodies and no code.
            pub fn from_number(number: i64) -> Option<Self> {
                Some(match number {
                    0 => return None,
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                })
            }

            /// Its number.
            pub fn number(self) -> i64 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Other(number) => number,
                }
            }
        }
    };
}

codes! {
    /// 403: not allowed.
    Forbidden = 1,
    /// 401, since 2.0: access token missing, malformed, expired, unknown or without the scope.
    TokenInvalid = 11,

    /// 400: user name taken.
    UsernameTaken = 1001,
    /// 400: email address taken.
    EmailTaken = 1002,
    /// 400: user name, password or email empty.
    CredentialsEmpty = 1004,
    /// 404: user not found; on any call: the user of this JWT is gone.
    UserNotFound = 1005,
    /// 412: password-reset token missing.
    ResetTokenMissing = 1008,
    /// 412: password-reset token invalid.
    ResetTokenInvalid = 1009,
    /// 412: email-confirmation token invalid or empty.
    EmailTokenInvalid = 1010,
    /// 412 up to 0.24, 403 from 1.0: wrong user name or password.
    WrongCredentials = 1011,
    /// 412: email address not confirmed yet.
    EmailNotConfirmed = 1012,
    /// 412: new password empty (v2: 422 without code).
    NewPasswordEmpty = 1013,
    /// 412: old password empty.
    OldPasswordEmpty = 1014,
    /// 412: TOTP enrolled already.
    TotpEnrolled = 1015,
    /// 412: TOTP not enrolled.
    TotpNotEnrolled = 1016,
    /// 412: TOTP passcode missing or wrong.
    TotpWanted = 1017,
    /// 412: unknown avatar provider.
    AvatarProviderUnknown = 1018,
    /// 412: the OpenID provider gave no email address.
    OpenIdWithoutEmail = 1019,
    /// 412: account disabled (up to 1.x when logging in, 2.x on every call).
    AccountDisabled = 1020,
    /// 412: account belongs to an external provider.
    AccountExternal = 1021,
    /// 403, since 1.0: not with a link share's token (most user routes of v2).
    NotForLinkShares = 1023,
    /// 400, since 1.0: a claim of the JWT has an unusable value; up to 2.3: user routes with a link share's token.
    ClaimUnusable = 1024,
    /// Two meanings. 400, since 1.0: time zone in the settings unknown. 412, since 2.2.1: TOTP passcode used before.
    TimeZoneUnknownOrPasscodeUsed = 1025,
    /// Two meanings. 400, since 2.4: user name reserved. 412, since 2.2.1: account locked after failed log-ins.
    ReservedOrLocked = 1026,
    /// 401, since 1.0: the token is valid and yields no usable user; 2.5 v1: user routes with a link share's token.
    TokenWithoutUser = 1027,
    /// 400, since 1.0: account-deletion token invalid.
    DeletionTokenInvalid = 1028,
    /// 403, since 1.0: account-deletion token of another user.
    DeletionTokenOfAnother = 1029,
    /// 400, since 2.4: the last instance admin cannot be removed.
    LastAdmin = 1030,
    /// 412, since 2.4: bots cannot log in.
    BotCannotLogIn = 1031,
    /// 403, since 2.4: token for someone else's bot.
    BotOfAnother = 1033,
    /// 400, since 2.4: a bot's user name begins with `bot-`.
    BotNameWithoutPrefix = 1034,

    /// 400 in 0.20, 412 (v1) from 1.0, 422 (v2): the server's validation failed.
    InvalidData = 2002,
    /// 400, since 1.0: `filter_timezone` is no known zone.
    FilterTimeZoneUnknown = 2003,
    /// 400, since 1.0 (v1): body or path cannot be read.
    Unreadable = 2004,

    /// 404: project (0.20: list) not found.
    ProjectNotFound = 3001,
    /// 403: reading the project is not allowed (its user and team shares only).
    ProjectForbidden = 3004,
    /// 404: link share not found.
    ShareNotFound = 3006,
    /// 400: project identifier already used.
    IdentifierTaken = 3007,
    /// 412: project archived: no edits, no new tasks.
    ProjectArchived = 3008,
    /// 412: a pseudo project (0.20: namespace) cannot hold projects.
    PseudoParent = 3009,
    /// Two meanings. 412, in 0.20: a list needs a namespace. 412, since 0.21: a project cannot be its own parent.
    ParentMissingOrItself = 3010,
    /// 412, since 0.21: parents would form a cycle.
    ParentCycle = 3011,
    /// 412, since 0.21: someone's default project cannot be deleted.
    DefaultProject = 3012,
    /// 412, since 0.21: someone's default project cannot be archived.
    DefaultProjectArchived = 3013,
    /// 404, since 0.24: view not found.
    ViewNotFound = 3014,
    /// 404, since 2.4 (v2): project has no background.
    BackgroundNotFound = 3015,

    /// 400: task title empty.
    TaskTitleEmpty = 4001,
    /// 404: task not found.
    TaskNotFound = 4002,
    /// 400: bulk update without tasks, or none of them exists.
    BulkWithoutTasks = 4004,
    /// 403: seeing the task is not allowed (list of its labels only).
    TaskForbidden = 4005,
    /// 400: relation kind unknown (v2: 422 without code).
    RelationKindUnknown = 4007,
    /// 409: relation exists already.
    RelationExists = 4008,
    /// 404: relation not found.
    RelationNotFound = 4009,
    /// 400: a task cannot be related to itself.
    RelationToItself = 4010,
    /// 404: attachment not found.
    AttachmentNotFound = 4011,
    /// Inside the answer of an upload, which is 200 or 201: file larger than the server takes. The sizes in its text
    /// are wrong.
    AttachmentTooLarge = 4012,
    /// 413, since 1.0: request too large.
    RequestTooLarge = 4013,
    /// 400: sort order neither `asc` nor `desc`.
    SortOrderUnknown = 4014,
    /// 404: comment not found.
    CommentNotFound = 4015,
    /// 400: unknown field in a filter or in `sort_by`.
    TaskFieldUnknown = 4016,
    /// 400: unknown comparator in a filter.
    ComparatorUnknown = 4017,
    /// 400: the field cannot have this value in a filter.
    FilterValueUnusable = 4019,
    /// 400: cover image is missing or an attachment of another task.
    CoverImageUnusable = 4020,
    /// 400: user assigned already.
    AlreadyAssigned = 4021,
    /// Two meanings. 400, since 0.21: relative reminder without `relative_to`. 409, in 0.23.0: relations would form a
    /// cycle.
    ReminderWithoutBase = 4022,
    /// 409, since 0.24: relations would form a cycle.
    RelationCycle = 4023,
    /// 400, since 0.24: filter expression cannot be read.
    FilterUnreadable = 4024,
    /// 400, since 0.24: nothing that can be reacted to (v2: 422 without code).
    ReactionTargetUnknown = 4025,
    /// 400, since 0.24: sorting by position without a view.
    PositionWithoutView = 4026,
    /// 400, since 1.0: the field cannot be set in bulk.
    BulkFieldForbidden = 4027,
    /// 500, since 1.0: all positions of the view need to be computed anew.
    PositionsExhausted = 4028,
    /// 400, since 2.3: repetition outside of 0 to 10 years.
    RepetitionOutOfRange = 4029,
    /// 400, since 2.5: one task of a bulk creation is invalid; the message says which.
    BulkTaskInvalid = 4031,

    /// 404, only 0.20: namespace not found.
    NamespaceNotFound = 5001,
    /// 403, only 0.20: the user has no access to the namespace.
    NamespaceWithoutUser = 5003,
    /// 403, only 0.20: reading the namespace is not allowed (its share lists only).
    NamespaceForbidden = 5009,
    /// 403, only 0.20: the team has no access to the namespace.
    NamespaceWithoutTeam = 5010,
    /// 409, only 0.20: the user has access to the namespace already.
    NamespaceUserExists = 5011,
    /// 412, only 0.20: namespace archived.
    NamespaceArchived = 5012,

    /// Two meanings. 404: team not found, when sharing (reading a missing team: 403 without code). 404, since 0.24: no
    /// team for an external id.
    TeamNotFound = 6002,
    /// 409: the team has access already.
    TeamHasAccess = 6004,
    /// 409: the user is a member already.
    AlreadyMember = 6005,
    /// 400: the last member cannot leave; also when removing a non-member from a team of one.
    LastMember = 6006,
    /// 403: the team has no access to the project.
    TeamWithoutAccess = 6007,
    /// 412, since 1.0: the team's members are managed elsewhere.
    TeamManagedElsewhere = 6010,
    /// 409: the user has access already.
    UserHasAccess = 7002,
    /// 403: the user has no access to the project: its tasks, assigning or removing someone without access.
    UserWithoutAccess = 7003,

    /// 400: the label is on the task already.
    LabelOnTask = 8001,
    /// 404: label not found (reading a missing label: 403 without code).
    LabelNotFound = 8002,
    /// 403: no access to the label (setting all labels of a task; elsewhere 403 without code).
    LabelForbidden = 8003,
    /// 400: permission out of range.
    PermissionInvalid = 9001,
    /// 404: bucket not found.
    BucketNotFound = 10001,
    /// 400: bucket of another list (0.20), project (0.21 to 0.23) or view (0.24+).
    BucketElsewhere = 10002,
    /// 412: the last bucket cannot be deleted.
    LastBucket = 10003,
    /// 412: the bucket's limit is reached.
    BucketFull = 10004,
    /// 404: saved filter not found.
    FilterNotFound = 11001,
    /// 412: link shares have no saved filters.
    FilterNotForLinkShares = 11002,
    /// 412: nothing that can be subscribed to (v2: 422 without code).
    SubscriptionTargetUnknown = 12001,
    /// 412: subscribed already.
    AlreadySubscribed = 12002,
    /// 412, since 0.24.3: subscriptions looked up without a user.
    SubscriptionWithoutUser = 12003,
    /// 412: the link share needs a password.
    SharePasswordWanted = 13001,
    /// 403: wrong password of a link share.
    SharePasswordWrong = 13002,
    /// 400, since 0.21: link share's token invalid.
    ShareTokenInvalid = 13003,
    /// Two meanings. 400, since 0.22: API token invalid. 400, since 1.0: the file to import is no zip, or empty.
    ApiTokenOrZipInvalid = 14001,
    /// Two meanings. 400, since 0.22: permission of an API token unknown. 400, since 1.0: CSV file to import empty.
    PermissionUnknownOrCsvEmpty = 14002,
    /// 400, since 1.0: the file to import is no CSV.
    CsvUnreadable = 14003,
    /// 412, since 2.4: an import is running already.
    ImportRunning = 14005,
    /// 400, since 1.0: the OpenID provider answered with an error.
    OpenIdFailed = 15001,
    /// 404, since 2.0: session not found.
    SessionNotFound = 16001,

    /// 400, since 2.3: OAuth: the code belongs to another client.
    OAuthClientDiffers = 17001,
    /// 400, since 2.3: OAuth: redirect URI not allowed.
    OAuthRedirectForbidden = 17002,
    /// 400, since 2.3: OAuth: PKCE with S256 is needed.
    OAuthPkceWanted = 17003,
    /// 400, since 2.3: OAuth: code invalid or used; a failed exchange uses it up.
    OAuthCodeInvalid = 17004,
    /// 400, since 2.3: OAuth: code expired.
    OAuthCodeExpired = 17005,
    /// 400, since 2.3: OAuth: the verifier does not match.
    OAuthVerifierWrong = 17006,
    /// 400, since 2.3: OAuth: grant type unsupported.
    OAuthGrantUnsupported = 17007,

    /// 404, since 2.4: time entry not found.
    TimeEntryNotFound = 18001,
    /// 400, since 2.4: a time entry belongs to a task or to a project, not to both.
    TimeEntryOwner = 18002,
    /// 400, since 2.4: unknown field in a filter of time entries.
    TimeEntryFieldUnknown = 18003,
    /// 400, since 2.4: unusable value in a filter of time entries.
    TimeEntryValueUnusable = 18004,
    /// 404, since 2.4: no timer is running.
    NoTimerRunning = 18005,
    /// 400, since 2.4: a finished time entry cannot run again.
    TimeEntryFinished = 18006,
    /// 400, since 2.4: a time entry ends before it starts.
    TimeEntryEndsEarly = 18007,
    /// 404, since 2.4 (v2): no data export is available.
    ExportNotFound = 19001,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn numbers_and_names_lead_to_each_other() {
        for code in Code::NAMED {
            assert_eq!(Code::from_number(code.number()), Some(*code));
        }
        let unknown = Code::from_number(99_999).unwrap();
        assert_eq!(unknown, Code::Other(99_999));
        assert_eq!(unknown.number(), 99_999);
        assert_eq!(Code::from_number(0), None);
    }
}
