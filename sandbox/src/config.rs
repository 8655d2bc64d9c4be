//! What a sandbox is started with.

use std::path::PathBuf;
use std::str::FromStr;

use crate::faults::{ConfigError, Faults, nearest};
use crate::release::Release;

/// A sandbox's configuration. The default is release 2.5 in memory, on a free port, without faults.
///
/// Parsed from a release and faults: `"2.5"`, `"0.24,delay=600ms,fail=5%"`, or faults alone.
#[derive(Debug, Clone)]
pub struct Config {
    /// The imitated release.
    pub release: &'static Release,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Folder of the database file; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// What goes wrong.
    pub faults: Faults,
    /// bcrypt cost of new passwords, 4 to 31. Vikunja's own default is 11, about 0.1 s per log-in.
    pub bcrypt_cost: u32,
    /// Secret that signs tokens; random when `None`, so that tokens die with the sandbox.
    pub secret: Option<String>,
    /// Decides which requests a share such as `fail=5%` takes.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            release: Release::ALL[Release::ALL.len() - 1],
            port: 0,
            data: None,
            faults: Faults::default(),
            bcrypt_cost: 4,
            secret: None,
            seed: 0,
        }
    }
}

impl FromStr for Config {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (position, part) in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .enumerate()
        {
            if position == 0 && !part.contains('=') {
                config.release = release(part)?;
            } else {
                config.faults.set(part)?;
            }
        }
        Ok(config)
    }
}

/// The release of that name, or an error naming those that are imitated.
pub(crate) fn release(name: &str) -> Result<&'static Release, ConfigError> {
    let names = || Release::ALL.into_iter().map(|release| release.name);
    Release::named(name.strip_prefix('v').unwrap_or(name)).ok_or_else(|| {
        let known: Vec<&str> = names().collect();
        let near = nearest(name, names());
        ConfigError(format!(
            "release «{name}» is not imitated; did you mean «{near}»? Known are {}",
            known.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn release_and_faults_in_one_text() {
        let config: Config = "0.24,delay=600ms,fail=5%".parse().expect("a configuration");
        assert_eq!(config.release.name, "0.24");
        assert_eq!(config.faults.delay, Duration::from_millis(600));
        let config: Config = "delay=1s".parse().expect("a configuration");
        assert_eq!(config.release.name, "2.5");
    }

    #[test]
    fn an_unknown_release_names_the_known_ones() {
        let error = "2.4,delay=1s"
            .parse::<Config>()
            .expect_err("a refusal")
            .to_string();
        assert!(
            error.contains("«2.4»") && error.contains("0.20, 0.24, 1.0, 2.5"),
            "{error}"
        );
    }
}
