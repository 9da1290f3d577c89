//! From what people upload to the one text file that an import reads: gzip, ZIP and Excel workbooks taken apart.
//!
//! What comes out is written to the disk as it comes, never held; and it is counted, because a few kilobytes can
//! unpack to terabytes. A workbook in an archive is taken apart too, for it is an archive only by its nature; any other archive
//! inside an archive is refused by whoever reads the result: it is no text.

mod archive;
mod gzip;
mod limited;
mod workbook;
mod xml;

use std::{
    fs::File,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use super::FileProblem;

/// What an upload may become when it is unpacked.
pub(crate) const MAX_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;
/// Text of people packs to a tenth, XML of a workbook to a fortieth. What packs better than this was made to.
const MAX_RATIO: u64 = 200;
/// Below this the ratio says nothing.
const RATIO_FROM: u64 = 16 * 1024 * 1024;

/// All that is read of an upload, over all layers.
const MAX_ALL: u64 = 2 * MAX_UNPACKED;
/// A workbook is packed already. One that packs better than this again was made to.
const MAX_WORKBOOK_RATIO: u64 = 10;

/// What was found in a packed file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// The file or sheet that was read, and the ones with data that were not.
    pub(crate) part: Option<String>,
    pub(crate) left_out: Vec<String>,
    /// It came from a workbook.
    is_sheet: bool,
}

/// Replaces a packed file by the table in it; anything else stays as it is.
pub(crate) fn unpack(path: &Path) -> Result<Unpacked, FileProblem> {
    let mut head = [0; 4];
    let read = File::open(path)?.read(&mut head)?;
    let text = Leftover(path.with_extension("unpacked"));
    let found = match head.get(..read).unwrap_or_default() {
        [0x1f, 0x8b, ..] => gzip::unpack(path, &text.0)?,
        b"PK\x03\x04" => archive::unpack(path, &text.0)?,
        b"PK\x05\x06" => return Err(FileProblem::Archive("The archive is empty. Put the file of leads into it.".to_owned())),
        _ => return Ok(Unpacked::default()),
    };
    let packed = std::fs::metadata(path)?.len();
    std::fs::rename(&text.0, path)?;
    if found.is_sheet {
        return Ok(found);
    }
    Ok(unpack_inner(path, packed)?.unwrap_or(found))
}

/// The same for what came out of an archive, if that is a workbook. `packed`: the bytes of the archive.
fn unpack_inner(path: &Path, packed: u64) -> Result<Option<Unpacked>, FileProblem> {
    let size = std::fs::metadata(path)?.len();
    let mut head = [0; 4];
    let read = File::open(path)?.read(&mut head)?;
    if head.get(..read) != Some(b"PK\x03\x04") {
        return Ok(None);
    }
    // Before its list of parts is read, which is held in memory.
    if size > RATIO_FROM && size / MAX_WORKBOOK_RATIO > packed {
        return Err(FileProblem::Bomb(format!("a workbook of more than {MAX_WORKBOOK_RATIO} times its size, as none does")));
    }
    // What a layer passes on, the next one may not multiply anew.
    let most = MAX_ALL.min(RATIO_FROM.max(packed.saturating_mul(MAX_RATIO))).saturating_sub(size);
    let text = Leftover(path.with_extension("unpacked"));
    let found = archive::unpack_workbook(path, &text.0, most)?;
    if found.is_some() {
        std::fs::rename(&text.0, path)?;
    }
    Ok(found)
}

/// A file that is gone with this value, unless it was renamed.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0); // renamed: nothing to remove
    }
}

/// People's data, like the file it comes from: nobody else's to read.
fn create(path: &Path) -> std::io::Result<BufWriter<File>> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(BufWriter::with_capacity(128 * 1024, options.open(path)?))
}

fn finish(output: BufWriter<File>) -> std::io::Result<()> {
    output.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

/// Copies what unpacks from `packed` bytes.
fn copy(input: &mut impl Read, packed: u64, output: &mut impl Write) -> Result<(), FileProblem> {
    let mut input = limited::Limited::new(input, packed);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let n = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) => return Err(input.problem().unwrap_or_else(|| damaged(&error))),
        };
        output.write_all(buffer.get(..n).unwrap_or_default())?;
    }
}

fn damaged(error: &impl std::fmt::Display) -> FileProblem {
    FileProblem::Archive(format!(
        "The archive is damaged ({error}): it may have been cut off on its way. Make it again and upload it again."
    ))
}
