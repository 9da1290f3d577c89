//! Reads delimited text (RFC 4180, and what spreadsheets make of it) record by record.
//!
//! Our own, because an import needs what a general reader does not give: the byte offset of each
//! record (to resume after a crash), memory bounded by a limit on cells and rows instead of by the
//! file, a broken record told from a good one, and going on behind it.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// A cell larger than this makes its row a rejected one.
pub(crate) const MAX_CELL: usize = 64 * 1024;
/// So does a row larger than this.
pub(crate) const MAX_ROW: usize = 1024 * 1024;
/// More columns than any table of leads has.
pub(crate) const MAX_COLUMNS: usize = 500;

/// Why a record cannot be used, though the ones around it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The cell of this column (from 0) has this many bytes.
    CellTooLarge {
        column: usize,
        bytes: u64,
    },
    RowTooLarge,
    Nul,
    NotUtf8,
    /// A quote opens and is never closed.
    Unterminated,
    /// A line of the record with the unclosed quote, which does not stand as a row of its own.
    Fragment,
    /// The file ends inside this record.
    CutOff,
    TooManyCells {
        cells: usize,
    },
}

/// One record. Reused from call to call.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// Which it is, blank lines counted, the first of the file being 1.
    pub(crate) row: u64,
    pub(crate) fault: Option<Fault>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// The number of cells.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all its cells.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The number of cells that hold anything.
    pub(crate) fn filled(&self) -> usize {
        let mut start = 0;
        self.ends.iter().filter(|end| std::mem::replace(&mut start, **end) < **end).count()
    }

    /// The bytes of a cell; empty for one that the record does not have.
    pub(crate) fn raw(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(index).and_then(|end| self.bytes.get(start..*end)).unwrap_or_default()
    }

    /// The text of a cell, as far as it is text.
    pub(crate) fn text(&self, index: usize) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.raw(index))
    }

    /// The text of a cell of a record without a fault.
    pub(crate) fn cell(&self, index: usize) -> &str {
        std::str::from_utf8(self.raw(index)).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.fault = None;
        self.bytes.clear();
        self.ends.clear();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// A quote inside a quoted cell: the end of it, or the first half of an escaped one.
    Quote,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: BufReader<R>,
    delimiter: u8,
    offset: u64,
    row: u64,
    /// Cells of the header; 0 while it is not known.
    width: usize,
    /// Where a record begins whose quote is never closed. From there on each line is a record.
    broken_at: Option<u64>,
}

impl<R: Read + Seek> Reader<R> {
    /// A reader that begins at `offset`, where record number `row` begins.
    pub(crate) fn new(mut input: R, delimiter: u8, offset: u64, row: u64) -> io::Result<Self> {
        input.seek(SeekFrom::Start(offset))?;
        Ok(Self { input: BufReader::with_capacity(128 * 1024, input), delimiter, offset, row, width: 0, broken_at: None })
    }

    /// Says how many cells a record may have, and where an earlier pass has found the broken one.
    pub(crate) fn expecting(self, width: usize, broken_at: Option<u64>) -> Self {
        Self { width, broken_at, ..self }
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record's number.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    /// Where a record with an unclosed quote was met.
    pub(crate) fn broken_at(&self) -> Option<u64> {
        self.broken_at
    }

    /// Reads the next record that is not a blank line. `false` at the end of the file.
    pub(crate) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        loop {
            let (start, row) = (self.offset, self.row);
            if self.broken_at.is_some_and(|broken| start >= broken) {
                if !self.read_line(record, start)? {
                    return Ok(false);
                }
            } else {
                match self.read_record(record)? {
                    Ended::Nothing => return Ok(false),
                    Ended::Line => {}
                    Ended::File => {
                        if self.width > record.len() && record.fault.is_none() {
                            record.fault = Some(Fault::CutOff);
                        }
                    }
                    Ended::InQuotes => {
                        self.broken_at = Some(start);
                        self.input.seek(SeekFrom::Start(start))?;
                        self.offset = start;
                        continue;
                    }
                }
            }
            self.row += 1;
            record.offset = start;
            record.row = row;
            if record.len() == 1 && record.bytes.is_empty() && record.fault.is_none() {
                continue; // a blank line
            }
            self.judge(record);
            return Ok(true);
        }
    }

    /// What can only be said of the whole record.
    fn judge(&self, record: &mut Record) {
        if record.fault.is_some() {
            return;
        }
        let surplus = (self.width.max(1)..record.len()).any(|index| !record.raw(index).is_empty());
        record.fault = if record.bytes.contains(&0) {
            Some(Fault::Nul)
        } else if std::str::from_utf8(&record.bytes).is_err() || !self.cells_are_text(record) {
            Some(Fault::NotUtf8)
        } else if (self.width > 0 && surplus) || record.len() > MAX_COLUMNS * 2 {
            Some(Fault::TooManyCells { cells: record.len() })
        } else {
            None
        };
    }

