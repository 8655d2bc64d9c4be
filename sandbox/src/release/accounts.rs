//! What differs between releases about accounts, tokens and link shares.

/// One release's rules about accounts, tokens and link shares.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// Ukrainian time zones have their newer names (0.24).
    pub(crate) zones_respelled: bool,
    /// The last number of a day on which a week may begin: 6 is Saturday, and up to 1.x there is one more.
    pub(crate) last_day_of_week: i64,
    /// A new password has to be a good one, not only at registration, and ends all sessions (2.0).
    pub(crate) new_passwords_checked: bool,
    /// A passcode can be used once (2.2.1).
    pub(crate) passcodes_used_up: bool,
    /// What the end of the second factor is answered with; up to 0.24 it talks of the beginning.
    pub(crate) totp_disabled: &'static str,
    /// Deleting an account can be confirmed with any token, and with a wrong one nothing happens (up to 0.24).
    pub(crate) deletion_tokens_unchecked: bool,
    /// Downloading an export that is not there is 404 (1.0); before, 500.
    pub(crate) missing_exports_noticed: bool,
    /// Everything that looks like an API token passes the token check, which then lacks a user (1.0).
    pub(crate) token_check_unguarded: bool,
    /// Bots, and API tokens that tell their owner (2.4).
    pub(crate) bots: bool,
    pub(crate) shares: LinkShares,
}

/// One release's rules about link shares.
#[derive(Debug)]
pub(crate) struct LinkShares {
    /// One share can be read (2.4); before, it is never found.
    pub(crate) readable: bool,
    /// Only admins of the project see its shares (2.0).
    pub(crate) for_admins: bool,
    /// A share's user is called as the share is, even if that is nothing (up to 0.24).
    pub(crate) users_named_alike: bool,
    /// The token of a deleted share goes on working (up to 1.x).
    pub(crate) outlived_by_tokens: bool,
    /// A share's token says `isLocalUser` (up to 1.x).
    pub(crate) local_users: bool,
    /// A share may list labels (0.21).
    pub(crate) see_labels: bool,
    /// API tokens are not for shares (2.0).
    pub(crate) refused_api_tokens: bool,
    /// What v1 says to a share that asks for what only accounts have: status, code and text. Before 1.0, 500.
    pub(crate) no_account: Option<(u16, i64, &'static str)>,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: Accounts = Accounts {
    zones_respelled: false,
    last_day_of_week: 7,
    new_passwords_checked: false,
    passcodes_used_up: false,
    totp_disabled: "TOTP was enabled successfully.",
    deletion_tokens_unchecked: true,
    missing_exports_noticed: false,
    token_check_unguarded: false,
    bots: false,
    shares: LinkShares {
        readable: false,
        for_admins: false,
        users_named_alike: true,
        outlived_by_tokens: true,
        local_users: true,
        see_labels: false,
        refused_api_tokens: false,
        no_account: None,
    },
};

pub(super) const V0_24: Accounts = Accounts {
    zones_respelled: true,
    shares: LinkShares {
        see_labels: true,
        ..V0_20.shares
    },
    ..V0_20
};

pub(super) const V1_0: Accounts = Accounts {
    totp_disabled: "TOTP was disabled successfully.",
    deletion_tokens_unchecked: false,
    missing_exports_noticed: true,
    token_check_unguarded: true,
    shares: LinkShares {
        users_named_alike: false,
        no_account: Some((
            400,
            1024,
            "Invalid claim data for field email of type missing",
        )),
        ..V0_24.shares
    },
    ..V0_24
};

pub(super) const V2_5: Accounts = Accounts {
    last_day_of_week: 6,
    new_passwords_checked: true,
    passcodes_used_up: true,
    token_check_unguarded: false,
    bots: true,
    shares: LinkShares {
        readable: true,
        for_admins: true,
        outlived_by_tokens: false,
        local_users: false,
        refused_api_tokens: true,
        no_account: Some((
            401,
            1027,
            "Invalid user context. Please make sure the passed token is valid and try again.",
        )),
        ..V1_0.shares
    },
    ..V1_0
};
