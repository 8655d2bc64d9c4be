//! What the command line says of itself: help, completions, manual pages.

use std::{collections::BTreeMap, fs};

use clap::CommandFactory;
use loadtest::cli::Cli;

use super::program::{loadtest, nobody, run};

/// The commands that people see.
fn commands() -> Vec<clap::Command> {
    let mut whole = Cli::command();
    whole.build();
    let shown = whole.get_subcommands().filter(|one| !one.is_hide_set());
    shown
        .filter(|one| one.get_name() != "help")
        .cloned()
        .collect()
}

#[test]
fn no_line_of_help_is_wider_than_a_terminal() {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    all.extend(
        commands()
            .iter()
            .map(|command| vec![command.get_name().to_owned()]),
    );
    for command in all {
        for help in ["-h", "--help"] {
            let mut said = loadtest(&[]);
            let said = run(said.args(&command).arg(help).env("COLUMNS", "80"));
            said.expect(0, &["Usage: loadtest"]);
            for line in said.out.lines() {
                assert!(line.chars().count() <= 80, "{command:?} {help}: {line}");
            }
        }
    }
}

#[test]
fn every_flag_has_a_help_text_and_an_environment_name() {
    for command in commands() {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name}");
        for arg in command.get_arguments() {
            let flag = arg.get_id().as_str();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{name} {flag} has no help");
            let has_name = arg.get_env().is_some() || help.contains("[env: ");
            let is_exempt = arg.is_positional() || ["help", "version"].contains(&flag);
            assert!(has_name || is_exempt, "{name} --{flag} has no name");
        }
    }
}

#[test]
fn a_name_means_the_same_in_every_command() {
    let mut known: BTreeMap<String, (String, String)> = BTreeMap::new();
    for command in commands() {
        for arg in command.get_arguments() {
            let (Some(env), Some(long)) = (arg.get_env(), arg.get_long()) else {
                continue;
            };
            let env = env.to_string_lossy().into_owned();
            let place = format!("{} --{long}", command.get_name());
            let (other, first) = known
                .entry(env.clone())
                .or_insert((long.to_owned(), place.clone()));
            assert_eq!(long, other, "{env} is {place}, and {first}");
        }
    }
}

#[test]
fn nothing_is_coloured_where_nobody_wants_it() {
    let help = |quiet: bool| {
        let mut command = loadtest(&["--help"]);
        command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
        if quiet {
            command.env("NO_COLOR", "1");
        }
        run(&mut command).out
    };
    assert!(help(false).contains('\u{1b}'));
    assert!(!help(true).contains('\u{1b}'));
    let mut wrong = loadtest(&["--url"]);
    let said = run(wrong.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!said.expect(1, &["--url"]).err.contains('\u{1b}'));
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = run(&mut loadtest(&["completions", shell]));
        said.expect(0, &["accept", "confirm-host"]);
    }
    run(&mut loadtest(&["completions", "tcsh"])).expect(1, &["tcsh", "bash"]);
    run(&mut loadtest(&["man"])).expect(0, &[".TH loadtest 1", "loadtest\\-accept(1)"]);
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    run(&mut loadtest(&["man", "--out", pages.to_str().unwrap()])).expect(0, &[]);
    for command in commands() {
        let page = pages.join(format!("loadtest-{}.1", command.get_name()));
        let text = fs::read_to_string(&page).unwrap_or_else(|_| panic!("{}", page.display()));
        assert!(
            text.contains(&format!(".TH loadtest-{}", command.get_name())),
            "{text}"
        );
    }
    assert_eq!(fs::read_dir(&pages).unwrap().count(), commands().len() + 1);
    run(&mut loadtest(&["man", "--out", "/dev/null/man"]))
        .expect(1, &["/dev/null/man", "--out DIR"]);
}

#[test]
fn a_reason_is_said_once() {
    let said = run(loadtest(&["--url", &nobody()]).env("VIKUNJA_TOKEN", "tk_0123456789"));
    said.expect(1, &["Connection refused"]);
    assert_eq!(said.all().matches("Connection refused").count(), 1);
}
