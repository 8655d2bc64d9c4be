//! What differs between releases about files on tasks.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Files {
    /// Listing attachments asks for access to the task, and for the task (1.0).
    pub(crate) guarded: bool,
    /// Up- and downloads of attachments are refused with code 1 (2.x).
    pub(crate) refusals_coded: bool,
    /// Files have a stored type and are sent to be saved (2.x); before, the type follows from the name.
    pub(crate) have_types: bool,
    /// An upload that is no form is 400 (1.0); before, 500.
    pub(crate) forms_checked: bool,
    /// An upload's errors are inside `message` (up to 0.24).
    pub(crate) errors_nested: bool,
    /// An upload counts as a change of the task (up to 1.x).
    pub(crate) touch_task: bool,
    /// A request's body may be as long as the longest file and two megabytes, in all (1.0).
    pub(crate) body_limit: Option<usize>,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: Files = Files {
    guarded: false,
    refusals_coded: false,
    have_types: false,
    forms_checked: false,
    errors_nested: true,
    touch_task: true,
    body_limit: None,
};

pub(super) const V1_0: Files = Files {
    guarded: true,
    forms_checked: true,
    errors_nested: false,
    body_limit: Some(22 << 20),
    ..V0_20
};

pub(super) const V2_5: Files = Files {
    refusals_coded: true,
    have_types: true,
    touch_task: false,
    ..V1_0
};
