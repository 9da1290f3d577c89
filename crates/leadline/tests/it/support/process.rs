use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use testkit::TestDatabase;
use tokio_postgres::{Client, NoTls};

/// The real binary over its own port and a database that outlives it.
pub struct Process {
    child: Child,
    port: u16,
    environment: Vec<(&'static str, String)>,
    data: tempfile::TempDir,
}

impl Process {
    /// `leadline up` with this in its environment.
    pub async fn start(database: &TestDatabase, environment: &[(&'static str, String)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = tempfile::tempdir().unwrap();
        let mut environment = environment.to_vec();
        environment.push(("DATABASE_URL", database.url()));
        let child = spawn(port, data.path(), &environment);
        let process = Self { child, port, environment, data };
        process.ready().await;
        process
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Another command of the binary, in the same environment.
    pub fn command(&self, name: &str) -> Command {
        command(name, self.data.path(), &self.environment)
    }

    /// SIGKILL: no destructor, no last word.
    pub async fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(self.port, self.data.path(), &self.environment);
        self.ready().await;
    }

    /// The most memory of its own that it has had so far, in kilobytes: all of it but the pages of files, which are those of
    /// the executable (75 MB of a debug build, 22 MB of the one that is shipped).
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        number("VmHWM:") - number("RssFile:")
    }

    async fn ready(&self) {
        let begun = Instant::now();
        while !reqwest::get(format!("{}/readyz", self.address())).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the process does not become ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(name: &str, data: &Path, environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadline"));
    command.arg(name).current_dir(data).env("LEADLINE_DATA_DIR", data).env_remove("REDIS_URL").env("RUST_LOG", "warn");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

fn spawn(port: u16, data: &Path, environment: &[(&'static str, String)]) -> Child {
    command("up", data, environment).env("LEADLINE_BIND", format!("127.0.0.1:{port}")).stdout(Stdio::null()).spawn().unwrap()
}

/// A connection past the application, to look at what it has done.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The one number that a query answers.
pub async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}
