//! nginx with two answers of Vikunja 2.5 as files: a server that costs little and keeps every connection.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    Outcome,
    generators::on,
    truth::{INFO, TASKS},
};

/// How long it may take to listen.
const START_UP: Duration = Duration::from_secs(10);

/// A server at work; it ends with this value.
pub struct Nginx {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Nginx {
    /// Serves this page as the list, on these processors, to so many connections.
    pub fn start(page: &str, connections: usize, processors: Option<&str>) -> Outcome<Self> {
        let folder = tempfile::tempdir()
            .map_err(|error| format!("no folder for nginx can be made: {error}"))?;
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text)
                .map_err(|error| format!("{name} of nginx cannot be written: {error}"))
        };
        let address = free_address()?;
        write("page.json", page)?;
        write("info.json", INFO)?;
        write("nginx.conf", &config(folder.path(), &address, connections))?;
        let mut command = on(processors, "nginx".as_ref());
        let child = command
            .arg("-c")
            .arg(folder.path().join("nginx.conf"))
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("nginx cannot be started: {error}"))?;
        let mut nginx = Self {
            child,
            url: format!("http://{address}"),
            _folder: folder,
        };
        nginx.wait(&address)?;
        Ok(nginx)
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn wait(&mut self, address: &str) -> Outcome<()> {
        let deadline = Instant::now() + START_UP;
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("nginx ended with {status} (nginx -t tells why)"));
            }
            if Instant::now() > deadline {
                return Err(format!("nginx does not listen at {address}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One process without a master: nobody else is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Outcome<String> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    address
        .map(|address| address.to_string())
        .map_err(|error| format!("no port for nginx is free: {error}"))
}

fn config(folder: &Path, address: &str, connections: usize) -> String {
    let folder = folder.display();
    // When fewer than a sixteenth are free, nginx closes connections that are kept.
    let connections = connections + connections / 4 + 64;
    format!(
        "daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    open_file_cache max=10;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address} backlog=4096;
        default_type application/json;
        location = /api/v1/info {{ alias {folder}/info.json; }}
        location = {TASKS} {{ alias {folder}/page.json; }}
    }}
}}
",
        files = connections + 64,
    )
}
