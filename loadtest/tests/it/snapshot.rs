//! `snapshot` and `verify`: what is the same is so, and what is not is named.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;
use vikunja_sandbox::Sandbox;

use super::program::{account, call, loadtest, read, run, sandbox, token};

/// A project with tasks; answers the path of the project.
fn fill(sandbox: &Sandbox, token: &str) -> String {
    let project = call(sandbox, token, "PUT", "/projects", r#"{"title":"Kitchen"}"#);
    let project = format!("/projects/{}", project["id"]);
    for number in 0..70 {
        let task =
            format!(r#"{{"title":"Task {number}","priority":3,"description":"<p>{number}</p>"}}"#);
        call(sandbox, token, "PUT", &format!("{project}/tasks"), &task);
    }
    project
}

fn snapshot(sandbox: &Sandbox, token: &str, file: &Path) -> super::program::Said {
    let args = ["snapshot", file.to_str().unwrap(), "--url", &sandbox.url()];
    run(loadtest(&args).env("VIKUNJA_TOKEN", token))
}

fn verify(sandbox: &Sandbox, token: &str, file: &Path, more: &[&str]) -> super::program::Said {
    let url = sandbox.url();
    let args = ["verify", file.to_str().unwrap(), "--url", &url];
    run(loadtest(&[&args[..], more].concat()).env("VIKUNJA_TOKEN", token))
}

#[test]
fn what_is_lost_changed_edited_and_new_is_told_apart() {
    for release in ["0.24", "1.0", "2.5"] {
        let sandbox = sandbox(release);
        let token = token(&sandbox, account(&sandbox));
        let project = fill(&sandbox, &token);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("before.ndjson");
        snapshot(&sandbox, &token, &file).expect(0, &["70 task"]);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!read(&file).contains("eyJ"));
        verify(&sandbox, &token, &file, &[]).expect(0, &["nothing is lost"]);

        // A record with another title and an unchanged `updated`: as if the database had lost it.
        let text = read(&file);
        let forged = folder.path().join("forged.ndjson");
        fs::write(
            &forged,
            text.replacen("\"title\":\"Task 7\"", "\"title\":\"Task seven\"", 1),
        )
        .unwrap();
        verify(&sandbox, &token, &forged, &[]).expect(
            2,
            &[
                "1 changed, and nobody edited",
                "title: \"Task seven\" → \"Task 7\"",
                "NOT AS IT WAS",
            ],
        );

        let lists = call(
            &sandbox,
            &token,
            "GET",
            &format!("{project}/tasks?per_page=1"),
            "",
        );
        let gone = lists[0]["id"].as_i64().unwrap();
        call(&sandbox, &token, "DELETE", &format!("/tasks/{gone}"), "");
        call(
            &sandbox,
            &token,
            "PUT",
            &format!("{project}/tasks"),
            r#"{"title":"A new one"}"#,
        );
        // `updated` has whole seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let edited = format!("/tasks/{}", gone + 1);
        call(
            &sandbox,
            &token,
            "POST",
            &edited,
            r#"{"title":"Edited","priority":5}"#,
        );
        let json = folder.path().join("result.json");
        let said = verify(&sandbox, &token, &file, &["--json", json.to_str().unwrap()]);
        said.expect(
            2,
            &[
                "missing:",
                &format!("task/{gone} «Task 0»"),
                "edited since:",
                "priority: \"3\" → \"5\"",
                "«A new one»",
            ],
        );
        let result: Value = serde_json::from_str(&read(&json)).unwrap();
        let count = |verdict: &str| {
            let findings = result["findings"].as_array().unwrap().iter();
            let of_tasks = |one: &&Value| one["what"].as_str().unwrap().split('/').count() == 2;
            findings
                .filter(|one| one["verdict"] == verdict)
                .filter(of_tasks)
                .count()
        };
        assert_eq!(
            [
                count("missing"),
                count("changed"),
                count("edited"),
                count("new")
            ],
            [1, 0, 1, 1]
        );
    }
}

#[test]
fn what_people_did_since_is_no_loss_unless_all_counts() {
    let sandbox = sandbox("2.5");
    let token = token(&sandbox, account(&sandbox));
    let project = fill(&sandbox, &token);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.ndjson");
    snapshot(&sandbox, &token, &file).expect(0, &[]);
    call(
        &sandbox,
        &token,
        "PUT",
        &format!("{project}/tasks"),
        r#"{"title":"A new one"}"#,
    );
    verify(&sandbox, &token, &file, &[]).expect(0, &["«A new one»", "nothing is lost"]);
    verify(&sandbox, &token, &file, &["--strict"]).expect(2, &["«A new one»"]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sandbox = sandbox("2.5");
    let token = token(&sandbox, account(&sandbox));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.ndjson");
    let file_name = file.to_str().unwrap();
    let url = sandbox.url();
    verify(&sandbox, &token, &file, &[]).expect(1, &["before.ndjson", "loadtest snapshot"]);
    run(&mut loadtest(&["snapshot", file_name, "--url", &url])).expect(1, &["VIKUNJA_TOKEN"]);
    run(&mut loadtest(&["snapshot", file_name])).expect(1, &["VIKUNJA_URL"]);
    assert!(!file.exists());
    snapshot(&sandbox, &token, &file).expect(0, &[]);
    // Another account sees other things: that is no loss.
    let other = call(
        &sandbox,
        "",
        "POST",
        "/register",
        r#"{"username":"other","email":"o@example.com","password":"tester-password-1"}"#,
    );
    assert_eq!(other["username"], "other");
    let stranger = super::program::token(&sandbox, ("other", "tester-password-1"));
    verify(&sandbox, &stranger, &file, &[]).expect(1, &["nothing of the account other", "tester"]);
    let text = read(&file);
    let half: Vec<_> = text.lines().take(3).collect();
    fs::write(&file, half.join("\n")).unwrap();
    verify(&sandbox, &token, &file, &[]).expect(1, &["not finished"]);
}

#[test]
fn several_accounts_are_read_each_for_itself() {
    let sandbox = sandbox("1.0");
    let one = token(&sandbox, account(&sandbox));
    fill(&sandbox, &one);
    let body = r#"{"username":"other","email":"o@example.com","password":"tester-password-1"}"#;
    call(&sandbox, "", "POST", "/register", body);
    let two = token(&sandbox, ("other", "tester-password-1"));
    let folder = tempfile::tempdir().unwrap();
    let (tokens, file) = (
        folder.path().join("tokens"),
        folder.path().join("all.ndjson"),
    );
    fs::write(&tokens, format!("# both\n{one}\n{two}\n")).unwrap();
    let url = sandbox.url();
    let (tokens, name) = (tokens.to_str().unwrap(), file.to_str().unwrap());
    run(&mut loadtest(&[
        "snapshot", name, "--url", &url, "--tokens", tokens,
    ]))
    .expect(0, &["70 task"]);
    let said = run(&mut loadtest(&[
        "verify", name, "--url", &url, "--tokens", tokens,
    ]));
    said.expect(0, &["nothing is lost"]);
    verify(&sandbox, &one, &file, &[]).expect(1, &["the account other too", "--tokens"]);
    let twice = run(
        loadtest(&["snapshot", name, "--url", &url, "--tokens", tokens]).env("VIKUNJA_TOKEN", &one),
    );
    twice.expect(1, &["tester is given twice"]);
}
