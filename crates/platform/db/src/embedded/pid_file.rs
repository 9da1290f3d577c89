//! `postmaster.pid`: who runs this cluster, and is it so?
//!
//! PostgreSQL deals with a stale file itself, except where the number has meanwhile gone to another process of the same
//! user (usual in containers, where numbers are small): then it refuses to start for ever. We know better, because we can look.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use super::error::EmbeddedError;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) port: Option<u16>,
    /// The last line: `starting`, `ready`, `stopping`.
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(dir: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(dir.join("postmaster.pid")).ok()?)
    }

    /// Lines: pid, data directory, start time, port, socket directory, listen address, shared memory, status.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2).and_then(|line| line.trim().parse().ok()).filter(|port| *port != 0);
        let ready = lines.nth(3).is_some_and(|line| line.trim() == "ready");
        Some(Self { pid, port, ready })
    }
}

/// The living postmaster of `dir`. A file that names a living stranger is removed; one that names the dead is left to
/// PostgreSQL, which also uses it to make sure that no backend of the dead one still writes.
pub(super) fn running(dir: &Path) -> Result<Option<u32>, EmbeddedError> {
    let Some(file) = PidFile::read(dir) else {
        return Ok(None);
    };
    match look(file.pid, dir) {
        Process::Postmaster => Ok(Some(file.pid)),
        Process::Gone => Ok(None),
        Process::Stranger => {
            let path = dir.join("postmaster.pid");
            tracing::warn!(pid = file.pid, file = %path.display(), "the pid file names a process that is not this database: removing it");
            fs::remove_file(&path).map_err(EmbeddedError::io("remove", &path))?;
            Ok(None)
        }
    }
}

/// Whether the postmaster `pid` of `dir` still lives.
pub(super) fn is_alive(pid: u32, dir: &Path) -> bool {
    look(pid, dir) == Process::Postmaster
}

#[derive(Debug, PartialEq, Eq)]
enum Process {
    Postmaster,
    Stranger,
    Gone,
}

/// We start postmasters as `postgres -D <dir>`, and their command line, unlike their backends', stays as it was given.
fn look(pid: u32, dir: &Path) -> Process {
    if Path::new("/proc/self/cmdline").exists() {
        return match fs::read(format!("/proc/{pid}/cmdline")) {
            // A zombie: its parent has not collected it, but it will not come back.
            Ok(line) if line.is_empty() => Process::Gone,
            Ok(line) if line.split(|byte| *byte == 0).any(|argument| argument == dir.as_os_str().as_bytes()) => Process::Postmaster,
            Ok(_) => Process::Stranger,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Process::Gone,
            // Hidden from us (hidepid): not ours to judge, PostgreSQL decides.
            Err(_) => Process::Gone,
        };
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    match output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) {
        Ok(line) if line.contains(&*dir.to_string_lossy()) => Process::Postmaster,
        Ok(line) if line.trim().is_empty() || line.contains("<defunct>") => Process::Gone,
        Ok(_) => Process::Stranger,
        Err(_) => Process::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_is_read_as_postgresql_writes_it() {
        let ready = "4242\n/data/postgres\n1700000000\n54321\n\n127.0.0.1\n  1234567    8901\nready   \n";
        assert_eq!(PidFile::parse(ready), Some(PidFile { pid: 4242, port: Some(54321), ready: true }));
        assert_eq!(PidFile::parse("4242\n/data\n1700000000\n5432\n/data\n\n"), Some(PidFile { pid: 4242, port: Some(5432), ready: false }));
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn a_number_that_went_to_another_process_is_no_postmaster() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("postmaster.pid");
        fs::write(&file, format!("{}\n{}\n0\n5432\n\n\n\nready\n", std::process::id(), dir.path().display())).unwrap();
        assert_eq!(running(dir.path()).unwrap(), None);
        assert!(!file.exists());
    }
}
