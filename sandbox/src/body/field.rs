//! The fields that a body may have.

use serde_json::Value;

use crate::release::Release;

/// A body's JSON type by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    Array,
    Object,
    /// An object with these fields.
    Record(&'static [Field]),
    /// An array of objects with these fields.
    Records(&'static [Field]),
    /// Whatever JSON it is.
    Json,
    /// Accepted and never looked at.
    Ignored,
}

/// A field that a body may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// v2's schema refuses a text or array that is present and shorter.
    pub(super) min: usize,
    /// v2's schema refuses a longer text or array; 0 = no bound.
    pub(super) max: usize,
    /// The validator behind both APIs has the same bounds.
    pub(super) validated: bool,
    /// Both validators want something here.
    pub(super) required: bool,
    /// A colour: bounded and stored as the release does.
    pub(super) colour: bool,
    /// Both validators refuse negative numbers.
    pub(super) natural: bool,
    /// The address of something in a network.
    pub(super) url: bool,
    /// The texts that it may be, and what v1 calls them; none: any text. Without a word of v1, they are v2's alone.
    pub(super) choices: (&'static str, &'static [&'static str]),
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            min: 0,
            max: 0,
            validated: false,
            required: false,
            colour: false,
            natural: false,
            url: false,
            choices: ("", &[]),
        }
    }

    /// A colour, of which a model gets what is stored.
    pub(crate) const fn colour(name: &'static str) -> Self {
        let mut field = Self::new(name, Kind::Text).length(0, 0);
        field.colour = true;
        field
    }

    /// One of these texts; `noun` is what v1 calls them.
    pub(crate) const fn one_of(
        mut self,
        noun: &'static str,
        choices: &'static [&'static str],
    ) -> Self {
        self.choices = (noun, choices);
        self
    }

    /// Refuses negative numbers.
    pub(crate) const fn natural(mut self) -> Self {
        self.natural = true;
        self
    }

    /// The address of something in a network.
    pub(crate) const fn url(mut self) -> Self {
        self.url = true;
        self
    }

    /// The text in `value` that is none of the choices.
    pub(super) fn stray<'a>(&self, value: &'a Value) -> Option<&'a str> {
        let known = self.choices.1;
        value
            .as_str()
            .filter(|text| !known.is_empty() && !known.contains(text))
    }

    /// Bounds of a text's length in characters, on both APIs.
    pub(crate) const fn length(mut self, min: usize, max: usize) -> Self {
        self.validated = true;
        self.schema_length(min, max)
    }

    /// Bounds that v2 alone has.
    pub(crate) const fn schema_length(mut self, min: usize, max: usize) -> Self {
        self.min = min;
        self.max = max;
        self
    }

    /// Most characters, 0 = no bound.
    pub(super) fn most(&self, release: &Release) -> usize {
        if self.colour {
            release.colour_length
        } else {
            self.max
        }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

impl Kind {
    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Time => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array | Self::Records(_) => value.is_array(),
            Self::Object | Self::Record(_) => value.is_object(),
            Self::Json | Self::Ignored => true,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Time => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array | Self::Records(_) => "array",
            Self::Object | Self::Record(_) | Self::Json | Self::Ignored => "object",
        }
    }

    pub(super) fn go_name(self) -> &'static str {
        match self {
            Self::Integer => "int64",
            Self::Number => "float64",
            Self::Boolean => "bool",
            other => other.name(),
        }
    }
}
