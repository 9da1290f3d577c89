//! Finds out what a file's bytes are, and turns text of other encodings into UTF-8.
//!
//! The stored file is always UTF-8, because an import resumes at a byte offset of it, and offsets
//! of a file that is decoded on the way are not to be had.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::FileProblem;

const CHUNK: usize = 128 * 1024;

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detected {
    pub(crate) encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub(crate) mark: u64,
}

/// Reads the whole file once and says how it is encoded, or why it is no text.
pub(crate) fn detect(path: &Path) -> Result<Detected, FileProblem> {
    let mut file = BufReader::with_capacity(CHUNK, File::open(path)?);
    let mut head = vec![0; CHUNK];
    let size = read_full(&mut file, &mut head)?;
    head.truncate(size);
    if head.is_empty() {
        return Err(FileProblem::Empty);
    }
    if let Some(kind) = magic(&head) {
        return Err(FileProblem::NotText(kind));
    }
    if let Some((encoding, length)) = Encoding::for_bom(&head) {
        return Ok(Detected { encoding, mark: length as u64 });
    }
    if let Some(encoding) = utf16_without_mark(&head) {
        return Ok(Detected { encoding, mark: 0 });
    }
    let nuls = head.iter().filter(|byte| **byte == 0).count();
    let controls = head.iter().filter(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31)).count();
    // A single one in a small file is a broken row.
    if (nuls > 3 && nuls * 100 > head.len()) || controls * 20 > head.len() {
        return Err(FileProblem::NotText("a binary file"));
    }
    let mut tally = Utf8Tally::default();
    tally.feed(&head);
    let mut buffer = vec![0; CHUNK];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        tally.feed(buffer.get(..n).unwrap_or_default());
    }
    // Text in the old Windows encoding is hardly ever valid UTF-8 by accident, so where most of it is,
    // the rest are broken rows.
    let is_utf8 = tally.valid >= tally.invalid;
    Ok(Detected { encoding: if is_utf8 { UTF_8 } else { WINDOWS_1252 }, mark: 0 })
}

/// Writes `from` to `to` in UTF-8.
pub(crate) fn transcode(from: &Path, to: &Path, detected: Detected) -> io::Result<()> {
    let mut input = File::open(from)?;
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // People's data, like the file it replaces: nobody else's to read.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut output = BufWriter::with_capacity(CHUNK, options.open(to)?);
    let mut decoder = detected.encoding.new_decoder_with_bom_removal();
    let mut source = vec![0; CHUNK];
    let mut target = vec![0; CHUNK * 3 + 16];
    loop {
        let n = input.read(&mut source)?;
        let last = n == 0;
        let mut rest = source.get(..n).unwrap_or_default();
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut target, last);
            output.write_all(target.get(..written).unwrap_or_default())?;
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if last {
            break;
        }
    }
    output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// What a file is that begins with these bytes, when it is a well-known thing other than a table.
fn magic(head: &[u8]) -> Option<&'static str> {
    let trimmed = head.trim_ascii_start();
    let lower: Vec<u8> = trimmed.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let begins = |prefix: &[u8]| head.starts_with(prefix);
    if begins(b"PK\x03\x04") {
        return Some("an archive inside an archive");
    }
    let known: [(&[u8], &str); 8] = [
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one that is protected by a password"),
        (b"%PDF", "a PDF document"),
        (b"\x1f\x8b", "an archive inside an archive"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"SQLite format 3", "a database file"),
        (b"{\\rtf", "a word processor's document"),
    ];
    if let Some((_, what)) = known.iter().find(|(prefix, _)| begins(prefix)) {
        return Some(what);
    }
    let text: [(&[u8], &str); 5] = [
        (b"<!doctype html", "a web page"),
        (b"<html", "a web page"),
        (b"<?xml", "an XML file"),
        (b"begin:vcard", "an address card file (.vcf)"),
        (b"{\"", "a JSON file"),
    ];
    if let Some((_, what)) = text.iter().find(|(prefix, _)| lower.starts_with(prefix)) {
        return Some(what);
    }
    let json = (lower.starts_with(b"[") || lower.starts_with(b"{"))
        && lower.iter().skip(1).find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'{' | b'"' | b'['));
    json.then_some("a JSON file")
}

