//! The same on a real PostgreSQL and a real Redis, where this machine has them: POSTGRES_BIN or Debian's folder,
//! `redis-server` in PATH.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::program::{account, loadtest, run, sandbox, token, unhurried};

/// A server with a folder of its own, ended with the test.
struct Store {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Store {
    fn drop(&mut self) {
        // SIGINT lets PostgreSQL end its children and free its shared memory.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.child.wait();
    }
}

impl Store {
    fn start(folder: TempDir, command: impl FnOnce(&Path, u16) -> Command) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = command(folder.path(), port)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "it does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self {
            child,
            port,
            folder,
        }
    }
}

fn postgres_programs() -> Option<PathBuf> {
    let named = env::var_os("POSTGRES_BIN").map(PathBuf::from);
    let debian = fs::read_dir("/usr/lib/postgresql").ok();
    let installed = debian.into_iter().flatten().flatten();
    let mut folders = named
        .into_iter()
        .chain(installed.map(|entry| entry.path().join("bin")));
    folders.find(|folder| folder.join("initdb").exists())
}

/// A program of PostgreSQL; its server refuses to be root.
fn humble(program: PathBuf) -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

/// A PostgreSQL 14 or later whose only user is vikunja, without a password.
fn postgres(programs: &Path) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let _ = Command::new("chown")
        .arg("postgres")
        .arg(folder.path())
        .status();
    let made = humble(programs.join("initdb"))
        .args(["-U", "vikunja", "--auth=trust", "--no-sync", "-D"])
        .arg(folder.path().join("data"))
        .current_dir("/")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let store = Store::start(folder, |folder, port| {
        let mut command = humble(programs.join("postgres"));
        command
            .current_dir("/")
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
            .arg(folder)
            .args(["-c", "fsync=off", "-c"])
            .arg("shared_preload_libraries=pg_stat_statements")
            .arg("-D")
            .arg(folder.join("data"));
        command
    });
    // It listens before it lets anybody in.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !psql(programs, &store, "postgres", "CREATE DATABASE vikunja")
        .status
        .success()
    {
        assert!(Instant::now() < deadline, "it lets nobody in");
        thread::sleep(Duration::from_millis(50));
    }
    store
}

fn psql(programs: &Path, store: &Store, database: &str, sql: &str) -> std::process::Output {
    Command::new(programs.join("psql"))
        .args(["-h", "127.0.0.1", "-U", "vikunja", "-qAt", "-d", database])
        .args(["-p", &store.port.to_string(), "-c", sql])
        .output()
        .unwrap()
}

#[test]
fn a_real_postgres_is_read_backed_up_and_restored() {
    let Some(programs) = postgres_programs() else {
        eprintln!("SKIPPED: no PostgreSQL here; install it, or set POSTGRES_BIN");
        return;
    };
    let store = postgres(&programs);
    let sql = |sql: &str| {
        let output = psql(&programs, &store, "vikunja", sql);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    sql(
        "CREATE TABLE users (id int); CREATE TABLE tasks (id int); INSERT INTO tasks SELECT generate_series(1, 500)",
    );
    let database = format!("postgres://vikunja@127.0.0.1:{}/vikunja", store.port);
    let server = sandbox("0.24");
    let url = server.url();
    let watch = || {
        let args = ["monitor", "--once", "--url", &url, "--every", "1ms"];
        run(loadtest(&args).env("LOADTEST_POSTGRES", &database))
    };
    watch().expect(
        3,
        &["CREATE EXTENSION pg_stat_statements", "postgres_query=U"],
    );
    sql("CREATE EXTENSION pg_stat_statements");
    let said = watch();
    said.expect(
        0,
        &["VIKUNJA OK - ", "postgres_size=", "postgres_connections=0"],
    );
    assert!(!said.out.contains("=U"), "{}", said.out);
    // The stand-in asks nothing of it, and our own statements do not count.
    let mut command = unhurried(&["-n", "60", "--url", &url, "--writes", "--seed-tasks", "60"]);
    command
        .env("LOADTEST_POSTGRES", &database)
        .env("VIKUNJA_TOKEN", token(&server, account(&server)));
    run(&mut command).expect(0, &["no statement was counted"]);

    let files = store.folder.path().join("files");
    fs::create_dir(&files).unwrap();
    let script = |name: &str, argument: &Path| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
        run(Command::new(root.join("deploy").join(name))
            .arg(argument)
            .env("DB", "env")
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", store.port.to_string())
            .env("PATH", path)
            .env("FILES", &files))
    };
    let said = script("backup", &store.folder.path().join("backups"));
    said.expect(0, &["/vikunja-"]);
    let backup = PathBuf::from(said.out.trim());
    sql("DELETE FROM tasks");
    let mut inside = Command::new(programs.join("psql"))
        .args(["-h", "127.0.0.1", "-U", "vikunja", "-d", "vikunja", "-p"])
        .arg(store.port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'vikunja'").trim() != "2" {
        thread::sleep(Duration::from_millis(20));
    }
    script("restore", &backup).expect(1, &["stop Vikunja first"]);
    assert_eq!(sql("SELECT count(*) FROM tasks"), "0\n");
    drop(inside.stdin.take());
    inside.wait().unwrap();
    script("restore", &backup).expect(0, &["restored 0 users and 500 tasks"]);
    assert_eq!(sql("SELECT count(*) FROM tasks"), "500\n");
}

#[test]
fn a_real_redis_is_read() {
    let known = Command::new("redis-server").arg("--version").output();
    if known.is_err() {
        eprintln!("SKIPPED: no redis-server here; install it");
        return;
    }
    let password = "s3cret-of-redis";
    let store = Store::start(tempfile::tempdir().unwrap(), |folder, port| {
        let mut command = Command::new("redis-server");
        command
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--requirepass", password, "--dir"])
            .arg(folder);
        command
    });
    let server = sandbox("0.24");
    let url = server.url();
    let watch = |password: &str| {
        let args = ["monitor", "--once", "--url", &url, "--every", "1ms"];
        let address = format!("redis://:{password}@127.0.0.1:{}", store.port);
        run(loadtest(&args).env("LOADTEST_REDIS", address))
    };
    let said = watch(password);
    // Nobody else asks anything of it.
    said.expect(0, &["VIKUNJA OK - ", "Redis memory", "redis_commands=0.00"]);
    assert!(!said.out.contains("=U"), "{}", said.out);
    let said = watch("wrong-password-of-redis");
    said.expect(3, &["VIKUNJA UNKNOWN - ", "redis_memory=UB"]);
    assert!(!said.all().contains("wrong-password-of-redis"));
}
