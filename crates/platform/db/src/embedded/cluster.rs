//! The cluster on disk: made once, then opened. Everything here happens while the server is down.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::EmbeddedOptions;
use super::error::EmbeddedError;
use super::find::{PgBinaries, binaries_for};
use super::log_file::LogFile;
use super::privileges::{ServerUser, effective_uid, hand_over, running_as_root};
use super::{pid_file, postmaster, settings};

pub(super) const OWNER: &str = "leadline";
/// Names the socket's file; no port is opened.
const SOCKET_PORT: u16 = 5432;
/// `sun_path` holds 104 bytes on macOS and 108 on Linux, the file name `/.s.PGSQL.5432` included.
const SOCKET_PATH_LIMIT: usize = 100;

/// How clients reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The directory of the Unix socket: the cluster's own, which nobody else may enter.
    Socket(String),
    /// 127.0.0.1, on a port chosen at the first start of the handle.
    Loopback,
}

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) home: PathBuf,
    pub(super) dir: PathBuf,
    pub(super) binaries: PgBinaries,
    pub(super) user: Option<ServerUser>,
    pub(super) log: LogFile,
    pub(super) start_timeout: Duration,
    pub(super) endpoint: Endpoint,
    port: AtomicU16,
    password: Password,
    /// What `leadline.conf` must say.
    pub(super) settings: String,
}

impl Cluster {
    /// Finds the programs, makes the cluster where there is none, and knows its password.
    pub(super) async fn open(home: PathBuf, user: Option<ServerUser>, options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let dir = home.join("postgres");
        let existing = major_of(&dir)?;
        let user = if existing.is_some() { settle_owner(&dir, user)? } else { user };
        let binaries = binaries_for(existing, options, &dir, &home).await?;
        let endpoint = endpoint_in(&dir);
        let settings = settings::render(&endpoint, options.durable, settings::memory());
        let password_file = home.join("postgres.password");
        let known = read_password(&password_file)?;
        let known_before = known.is_some();
        let password = known.unwrap_or_else(Password::random);
        let log = LogFile::new(home.join("postgres.log"));
        let cluster = Self {
            home,
            dir,
            binaries,
            user,
            log,
            start_timeout: options.start_timeout,
            port: AtomicU16::new(if endpoint == Endpoint::Loopback { 0 } else { SOCKET_PORT }),
            endpoint,
            password,
            settings,
        };
        if existing.is_none() {
            cluster.initialise(options.durable).await?;
            write_private(&password_file, &cluster.password.0, None).map_err(EmbeddedError::io("write", &password_file))?;
        } else if !known_before {
            cluster.renew_password(&password_file).await?;
        }
        Ok(cluster)
    }

    pub(super) fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    pub(super) fn set_port(&self, port: u16) {
        self.port.store(port, Ordering::Relaxed);
    }

    pub(super) fn url(&self) -> String {
        let host = match &self.endpoint {
            Endpoint::Socket(dir) => percent_encode(dir),
            Endpoint::Loopback => "127.0.0.1".to_owned(),
        };
        // Without TLS: it never leaves the machine, and asking for TLS first would cost each connection a round trip.
        format!("postgres://{OWNER}:{}@{host}:{}/{OWNER}?sslmode=disable", self.password.0, self.port())
    }

    pub(super) fn connection(&self, database: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.user(OWNER).password(&self.password.0).dbname(database).port(self.port()).connect_timeout(Duration::from_secs(5));
        match &self.endpoint {
            Endpoint::Socket(dir) => config.host_path(dir),
            Endpoint::Loopback => config.host("127.0.0.1"),
        };
        config
    }

