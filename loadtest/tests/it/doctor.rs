//! `loadtest doctor`: the manual's snippets, our own files, and a stand-in.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::program::{Said, loadtest, run, sandbox};

/// What the manual has, put where its readers put it: each snippet stands as it is printed there.
const BEFORE: &str = r#"
services:
  vikunja-db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/vikunja_db_password
    networks:
      - vikunja-net
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U vikunja"]
  vikunja:
    image: vikunja/vikunja:0.24.1
    environment:
      VIKUNJA_DATABASE_HOST: vikunja-db
      VIKUNJA_REDIS_ENABLED: "false"
      VIKUNJA_REDIS_HOST: redis
    networks:
      - vikunja-net
    depends_on:
      vikunja-db:
        condition: service_healthy
      vikunja-db:  # DUPLICATE
        condition: service_healthy
secrets:
  vikunja_db_password:
    external: true
networks:
  vikunja-net:
    driver: bridge
    name: xnai-foundation_vikunja-net
"#;

/// The same, after the manual's remedies.
const AFTER: &str = r#"
services:
  vikunja-db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${VIKUNJA_DB_PASSWORD:?...}
    networks:
      - xnai_network
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U vikunja"]
  vikunja:
    image: vikunja/vikunja:0.24.1
    ports:
      - "3456:3456"
    environment:
      VIKUNJA_SERVICE_JWTSECRET: ${VIKUNJA_JWT_SECRET:?...}
      VIKUNJA_DATABASE_HOST: vikunja-db
      VIKUNJA_REDIS_ENABLED: "true"
      VIKUNJA_REDIS_HOST: redis
      VIKUNJA_REDIS_PORT: "6379"  # EXPLICIT PORT REQUIRED
      VIKUNJA_REDIS_PASSWORD: ${REDIS_PASSWORD:?...}
      VIKUNJA_REDIS_DB: "5"
      VIKUNJA_WEBHOOK_TIMEOUT: "60"
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:3456/api/v1/info"]
    networks:
      - xnai_network
    depends_on:
      vikunja-db:
        condition: service_healthy
      redis:  # ADDED - now that Redis is enabled
        condition: service_healthy
networks:
  xnai_network:
    external: true  # Reference existing Foundation network
"#;

/// A part of a secret that no output may show.
const SECRET: &str = "q8Zr1LxV0bTnW5yk";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

fn doctor(folder: &Path, args: &[&str]) -> Said {
    let mut command = loadtest(&["doctor"]);
    run(command.args(args).current_dir(folder))
}

/// The findings of a rule: severity, where, evidence and remedy.
fn found(said: &Said, rule: &str) -> Vec<[String; 4]> {
    let report: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.all()));
    let rules = report["rules"].as_array().unwrap();
    let line = rules.iter().find(|line| line["rule"] == rule);
    let findings = line.unwrap_or_else(|| panic!("no rule {rule}"))["findings"].as_array();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let fields = ["severity", "where", "evidence", "remedy"];
    let findings = findings.unwrap().iter();
    findings
        .map(|one| fields.map(|key| text(one, key)))
        .collect()
}

#[track_caller]
fn expect(said: &Said, rule: &str, severity: &str, place: &str, evidence: &str, remedy: &str) {
    let found = found(said, rule);
    let is_it = |one: &[String; 4]| {
        one[0] == severity
            && one[1].ends_with(place)
            && one[2].contains(evidence)
            && one[3].contains(remedy)
    };
    assert!(found.iter().any(is_it), "{rule}: {found:?}");
}

#[test]
fn the_manuals_broken_snippets_are_found() {
    let folder = folder(&[("compose.yml", BEFORE)]);
    let said = doctor(folder.path(), &["--compose", "compose.yml", "--json", "-"]);
    assert_eq!(said.code, Some(2), "{}", said.all());
    expect(
        &said,
        "secret-mount",
        "high",
        "compose.yml:6",
        "not given it",
        "POSTGRES_PASSWORD: ${",
    );
    expect(
        &said,
        "redis-address",
        "medium",
        "compose.yml:16",
        "missing port",
        "redis:6379",
    );
    expect(
        &said,
        "redis-unused",
        "low",
        "compose.yml:16",
        "not enabled",
        "REDIS_ENABLED=true",
    );
    expect(
        &said,
        "duplicate-key",
        "high",
        "compose.yml:22",
        "line 20",
        "remove one",
    );
    assert!(found(&said, "undefined-network").is_empty());
}

