//! Packed files, made byte by byte: gzip, ZIP, Excel workbooks.

use std::io::Write;

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    // A bomb is packed as tightly as it can be.
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    write_archive(files, CompressionMethod::Deflated)
}

fn write_archive(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A cell as a workbook stores it.
pub enum Cell {
    Shared(&'static str),
    Inline(String),
    Number(f64),
    /// Days since 1900.
    Date(f64),
    Bool(bool),
    Error(&'static str),
}

/// (name, hidden, rows of (number from 1, cells of (column, cell))).
pub type Sheet = (&'static str, bool, Vec<(u32, Vec<(char, Cell)>)>);

pub fn workbook(sheets: &[Sheet]) -> Vec<u8> {
    workbook_with(sheets, "")
}

/// With `padding` among its shared texts.
pub fn workbook_with(sheets: &[Sheet], padding: &str) -> Vec<u8> {
    let mut shared: Vec<&str> = Vec::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, (name, hidden, rows)) in sheets.iter().enumerate() {
        let n = index + 1;
        let state = if *hidden { " state=\"hidden\"" } else { "" };
        list.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{n}\"{state} r:id=\"rId{n}\"/>"));
        relations.push_str(&format!("<Relationship Id=\"rId{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"));
        let mut data = String::new();
        for (row, cells) in rows {
            data.push_str(&format!("<row r=\"{row}\">"));
            for (column, cell) in cells {
                let place = format!("{column}{row}");
                data.push_str(&match cell {
                    Cell::Shared(text) => {
                        let at = shared.iter().position(|known| known == text).unwrap_or_else(|| {
                            shared.push(text);
                            shared.len() - 1
                        });
                        format!("<c r=\"{place}\" t=\"s\"><v>{at}</v></c>")
                    }
                    Cell::Inline(text) => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
                    Cell::Number(number) => format!("<c r=\"{place}\"><v>{number}</v></c>"),
                    Cell::Date(days) => format!("<c r=\"{place}\" s=\"1\"><v>{days}</v></c>"),
                    Cell::Bool(yes) => format!("<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(*yes)),
                    Cell::Error(error) => format!("<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
                });
            }
            data.push_str("</row>");
        }
        parts.push((
            format!("xl/worksheets/sheet{n}.xml"),
            format!(
                "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{data}</sheetData></worksheet>"
            ),
        ));
    }
    let texts: String = shared.iter().map(|text| format!("<si><t xml:space=\"preserve\">{text}</t></si>")).collect();
    let xml = |name: &str, body: String| (name.to_owned(), format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}"));
    parts.push(xml("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned()));
    parts.push(xml("_rels/.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_owned()));
    parts.push(xml("xl/workbook.xml", format!("<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>")));
    parts.push(xml("xl/_rels/workbook.xml.rels", format!("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}<Relationship Id=\"rIdS\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"rIdT\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>")));
    parts.push(xml(
        "xl/sharedStrings.xml",
        format!("<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{texts}{padding}</sst>"),
    ));
    parts.push(xml("xl/styles.xml", "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>".to_owned()));
    let files: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    // Stored, because packing megabytes of padding takes a debug build long.
    write_archive(&files, CompressionMethod::Stored)
}
