//! One instance per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::error::EmbeddedError;

/// Held for life. The kernel releases it however the process ends; the file itself stays, because deleting it would race.
#[derive(Debug)]
pub(super) struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    pub(super) fn acquire(home: &Path) -> Result<Self, EmbeddedError> {
        let path = home.join("leadline.lock");
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(EmbeddedError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The text only serves the reader: an unreadable file must not hide the refusal.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "unknown process" } else { holder.trim() };
                return Err(EmbeddedError::AlreadyRunning { home: home.to_owned(), holder: holder.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(EmbeddedError::io("lock", &path)(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "process {}", std::process::id()))
            .map_err(EmbeddedError::io("write", &path))?;
        Ok(Self { _file: file })
    }
}
