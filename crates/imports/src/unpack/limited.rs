use std::io::{self, Read};

use super::{FileProblem, MAX_RATIO, MAX_UNPACKED, RATIO_FROM};

/// Lets through what a file of leads can unpack to, and no bomb.
pub(super) struct Limited<R> {
    input: R,
    packed: u64,
    passed: u64,
    most: u64,
    exceeded: bool,
}

impl<R: Read> Limited<R> {
    /// `packed`: the bytes that it unpacks from.
    pub(super) fn new(input: R, packed: u64) -> Self {
        Self { input, packed, passed: 0, most: MAX_UNPACKED, exceeded: false }
    }

    /// With a limit of its own, below the general one.
    pub(super) fn at_most(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// Bytes that came through.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Why reading ended, if it was us who ended it.
    pub(super) fn problem(&self) -> Option<FileProblem> {
        self.exceeded.then(|| {
            if self.passed > self.most {
                FileProblem::Bomb(format!("more than {}", ui::bytes(self.most)))
            } else {
                FileProblem::Bomb(format!("more than {MAX_RATIO} times its size, as no file of leads does"))
            }
        })
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.passed += n as u64;
        let dense = self.passed > RATIO_FROM && self.passed / MAX_RATIO > self.packed;
        if self.passed > self.most || dense {
            self.exceeded = true;
            return Err(io::Error::other("unpacks to too much"));
        }
        Ok(n)
    }
}
