//! A Vikunja program: started on a free loopback port, with a scratch SQLite folder and none of the caller's settings.

use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use super::{Child, Running};
use crate::{exit::Problem, stop::Stop};

/// Starts the program at `path`.
pub(super) fn start(path: &Path, stop: &Stop) -> Result<Running, Problem> {
    let name = format!("the program {}", path.display());
    let failed = |what: &str, error: std::io::Error| {
        Problem::new(format!("{name} cannot be started: {what}: {error}"))
            .advise("give the path of a Vikunja server program with --bin or VIKUNJA_BIN")
    };
    let path = path
        .canonicalize()
        .map_err(|error| failed("it is not there", error))?;
    let scratch = tempfile::Builder::new()
        .prefix("loadtest-vikunja-")
        .tempdir()
        .map_err(|error| failed("no scratch folder", error))?;
    let folder = scratch.path();
    let port = free_port().map_err(|error| failed("no free port", error))?;
    let log = folder.join("server.log");
    let output = File::create(&log).map_err(|error| failed("no log file", error))?;
    let errors = output
        .try_clone()
        .map_err(|error| failed("no log file", error))?;
    let address = format!("http://127.0.0.1:{port}");

    let mut command = Command::new(path);
    for (setting, _) in std::env::vars_os() {
        // A database of the caller's must never be filled by a test.
        if setting.to_string_lossy().starts_with("VIKUNJA_") {
            command.env_remove(setting);
        }
    }
    let in_folder = |file: &str| folder.join(file).display().to_string();
    command
        .current_dir(folder)
        .envs([
            ("VIKUNJA_SERVICE_INTERFACE", format!("127.0.0.1:{port}")),
            ("VIKUNJA_SERVICE_PUBLICURL", format!("{address}/")),
            ("VIKUNJA_SERVICE_ROOTPATH", folder.display().to_string()),
            ("VIKUNJA_DATABASE_TYPE", "sqlite".to_owned()),
            ("VIKUNJA_DATABASE_PATH", in_folder("vikunja.db")),
            ("VIKUNJA_FILES_BASEPATH", in_folder("files")),
            ("VIKUNJA_CORS_ENABLE", "false".to_owned()),
            ("VIKUNJA_MAILER_ENABLED", "false".to_owned()),
            ("VIKUNJA_LOG_LEVEL", "ERROR".to_owned()),
            ("VIKUNJA_LOG_HTTP", "off".to_owned()),
            ("VIKUNJA_LOG_ECHO", "off".to_owned()),
            ("VIKUNJA_SERVICE_BCRYPTROUNDS", "4".to_owned()),
            ("VIKUNJA_RATELIMIT_NOAUTHLIMIT", "100000".to_owned()),
            // Webhooks are received on loopback; 2.2 has the switch under another name.
            (
                "VIKUNJA_OUTGOINGREQUESTS_ALLOWNONROUTABLEIPS",
                "true".to_owned(),
            ),
            ("VIKUNJA_WEBHOOKS_ALLOWNONROUTABLEIPS", "true".to_owned()),
        ])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let child = Child::spawn(name.clone(), &mut command, stop, Some(log), Some(scratch))?;
    Ok(Running {
        address,
        child: Some(child),
    })
}

/// A port that is free now. Somebody may take it before the program does; then the program says so and ends.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
