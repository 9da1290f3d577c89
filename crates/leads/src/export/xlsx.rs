//! Excel files, written row by row to the disk: a sheet of a million rows never stands in memory.

use std::path::{Path, PathBuf};

use http_kit::Problem;
use rust_xlsxwriter::{Format as Style, Workbook, XlsxError};
use tokio::{sync::mpsc, task::JoinHandle};

use super::columns::Cell;

/// Rows of a sheet, with the headings; Excel's own limit is 1,048,576.
const SHEET: u32 = 1_000_001;
/// The longest text of a cell, in UTF-16 units, by Excel's own limit.
const LONGEST: usize = 32_767;

/// A file on its way: rows go in, and whoever sends them waits while the disk is behind.
pub(super) struct Writing {
    rows: mpsc::Sender<Vec<Vec<Cell>>>,
    end: JoinHandle<Result<(), XlsxError>>,
}

impl Writing {
    /// Begins a file at `path`, which is there once [`Writing::finish`] has come back; `scratch` holds it until then.
    pub(super) fn begin(path: PathBuf, scratch: PathBuf, headings: Vec<String>) -> Self {
        let (rows, incoming) = mpsc::channel(2);
        let end = tokio::task::spawn_blocking(move || write(&path, &scratch, &headings, incoming));
        Self { rows, end }
    }

    /// Hands over some rows.
    pub(super) async fn send(&self, rows: Vec<Vec<Cell>>) -> Result<(), Problem> {
        // The reason of a writer that has ended is told by finish.
        self.rows.send(rows).await.map_err(|error| Problem::internal(&error))
    }

    /// Completes the file.
    pub(super) async fn finish(self) -> Result<(), Problem> {
        drop(self.rows);
        let written = self.end.await.map_err(|error| Problem::internal(&error))?;
        written.map_err(|error| Problem::internal(&error))
    }
}

fn write(path: &Path, scratch: &Path, headings: &[String], mut incoming: mpsc::Receiver<Vec<Vec<Cell>>>) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_tempdir(scratch)?;
    let bold = Style::new().set_bold();
    let mut waiting = incoming.blocking_recv();
    loop {
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, heading) in (0..).zip(headings) {
            sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        let mut row = 1;
        while let Some(some) = waiting.take() {
            let mut some = some.into_iter();
            for cells in some.by_ref() {
                for (column, cell) in (0..).zip(&cells) {
                    match cell {
                        Cell::Empty => {}
                        // A string, whatever it begins with: Excel runs what is written as a formula, and nothing else.
                        Cell::Text(text) => {
                            sheet.write_string(row, column, fitting(text))?;
                        }
                        Cell::Number(number) => {
                            sheet.write_number(row, column, *number)?;
                        }
                        Cell::Bool(yes) => {
                            sheet.write_boolean(row, column, *yes)?;
                        }
                    }
                }
                row += 1;
                if row == SHEET {
                    break;
                }
            }
            if row == SHEET {
                let rest: Vec<_> = some.collect();
                waiting = if rest.is_empty() { incoming.blocking_recv() } else { Some(rest) };
                break;
            }
            waiting = incoming.blocking_recv();
        }
        if waiting.is_none() {
            break;
        }
    }
    workbook.save(path)
}

/// As much of the text as a cell holds.
fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > LONGEST
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_what_excel_can() {
        assert_eq!(fitting("short"), "short");
        assert_eq!(fitting(&"é".repeat(40_000)).chars().count(), LONGEST);
        assert_eq!(fitting(&"🙂".repeat(20_000)).chars().count(), LONGEST / 2);
    }
}
