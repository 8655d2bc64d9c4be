//! What differs between releases about imports.

/// One release's idea of them.
#[derive(Debug)]
pub(crate) struct Imports {
    /// An import is noted when it begins (0.24), and not only when it is over.
    pub(crate) begin_noted: bool,
    /// A file of another kind, or with nothing in it, is refused (1.0); before, it breaks the import.
    pub(crate) checked: bool,
    /// A task without tags gets a label without a title (up to 0.24).
    pub(crate) untagged_labelled: bool,
    /// Reminders of TickTick come along, as moments (0.20).
    pub(crate) reminders: bool,
    /// Its priorities come along, and what it has archived is done (2.x).
    pub(crate) priorities: bool,
}

/// Oldest first, each with what it changed.
pub(super) const V0_20: Imports = Imports {
    begin_noted: false,
    checked: false,
    untagged_labelled: true,
    reminders: true,
    priorities: false,
};

pub(super) const V0_24: Imports = Imports {
    begin_noted: true,
    reminders: false,
    ..V0_20
};

pub(super) const V1_0: Imports = Imports {
    checked: true,
    untagged_labelled: false,
    ..V0_24
};

pub(super) const V2_5: Imports = Imports {
    priorities: true,
    ..V1_0
};