    /// A character torn apart by a delimiter is text over the row and none in the cells.
    fn cells_are_text(&self, record: &Record) -> bool {
        record.bytes.is_ascii() || (0..record.len()).all(|index| std::str::from_utf8(record.raw(index)).is_ok())
    }

    fn read_record(&mut self, record: &mut Record) -> io::Result<Ended> {
        record.clear();
        let mut cell = Cell::default();
        let mut state = State::CellStart;
        let mut any = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                if !any {
                    return Ok(Ended::Nothing);
                }
                cell.end(record);
                return Ok(if state == State::Quoted { Ended::InQuotes } else { Ended::File });
            }
            any = true;
            let mut used = 0;
            let mut ended = None;
            for &byte in buffer {
                used += 1;
                match (state, byte) {
                    (State::Quoted, b'"') => state = State::Quote,
                    (State::Quoted, other) => cell.push(record, other),
                    (State::Quote, b'"') => {
                        cell.push(record, b'"');
                        state = State::Quoted;
                    }
                    (State::CellStart, b'"') => state = State::Quoted,
                    (_, byte) if byte == self.delimiter => {
                        cell.end(record);
                        state = State::CellStart;
                    }
                    (_, b'\n' | b'\r') => {
                        ended = Some(byte);
                        break;
                    }
                    // What follows a closing quote is kept, as spreadsheets do.
                    (_, other) => {
                        cell.push(record, other);
                        state = State::Plain;
                    }
                }
            }
            self.input.consume(used);
            self.offset += used as u64;
            if let Some(byte) = ended {
                cell.end(record);
                self.swallow_line_feed(byte)?;
                return Ok(Ended::Line);
            }
        }
    }

    /// One line of the broken stretch: a row of its own only if it has as many cells as the header.
    fn read_line(&mut self, record: &mut Record, start: u64) -> io::Result<bool> {
        let first = self.broken_at == Some(start);
        record.clear();
        let mut cell = Cell::default();
        let mut any = false;
        let mut ended = None;
        while ended.is_none() {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let mut used = 0;
            for &byte in buffer {
                used += 1;
                if byte == self.delimiter {
                    cell.end(record);
                } else if byte == b'\n' || byte == b'\r' {
                    ended = Some(byte);
                    break;
                } else {
                    cell.push(record, byte);
                }
            }
            self.input.consume(used);
            self.offset += used as u64;
        }
        if !any {
            return Ok(false);
        }
        cell.end(record);
        if let Some(byte) = ended {
            self.swallow_line_feed(byte)?;
        }
        let blank = record.len() == 1 && record.bytes.is_empty();
        if first {
            record.fault = Some(Fault::Unterminated);
        } else if !blank && record.fault.is_none() {
            if record.len() != self.width {
                record.fault = Some(Fault::Fragment);
            } else {
                unquote(record);
            }
        }
        Ok(true)
    }

    fn swallow_line_feed(&mut self, ended_by: u8) -> io::Result<()> {
        if ended_by == b'\r' && self.input.fill_buf()?.first() == Some(&b'\n') {
            self.input.consume(1);
            self.offset += 1;
        }
        Ok(())
    }
}

enum Ended {
    Nothing,
    Line,
    File,
    InQuotes,
}

/// The cell being read: counts what it does not keep.
#[derive(Debug, Default)]
struct Cell {
    bytes: u64,
}

impl Cell {
    #[inline]
    fn push(&mut self, record: &mut Record, byte: u8) {
        self.bytes += 1;
        if self.bytes <= MAX_CELL as u64 && record.bytes.len() < MAX_ROW {
            record.bytes.push(byte);
        } else if record.fault.is_none() && self.bytes <= MAX_CELL as u64 {
            record.fault = Some(Fault::RowTooLarge);
        }
    }

    fn end(&mut self, record: &mut Record) {
        if self.bytes > MAX_CELL as u64 && record.fault.is_none() {
            record.fault = Some(Fault::CellTooLarge { column: record.ends.len(), bytes: self.bytes });
        }
        self.bytes = 0;
        if record.ends.len() <= MAX_COLUMNS * 2 {
            record.ends.push(record.bytes.len());
        } else if record.fault.is_none() {
            record.fault = Some(Fault::TooManyCells { cells: record.ends.len() });
        }
    }
}

