//! Excel workbooks (.xlsx, .xlsm): the first sheet with cells becomes a CSV file, cell by cell.
//!
//! The cells of a sheet are streamed; the workbook's table of shared texts is in memory while it is read, so
//! that it has a limit. Formulas count by the value that Excel has stored with them.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, Write},
    path::Path,
};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx, XlsxError};
use zip::ZipArchive;

use super::{
    FileProblem, MAX_UNPACKED, Unpacked, create, damaged, finish,
    limited::Limited,
    xml::{Watch, odd},
};
use crate::reader::MAX_COLUMNS;

/// The XML of a workbook's texts and styles, which are held in memory.
const MAX_HELD: u64 = 32 * 1024 * 1024;
/// The XML of one sheet.
const MAX_SHEET: u64 = MAX_UNPACKED;
/// Any other part: pictures, macros, what other programs keep there.
const MAX_OTHER: u64 = 64 * 1024 * 1024;
/// Excel's own limit.
const MAX_ROWS: u32 = 1_048_576;
/// Sheets that are looked at.
const MAX_SHEETS: usize = 100;

type Workbook = Xlsx<BufReader<File>>;

/// `most`: the bytes that all its parts may have together, for some may lie upon others in the archive.
pub(super) fn unpack(mut archive: ZipArchive<BufReader<File>>, to: &Path, most: u64) -> Result<Unpacked, FileProblem> {
    measure(&mut archive, most)?;
    let file = archive.into_inner();
    let mut workbook = Xlsx::new(file).map_err(|error| unreadable(&error))?;
    let sheets: Vec<String> =
        workbook.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible).map(|sheet| sheet.name.clone()).collect();
    let mut found = Unpacked { is_sheet: true, ..Unpacked::default() };
    for name in sheets.into_iter().take(MAX_SHEETS) {
        match &found.part {
            None => {
                let mut output = create(to)?;
                if write_sheet(&mut workbook, &name, &mut output)? {
                    finish(output)?;
                    found.part = Some(name);
                }
            }
            Some(_) => {
                if has_cells(&mut workbook, &name)? {
                    found.left_out.push(name);
                }
            }
        }
    }
    if found.part.is_none() { Err(FileProblem::Empty) } else { Ok(found) }
}

/// Reads every part once, to see that none unpacks to more than it may and no text is without end. Whoever reads the workbook
/// finds parts by names that stand in other parts, in any case of letters: so each is measured, whatever it is called.
fn measure<R: Read + Seek>(archive: &mut ZipArchive<R>, most_of_all: u64) -> Result<(), FileProblem> {
    let (mut held, mut all) = (0, 0);
    let mut buffer = vec![0; 128 * 1024];
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| damaged(&error))?;
        let part = Part::called(&entry.name().map_err(|error| damaged(&error))?)?;
        let packed = entry.compressed_size();
        let most = match part {
            Part::Sheet => MAX_SHEET,
            Part::Held => MAX_HELD - held,
            Part::Other => MAX_OTHER,
        };
        let mut entry = Limited::new(entry, packed).at_most(most.min(most_of_all.saturating_sub(all)));
        let mut watch = Watch::new(part == Part::Sheet);
        loop {
            match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) if part == Part::Other => {}
                Ok(n) => watch.see(buffer.get(..n).unwrap_or_default())?,
                Err(error) => {
                    let is_large = entry.passed() > most;
                    return Err(match entry.problem() {
                        Some(_) if is_large && part != Part::Sheet => too_large(part),
                        Some(problem) => problem,
                        None => damaged(&error),
                    });
                }
            }
        }
        all += entry.passed();
        if part == Part::Held {
            held += entry.passed();
        }
    }
    Ok(())
}

/// What a part of a workbook is to whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Streamed.
    Sheet,
    /// Kept in memory.
    Held,
    /// Pictures and the like: never read.
    Other,
}

impl Part {
    fn called(name: &str) -> Result<Self, FileProblem> {
        let name = name.replace('\\', "/").to_ascii_lowercase();
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", &name));
        // Read by these names wherever the workbook is said to be.
        if ["sharedstrings.xml", "styles.xml"].contains(&last) && folder != "xl" {
            return Err(odd());
        }
        let is_xml = last.ends_with(".xml") || last.ends_with(".rels");
        Ok(match folder {
            "xl/worksheets" if is_xml => Self::Sheet,
            _ if is_xml && (folder == "xl" || folder.starts_with("xl/") || folder == "_rels") => Self::Held,
            _ => Self::Other,
        })
    }
}

