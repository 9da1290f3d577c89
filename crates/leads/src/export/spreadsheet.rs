//! Cells that a spreadsheet shows and never runs, and CSV (RFC 4180) made of them.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), full-width forms included.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The mark that makes Excel read a file as UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The cell with an apostrophe before it if a spreadsheet would run it as a formula. A cell that begins with an apostrophe
/// before such a character gets one more, so that [`without_guard`] gives back every cell as it was.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let bare = cell.trim_start_matches('\'');
    if bare.starts_with(FORMULA) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The reverse of [`guarded`]: what an import reads.
pub fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        Some(_) | None => cell,
    }
}

/// Appends one line, every cell guarded and quoted.
pub fn csv_line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(&guarded(cell).replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_read_back() {
        let mut out = String::new();
        csv_line(&mut out, ["=1+1", "@x", "a \"b\"", "-3", "\tx", "plain", "'=x"]);
        assert_eq!(out, "\"'=1+1\",\"'@x\",\"a \"\"b\"\"\",\"'-3\",\"'\tx\",\"plain\",\"''=x\"\r\n");
        for cell in ["=1", "+44 20", "'+44 20", "''-x", "'n Sync", "x", "", "'", "-", "＝1", "\ty", "\n=1"] {
            let guarded = guarded(cell);
            assert!(!guarded.starts_with(FORMULA), "{guarded}");
            assert_eq!(without_guard(&guarded), cell);
        }
    }
}
