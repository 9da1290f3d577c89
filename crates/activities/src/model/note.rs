use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{LeadId, NoteId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// The most characters of a note.
const LONGEST: usize = 10_000;

/// What somebody wrote down about a lead: plain text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Note {
    pub id: NoteId,
    pub lead_id: LeadId,
    pub body: String,
    /// Who wrote it; they may have left since.
    pub author_id: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; send it back in `If-Match`.
    pub version: i32,
}

impl Note {
    /// Whether it was changed after it was written.
    pub fn is_edited(&self) -> bool {
        self.version > 1
    }
}

/// The text without what surrounds it, if it is one.
pub(crate) fn clean_body(text: &str) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::new("/body", "body.required", "Write something first: a note has at least one character"));
    }
    let length = text.chars().count();
    if length > LONGEST {
        let why = format!("A note has at most 10,000 characters and this one has {}: shorten it, or make two", ui::number(length as i64));
        return Err(FieldError::new("/body", "body.long", why));
    }
    if text.contains('\0') {
        return Err(FieldError::new("/body", "body.invalid", "The note holds a NUL character, which cannot be stored: remove it"));
    }
    Ok(text.to_owned())
}
