//! What differs between releases about refusals: their words, statuses and codes.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Refusals {
    /// What a request without a bearer token is told.
    pub(crate) no_token_text: &'static str,
    /// What a request with a useless token is told.
    pub(crate) bad_token_text: &'static str,
    /// Code of the token middleware's 401 (2.0).
    pub(crate) unauthorized_code: Option<i64>,
    /// Code of a plain «Forbidden» (2.4).
    pub(crate) forbidden_code: Option<i64>,
    /// What an unreadable body or path parameter is answered with.
    pub(crate) binding: Binding,
    /// Status of a field validation on v1.
    pub(crate) validation_status: u16,
    /// A field validation on v1 comes with code and field list (not in 0.24).
    pub(crate) validation_lists: bool,
    /// That of hand-written handlers, too (0.20).
    pub(crate) settings_validation_lists: bool,
    /// Errors carry the parts of their text apart, as `i18n_params` (2.4).
    pub(crate) params: bool,
    /// The 429 names the path (up to 0.24).
    pub(crate) limit_names_path: bool,
}

/// How v1 words a body or path that it cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The Go error as text, no code (up to 0.24).
    Text,
    /// Code 2004 (1.0).
    Coded,
}

/// What both kinds of 401 say from 0.24 on.
const TOKEN_TEXT: &str = "missing, malformed, expired or otherwise invalid token provided";

/// Oldest first, each with what it changed.
pub(super) const V0_20: Refusals = Refusals {
    no_token_text: "missing or malformed jwt",
    bad_token_text: "invalid or expired jwt",
    unauthorized_code: None,
    forbidden_code: None,
    binding: Binding::Text,
    validation_status: 400,
    validation_lists: true,
    settings_validation_lists: true,
    params: false,
    limit_names_path: true,
};

pub(super) const V0_24: Refusals = Refusals {
    no_token_text: TOKEN_TEXT,
    bad_token_text: TOKEN_TEXT,
    validation_lists: false,
    settings_validation_lists: false,
    ..V0_20
};

pub(super) const V1_0: Refusals = Refusals {
    binding: Binding::Coded,
    validation_status: 412,
    validation_lists: true,
    limit_names_path: false,
    ..V0_24
};

pub(super) const V2_5: Refusals = Refusals {
    unauthorized_code: Some(11),
    forbidden_code: Some(0),
    params: true,
    ..V1_0
};
