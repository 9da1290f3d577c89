//! What reading a file once tells: encoding, separator, columns, how many rows.

use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Seek},
    path::Path,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FileProblem, encoding,
    guess::{self, DateOrder, Decimals, Evidence, Kind, Layout},
    plan::{LeadField, Target},
    preamble,
    reader::{Fault, MAX_COLUMNS, Reader, Record},
    unpack::unpack,
};

/// The word that a web form leaves where nothing was chosen. Where it fills a noticeable part of
/// a column (and of 2 rows at least), it is read as an empty cell.
pub(crate) const PLACEHOLDER: &str = "Select";
const SAMPLES: usize = 4;
const SAMPLE_LENGTH: usize = 60;
/// How much of the beginning decides the separator.
const SNIFFED: usize = 256 * 1024;

/// A file as it was found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// As the WHATWG Encoding Standard names it; the stored copy is UTF-8.
    pub encoding: String,
    /// One character.
    pub delimiter: String,
    /// Rows after the first.
    pub rows: u64,
    /// Rows that cannot be read, whatever the plan.
    pub faulty: u64,
    /// The first row holds an e-mail address or another value that is no name of a column.
    pub header_looks_like_data: bool,
    /// The file ends inside a row or a quoted cell: it may have been cut off on its way.
    pub cut_off: bool,
    pub columns: Vec<Column>,
    /// The first row.
    pub(crate) start: Place,
    /// The one after it.
    pub(crate) data: Place,
    /// Cells of the first row.
    pub(crate) width: usize,
    pub(crate) broken_at: Option<u64>,
    /// Whose export it looks like.
    #[serde(default)]
    pub(crate) layout: Option<Layout>,
    /// The file of an archive or the sheet of a workbook that was read.
    #[serde(default)]
    pub(crate) part: Option<String>,
    /// Sheets with cells that were not read.
    #[serde(default)]
    pub(crate) left_out: Vec<String>,
    /// Lines above the names of the columns that are no part of the table.
    #[serde(default)]
    pub(crate) preamble: u64,
}

/// A place in the stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) row: u64,
}

/// A column of the file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its name in the first row, made unique.
    pub name: String,
    /// Its place among the cells of a row, from 0.
    pub(crate) index: usize,
    /// Rows that have a value in it.
    pub filled: u64,
    pub samples: Vec<String>,
    /// The type that a custom field of its values would have.
    #[serde(default)]
    pub kind: Kind,
    /// All its values, if there are at most 20.
    #[serde(default)]
    pub choices: Vec<String>,
    #[serde(default)]
    pub(crate) date_order: DateOrder,
    /// Its dates are like 3/4/2026, and no value tells whether days or months come first: `date_order` is what the rest of
    /// the file suggests.
    #[serde(default)]
    pub(crate) ambiguous_dates: bool,
    #[serde(default)]
    pub(crate) decimals: Decimals,
    /// `Select` stands where nothing was chosen and is read as empty.
    pub placeholder: bool,
    /// The key that it would have as a custom field.
    pub key: String,
    /// What we think it is: `ignore`, a field, or `custom:KEY`.
    #[schema(value_type = String)]
    pub guess: Target,
    /// How sure we are, in per cent.
    pub confidence: u8,
}

impl Analysis {
    /// The separator as a byte.
    pub(crate) fn separator(&self) -> u8 {
        self.delimiter.bytes().next().unwrap_or(b',')
    }

    /// The names of the columns when the first row is one of data.
    pub(crate) fn column_name(&self, column: &Column, has_header: bool) -> String {
        if has_header { column.name.clone() } else { format!("Column {}", column.index + 1) }
    }
}

