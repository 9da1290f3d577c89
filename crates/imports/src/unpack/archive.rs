use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use zip::ZipArchive;

use super::{FileProblem, MAX_ALL, Unpacked, copy, create, damaged, finish, workbook};

/// More files than any export has.
const MAX_ENTRIES: usize = 10_000;

/// What only a workbook has.
const WORKBOOK: &str = "xl/workbook.xml";

type Archive = ZipArchive<BufReader<File>>;

fn open(from: &Path) -> Result<Archive, FileProblem> {
    let file = BufReader::with_capacity(128 * 1024, File::open(from)?);
    let archive = ZipArchive::new(file).map_err(|error| damaged(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(FileProblem::Archive(format!(
            "The archive holds {} files. Put the one with the leads into an archive of its own.",
            archive.len()
        )));
    }
    Ok(archive)
}

/// The sheet of a workbook, of which at most so many bytes are read; nothing where it is another archive.
pub(super) fn unpack_workbook(from: &Path, to: &Path, most: u64) -> Result<Option<Unpacked>, FileProblem> {
    let mut archive = open(from)?;
    let is_workbook = names(&mut archive)?.iter().any(|(_, name)| name == WORKBOOK);
    if is_workbook { workbook::unpack(archive, to, most).map(Some) } else { Ok(None) }
}

/// The one table of a ZIP archive; or a workbook, which is a ZIP archive of its own kind.
pub(super) fn unpack(from: &Path, to: &Path) -> Result<Unpacked, FileProblem> {
    let mut archive = open(from)?;
    let names = names(&mut archive)?;
    let has = |wanted: &str| names.iter().any(|(_, name)| name == wanted);
    if has(WORKBOOK) {
        return workbook::unpack(archive, to, MAX_ALL);
    }
    if let Some((_, other)) = OTHERS.iter().find(|(part, _)| has(part)) {
        return Err(FileProblem::NotText(other));
    }
    let (index, name) = table(&names)?;
    let mut entry = archive.by_index(index).map_err(|error| damaged(&error))?;
    let packed = entry.compressed_size();
    let mut output = create(to)?;
    copy(&mut entry, packed, &mut output)?;
    finish(output)?;
    Ok(Unpacked { part: Some(name), ..Unpacked::default() })
}

/// What else comes as a ZIP archive, by a part that only it has.
const OTHERS: [(&str, &str); 4] = [
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("content.xml", "an OpenDocument file (.ods)"),
    ("Index/Document.iwa", "an Apple Numbers or Pages document"),
];

/// Files that people put there: no directories, and nothing that operating systems add.
fn names<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<(usize, String)>, FileProblem> {
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.into_owned();
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let added = name.starts_with("__MACOSX/") || last.starts_with('.') || matches!(last, "Thumbs.db" | "desktop.ini");
        if !entry.is_file() || added {
            continue;
        }
        if entry.encrypted() {
            return Err(FileProblem::Archive("The archive is protected by a password. Unpack it, and upload the file in it.".to_owned()));
        }
        names.push((index, name));
    }
    Ok(names)
}

/// The one that holds the table: the only file, the only CSV among others, the only text, or the only workbook.
fn table(names: &[(usize, String)]) -> Result<(usize, String), FileProblem> {
    let shown =
        |name: &str| name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(80).collect::<String>();
    let of = |endings: &[&str]| -> Vec<&(usize, String)> {
        names.iter().filter(|(_, name)| endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))).collect()
    };
    for endings in [[".csv", ".tsv", ".tab"].as_slice(), &[".txt"], &[".xlsx", ".xlsm"]] {
        match of(endings).as_slice() {
            [] => {}
            [(index, name)] => return Ok((*index, shown(name))),
            [first, second, ..] => {
                let (first, second) = (shown(&first.1), shown(&second.1));
                return Err(FileProblem::Archive(format!(
                    "The archive holds several tables (“{first}”, “{second}”{}). Upload them one by one.",
                    if of(endings).len() > 2 { " …" } else { "" }
                )));
            }
        }
    }
    match names {
        [] => Err(FileProblem::Archive("The archive is empty. Put the file of leads into it.".to_owned())),
        // Whatever it is, whoever reads it next says so.
        [(index, name)] => Ok((*index, shown(name))),
        _ => Err(FileProblem::Archive(
            "The archive holds several files and none of them is a CSV file or a workbook. Upload the one with the leads.".to_owned(),
        )),
    }
}
