//! Finds the PostgreSQL programs that are on this machine.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;
use super::{BinarySource, EmbeddedOptions, download};

/// Older ones lack what our migrations use.
pub(super) const MINIMUM_MAJOR: u32 = 15;

/// A directory with `postgres`, `initdb` and `pg_ctl` that runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgBinaries {
    pub dir: PathBuf,
    /// As the program tells it, e.g. `17.10`.
    pub version: String,
    pub major: u32,
}

impl PgBinaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Asks the programs in `dir` for their version.
    pub(super) fn probe(dir: &Path) -> Result<Self, EmbeddedError> {
        let unusable = |reason: String| EmbeddedError::UnusableBinaries { dir: dir.to_owned(), reason };
        if let Some(missing) = ["postgres", "initdb", "pg_ctl"].iter().find(|name| !dir.join(name).is_file()) {
            return Err(unusable(format!("{missing} is missing")));
        }
        let output = Command::new(dir.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| unusable(format!("postgres does not run: {error}")))?;
        if !output.status.success() {
            return Err(unusable(format!("postgres does not run: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        let told = String::from_utf8_lossy(&output.stdout);
        let (version, major) = parse_version(&told).ok_or_else(|| unusable(format!("unknown version `{}`", told.trim())))?;
        Ok(Self { dir: dir.to_owned(), version, major })
    }
}

impl fmt::Display for PgBinaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} in {}", self.version, self.dir.display())
    }
}

/// The programs a new data directory would use, without downloading anything.
///
/// # Errors
/// [`EmbeddedError::NoBinaries`], or [`EmbeddedError::UnusableBinaries`] when `LEADLINE_PG_BIN` names a wrong place.
pub fn find_binaries() -> Result<PgBinaries, EmbeddedError> {
    find_installed(None, &download::kept(None))
}

/// The programs for a cluster made by `major`, or for a new one.
pub(super) async fn binaries_for(
    major: Option<u32>,
    options: &EmbeddedOptions,
    cluster_dir: &Path,
    home: &Path,
) -> Result<PgBinaries, EmbeddedError> {
    let suits = |found: PgBinaries| match major {
        Some(cluster) if cluster != found.major => {
            Err(EmbeddedError::OtherMajorVersion { dir: cluster_dir.to_owned(), cluster, found: found.to_string() })
        }
        _ => Ok(found),
    };
    match &options.binaries {
        BinarySource::Directory(dir) => return suits(PgBinaries::probe(dir)?),
        BinarySource::Download => {
            return suits(download::fetch(options.cache_dir.as_deref(), home).await?);
        }
        BinarySource::Auto => {}
    }
    let missing = match find_installed(major, &download::kept_for(options.cache_dir.as_deref(), home)) {
        Ok(found) => return suits(found),
        Err(error @ EmbeddedError::UnusableBinaries { .. }) => return Err(error),
        Err(error) => error,
    };
    // A cluster of another version than the one we can fetch, or one that we cannot fetch either.
    let other_version = |cluster, why: &str| {
        let found = find_installed(None, &[]).map_or_else(|_| "no PostgreSQL".to_owned(), |found| found.to_string());
        let found = format!("{found}{why}");
        EmbeddedError::OtherMajorVersion { dir: cluster_dir.to_owned(), cluster, found }
    };
    if let Some(cluster) = major.filter(|major| *major != download::MAJOR) {
        return Err(other_version(cluster, ""));
    }
    match download::fetch(options.cache_dir.as_deref(), home).await {
        Err(EmbeddedError::NoBinaries { download: Some(why), .. }) => Err(match (major, missing) {
            (Some(cluster), _) => other_version(cluster, &format!(" (and {cluster} could not be downloaded: {why})")),
            (None, EmbeddedError::NoBinaries { too_old, .. }) => EmbeddedError::NoBinaries { too_old, download: Some(why) },
            (None, error) => error,
        }),
        fetched => fetched,
    }
}