/// Reads the file at `path`, replaces it by the table in it and its UTF-8 form where it is packed or has another
/// encoding, and says what it is.
pub(crate) fn analyse(path: &Path) -> Result<Analysis, FileProblem> {
    let unpacked = unpack(path)?;
    let detected = encoding::detect(path)?;
    let mut start = detected.mark;
    if detected.encoding != encoding_rs::UTF_8 {
        let utf8 = path.with_extension("utf8");
        encoding::transcode(path, &utf8, detected)?;
        std::fs::rename(&utf8, path)?;
        start = 0;
    }
    let (delimiter, skipped) = sniff(path, start)?;
    let first = Place { offset: start + skipped, row: if skipped > 0 { 2 } else { 1 } };

    let (table, preamble) = preamble::end(path, delimiter, first)?;
    let mut reader = Reader::new(File::open(path)?, delimiter, table.offset, table.row)?;
    let mut record = Record::default();
    if !reader.next(&mut record)? {
        return Err(FileProblem::Empty);
    }
    match &record.fault {
        None => {}
        Some(Fault::TooManyCells { cells }) => return Err(FileProblem::TooManyColumns(*cells)),
        Some(fault) => return Err(FileProblem::Header(fault.words(&[]))),
    }
    let header: Vec<String> = (0..record.len()).map(|index| one_line(record.cell(index))).collect();
    let width = header.len();
    let start = Place { offset: record.offset, row: record.row };
    let data = Place { offset: reader.offset(), row: reader.row() };

    let mut reader = reader.expecting(width, None);
    let mut evidence: Vec<Evidence> = vec![Evidence::default(); width];
    let (mut rows, mut faulty, mut cut_off) = (0, 0, false);
    while reader.next(&mut record)? {
        rows += 1;
        if let Some(fault) = &record.fault {
            faulty += 1;
            cut_off |= matches!(fault, Fault::CutOff | Fault::Unterminated);
            continue;
        }
        for (index, evidence) in evidence.iter_mut().enumerate() {
            evidence.see(record.cell(index));
        }
    }

    let header_looks_like_data = guess::looks_like_data(&header);
    if rows == 0 && !header_looks_like_data {
        return Err(FileProblem::NoRows);
    }
    let (columns, layout) = columns(&header, evidence, rows, header_looks_like_data);
    if columns.len() > MAX_COLUMNS {
        return Err(FileProblem::TooManyColumns(columns.len()));
    }
    if let [only] = columns.as_slice()
        && !matches!(
            only.guess,
            Target::Field(
                LeadField::Email
                    | LeadField::Phone
                    | LeadField::FullName
                    | LeadField::FirstName
                    | LeadField::LastName
                    | LeadField::ExternalId
            )
        )
    {
        return Err(FileProblem::NotATable);
    }
    Ok(Analysis {
        encoding: detected.encoding.name().to_owned(),
        delimiter: char::from(delimiter).to_string(),
        rows,
        faulty,
        header_looks_like_data,
        cut_off,
        columns,
        start,
        data,
        width,
        broken_at: reader.broken_at(),
        layout,
        part: unpacked.part,
        left_out: unpacked.left_out,
        preamble,
    })
}

fn columns(header: &[String], evidence: Vec<Evidence>, rows: u64, header_is_data: bool) -> (Vec<Column>, Option<Layout>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut kept = Vec::new();
    let file_order = guess::date_order(header, &evidence);
    for (index, (name, evidence)) in header.iter().zip(evidence).enumerate() {
        // The comma at the end of each line that some exports have makes no column.
        if name.is_empty() && evidence.filled() == 0 {
            continue;
        }
        let name = unique(
            &if name.is_empty() { format!("Column {}", index + 1) } else { name.clone() },
            |name| columns.iter().any(|c| c.name == name),
            " ",
        );
        let key = unique(&custom_key(&name, index), |key| columns.iter().any(|c| c.key == key), "_");
        let placeholder = evidence.placeholders >= 2 && evidence.placeholders.saturating_mul(100) >= rows;
        let found = evidence.found(placeholder, file_order);
        columns.push(Column {
            name,
            index,
            filled: evidence.filled() - if placeholder { evidence.placeholders } else { 0 },
            samples: evidence.samples.iter().filter(|sample| !placeholder || *sample != PLACEHOLDER).take(SAMPLES).cloned().collect(),
            kind: found.kind,
            choices: evidence.choices().to_vec(),
            date_order: found.date_order,
            ambiguous_dates: found.ambiguous_dates,
            decimals: found.decimals,
            placeholder,
            guess: Target::Custom(key.clone()),
            key,
            confidence: 0,
        });
        kept.push(evidence);
    }
    let layout = guess::guess(&mut columns, &kept, header_is_data);
    (columns, layout)
}

/// A name that is not `taken` yet: with 2, 3 … behind it if need be.
fn unique(name: &str, taken: impl Fn(&str) -> bool, joint: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while taken(&candidate) {
        candidate = format!("{name}{joint}{number}");
        number += 1;
    }
    candidate
}