#[test]
fn isolated_and_undefined_networks_are_found() {
    let isolated = BEFORE.replace("\"false\"", "\"true\"");
    let undefined = BEFORE.replace("\n  vikunja-net:\n    driver", "\n  other:\n    driver");
    let files = folder(&[("isolated.yml", &isolated), ("undefined.yml", &undefined)]);
    let said = doctor(files.path(), &["--compose", "isolated.yml", "--json", "-"]);
    expect(
        &said,
        "unreachable",
        "high",
        "isolated.yml:16",
        "isolated",
        "external: true",
    );
    let said = doctor(files.path(), &["--compose", "undefined.yml", "--json", "-"]);
    expect(
        &said,
        "undefined-network",
        "high",
        "undefined.yml:8",
        "vikunja-net",
        "declare it",
    );
    expect(
        &said,
        "undefined-network",
        "high",
        "undefined.yml:18",
        "vikunja-net",
        "declare it",
    );
}

#[test]
fn the_manuals_wrong_remedies_are_found() {
    let secret = format!("{SECRET}{SECRET}");
    let env = format!(
        "VIKUNJA_DB_PASSWORD={secret}\nVIKUNJA_JWT_SECRET={secret}{secret}\nab/cd{SECRET}==\nREDIS_PASSWORD=redis\n"
    );
    let files = folder(&[("compose.yml", AFTER), (".env", &env)]);
    let said = doctor(files.path(), &["--compose", "compose.yml", "--json", "-"]);
    assert_eq!(said.code, Some(2));
    for (rule, severity, place, evidence, remedy) in [
        (
            "redis-address",
            "high",
            "compose.yml:19",
            "missing port",
            "VIKUNJA_REDIS_HOST=redis:6379",
        ),
        (
            "unknown-setting",
            "medium",
            "compose.yml:20",
            "VIKUNJA_REDIS_PORT",
            "VIKUNJA_REDIS_HOST=host:port",
        ),
        (
            "unknown-setting",
            "medium",
            "compose.yml:23",
            "of 0.24.1",
            "VIKUNJA_WEBHOOKS_TIMEOUTSECONDS",
        ),
        (
            "redis-unused",
            "low",
            "compose.yml:11",
            "nothing uses it",
            "VIKUNJA_KEYVALUE_TYPE=redis",
        ),
        (
            "depends-on",
            "high",
            "compose.yml:31",
            "no service of these files",
            "--compose",
        ),
        (
            "health-check",
            "high",
            "compose.yml:25",
            "the image has none",
            "from outside",
        ),
        (
            "published-port",
            "medium",
            "compose.yml:14",
            "all addresses",
            "127.0.0.1",
        ),
        (
            "broken-secret",
            "high",
            ".env:3",
            "the rest of VIKUNJA_JWT_SECRET",
            "one line",
        ),
        (
            "weak-secret",
            "high",
            ".env:4",
            "REDIS_PASSWORD is weak",
            "make-env",
        ),
        ("release", "high", "0.24.1", "GHSA", "update"),
    ] {
        expect(&said, rule, severity, place, evidence, remedy);
    }
    // Asked for by the compose file, so it is no setting of the server.
    assert_eq!(found(&said, "unknown-setting").len(), 2);
    assert!(
        found(&said, "unreachable").is_empty(),
        "an external network may hold Redis"
    );
    assert!(!said.all().contains(SECRET), "{}", said.all());
    let text = doctor(files.path(), &["--compose", "compose.yml"]);
    text.expect(
        2,
        &[
            "HIGH    redis-address",
            "→ write VIKUNJA_REDIS_HOST=redis:6379",
            "not checkable",
        ],
    );
    assert!(!text.all().contains(SECRET));
}