/// Latin text in UTF-16 is a NUL in every second byte.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    if pairs < 4 {
        return None;
    }
    let nuls_at = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls_at(0), nuls_at(1));
    if odd * 10 > pairs * 4 && even * 20 < pairs {
        Some(UTF_16LE)
    } else if even * 10 > pairs * 4 && odd * 20 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Counts characters of more than one byte that are right and that are not.
#[derive(Debug, Default)]
struct Utf8Tally {
    valid: u64,
    invalid: u64,
    tail: Vec<u8>,
}

impl Utf8Tally {
    fn feed(&mut self, chunk: &[u8]) {
        if self.tail.is_empty() && chunk.is_ascii() {
            return;
        }
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend_from_slice(chunk);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.valid += multi_byte(text);
                    return;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.valid += multi_byte(std::str::from_utf8(good).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.tail = bad.to_vec(); // torn apart by the chunk
                        return;
                    };
                    self.invalid += 1;
                    rest = bad.get(length..).unwrap_or_default();
                }
            }
        }
    }
}

fn multi_byte(text: &str) -> u64 {
    if text.is_ascii() { 0 } else { text.bytes().filter(|byte| *byte >= 0xc0).count() as u64 }
}

fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Result<(&'static str, String), String> {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&from, bytes).unwrap();
        let detected = detect(&from).map_err(|problem| problem.to_string())?;
        transcode(&from, &to, detected).unwrap();
        Ok((detected.encoding.name(), std::fs::read_to_string(&to).unwrap()))
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn encodings_are_recognised_and_turned_into_utf8() {
        let text = "Vorname;Größe;город\nJürgen;1,80;Москва\n";
        let latin = "Vorname;Größe\nJürgen;1,80\nAda;1,70\n";
        assert_eq!(detected(text.as_bytes()), Ok(("UTF-8", text.to_owned())));
        assert_eq!(detected(format!("\u{feff}{text}").as_bytes()), Ok(("UTF-8", text.to_owned())));
        assert_eq!(detected(&[b"\xff\xfe".as_slice(), &utf16(text, true)].concat()), Ok(("UTF-16LE", text.to_owned())));
        assert_eq!(detected(&[b"\xfe\xff".as_slice(), &utf16(text, false)].concat()), Ok(("UTF-16BE", text.to_owned())));
        assert_eq!(detected(&utf16(latin, true)), Ok(("UTF-16LE", latin.to_owned())));
        assert_eq!(detected(&utf16(latin, false)), Ok(("UTF-16BE", latin.to_owned())));
        let windows: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(detected(&windows), Ok(("windows-1252", latin.to_owned())));
    }

    #[test]
    fn one_broken_character_does_not_make_a_file_another_encoding() {
        let mut bytes = "Größe;Jürgen;öäü;ñ;é;è;ô;ß;Ø;å;æ\n".repeat(4).into_bytes();
        bytes.extend_from_slice(b"\xfc;x\n");
        assert_eq!(detected(&bytes).unwrap().0, "UTF-8");
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, word) in [
            (b"PK\x03\x04....[Content_Types].xml xl/".as_slice(), "archive inside"),
            (b"%PDF-1.7", "PDF"),
            (b"\xd0\xcf\x11\xe0....", ".xls"),
            (b"  <!DOCTYPE html><p>", "web page"),
            (b"[ {\"a\": 1}]", "JSON"),
            (b"\0\0\0\x01\0\0\x7fELF\0\0", "binary"),
        ] {
            let problem = detected(bytes).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
        assert!(detected(b"").is_err());
    }
}