/// `Total Time Spent on Website` is `total_time_spent_on_website`.
fn custom_key(name: &str, index: usize) -> String {
    let mut key = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => key.push(c),
            'ä' => key.push_str("ae"),
            'ö' => key.push_str("oe"),
            'ü' => key.push_str("ue"),
            'ß' => key.push_str("ss"),
            'é' | 'è' | 'ê' => key.push('e'),
            'á' | 'à' | 'â' | 'ã' => key.push('a'),
            'ó' | 'ô' | 'õ' => key.push('o'),
            'ç' => key.push('c'),
            'ñ' => key.push('n'),
            'í' => key.push('i'),
            'ú' => key.push('u'),
            _ if !key.is_empty() && !key.ends_with('_') => key.push('_'),
            _ => {}
        }
    }
    key.truncate(54); // leaves room for a number behind it
    let key = key.trim_end_matches('_');
    if key.is_empty() { format!("column_{}", index + 1) } else { key.to_owned() }
}

/// A cell as one short line.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same, cut to what a table shows.
pub(crate) fn sample(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= SAMPLE_LENGTH { line } else { line.chars().take(SAMPLE_LENGTH - 1).chain(['…']).collect() }
}

/// The separator, and how many bytes a first line `sep=;` takes, as Excel writes and reads it.
fn sniff(path: &Path, start: u64) -> Result<(u8, u64), FileProblem> {
    let mut file = BufReader::with_capacity(SNIFFED, File::open(path)?);
    file.seek(std::io::SeekFrom::Start(start))?;
    let head = file.fill_buf()?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, rest @ ..] = line
        && matches!(rest, [] | [b'\r'])
    {
        return Ok((*delimiter, line.len() as u64 + 1));
    }
    Ok((best_delimiter(head), 0))
}