#[test]
fn a_redis_that_nobody_waits_for_is_found() {
    // The root of the manual's fourth blocker: Redis was switched on, and `depends_on` stayed as it was.
    let text = "services:
  redis:
    image: redis:7
    healthcheck:
      test: [CMD, redis-cli, ping]
  vikunja:
    image: vikunja/vikunja:0.24.1
    environment:
      VIKUNJA_REDIS_ENABLED: 'true'
      VIKUNJA_REDIS_HOST: redis:6379
";
    let waiting =
        format!("{text}    depends_on:\n      redis:\n        condition: service_healthy\n");
    let files = folder(&[("idle.yml", text), ("waiting.yml", &waiting)]);
    let said = doctor(files.path(), &["--compose", "idle.yml", "--json", "-"]);
    expect(
        &said,
        "depends-on",
        "medium",
        "idle.yml:10",
        "does not wait for it",
        "redis: {condition: service_healthy}",
    );
    let said = doctor(files.path(), &["--compose", "waiting.yml", "--json", "-"]);
    assert!(found(&said, "depends-on").is_empty());
}

#[test]
fn names_of_the_quick_start_have_no_effect_on_a_server() {
    let env =
        format!("VIKUNJA_JWT_SECRET={SECRET}{SECRET}\nVIKUNJA_DB_PASSWORD={SECRET}{SECRET}\n");
    let files = folder(&[(".env", &env)]);
    let args = ["--env-file", ".env", "--release", "0.24.1", "--json", "-"];
    let said = doctor(files.path(), &args);
    expect(
        &said,
        "unknown-setting",
        "medium",
        ".env:1",
        "VIKUNJA_JWT_SECRET",
        "VIKUNJA_SERVICE_JWTSECRET",
    );
    assert!(!said.all().contains(SECRET));
}