    /// One of PostgreSQL's programs, as the right user and free of the caller's own PostgreSQL settings.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
        ServerUser::apply(self.user.as_ref(), &mut command);
        command
    }

    /// Writes the settings. Returns whether they were already so.
    pub(super) fn write_settings(&self) -> Result<bool, EmbeddedError> {
        let path = self.dir.join("leadline.conf");
        if fs::read(&path).is_ok_and(|current| current == self.settings.as_bytes()) {
            return Ok(true);
        }
        write_private(&path, &self.settings, self.user.as_ref()).map_err(EmbeddedError::io("write", &path))?;
        Ok(false)
    }

    /// Into a directory beside the final one, renamed when complete: a half-made cluster is never mistaken for a whole one.
    async fn initialise(&self, durable: bool) -> Result<(), EmbeddedError> {
        let unfinished = self.home.join("postgres.unfinished");
        let password_file = self.home.join("postgres.unfinished-password");
        tracing::info!(dir = %self.dir.display(), postgres = %self.binaries, "creating the private database (once, some seconds)");
        if self.dir.exists() && fs::remove_dir(&self.dir).is_err() {
            let output = "the directory is not empty and not a PostgreSQL cluster".to_owned();
            return Err(EmbeddedError::Initdb { dir: self.dir.clone(), output });
        }
        let mut told = String::new();
        for locale in locales(self.binaries.major) {
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished).map_err(EmbeddedError::io("remove", &unfinished))?;
            }
            fs::create_dir(&unfinished).map_err(EmbeddedError::io("create", &unfinished))?;
            if let Some(user) = &self.user {
                chown(&unfinished, Some(user.uid), Some(user.gid)).map_err(EmbeddedError::io("hand over", &unfinished))?;
            }
            write_private(&password_file, &self.password.0, self.user.as_ref()).map_err(EmbeddedError::io("write", &password_file))?;
            let mut initdb = self.command("initdb");
            initdb.arg("-D").arg(&unfinished).arg("--pwfile").arg(&password_file);
            initdb.args(["--username", OWNER, "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--no-instructions"]);
            initdb.args(locale);
            if !durable {
                initdb.arg("--no-sync");
            }
            let output = initdb.output().await.map_err(EmbeddedError::io("run initdb in", &unfinished));
            fs::remove_file(&password_file).map_err(EmbeddedError::io("remove", &password_file))?;
            let output = output?;
            if output.status.success() {
                self.include_settings(&unfinished)?;
                return fs::rename(&unfinished, &self.dir).map_err(EmbeddedError::io("create", &self.dir));
            }
            // The next locale may be one that this machine has.
            told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        }
        // Best effort: the next start removes it as well.
        let _ = fs::remove_dir_all(&unfinished);
        Err(EmbeddedError::Initdb { dir: self.dir.clone(), output: told })
    }

    fn include_settings(&self, dir: &Path) -> Result<(), EmbeddedError> {
        let path = dir.join("postgresql.conf");
        let include = "\n# Leadline's settings; the last word wins.\ninclude_if_exists = 'leadline.conf'\n";
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(include.as_bytes()))
            .map_err(EmbeddedError::io("write", &path))
    }

    /// The password's file is lost, the cluster is not: sets a new one in single-user mode, which asks for none.
    async fn renew_password(&self, file: &Path) -> Result<(), EmbeddedError> {
        let failed = |reason: String| EmbeddedError::Password { dir: self.dir.clone(), file: file.to_owned(), reason };
        tracing::warn!(file = %file.display(), "the private database's password file is missing: setting a new password");
        if let Some(pid) = pid_file::running(&self.dir)? {
            postmaster::stop(self, &mut postmaster::Postmaster::Adopted(pid)).await?;
        }
        self.write_settings()?;
        let mut child = self
            .command("postgres")
            .arg("--single")
            .arg("-D")
            .arg(&self.dir)
            .arg("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            let statement = format!("ALTER ROLE {OWNER} PASSWORD '{}'\n", self.password.0);
            stdin.write_all(statement.as_bytes()).await.map_err(|error| failed(error.to_string()))?;
        }
        let output = child.wait_with_output().await.map_err(|error| failed(error.to_string()))?;
        let told = String::from_utf8_lossy(&output.stderr);
        // Single-user mode ends with success whatever its statements do.
        if !output.status.success() || told.contains("ERROR:") || told.contains("FATAL:") {
            return Err(failed(told.trim().to_owned()));
        }
        write_private(file, &self.password.0, None).map_err(EmbeddedError::io("write", file))
    }
}

