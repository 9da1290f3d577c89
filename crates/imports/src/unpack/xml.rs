//! Watches the XML of a workbook go by, before anything keeps it: what reads a workbook holds a cell and its tags whole, and
//! makes room for as many texts as it is told of.
//!
//! Nothing may hide from this by being read one way here and another way there, so whatever programs that write workbooks
//! never write is refused: other encodings, declarations, tags that are closed by others.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::problem::FileProblem;

/// A cell, a tag or a text between tags is never longer (Excel itself stores at most 32,767 characters in a cell).
const MAX_TEXT: usize = 1024 * 1024;
/// Most texts that a workbook says it has.
const MAX_TEXTS: u64 = 4_000_000;
/// What is remembered of a tag: its name and its attributes.
const MAX_TAG: usize = 4096;
/// Tags within tags.
const MAX_DEPTH: usize = 64;
/// What only parts hold that are kept in memory.
const NOT_OF_A_SHEET: [&[u8]; 5] = [b"sst", b"si", b"sheet", b"definedName", b"Relationship"];

/// Where in the XML it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    Tag,
    /// In an attribute's value; by which quote it ends.
    Value(u8),
    Comment,
    Cdata,
    Instruction,
}

/// Sees the bytes of one part, in their order.
#[derive(Debug)]
pub(super) struct Watch {
    /// A sheet is streamed; any other part may be kept.
    is_sheet: bool,
    place: Place,
    /// Bytes since this place began.
    run: usize,
    /// The tag, up to [`MAX_TAG`], and the bytes that came last.
    tag: Vec<u8>,
    last: [u8; 2],
    /// The names of the open tags, hashed.
    open: Vec<u64>,
    /// Of the cell: how many tags were open before it, and its bytes so far.
    cell: Option<(usize, usize)>,
    cell_name: String,
}

impl Watch {
    pub(super) fn new(is_sheet: bool) -> Self {
        Self { is_sheet, place: Place::Text, run: 0, tag: Vec::new(), last: [0; 2], open: Vec::new(), cell: None, cell_name: String::new() }
    }