/// The separator that makes the most regular table of a file's beginning.
fn best_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| -> (u64, usize) {
        let Ok(mut reader) = Reader::new(Cursor::new(head), delimiter, 0, 1) else { return (0, 0) };
        let mut record = Record::default();
        let mut widths = Vec::new();
        while widths.len() < 500 && matches!(reader.next(&mut record), Ok(true)) {
            widths.push(record.len());
        }
        // The last record of a beginning may be torn.
        if widths.len() > 2 {
            widths.pop();
        }
        let width = widths.first().copied().unwrap_or(0);
        if width < 2 {
            return (0, 0);
        }
        let regular = widths.iter().filter(|other| **other == width).count();
        let permille = regular * 1000 / widths.len().max(1);
        (permille as u64 / 100, width)
    };
    let candidates = [b',', b';', b'\t', b'|'];
    // On a tie the earlier candidate wins: a comma is the C of CSV.
    candidates.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).filter(|delimiter| score(*delimiter).1 > 0).unwrap_or(b',')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    pub(crate) fn analysed(bytes: impl AsRef<[u8]>) -> Result<Analysis, FileProblem> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        analyse(&path)
    }

    fn guesses(bytes: &str) -> Vec<String> {
        analysed(bytes).unwrap().columns.iter().map(|column| format!("{}={}", column.name, column.guess)).collect()
    }

    #[test]
    fn the_separator_is_found() {
        for (text, delimiter) in [
            ("name,email\nAda,a@b.example\n", ","),
            ("name;email;size\nAda;a@b.example;1,5\nBob;b@b.example;2,5\n", ";"),
            ("name\temail\nAda, B\ta@b.example\n", "\t"),
            ("name|email\nAda|a@b.example\n", "|"),
            ("sep=;\r\nname;email\r\nA,B,C;a@b.example\r\n", ";"),
            ("email\na@b.example\n", ","),
        ] {
            assert_eq!(analysed(text).unwrap().delimiter, delimiter, "{text}");
        }
    }

    #[test]
    fn well_known_exports_are_mapped() {
        assert_eq!(
            guesses(
                "First Name,Last Name,Title,Company,Company Name for Emails,Email,# Employees,Industry,Person Linkedin Url,Website,City,Country,Annual Revenue,Stage\nAda,K,CTO,Acme,Acme,a@acme.example,12,Tech,http://www.linkedin.com/in/ada,http://acme.example,London,United Kingdom,1000,Cold\n"
            ),
            [
                "First Name=first_name",
                "Last Name=last_name",
                "Title=title",
                "Company=company_name",
                "Company Name for Emails=custom:company_name_for_emails",
                "Email=email",
                "# Employees=employee_count",
                "Industry=industry",
                "Person Linkedin Url=linkedin_url",
                "Website=company_domain",
                "City=city",
                "Country=country",
                "Annual Revenue=annual_revenue",
                "Stage=custom:stage",
            ]
        );
        assert_eq!(
            guesses(
                "Vorname;Nachname;Firma;E-Mail-Adresse;Telefon;Land;Stadt;Position\nJürgen;Groß;Acme;j@acme.example;+49 30 123;Deutschland;Berlin;Chef\n"
            ),
            [
                "Vorname=first_name",
                "Nachname=last_name",
                "Firma=company_name",
                "E-Mail-Adresse=email",
                "Telefon=phone",
                "Land=country",
                "Stadt=city",
                "Position=title"
            ]
        );
        assert_eq!(
            guesses("Given Name,Family Name,E-mail 1 - Value,Phone 1 - Value,Organization 1 - Name\nAda,K,a@b.example,+44 1 234,Acme\n"),
            [
                "Given Name=first_name",
                "Family Name=last_name",
                "E-mail 1 - Value=email",
                "Phone 1 - Value=phone",
                "Organization 1 - Name=company_name"
            ]
        );
        assert_eq!(
            guesses(
                "Record ID,Lead Number,Name,Primary Phone,Mobile Phone,Converted,Score\nr1,7,Ada K,+1 234 567,+1 234 568,1,x9\nr2,8,Bob L,+1 234 569,+1 234 560,0,x8\n"
            ),
            [
                "Record ID=external_id",
                "Lead Number=custom:lead_number",
                "Name=full_name",
                "Primary Phone=phone",
                "Mobile Phone=custom:mobile_phone",
                "Converted=status",
                "Score=custom:score"
            ]
        );
    }

    #[test]
    fn columns_are_also_known_by_what_they_hold() {
        assert_eq!(
            guesses("a,b,c\nada@x.example,https://linkedin.com/in/ada,q\nbob@x.example,https://linkedin.com/in/bob,r\n"),
            ["a=email", "b=linkedin_url", "c=custom:c"]
        );
        let contradicted = analysed("email,name\n12,Ada\n13,Bob\n14,Cy\n").unwrap();
        assert!(contradicted.columns[0].confidence < 50, "{:?}", contradicted.columns[0]);
    }

    #[test]
    fn empty_and_repeated_names_are_told_apart() {
        let analysis = analysed("Email,Note,Note,,\na@b.example,1,2,3,\n").unwrap();
        let names: Vec<_> = analysis.columns.iter().map(|c| (c.name.as_str(), c.key.as_str())).collect();
        assert_eq!(names, [("Email", "email"), ("Note", "note"), ("Note 2", "note_2"), ("Column 4", "column_4")]);
        assert_eq!(custom_key("Größe (m²)", 0), "groesse_m");
        assert_eq!(custom_key("名前", 3), "column_4");
    }

    #[test]
    fn select_that_stands_for_nothing_is_noticed_and_numbers_are_known() {
        let analysis = analysed("Email,City,Visits\na@b.example,Select,1\nb@b.example,Rome,2.5\nc@b.example,Select,\n").unwrap();
        assert_eq!((analysis.columns[1].placeholder, analysis.columns[1].filled), (true, 1));
        assert_eq!(analysis.columns[1].samples, ["Rome"]);
        assert!((analysis.columns[2].kind, analysis.columns[1].kind) == (Kind::Number, Kind::Text));
    }

    #[test]
    fn what_cannot_be_imported_is_answered_clearly() {
        for (text, words) in [
            ("", "empty"),
            ("\n\n\n", "empty"),
            ("name,email\n", "no rows"),
            ("Once upon a time there was a queen.\nShe had no separator.\n", "separator"),
        ] {
            let problem = analysed(text).unwrap_err().to_string();
            assert!(problem.contains(words), "{text:?}: {problem}");
        }
        let wide = format!("email{}\na@b.example\n", ",x".repeat(600));
        assert!(analysed(wide).unwrap_err().to_string().contains("601 columns"));
        let headless = analysed("ada@b.example,Ada\nbob@b.example,Bob\n").unwrap();
        assert!(headless.header_looks_like_data && headless.rows == 1);
        assert!(analysed("email,name\na@b.example,\"Ada\nx").unwrap().cut_off);
        let wide = format!("email{}\na@b.example\n", ",x".repeat(199));
        assert_eq!(analysed(wide).unwrap().columns.len(), 200);
    }
}
