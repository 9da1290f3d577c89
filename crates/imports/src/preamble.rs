//! Lines that some exports put above their table: a title, a date, a note. LinkedIn explains itself in three of them.

use std::{fs::File, path::Path};

use super::{
    FileProblem,
    analysis::Place,
    guess,
    reader::{Reader, Record},
};

/// More lines than a preamble has.
const LOOKED_AT: usize = 40;

/// Where the table begins, and how many lines above it are no part of it: those that are much narrower.
pub(crate) fn end(path: &Path, delimiter: u8, first: Place) -> Result<(Place, u64), FileProblem> {
    let mut reader = Reader::new(File::open(path)?, delimiter, first.offset, first.row)?;
    let mut record = Record::default();
    let mut rows: Vec<(Place, usize)> = Vec::new();
    let mut names_a_field = false;
    while rows.len() < LOOKED_AT && reader.next(&mut record)? {
        // A single name that we know makes the first row one of names.
        names_a_field |= rows.is_empty() && (0..record.len()).any(|index| guess::is_field_name(&record.text(index)));
        let filled = (0..record.len()).filter(|index| !record.text(*index).trim().is_empty()).count();
        rows.push((Place { offset: record.offset, row: record.row }, filled));
    }
    let Some((begin, narrow)) = rows.first().copied() else { return Ok((first, 0)) };
    // The names of a table's columns fill their row; what fills a third of it at most is no part of the table.
    let widest = rows.iter().map(|(_, filled)| *filled).max().unwrap_or_default();
    if widest < 3 || narrow * 3 >= widest || names_a_field {
        return Ok((begin, 0));
    }
    let table = rows.iter().position(|(_, filled)| *filled * 3 > widest * 2).unwrap_or_default();
    Ok((rows.get(table).map_or(begin, |(place, _)| *place), table as u64))
}
