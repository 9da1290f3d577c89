use std::{fs::File, io::BufReader, path::Path};

use flate2::read::MultiGzDecoder;

use super::{FileProblem, Unpacked, copy, create, finish};

/// One file, also in several members, as parallel packers and log rotations write.
pub(super) fn unpack(from: &Path, to: &Path) -> Result<Unpacked, FileProblem> {
    let file = File::open(from)?;
    let packed = file.metadata()?.len();
    let mut output = create(to)?;
    copy(&mut MultiGzDecoder::new(BufReader::with_capacity(128 * 1024, file)), packed, &mut output)?;
    finish(output)?;
    Ok(Unpacked::default())
}