/// Takes the quotes off cells that were read as bare lines.
fn unquote(record: &mut Record) {
    let cells: Vec<Vec<u8>> = (0..record.len())
        .map(|index| {
            let cell = record.raw(index);
            cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell).to_vec()
        })
        .collect();
    record.bytes.clear();
    record.ends.clear();
    for cell in cells {
        record.bytes.extend_from_slice(&cell);
        record.ends.push(record.bytes.len());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>, Option<Fault>)> {
        let mut reader = Reader::new(Cursor::new(text.as_bytes().to_vec()), b',', 0, 1).unwrap();
        let mut record = Record::default();
        let mut out = Vec::new();
        while reader.next(&mut record).unwrap() {
            if reader.width == 0 {
                reader.width = record.len();
            }
            out.push((record.row, (0..record.len()).map(|i| record.text(i).into_owned()).collect(), record.fault.clone()));
        }
        out
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text).into_iter().map(|(_, cells, _)| cells).collect()
    }

    #[test]
    fn quotes_newlines_and_line_ends_are_read_as_spreadsheets_write_them() {
        assert_eq!(cells("a,b\r\n\"x \"\"y\"\"\",\"1\n2\"\r\n"), [["a", "b"], ["x \"y\"", "1\n2"]]);
        assert_eq!(cells("a,b\rc,d\r"), [["a", "b"], ["c", "d"]]);
        assert_eq!(cells("a,b\n\n\nc,d"), [["a", "b"], ["c", "d"]]);
        assert_eq!(read("a,b\n\n\nc,d")[1].0, 4, "blank lines count as rows, as on the screen of a spreadsheet");
        assert_eq!(cells("a,b\nc\"d\",\"e\"f\n"), [["a", "b"], ["c\"d\"", "ef"]]);
        assert_eq!(cells("a,\n,b\n"), [["a", ""], ["", "b"]]);
    }

    #[test]
    fn a_faulty_row_is_told_from_its_neighbours() {
        let rows = read("a,b\n1,2,3\n4,5,\n6,7\0\n8,9\n");
        let faults: Vec<_> = rows.iter().map(|(_, _, fault)| fault.clone()).collect();
        assert_eq!(faults, [None, Some(Fault::TooManyCells { cells: 3 }), None, Some(Fault::Nul), None]);
        let big = format!("a,b\n{},x\n1,2\n\"{}\",y\n3,4\n", "x".repeat(MAX_CELL), "y\"\"\n".repeat(1 << 18));
        let rows = read(&big);
        assert_eq!(rows[1].2, None);
        assert_eq!(rows[3].2, Some(Fault::CellTooLarge { column: 0, bytes: 3 << 18 }));
        assert_eq!(rows[4].1, ["3", "4"]);
        let mut reader = Reader::new(Cursor::new(b"a,b\n\xff,c\nd,e\n".to_vec()), b',', 0, 1).unwrap();
        let mut record = Record::default();
        let mut faults = Vec::new();
        while reader.next(&mut record).unwrap() {
            faults.push(record.fault.clone());
        }
        assert_eq!(faults, [None, Some(Fault::NotUtf8), None]);
    }

    #[test]
    fn an_unclosed_quote_breaks_its_row_and_no_other() {
        let rows = read("a,b\n1,2\n3,\"four\nfive\n6,7\n");
        let got: Vec<_> = rows.iter().map(|(row, cells, fault)| (*row, cells.join("|"), fault.clone())).collect();
        assert_eq!(
            got,
            [
                (1, "a|b".to_owned(), None),
                (2, "1|2".to_owned(), None),
                (3, "3|\"four".to_owned(), Some(Fault::Unterminated)),
                (4, "five".to_owned(), Some(Fault::Fragment)),
                (5, "6|7".to_owned(), None),
            ]
        );
    }

    #[test]
    fn a_file_that_ends_inside_a_row_says_so() {
        assert_eq!(read("a,b\n1,2\n3")[2].2, Some(Fault::CutOff));
        assert_eq!(read("a,b\n1,2\n3,4")[2].2, None);
        assert_eq!(read("a,b\n1\n3,4\n")[1].2, None, "short rows inside the file are only short");
    }

    #[test]
    fn reading_goes_on_from_any_record_as_if_it_had_never_stopped() {
        let text = "a,b\r\n1,\"x\ny\"\r\n\r\n2,z\r\n3,\"open\nq,r\n";
        let mut whole = Reader::new(Cursor::new(text.as_bytes().to_vec()), b',', 0, 1).unwrap().expecting(2, None);
        let mut record = Record::default();
        let mut places = Vec::new();
        let mut all = Vec::new();
        while whole.next(&mut record).unwrap() {
            all.push((record.row, record.fault.clone(), record.text(0).into_owned()));
            places.push((whole.offset(), whole.row()));
        }
        for (index, (offset, row)) in places.into_iter().enumerate() {
            let mut rest = Reader::new(Cursor::new(text.as_bytes().to_vec()), b',', offset, row).unwrap().expecting(2, whole.broken_at());
            let mut seen = Vec::new();
            while rest.next(&mut record).unwrap() {
                seen.push((record.row, record.fault.clone(), record.text(0).into_owned()));
            }
            assert_eq!(seen, all[index + 1..]);
        }
    }
}
