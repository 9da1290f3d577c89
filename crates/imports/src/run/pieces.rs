//! The file, read on a thread of its own, a stretch at a time.

use std::{fs::File, io, path::PathBuf};

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    analysis::{Analysis, Place},
    model::Import,
    plan::Plan,
    reader::{Reader, Record},
    row::{self, LeadRow, Rejection},
};

/// Rows stored together: large enough that sorting into the indexes pays, small enough that progress moves, a stop is
/// felt and little memory is taken.
const PIECE_ROWS: usize = 8000;
/// The same for rows with much text.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

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

/// Reads the rows from `from` on. `first_to`: where the first piece ends, if that is decided.
pub(crate) fn read(path: PathBuf, import: &Import, from: Place, first_to: Option<u64>) -> Pieces {
    // One piece waits while another is stored and a third is read.
    let (sender, coming) = mpsc::channel(1);
    let (analysis, plan) = (import.analysis.clone(), import.plan.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let take = |piece| sender.blocking_send(Ok(piece)).is_ok();
        let result = File::open(path).and_then(|file| read_pieces(file, &analysis, &plan, from, first_to, take));
        if let Err(error) = result {
            let _ = sender.blocking_send(Err(error)); // nobody listens: nobody to tell
        }
    });
    Pieces { coming, reading }
}

fn read_pieces(
    file: File,
    analysis: &Analysis,
    plan: &Plan,
    from: Place,
    mut first_to: Option<u64>,
    mut take: impl FnMut(Piece) -> bool,
) -> io::Result<()> {
    let mut reader = Reader::new(file, analysis.separator(), from.offset, from.row)?.expecting(analysis.width, analysis.broken_at);
    let mut record = Record::default();
    loop {
        let from = reader.offset();
        let (rows, more) = read_rows(&mut reader, &mut record, analysis, plan, PIECE_ROWS, PIECE_BYTES, first_to.take())?;
        let to = Place { offset: reader.offset(), row: reader.row() };
        if !rows.is_empty() && !take(Piece { from, to, rows, last: !more }) {
            return Ok(());
        }
        if !more {
            return Ok(());
        }
    }
}

/// Rows up to a limit; and whether there are more.
fn read_rows(
    reader: &mut Reader<File>,
    record: &mut Record,
    analysis: &Analysis,
    plan: &Plan,
    most_rows: usize,
    most_bytes: usize,
    to: Option<u64>,
) -> io::Result<(Vec<ReadRow>, bool)> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    while to.map_or(rows.len() < most_rows && bytes < most_bytes, |to| reader.offset() < to) {
        if !reader.next(record)? {
            return Ok((rows, false));
        }
        bytes += record.size();
        rows.push(row::read(record, analysis, plan));
    }
    Ok((rows, true))
}

/// The first rows of a file, read; and whether there are more.
pub(crate) fn read_some(path: PathBuf, import: &Import, most_rows: usize) -> io::Result<(Vec<ReadRow>, bool)> {
    let from = import.beginning();
    let analysis = &import.analysis;
    let mut reader =
        Reader::new(File::open(path)?, analysis.separator(), from.offset, from.row)?.expecting(analysis.width, analysis.broken_at);
    let (rows, more) = read_rows(&mut reader, &mut Record::default(), analysis, &import.plan, most_rows, PIECE_BYTES, None)?;
    Ok((rows, more || reader.next(&mut Record::default())?))
}
