//! The file, read on a thread of its own, a stretch at a time.

use std::{fs::File, io};

use tokio::{sync::mpsc, task::JoinHandle};

use super::Source;
use crate::{
    analysis::Place,
    reader::{Reader, Record},
    row::{self, LeadRow, Rejection},
};

/// Rows that an import stores together: enough for the cost of a transaction to vanish, few enough that progress moves, a
/// stop is felt and little memory is taken.
pub(crate) const STORED_TOGETHER: usize = 4000;
/// The memory that the rows of a piece may take, about.
const PIECE_BYTES: usize = 8 * 1024 * 1024;
/// What a cell takes besides its text, about.
const CELL: usize = 64;

/// What became of reading a row.
pub(crate) type ReadRow = Result<LeadRow, Rejection>;

/// A stretch of the file, read.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) from: u64,
    pub(crate) to: Place,
    pub(crate) rows: Vec<ReadRow>,
    /// Whether the file ends with it.
    pub(crate) last: bool,
}

/// The pieces to come, and the thread that reads them. It ends when the file does or when nobody takes the pieces
/// any more.
pub(crate) struct Pieces {
    pub(crate) coming: mpsc::Receiver<io::Result<Piece>>,
    pub(crate) reading: JoinHandle<()>,
}

/// Reads the rows from `from` on, at most `most_rows` in a piece. `first_to`: where the first piece ends, if that is decided.
pub(crate) fn read(source: Source, from: Place, first_to: Option<u64>, most_rows: usize) -> Pieces {
    let (sender, coming) = mpsc::channel(1);
    let runtime = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        let mut first_to = first_to;
        let mut file = match source.open(from) {
            Ok(file) => file,
            Err(error) => return drop(sender.blocking_send(Err(error))), // nobody listens: nobody to tell
        };
        // A place for the piece comes before its rows: so one is read while another is stored, and there is no third.
        while let Ok(place) = runtime.block_on(sender.reserve()) {
            match read_piece(&mut file, &source, most_rows, first_to.take()) {
                Ok(piece) => {
                    let last = piece.last;
                    if !piece.rows.is_empty() {
                        place.send(Ok(piece));
                    }
                    if last {
                        return;
                    }
                }
                Err(error) => return place.send(Err(error)),
            }
        }
    });
    Pieces { coming, reading }
}

fn read_piece(reader: &mut Reader<File>, source: &Source, most_rows: usize, to: Option<u64>) -> io::Result<Piece> {
    let from = reader.offset();
    let (rows, more) = read_rows(reader, source, most_rows, to)?;
    let to = Place { offset: reader.offset(), row: reader.row() };
    Ok(Piece { from, to, rows, last: !more })
}

/// Rows up to a limit; and whether there are more.
fn read_rows(reader: &mut Reader<File>, source: &Source, most_rows: usize, to: Option<u64>) -> io::Result<(Vec<ReadRow>, bool)> {
    let mut record = Record::default();
    let mut rows = Vec::new();
    let mut bytes = 0;
    while to.map_or(rows.len() < most_rows && bytes < PIECE_BYTES, |to| reader.offset() < to) {
        if !reader.next(&mut record)? {
            return Ok((rows, false));
        }
        bytes += record.size() + record.filled() * CELL;
        rows.push(row::read(&record, source));
    }
    Ok((rows, true))
}

/// The first rows of a file, read; and whether there are more.
pub(crate) fn read_some(source: &Source, most_rows: usize) -> io::Result<(Vec<ReadRow>, bool)> {
    let mut reader = source.open(source.beginning())?;
    let (rows, more) = read_rows(&mut reader, source, most_rows, None)?;
    Ok((rows, more || reader.next(&mut Record::default())?))
}