/// Bytewise order (fast, stable over upgrades, serves `LIKE 'prefix%'`) with Unicode letters, so that lower() knows É.
fn locales(major: u32) -> Vec<Vec<&'static str>> {
    let mut choices = Vec::new();
    if major >= 17 {
        choices.push(vec!["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    }
    for ctype in ["--lc-ctype=C.UTF-8", "--lc-ctype=en_US.UTF-8", "--lc-ctype=C"] {
        choices.push(vec!["--locale-provider=libc", "--locale=C", ctype]);
    }
    choices
}

/// The major version that made the cluster, `None` where there is none.
fn major_of(dir: &Path) -> Result<Option<u32>, EmbeddedError> {
    let file = dir.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match fs::metadata(dir) {
            Ok(metadata) => Err(EmbeddedError::WrongOwner { dir: dir.to_owned(), owner: metadata.uid() }),
            Err(_) => Err(EmbeddedError::io("read", &file)(error)),
        },
        Err(error) => Err(EmbeddedError::io("read", &file)(error)),
    }
}

/// PostgreSQL insists on owning its directory: as root we run as whoever owns it, and take over only what root itself owns.
fn settle_owner(dir: &Path, user: Option<ServerUser>) -> Result<Option<ServerUser>, EmbeddedError> {
    let metadata = fs::metadata(dir).map_err(EmbeddedError::io("inspect", dir))?;
    let (uid, gid) = (metadata.uid(), metadata.gid());
    match user {
        Some(user) if user.uid == uid => Ok(Some(user)),
        Some(user) if uid == 0 => {
            hand_over(dir, &user).map_err(EmbeddedError::io("hand over", dir))?;
            Ok(Some(user))
        }
        Some(_) => Ok(Some(ServerUser::owner(uid, gid))),
        None if uid == effective_uid() || running_as_root() => Ok(None),
        None => Err(EmbeddedError::WrongOwner { dir: dir.to_owned(), owner: uid }),
    }
}

fn endpoint_in(dir: &Path) -> Endpoint {
    match dir.to_str() {
        // A comma or quote would need the list syntax of unix_socket_directories.
        Some(path) if path.len() + "/.s.PGSQL.5432".len() < SOCKET_PATH_LIMIT && !path.contains([',', '"', '\n']) => {
            Endpoint::Socket(path.to_owned())
        }
        _ => Endpoint::Loopback,
    }
}

fn read_password(file: &Path) -> Result<Option<Password>, EmbeddedError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Password(text.to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedError::io("read", file)(error)),
    }
}

/// 256 random bits as hexadecimal: needs quoting neither in SQL nor in a URL.
struct Password(String);

impl Password {
    fn random() -> Self {
        Self(rand::random::<[u8; 32]>().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

/// Never the password itself: handles are printed by tests and logs.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Readable by its owner only, from its first moment, and whole or not at all. The directory may belong to the server's
/// user: root must not follow a link that user put there, hence a file that is new and is named by its handle.
fn write_private(path: &Path, text: &str, owner: Option<&ServerUser>) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    if let Some(user) = owner {
        fchown(&file, Some(user.uid), Some(user.gid))?;
    }
    file.sync_all()?;
    drop(file);
    fs::rename(&unfinished, path)
}

/// Everything but the unreserved characters of RFC 3986.
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 3), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_or_odd_paths_use_a_port() {
        assert_eq!(endpoint_in(Path::new("/srv/leadline/postgres")), Endpoint::Socket("/srv/leadline/postgres".into()));
        assert_eq!(endpoint_in(Path::new(&format!("/{}", "x".repeat(90)))), Endpoint::Loopback);
        assert_eq!(endpoint_in(Path::new("/a,b/postgres")), Endpoint::Loopback);
    }

    #[test]
    fn socket_paths_survive_the_url() {
        let url = format!("postgres://u:p@{}:5432/d?sslmode=disable", percent_encode("/tmp/Müller & Co/postgres"));
        let config: tokio_postgres::Config = url.parse().unwrap();
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix("/tmp/Müller & Co/postgres".into())]);
    }

    #[test]
    fn passwords_are_long_and_differ() {
        let (one, other) = (Password::random(), Password::random());
        assert_eq!(one.0.len(), 64);
        assert_ne!(one.0, other.0);
        assert!(!format!("{one:?}").contains(&one.0));
    }
}
