//! `man`: the manual page, and one for each command.

use std::{fs, io, path::PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use crate::{
    cli::Cli,
    exit::{Exit, Problem},
    out::Stdout,
};

/// Flags of `man`.
#[derive(Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR", env = "LOADTEST_OUT")]
    pub out: Option<PathBuf>,
}

/// Prints or writes.
pub fn run(args: &ManArgs, out: &Stdout) -> Result<Exit, Problem> {
    let mut whole = Cli::command();
    // So that each command knows its whole name.
    whole.build();
    let Some(folder) = &args.out else {
        let page = page(whole).map_err(|error| cannot("the page", &error))?;
        out.print(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Passed);
    };
    let commands = whole.get_subcommands().filter(|one| !one.is_hide_set());
    let commands: Vec<_> = commands
        .filter(|one| one.get_name() != "help")
        .cloned()
        .collect();
    fs::create_dir_all(folder).map_err(|error| cannot(&folder.display().to_string(), &error))?;
    for command in [whole].into_iter().chain(commands) {
        let name = command.get_display_name().unwrap_or("loadtest").to_owned();
        let path = folder.join(format!("{name}.1"));
        page(command)
            .and_then(|page| fs::write(&path, page))
            .map_err(|error| cannot(&path.display().to_string(), &error))?;
    }
    Ok(Exit::Passed)
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let name = command.get_display_name().unwrap_or("loadtest").to_owned();
    Man::new(command).title(name).render(&mut text)?;
    Ok(text)
}

fn cannot(what: &str, error: &io::Error) -> Problem {
    Problem::new(format!("{what} cannot be written: {error}"))
        .advise("name a folder that is yours: --out DIR")
}
