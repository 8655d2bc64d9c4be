//! `deploy/backup` and `deploy/restore` when something goes wrong: nothing is lost, and nothing looks whole that is not.
//! The programs of PostgreSQL are played by one script: a database is a line in a file, a dump ends with its last word.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::program::{Said, read, run};

/// `DATABASES` is the list of databases, `LOG` what they were told. `FAULT` is what goes wrong.
const POSTGRES: &str = r#"#!/usr/bin/env bash
set -eu
dump() { printf 'PGDMP tasks of vikunja'; [ "$FAULT" = half ] || printf ' END'; }
case "$(basename "$0")" in
pg_dump)
    dump
    [ "$FAULT" != dump ] || { echo "pg_dump: the connection is lost" >&2; exit 1; }
    ;;
pg_restore)
    [[ "$(cat)" == *END ]] || { echo "pg_restore: could not read from input file: end of file" >&2; exit 1; }
    [[ "$FAULT" != restore || "$*" != *single-transaction* ]] || { echo "pg_restore: no space left" >&2; exit 1; }
    ;;
psql)
    sql="${*: -1}"
    echo "$sql" >>"$LOG"
    case "$sql" in
    *pg_stat_activity*) if [ "$FAULT" = connected ]; then echo 1; else echo 0; fi ;;
    *"FROM pg_database"*) grep -c "^vikunja$" "$DATABASES" || true ;;
    *"FROM users"*) echo 2 ;;
    *"FROM tasks"*) echo 7 ;;
    "CREATE DATABASE "*) echo "${sql##* }" >>"$DATABASES" ;;
    "DROP DATABASE "*) sed -i "/^${sql##* }$/d" "$DATABASES" ;;
    BEGIN*)
        [ "$FAULT" != swap ] || { echo "ERROR: it is being accessed by other users" >&2; exit 1; }
        new=$(sed -E 's/.*ALTER DATABASE vikunja RENAME TO ([a-z0-9_]+);.*/\1/' <<<"$sql")
        sed -i -e "s/^vikunja$/$new/" -e 's/^vikunja_restoring$/vikunja/' "$DATABASES"
        ;;
    esac
    ;;
esac
"#;

/// A machine with a database, files and the fake programs.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let programs = machine.path("bin");
        fs::create_dir(&programs).unwrap();
        for name in ["psql", "pg_dump", "pg_restore"] {
            let path = programs.join(name);
            fs::write(&path, POSTGRES).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(machine.path("databases"), "postgres\nvikunja\n").unwrap();
        fs::create_dir(machine.path("files")).unwrap();
        fs::write(machine.path("files/1"), "an attachment").unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `deploy/NAME` with what goes wrong.
    fn runs(&self, name: &str, fault: &str, folder: &Path) -> Said {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let programs = self.path("bin");
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(root.join("deploy").join(name));
        command
            .arg(folder)
            .env("DB", "env")
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("FILES", self.path("files"))
            .env("DATABASES", self.path("databases"))
            .env("LOG", self.path("log"))
            .env("FAULT", fault);
        for name in ["DBNAME", "DBUSER", "AS"] {
            command.env_remove(name);
        }
        run(&mut command)
    }

    fn backup(&self, fault: &str) -> Said {
        self.runs("backup", fault, &self.path("backups"))
    }

    /// A backup that is whole.
    fn whole(&self) -> PathBuf {
        let said = self.backup("");
        said.expect(0, &["backups/vikunja-"]);
        PathBuf::from(said.out.trim())
    }

    /// What there is: databases and files.
    fn holds(&self) -> (String, Vec<String>) {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("files"))
            .collect();
        files.sort();
        (read(&self.path("databases")), files)
    }
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_backup_that_is_not_whole_is_none() {
    let machine = Machine::new();
    for (fault, why) in [("dump", "the connection is lost"), ("half", "end of file")] {
        machine.backup(fault).expect(1, &[why]);
        assert!(names(&machine.path("backups")).is_empty(), "{fault}");
    }
    fs::remove_dir_all(machine.path("files")).unwrap();
    let said = machine.backup("");
    assert_ne!(
        said.code,
        Some(0),
        "files that are not there: {}",
        said.all()
    );
    assert!(names(&machine.path("backups")).is_empty());
}

#[test]
fn a_restore_replaces_everything_and_keeps_what_was_there() {
    let machine = Machine::new();
    let backup = machine.whole();
    fs::write(machine.path("files/1"), "damaged").unwrap();
    let said = machine.runs("restore", "", &backup);
    said.expect(
        0,
        &["restored 2 users and 7 tasks", "database vikunja_before_"],
    );
    assert_eq!(read(&machine.path("files/1")), "an attachment");
    let (databases, files) = machine.holds();
    assert!(databases.contains("\nvikunja\n") || databases.ends_with("vikunja\n"));
    assert!(databases.contains("vikunja_before_"), "{databases}");
    let before = files.iter().find(|name| name.contains("before")).unwrap();
    assert_eq!(read(&machine.path(before).join("1")), "damaged");
}

#[test]
fn a_restore_that_fails_replaces_nothing() {
    type Damage = fn(&Path);
    let cases: [(&str, &str, Damage); 6] = [
        (
            "connected",
            "1 connections to vikunja: stop Vikunja first",
            |_| {},
        ),
        ("restore", "no space left", |_| {}),
        ("swap", "being accessed by other users", |_| {}),
        ("", "db.dump", |backup| {
            fs::write(backup.join("db.dump"), "PGDMP tasks").unwrap();
        }),
        // Damaged before its sums were taken.
        ("", "end of file", |backup| {
            fs::write(backup.join("db.dump"), "PGDMP tasks").unwrap();
            let sums = Command::new("sha256sum")
                .args(["db.dump", "files.tar.gz"])
                .current_dir(backup)
                .output()
                .unwrap();
            fs::write(backup.join("SHA256SUMS"), sums.stdout).unwrap();
        }),
        ("", "SHA256SUMS", |backup| {
            fs::remove_file(backup.join("SHA256SUMS")).unwrap();
        }),
    ];
    for (fault, why, damage) in cases {
        let machine = Machine::new();
        let backup = machine.whole();
        damage(&backup);
        let said = machine.runs("restore", fault, &backup);
        assert_ne!(said.code, Some(0), "{fault} {why}: {}", said.all());
        assert!(said.all().contains(why), "{fault} {why}: {}", said.all());
        let (databases, _) = machine.holds();
        assert!(
            databases.starts_with("postgres\nvikunja\n"),
            "{fault} {why}: {databases}"
        );
        assert_eq!(read(&machine.path("files/1")), "an attachment");
        let log = fs::read_to_string(machine.path("log")).unwrap_or_default();
        assert_eq!(
            log.matches("ALLOW_CONNECTIONS false").count(),
            log.matches("ALLOW_CONNECTIONS true").count(),
            "the door is open again: {log}"
        );
        // The same backup restores when nothing is wrong with it.
        if !fault.is_empty() {
            machine
                .runs("restore", "", &backup)
                .expect(0, &["restored 2 users"]);
        }
    }
}
