//! The accounts whose content is read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use secrecy::SecretString;
use vikunja_sdk::{
    Execute,
    auth::{Token, TokenKind},
    users,
};

use crate::{
    exit::Problem,
    line::Line,
    site::{Site, SiteArgs},
    who::{self, Who},
};

/// Which server, and as whom.
#[derive(Args)]
pub struct AccountsArgs {
    /// Where.
    #[command(flatten)]
    pub site: SiteArgs,
    /// A file with one token a line, for several accounts; beside that of VIKUNJA_TOKEN, or of VIKUNJA_USERNAME and VIKUNJA_PASSWORD
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_TOKENS",
        help_heading = "Account"
    )]
    pub tokens: Option<PathBuf>,
}

impl AccountsArgs {
    /// Who is asked for. An error never shows a token.
    pub fn who(&self) -> Result<Vec<Who>, Problem> {
        let mut all: Vec<Who> = Who::given()?.into_iter().collect();
        if let Some(path) = &self.tokens {
            all.extend(tokens(path)?.into_iter().map(Who::Token));
        }
        if all.is_empty() {
            return Err(Problem::new("no account is given, so nothing can be seen")
                .advise("set VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD")
                .advise("several accounts: --tokens FILE, one token a line"));
        }
        Ok(all)
    }
}

fn tokens(path: &Path) -> Result<Vec<SecretString>, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        Problem::new(format!("--tokens {}: {error}", path.display()))
            .advise("expected a file with one token a line")
    })?;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let token = SecretString::from(line);
        Token::new(token.clone()).map_err(|error| {
            Problem::new(format!(
                "--tokens {}, line {}: {error}",
                path.display(),
                at + 1
            ))
        })?;
        found.push(token);
    }
    Ok(found)
}

/// Logs in, and says what the account is called in the file: by its name, or, where an API token does not tell it, by
/// the token's place.
pub async fn enter(site: &Site, who: &Who, place: usize) -> Result<(Line, String), Problem> {
    let mut line = site.line();
    // Neither a token nor a password needs the state file.
    let no_state = Path::new("");
    who::log_in(who, &mut line, &site.identified.info, no_state, site.wait).await?;
    if line.session().token_kind() == Some(TokenKind::Api) {
        return Ok((line, format!("token-{place}")));
    }
    let user = line
        .execute(&users::Current)
        .await
        .map_err(|error| who::explain_refusal(&error, site.base(), line.session().token_kind()))?;
    Ok((line, user.username))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tokens_is_read_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        fs::write(&path, "# alice\ntk_0123456789\n\n  tk_abcdefghij  \n").unwrap();
        assert_eq!(tokens(&path).unwrap().len(), 2);
        fs::write(&path, "tk_0123456789\nhunter 2\u{7}\n").unwrap();
        let problem = tokens(&path).err().unwrap().to_string();
        assert!(
            problem.contains("line 2") && !problem.contains("hunter"),
            "{problem}"
        );
        assert!(tokens(&folder.path().join("none")).is_err());
    }
}
