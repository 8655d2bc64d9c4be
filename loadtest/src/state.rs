//! The state file: accounts that were made on servers, so that the next run uses them again. It holds secrets: 0600.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::exit::Problem;

/// An account that we made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// User name.
    pub username: String,
    #[serde(serialize_with = "exposed", deserialize_with = "hidden")]
    /// Password.
    pub password: SecretString,
}

fn exposed<S: serde::Serializer>(secret: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(out)
}

fn hidden<'de, D: serde::Deserializer<'de>>(input: D) -> Result<SecretString, D::Error> {
    String::deserialize(input).map(SecretString::from)
}

/// Writes a secret into a state file, where there is one.
#[expect(clippy::ref_option, reason = "serde hands it over so")]
pub(crate) fn maybe_exposed<S: serde::Serializer>(
    secret: &Option<SecretString>,
    out: S,
) -> Result<S::Ok, S::Error> {
    secret
        .as_ref()
        .map(ExposeSecret::expose_secret)
        .serialize(out)
}

/// Reads a secret from a state file, where there is one.
pub(crate) fn maybe_hidden<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<SecretString>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.map(SecretString::from))
}

/// The file.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    accounts: BTreeMap<String, Account>,
}

impl State {
    /// Where it is unless told: `$XDG_STATE_HOME/vikunja-loadtest/state.json` (`~/.local/state` without that).
    pub fn default_path() -> PathBuf {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state"));
        std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(home)
            .unwrap_or_default()
            .join("vikunja-loadtest/state.json")
    }

    /// Reads it; a missing one is empty.
    pub fn open(path: PathBuf) -> Result<Self, Problem> {
        let unreadable = |why: String| {
            Problem::new(format!(
                "the state file {} cannot be read: {why}",
                path.display()
            ))
            .advise("remove it, or name another one with --state FILE")
        };
        let accounts = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                // The message of serde_json repeats no value of a map of strings, only where it stopped.
                unreadable(format!("line {}, column {}", error.line(), error.column()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        Ok(Self { path, accounts })
    }

    /// The account on this server.
    pub fn account(&self, base: &str) -> Option<&Account> {
        self.accounts.get(base)
    }

    /// Keeps an account.
    pub fn keep(&mut self, base: &str, account: Account) -> Result<(), Problem> {
        self.accounts.insert(base.to_owned(), account);
        self.save()
    }

    fn save(&self) -> Result<(), Problem> {
        self.write().map_err(|error| {
            Problem::new(format!(
                "the state file {} cannot be written: {error}",
                self.path.display()
            ))
            .advise("name another one with --state FILE")
        })
    }

    /// Forgets an account that was refused after all.
    pub fn forget(&mut self, base: &str) -> Result<(), Problem> {
        self.accounts.remove(base);
        self.save()
    }

    fn write(&self) -> io::Result<()> {
        write_private(&self.path, &serde_json::to_vec_pretty(&self.accounts)?)
    }
}

/// Writes a file for this user only. Beside and renamed, so that a crash never leaves half a file.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut file = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    // `mode` does nothing to a file that was there already.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_kept_for_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/state.json");
        let mut state = State::open(path.clone()).unwrap();
        assert!(state.account("http://a").is_none());
        let account = Account {
            username: "u".to_owned(),
            password: "hunter2".into(),
        };
        assert!(!format!("{account:?}").contains("hunter2"));
        state.keep("http://a", account).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = State::open(path).unwrap();
        let kept = again.account("http://a").unwrap();
        assert_eq!(kept.password.expose_secret(), "hunter2");
    }

    #[test]
    fn a_broken_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(
            &path,
            r#"{"http://a": {"username": "u", "password": hunter2"#,
        )
        .unwrap();
        let problem = State::open(path).unwrap_err().to_string();
        assert!(
            problem.contains("state.json") && !problem.contains("hunter2"),
            "{problem}"
        );
    }
}