    /// Refuses what is too long, or not as programs write it.
    pub(super) fn see(&mut self, bytes: &[u8]) -> Result<(), FileProblem> {
        for &byte in bytes {
            self.run += 1;
            if let Some((_, size)) = &mut self.cell {
                *size += 1;
            }
            if self.run > MAX_TEXT || self.cell.is_some_and(|(_, size)| size > MAX_TEXT) {
                return Err(self.too_long());
            }
            self.step(byte)?;
            self.last = [self.last[1], byte];
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), FileProblem> {
        match (self.place, byte) {
            // XML of another encoding, in which tags would look otherwise.
            (_, 0) => return Err(odd()),
            (Place::Text, b'<') => {
                self.tag.clear();
                self.enter(Place::Tag);
            }
            (Place::Tag, b'>') => {
                self.tag_ends()?;
                self.enter(Place::Text);
            }
            (Place::Tag, b'<') => return Err(odd()),
            (Place::Tag, b'"' | b'\'') if self.tag.first() == Some(&b'/') => return Err(odd()),
            (Place::Tag, b'"' | b'\'') => {
                self.keep(byte);
                self.place = Place::Value(byte);
            }
            (Place::Tag, other) => {
                self.keep(other);
                if matches!(self.tag.first(), Some(b'!' | b'?')) {
                    self.no_tag_begins()?;
                }
            }
            (Place::Value(quote), other) => {
                self.keep(other);
                if other == quote {
                    self.place = Place::Tag;
                }
            }
            // Where these end is read in two ways when they are too short for their own marks.
            (Place::Comment, b'>') if self.run < 3 => return Err(odd()),
            (Place::Instruction, b'>') if self.run < 2 => return Err(odd()),
            (Place::Comment, b'>') if self.last == *b"--" => self.enter(Place::Text),
            (Place::Cdata, b'>') if self.last == *b"]]" && self.run > 2 => self.enter(Place::Text),
            (Place::Instruction, b'>') if self.last[1] == b'?' => self.enter(Place::Text),
            (Place::Text | Place::Comment | Place::Cdata | Place::Instruction, _) => {}
        }
        Ok(())
    }

    /// What begins as a tag does and is none. A declaration of types is the one that no workbook has.
    fn no_tag_begins(&mut self) -> Result<(), FileProblem> {
        match self.tag.as_slice() {
            b"!--" => self.enter(Place::Comment),
            b"![CDATA[" => self.enter(Place::Cdata),
            b"?" => self.enter(Place::Instruction),
            begun if b"!--".starts_with(begun) || b"![CDATA[".starts_with(begun) => {}
            _ => return Err(odd()),
        }
        Ok(())
    }

    fn enter(&mut self, place: Place) {
        self.place = place;
        self.run = 0;
    }

    fn keep(&mut self, byte: u8) {
        if self.tag.len() < MAX_TAG {
            self.tag.push(byte);
        }
    }

    fn tag_ends(&mut self) -> Result<(), FileProblem> {
        let closes = self.tag.first() == Some(&b'/');
        let body = self.tag.get(usize::from(closes)..).unwrap_or_default();
        let name = body.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default();
        if name.is_empty() || name.len() >= MAX_TAG - 1 {
            return Err(odd());
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let hash = hasher.finish();
        if closes {
            if self.open.pop() != Some(hash) {
                return Err(odd());
            }
            if self.cell.is_some_and(|(depth, _)| depth == self.open.len()) {
                self.cell = None;
            }
            return Ok(());
        }
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        if self.is_sheet && NOT_OF_A_SHEET.contains(&local) {
            return Err(odd());
        }
        if local == b"sst" {
            self.texts_are_bearable()?;
        }
        if self.last[1] == b'/' {
            return Ok(());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(odd());
        }
        if local == b"c" && self.is_sheet && self.cell.is_none() {
            self.cell_name = attribute(body, b"r").map(String::from_utf8_lossy).unwrap_or_default().chars().take(12).collect();
            self.cell = Some((self.open.len(), 0));
        }
        self.open.push(hash);
        Ok(())
    }

    /// Room is made for as many texts as the table of texts says it has.
    fn texts_are_bearable(&self) -> Result<(), FileProblem> {
        let Some(announced) = attribute(&self.tag, b"uniqueCount") else {
            let hides_it = self.tag.len() >= MAX_TAG || self.tag.windows(11).any(|part| part == b"uniqueCount");
            return if hides_it { Err(odd()) } else { Ok(()) };
        };
        let announced = std::str::from_utf8(announced).ok().and_then(|text| text.trim().parse::<u64>().ok());
        if announced.is_some_and(|count| count <= MAX_TEXTS) { Ok(()) } else { Err(odd()) }
    }

    fn too_long(&self) -> FileProblem {
        let place = match (&self.cell, self.cell_name.is_empty()) {
            (Some(_), false) => format!("The cell {} of the workbook", self.cell_name),
            _ => "A cell of the workbook".to_owned(),
        };
        FileProblem::Workbook(format!("{place} holds more than {}. Shorten it, and upload the workbook again.", ui::bytes(MAX_TEXT as u64)))
    }
}

/// The value of the first attribute of this name, if those before it are well-formed.
fn attribute<'a>(tag: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = tag;
    loop {
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (before, after) = rest.split_at(equals);
        let after = after.get(1..)?.trim_ascii_start();
        let quote = *after.first()?;
        let value = after.get(1..)?;
        let end = value.iter().position(|byte| *byte == quote)?;
        let this = before.trim_ascii_end().rsplit(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        if this == name {
            return value.get(..end);
        }
        rest = value.get(end + 1..)?;
    }
}

pub(super) fn odd() -> FileProblem {
    FileProblem::Workbook(
        "The workbook is not built as spreadsheet programs build it. Open it in Excel, save it again, and upload that.".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(is_sheet: bool, xml: &str) -> Result<(), String> {
        let mut watch = Watch::new(is_sheet);
        // In pieces, as it is unpacked.
        xml.as_bytes().chunks(7).try_for_each(|piece| watch.see(piece)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_programs_write_passes() {
        let sheet = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- by hand --><worksheet xmlns:x='a>b'><sheetData><row r=\"1\">\
            <c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\"/><c r=\"C1\" t=\"inlineStr\"><is><t><![CDATA[a < b ]] > c]]></t></is></c>\
            </row></sheetData></worksheet>";
        assert_eq!(seen(true, sheet), Ok(()));
        assert_eq!(seen(false, "<sst xmlns=\"m\" count=\"3\" uniqueCount=\"2\"><si><t>a</t></si></sst>"), Ok(()));
        let long = format!("<worksheet><sheetData/><hyperlinks>{}</hyperlinks></worksheet>", "<hyperlink ref=\"A1\"/>".repeat(100_000));
        assert_eq!(seen(true, &long), Ok(()), "only cells are kept");
    }

    #[test]
    fn a_cell_without_end_is_named_however_it_is_put_together() {
        let runs = "<r><t>some text</t></r>".repeat(60_000);
        for content in ["x".repeat(MAX_TEXT + 1), format!("<is>{runs}</is>"), "<!-- -->".repeat(200_000), "<c><v>x</v></c>".repeat(80_000)]
        {
            let why = seen(true, &format!("<worksheet><row><c r=\"B7\">{content}</c></row></worksheet>")).unwrap_err();
            assert!(why.starts_with("The cell B7 of the workbook holds more than 1"), "{why}");
        }
        // A quoted end is none.
        let hidden = "<t a=\"</c>\">some text</t>".repeat(60_000);
        assert!(seen(true, &format!("<worksheet><c r=\"B7\">{hidden}</c></worksheet>")).is_err());
    }

    #[test]
    fn what_would_be_read_otherwise_elsewhere_is_refused() {
        for xml in [
            "<sst uniqueCount=\"400000000000\"></sst>",
            "<sst a=b uniqueCount=\"400000000000\"/>",
            "<x:sst count=\"1\" uniqueCount = '99999999999999999999'>",
            "<sst a=\">\" uniqueCount=\"400000000000\"/>",
            "<!DOCTYPE sst [<!ENTITY a \"aaaa\">]><sst/>",
            "<a><b></a></b>",
            "<a></b \"x\">",
            "<a <b>",
            "<!--><sst/>-->",
            "<\0s\0s\0t\0>",
        ] {
            assert!(seen(false, xml).is_err(), "{xml}");
        }
        assert!(seen(false, &"<a>".repeat(100)).is_err());
        assert!(seen(true, "<worksheet><sst uniqueCount=\"1\"/></worksheet>").is_err(), "a sheet is no table of texts");
    }
}
