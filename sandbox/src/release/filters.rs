//! What differs between releases about filters of tasks.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Filters are parallel arrays, `filter_by` and its like, instead of one expression (0.20).
    pub(crate) arrays: bool,
    /// Backslashes in the values of a filter are escapes (2.5), not only those before a quote.
    pub(crate) escapes: bool,
    /// An unknown filter field has a code of its own (1.0), not the one of bad values.
    pub(crate) fields_checked: bool,
    /// What refusals of filters call a label's id.
    pub(crate) label_column: &'static str,
    /// An unknown time zone in a filter is 400; before, 500.
    pub(crate) timezone_checked: bool,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: Filters = Filters {
    arrays: true,
    escapes: false,
    fields_checked: false,
    label_column: "`label_id`",
    timezone_checked: false,
};

pub(super) const V0_24: Filters = Filters {
    arrays: false,
    ..V0_20
};

pub(super) const V1_0: Filters = Filters {
    fields_checked: true,
    label_column: "label_id",
    timezone_checked: true,
    ..V0_24
};

pub(super) const V2_5: Filters = Filters {
    escapes: true,
    ..V1_0
};