/// The first usable candidate; with `major`, the first of that version.
fn find_installed(major: Option<u32>, downloaded: &[PathBuf]) -> Result<PgBinaries, EmbeddedError> {
    if let Some(dir) = env::var_os("LEADLINE_PG_BIN").filter(|dir| !dir.is_empty()) {
        let found = PgBinaries::probe(Path::new(&dir))?;
        if found.major < MINIMUM_MAJOR {
            return Err(EmbeddedError::UnusableBinaries { dir: found.dir, reason: format!("version {} is too old", found.version) });
        }
        return Ok(found);
    }
    let mut too_old = Vec::new();
    for dir in installed_directories().iter().chain(downloaded) {
        match PgBinaries::probe(dir) {
            Ok(found) if found.major < MINIMUM_MAJOR => too_old.push(found.to_string()),
            Ok(found) if major.is_none_or(|major| major == found.major) => return Ok(found),
            // Another version, or half an installation (a client package has pg_ctl nowhere): look further.
            Ok(_) | Err(_) => {}
        }
    }
    Err(EmbeddedError::NoBinaries { too_old, download: None })
}

/// Every place where packages put `initdb`, in the order we prefer them.
fn installed_directories() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    dirs.retain(|dir| dir.is_absolute());
    // Debian and Ubuntu; Homebrew on Apple silicon and on Intel; PGDG on Red Hat.
    for (parent, prefix) in
        [("/usr/lib/postgresql", ""), ("/opt/homebrew/opt", "postgresql"), ("/usr/local/opt", "postgresql"), ("/usr", "pgsql-")]
    {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((directory_version(&entry.file_name(), prefix)?, entry.path().join("bin"))))
            .collect();
        versions.sort_by(|a, b| b.cmp(a));
        dirs.extend(versions.into_iter().map(|(_, dir)| dir));
    }
    dirs.extend(["/usr/local/pgsql/bin", "/usr/bin", "/usr/libexec/postgresql"].map(PathBuf::from));
    dirs.retain(|dir| dir.join("initdb").is_file());
    dirs
}

/// `17` of `/usr/lib/postgresql/17`, of `pgsql-17`, of `postgresql@17`; 0 of Homebrew's unversioned `postgresql`.
fn directory_version(name: &OsStr, prefix: &str) -> Option<u32> {
    let rest = name.to_str()?.strip_prefix(prefix)?.trim_start_matches('@');
    if rest.is_empty() { Some(0) } else { rest.parse().ok() }
}

/// `("15.18", 15)` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; betas read `18beta1`.
fn parse_version(told: &str) -> Option<(String, u32)> {
    let version = told.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((version.to_owned(), major))
}

/// The command that installs PostgreSQL here.
pub(super) fn install_hint(major: Option<u32>) -> String {
    if cfg!(target_os = "macos") {
        format!("brew install postgresql@{}", major.unwrap_or(16))
    } else if Path::new("/usr/bin/dnf").exists() {
        "dnf install postgresql-server".to_owned()
    } else {
        match major {
            Some(major) => format!("sudo apt-get install postgresql-{major}"),
            None => "sudo apt-get install postgresql".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_every_packager() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(("15.18".into(), 15)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(("18beta1".into(), 18)));
        assert_eq!(parse_version("what?"), None);
    }

    #[test]
    fn directories_are_read_as_versions() {
        let version = |name: &str, prefix| directory_version(OsStr::new(name), prefix);
        assert_eq!(version("17", ""), Some(17));
        assert_eq!(version("postgresql@16", "postgresql"), Some(16));
        assert_eq!(version("postgresql", "postgresql"), Some(0));
        assert_eq!(version("pgsql-15", "pgsql-"), Some(15));
        assert_eq!(version("share", "pgsql-"), None);
        assert_eq!(version("postgresql-common", "postgresql"), None);
    }
}