#[test]
fn our_own_files_are_silent() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let folder = tempfile::tempdir().unwrap();
    for name in ["compose.yml", "compose-0.24.yml", "make-env"] {
        fs::copy(deploy.join(name), folder.path().join(name)).unwrap();
    }
    let make_env = |folder: &Path| {
        let mut command = std::process::Command::new("sh");
        let said = run(command
            .args(["make-env", "https://todo.example.com"])
            .current_dir(folder));
        said.expect(0, &[]);
        fs::read_to_string(folder.join(".env")).unwrap()
    };
    let first = make_env(folder.path());
    assert_eq!(first.lines().count(), 4, "one line a secret");
    assert_eq!(make_env(folder.path()), first, "what is there stays");
    let mode = fs::metadata(folder.path().join(".env"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let said = doctor(folder.path(), &["--compose", "compose.yml"]);
    said.expect(0, &["\n0 findings", "of 30 rules"]);
    let said = doctor(
        folder.path(),
        &["--compose", "compose.yml,compose-0.24.yml"],
    );
    // So old a release has holes whatever the files say.
    said.expect(2, &["HIGH    release", "\n1 findings"]);
    for line in first.lines().skip(1) {
        let (_, secret) = line.split_once('=').unwrap();
        assert!(!said.all().contains(secret));
    }
}

#[test]
fn a_server_is_looked_at_from_outside() {
    let server = sandbox("0.24");
    let url = server.url();
    let said = doctor(Path::new("."), &["--url", &url, "--json", "-"]);
    assert_eq!(said.code, Some(2), "{}", said.all());
    expect(
        &said,
        "registration",
        "medium",
        "",
        "anybody",
        "ENABLEREGISTRATION=false",
    );
    expect(
        &said,
        "rate-limit",
        "medium",
        "",
        "only log-in",
        "RATELIMIT_ENABLED=true",
    );
    expect(
        &said,
        "release",
        "high",
        "0.24.1",
        "GHSA-jfmm-mjcp-8wq2",
        "2.4.0",
    );
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert!(
        report["looked_at"][0]
            .as_str()
            .unwrap()
            .contains("not a Vikunja server")
    );
    let tls = report["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["rule"] == "tls")
        .unwrap();
    assert_eq!(tls["result"], "not_checkable");
    assert!(tls["why"].as_str().unwrap().contains("on this machine"));
}

#[test]
fn how_bad_it_must_be_to_fail_is_for_the_caller_to_say() {
    let files = folder(&[(
        "c.yml",
        "services:\n  vikunja:\n    image: vikunja/vikunja:2.5.0\n    ports: ['3456:3456']\n    environment:\n      VIKUNJA_CORS_ENABLE: 'false'\n",
    )]);
    for (fail_on, code) in [("low", 2), ("medium", 2), ("high", 0)] {
        let said = doctor(files.path(), &["--compose", "c.yml", "--fail-on", fail_on]);
        said.expect(code, &["medium  published-port", "medium  missing-secret"]);
    }
    // Without CORS switched off a newer server wants its address, or does not start.
    let files = folder(&[(
        "c.yml",
        "services:\n  vikunja:\n    image: vikunja/vikunja:2.5.0\n",
    )]);
    let said = doctor(files.path(), &["--compose", "c.yml", "--fail-on", "high"]);
    said.expect(2, &["HIGH    public-url"]);
}

#[test]
fn containers_are_looked_at_as_they_run() {
    let inspect = format!(
        r#"[{{"Name": "vikunja", "ImageName": "docker.io/vikunja/vikunja:latest", "Config": {{"User": "", "Env": ["VIKUNJA_SERVICE_JWTSECRET=secret", "VIKUNJA_DATABASE_PASSWORD={SECRET}"]}},
        "HostConfig": {{"Privileged": true, "PortBindings": {{"3456/tcp": [{{"HostIp": "", "HostPort": "80"}}]}}}}}}]"#
    );
    let files = folder(&[("i.json", &inspect)]);
    let said = doctor(files.path(), &["--inspect", "i.json", "--json", "-"]);
    expect(&said, "root", "high", "vikunja", "privileged", "remove");
    expect(&said, "root", "high", "vikunja", "runs as root", "1000");
    expect(
        &said,
        "published-port",
        "medium",
        "vikunja",
        "all addresses of this machine: 80",
        "127.0.0.1",
    );
    expect(
        &said,
        "weak-secret",
        "high",
        "vikunja",
        "JWTSECRET is weak: it is a word",
        "make-env",
    );
    assert_eq!(found(&said, "weak-secret").len(), 1);
    assert!(!said.all().contains(SECRET));
}

#[test]
fn files_of_secrets_are_for_their_owner_and_not_for_git() {
    let files = folder(&[(".env", "A_PASSWORD=short\n")]);
    fs::set_permissions(files.path().join(".env"), fs::Permissions::from_mode(0o644)).unwrap();
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        run(command.args(args).current_dir(files.path())).expect(0, &[]);
    };
    git(&["init", "-q"]);
    let look = || doctor(files.path(), &["--env-file", ".env", "--json", "-"]);
    expect(
        &look(),
        "tracked-secret",
        "low",
        ".env",
        "next `git add .`",
        ".gitignore",
    );
    git(&["add", ".env"]);
    expect(
        &look(),
        "tracked-secret",
        "high",
        ".env",
        "git tracks",
        "make new secrets",
    );
    expect(
        &look(),
        "file-mode",
        "high",
        ".env",
        "mode 644",
        "chmod 600",
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let files = folder(&[
        ("c.yml", "services: [\n"),
        ("i.json", &format!("{{\"x\": \"{SECRET}\"}}")),
    ]);
    for (args, said) in [
        (&["--compose", "c.yml"][..], "c.yml:2: no YAML"),
        (
            &["--inspect", "i.json"],
            "i.json: line 1, column 0: not what",
        ),
        (&["--compose", "none.yml"], "none.yml cannot be read"),
        (&["--url", "http://127.0.0.1:9"], "http://127.0.0.1:9"),
        (&[], "there is nothing to look at"),
        (&["--release", "new"], "expected a version"),
    ] {
        let done = doctor(files.path(), args);
        done.expect(1, &[said]);
        assert!(!done.all().contains(SECRET));
    }
}
