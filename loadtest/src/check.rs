//! How closely answers are looked at.

use std::{fmt, str::FromStr};

use crate::plan::mix;

/// How closely answers are looked at. What a scenario needs to go on is always decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every answer is decoded and compared.
    #[default]
    Full,
    /// One of so many, by chance; the others by their status.
    Sample(u64),
    /// By their status.
    Status,
}

impl Check {
    /// Whether an answer is decoded: the same ones for the same seed, whoever gets them.
    pub fn decodes(self, chance: u64, answer: u64) -> bool {
        match self {
            Self::Full => true,
            Self::Sample(of) => mix(chance ^ mix(answer)).is_multiple_of(of),
            Self::Status => false,
        }
    }
}

impl FromStr for Check {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            "status" => Ok(Self::Status),
            _ => text
                .strip_prefix("sample:")
                .and_then(|of| of.parse().ok())
                .filter(|of| *of > 0)
                .map(Self::Sample)
                .ok_or_else(|| {
                    format!("{text:?} is none of full, status, sample:N (such as sample:20, one answer of twenty)")
                }),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Sample(of) => write!(f, "sample:{of}"),
            Self::Status => f.write_str("status"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_large_as_it_says_and_always_the_same() {
        let check: Check = "sample:20".parse().unwrap();
        let seen = |ticket: u64| check.decodes(mix(ticket), 0);
        let count = (0..20_000).filter(|ticket| seen(*ticket)).count();
        assert!((900..1100).contains(&count), "{count}");
        assert!((0..100).all(|ticket| seen(ticket) == seen(ticket)));
        assert!(Check::Full.decodes(1, 1) && !Check::Status.decodes(1, 1));
    }

    #[test]
    fn checks_are_read_and_shown() {
        for text in ["full", "status", "sample:7"] {
            assert_eq!(text.parse::<Check>().unwrap().to_string(), text);
        }
        for text in ["", "sample", "sample:0", "none"] {
            assert!(text.parse::<Check>().unwrap_err().contains("sample:20"));
        }
    }
}
