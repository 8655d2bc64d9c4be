//! Imports a dump of GitHub issues into a project. Run it as often as you like: each issue stays one task.
//!
//! ```sh
//! gh api --paginate 'repos/OWNER/REPO/issues?state=all&per_page=100' > issues.json
//! export VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_…
//! cargo run -p vikunja-examples --example github_issues -- issues.json 3   # the project's id
//! ```

use std::{env, error::Error, fs, process::ExitCode};

use vikunja_examples::{
    end,
    importer::{import, read},
};
use vikunja_sdk::{Client, model::ProjectId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [dump, project] = arguments.as_slice() else {
        return Err("give a file with issues and the id of a project".into());
    };
    let issues = fs::read_to_string(dump).map_err(|error| format!("{dump}: {error}"))?;
    let issues = read(&issues)
        .map_err(|error| format!("{dump} is no list of issues of GitHub's REST API: {error}"))?;
    let project: ProjectId = project
        .parse()
        .map_err(|_| format!("«{project}» is no project's id, which is a number"))?;
    let mut vikunja = Client::from_env().await?;
    let done = import(&mut vikunja, project, &issues).await?;
    println!(
        "{} issues: {} tasks made, {} changed, {} labels added, {} as they were",
        issues.len(),
        done.created,
        done.changed,
        done.labelled,
        done.unchanged
    );
    Ok(())
}
