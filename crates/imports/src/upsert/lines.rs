use http_kit::{FieldError, Problem};
use leads::model::LeadDraft;
use serde_json::Value;

use super::MAX_LINES;
use crate::row::{self, LeadRow};

/// A line of the call, read.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) index: usize,
    pub(super) row: Result<LeadRow, Vec<FieldError>>,
}

/// Reads lines of JSON; blank ones are left out.
pub(super) fn read(body: &[u8]) -> Result<Vec<Line>, Problem> {
    let lines = body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    if lines.clone().take(MAX_LINES + 1).count() > MAX_LINES {
        return Err(Problem::field("", "lines.too_many", "A call takes at most 10,000 lines. Send the rest in another one."));
    }
    let lines: Vec<Line> = lines.map(|(index, line)| Line { index, row: lead(index, line) }).collect();
    if lines.is_empty() {
        return Err(Problem::field("", "lines.missing", "The body holds no line. Send one lead in JSON on each line."));
    }
    Ok(lines)
}

fn lead(index: usize, line: &[u8]) -> Result<LeadRow, Vec<FieldError>> {
    let wrong = |pointer: &str, code: &str, detail: String| vec![FieldError::new(pointer, code, detail)];
    let value: Value = serde_json::from_slice(line).map_err(|error| wrong("", "json.invalid", format!("The line is not JSON: {error}")))?;
    if contains_nul(&value) {
        return Err(wrong("", "text.invalid", "The line holds a NUL character, which cannot be stored.".to_owned()));
    }
    let says_status = value.get("status").is_some_and(|status| !status.is_null());
    if value.get("owner_id").is_some_and(|owner| !owner.is_null()) {
        return Err(wrong(
            "/owner_id",
            "owner_id.not_taken",
            "An upsert does not set owners. Use POST /api/v1/leads/bulk for that.".to_owned(),
        ));
    }
    let draft: LeadDraft = serde_json::from_value(value).map_err(|error| wrong("", "lead.invalid", error.to_string()))?;
    let lead = draft.check()?;
    let status = says_status.then_some(lead.status);
    let import_key = row::import_key(&lead);
    Ok(LeadRow { row: index as u64 + 1, lead, status, opted_out: false, import_key, cells: Vec::new() })
}

fn contains_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(contains_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || contains_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_line_stands_for_itself() {
        let lines =
            read(b"{\"email\":\"a@x.example\"}\r\n\n{\"email\":\"nope\"}\n{\n{\"email\":\"b@x.example\",\"owner_id\":\"user_1\"}\n")
                .unwrap();
        let codes: Vec<_> = lines.iter().map(|line| (line.index, line.row.as_ref().err().map(|errors| errors[0].code.clone()))).collect();
        assert_eq!(
            codes,
            [(0, None), (2, Some("email.invalid".into())), (3, Some("json.invalid".into())), (4, Some("owner_id.not_taken".into()))]
        );
        assert!(read(b"\n \n").is_err() && read("{}\n".repeat(10_001).as_bytes()).is_err());
    }
}