/// What is said of a part that is more than is read of a workbook.
fn too_large(part: Part) -> FileProblem {
    let (what, most) = match part {
        Part::Sheet | Part::Held => ("The workbook’s texts take", MAX_HELD),
        Part::Other => ("Something in the workbook that is no sheet takes", MAX_OTHER),
    };
    FileProblem::Workbook(format!(
        "{what} more than {}, which is more than is read of one. Save the sheet as CSV (UTF-8) and upload that.",
        ui::bytes(most)
    ))
}

fn unreadable(error: &XlsxError) -> FileProblem {
    match error {
        XlsxError::Password => {
            FileProblem::Workbook("The workbook is protected by a password. Remove it, and upload the workbook again.".to_owned())
        }
        error => FileProblem::Workbook(format!("The workbook cannot be read ({error}). Open it in Excel, save it again, and upload that.")),
    }
}

fn has_cells(workbook: &mut Workbook, name: &str) -> Result<bool, FileProblem> {
    let mut cells = match workbook.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(false), // a chart
        Err(error) => return Err(unreadable(&error)),
    };
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        if !text_of(cell.get_value()).trim().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the sheet as CSV; whether there was anything to write.
fn write_sheet(workbook: &mut Workbook, name: &str, output: &mut BufWriter<File>) -> Result<bool, FileProblem> {
    let mut cells = match workbook.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(false),
        Err(error) => return Err(unreadable(&error)),
    };
    let (mut row, mut column, mut any, mut written) = (0, 0, false, 0);
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        let text = text_of(cell.get_value());
        if text.trim().is_empty() {
            continue;
        }
        let (to_row, to_column) = cell.get_position();
        if to_column as usize > MAX_COLUMNS * 2 {
            return Err(FileProblem::TooManyColumns(to_column as usize + 1));
        }
        if to_row >= MAX_ROWS {
            return Err(odd());
        }
        // Many cells may name one long text.
        let commas = if to_row > row { to_column } else { to_column.saturating_sub(column) };
        written += u64::from(to_row.saturating_sub(row)) + u64::from(commas) + text.len() as u64;
        if written > MAX_UNPACKED {
            return Err(FileProblem::Bomb(format!("more than {}", ui::bytes(MAX_UNPACKED))));
        }
        // Cells come in the order of the sheet; one that does not is a broken workbook's.
        if to_row < row || (to_row == row && any && to_column < column) {
            return Err(FileProblem::Workbook(
                "The workbook’s cells are not in order. Open it in Excel, save it again, and upload that.".to_owned(),
            ));
        }
        // Empty rows count, so that the row of a message is the row on the screen.
        while row < to_row {
            output.write_all(b"\n")?;
            row += 1;
            column = 0;
        }
        while column < to_column {
            output.write_all(b",")?;
            column += 1;
        }
        quoted(output, &text)?;
        any = true;
    }
    output.write_all(b"\n")?;
    Ok(any)
}

fn quoted(output: &mut impl Write, text: &str) -> std::io::Result<()> {
    if !text.contains([',', '"', '\n', '\r', ';', '\t', '|']) {
        return output.write_all(text.as_bytes());
    }
    output.write_all(b"\"")?;
    output.write_all(text.replace('"', "\"\"").as_bytes())?;
    output.write_all(b"\"")
}

/// A cell as people would write it: dates as ISO 8601, whole numbers without a fraction.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(at) if at.is_datetime() && at.as_f64() >= 1.0 => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        // A time of day, or how long something took.
        DataRef::DateTime(at) => {
            let seconds = (at.as_f64() * 86_400.0).round().clamp(0.0, 1e12) as u64;
            format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
    }
}

/// Excel counts in binary fractions: 0.1 + 0.2 is stored as 0.30000000000000004, and shown with 15 digits.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    let digits = 14 - number.abs().log10().floor().clamp(-20.0, 14.0) as i32;
    let rounded = format!("{number:.*}", usize::try_from(digits).unwrap_or_default());
    if rounded.contains('.') { rounded.trim_end_matches('0').trim_end_matches('.').to_owned() } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_see_them() {
        let written = [3.0, 0.1 + 0.2, -2.5, 1e15, 0.0, 123_456_789_012.0, 1.0 / 3.0].map(number_text);
        assert_eq!(written, ["3", "0.3", "-2.5", "1000000000000000", "0", "123456789012", "0.333333333333333"]);
    }
}
