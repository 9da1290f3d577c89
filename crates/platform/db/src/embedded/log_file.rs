//! The server's log. Every process of the server appends to one open file, so rotation copies and truncates instead of renaming.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const LIMIT: u64 = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    limit: u64,
}

impl LogFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, limit: LIMIT }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn open(&self) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)
    }

    pub(super) fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Keeps one predecessor, `postgres.log.1`. Lines written during the copy may be lost.
    pub(super) fn rotate(&self) -> io::Result<()> {
        if self.size() <= self.limit {
            return Ok(());
        }
        let mut previous = self.path.clone().into_os_string();
        previous.push(".1");
        fs::copy(&self.path, previous)?;
        self.open()?.set_len(0)
    }

    /// What was written since the log had `start` bytes, at most its last lines.
    pub(super) fn since(&self, start: u64) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(&self.path)?;
            let from = start.max(file.metadata()?.len().saturating_sub(4096));
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        read().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_full_log_moves_aside_while_its_writer_keeps_writing() {
        let dir = tempfile::tempdir().unwrap();
        let log = LogFile { path: dir.path().join("postgres.log"), limit: 10 };
        let mut writer = log.open().unwrap();
        writer.write_all(b"twelve bytes").unwrap();
        log.rotate().unwrap();
        writer.write_all(b"more").unwrap();
        assert_eq!(log.since(0), "more");
        assert_eq!(fs::read(dir.path().join("postgres.log.1")).unwrap(), b"twelve bytes");
    }
}
