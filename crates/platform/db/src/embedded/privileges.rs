//! PostgreSQL refuses to run as root. Started as root, we run it as `postgres` or `nobody`, which must then be able to
//! reach the data directory.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::error::EmbeddedError;

/// The substitute for data directories below a home that only root may enter.
const SYSTEM_HOME: &str = "/var/lib/leadline";

/// The account that the server runs as, when it is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerUser {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl ServerUser {
    /// Sets the account on a command. The standard library also clears root's supplementary groups when it sets a uid.
    pub(super) fn apply(user: Option<&Self>, command: &mut Command) {
        if let Some(user) = user {
            command.uid(user.uid).gid(user.gid);
        }
    }

    /// The first of `postgres` and `nobody` that exists.
    async fn find() -> Result<Self, EmbeddedError> {
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name).await, id("-g", name).await)
                && uid != 0
            {
                return Ok(Self { name: name.to_owned(), uid, gid });
            }
        }
        Err(EmbeddedError::NoUnprivilegedUser)
    }

    /// The owner of an existing cluster keeps it: nothing needs to change hands when an ordinary user's directory is started as root.
    pub(super) fn owner(uid: u32, gid: u32) -> Self {
        Self { name: format!("uid {uid}"), uid, gid }
    }

    fn may_enter(&self, metadata: &fs::Metadata) -> bool {
        let mode = metadata.mode();
        if metadata.uid() == self.uid {
            mode & 0o100 != 0
        } else if metadata.gid() == self.gid {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    }
}

/// `id` reads every account database (NIS, LDAP, Directory Services), which /etc/passwd alone does not.
async fn id(flag: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, name]).output().await.ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Our effective uid, without a system call of our own: /proc says it on Linux, `id` elsewhere.
pub(super) fn effective_uid() -> u32 {
    if let Ok(metadata) = fs::metadata("/proc/self") {
        return metadata.uid();
    }
    let output = std::process::Command::new("id").arg("-u").output().ok();
    output.and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok()).unwrap_or(u32::MAX)
}

pub(super) fn running_as_root() -> bool {
    effective_uid() == 0
}

/// Creates the data directory, or its substitute, and returns its canonical path and the account to run the server as.
pub(super) async fn prepare_home(data_dir: &Path) -> Result<(PathBuf, Option<ServerUser>), EmbeddedError> {
    let home = create(data_dir)?;
    if !running_as_root() {
        return Ok((home, None));
    }
    let user = ServerUser::find().await?;
    let Some(blocked) = first_blocked(&home, &user)? else {
        return Ok((home, Some(user)));
    };
    if !home.starts_with("/root") && !home.starts_with("/var/root") {
        return Err(EmbeddedError::NotReachable { dir: blocked, user: user.name });
    }
    // Named after the original, so that two data directories never meet in one substitute.
    let name = home.to_string_lossy().trim_start_matches('/').replace('/', "-");
    let substitute = Path::new(SYSTEM_HOME).join(name);
    tracing::warn!(
        asked = %home.display(), used = %substitute.display(),
        "PostgreSQL cannot run as root, and its user `{}` cannot enter {}: the database is kept in {} instead. Set LEADLINE_DATA_DIR to choose another place",
        user.name, blocked.display(), substitute.display()
    );
    let home = create(&substitute)?;
    match first_blocked(&home, &user)? {
        None => Ok((home, Some(user))),
        Some(dir) => Err(EmbeddedError::NotReachable { dir, user: user.name }),
    }
}

fn create(dir: &Path) -> Result<PathBuf, EmbeddedError> {
    fs::create_dir_all(dir).map_err(EmbeddedError::io("create the data directory", dir))?;
    fs::canonicalize(dir).map_err(EmbeddedError::io("open the data directory", dir))
}

/// The topmost directory on the way to `home` that `user` cannot enter. `home` itself is ours to open: for entering, not for reading.
fn first_blocked(home: &Path, user: &ServerUser) -> Result<Option<PathBuf>, EmbeddedError> {
    let mut parents: Vec<&Path> = home.ancestors().skip(1).collect();
    parents.reverse();
    for dir in parents {
        let metadata = fs::metadata(dir).map_err(EmbeddedError::io("inspect", dir))?;
        if !user.may_enter(&metadata) {
            return Ok(Some(dir.to_owned()));
        }
    }
    let metadata = fs::metadata(home).map_err(EmbeddedError::io("inspect", home))?;
    if !user.may_enter(&metadata) {
        let mode = metadata.permissions().mode() | 0o111;
        fs::set_permissions(home, fs::Permissions::from_mode(mode)).map_err(EmbeddedError::io("open for PostgreSQL's user", home))?;
    }
    Ok(None)
}

/// Gives `path` and everything below it to `user`; links are not followed out of the tree.
pub(super) fn hand_over(path: &Path, user: &ServerUser) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid));
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path(), user)?;
        }
    }
    chown(path, Some(user.uid), Some(user.gid))
}
