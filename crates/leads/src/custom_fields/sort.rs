use http_kit::Problem;

use super::{Field, FieldKind, INDEXED_LETTERS, MOST_KEY, Registry};
use crate::{filter::nearest, model::is_custom_key};

/// What comes before the key.
const PREFIX: &str = "custom.";
const LONGEST: usize = PREFIX.len() + MOST_KEY;

/// A custom field that a list is sorted by, as an order names it: `custom.KEY`. Kept as its letters, so that an order stays a plain
/// value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SortedField {
    letters: [u8; LONGEST],
    length: usize,
}

impl SortedField {
    /// The field of this name, which need not be there.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if !name.strip_prefix(PREFIX).is_some_and(is_custom_key) {
            return None;
        }
        let mut letters = [0; LONGEST];
        letters.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self { letters, length: name.len() })
    }

    /// `custom.KEY`.
    pub(crate) fn name(&self) -> &str {
        self.letters.get(..self.length).and_then(|letters| std::str::from_utf8(letters).ok()).unwrap_or_default()
    }

    fn key(&self) -> &str {
        self.name().strip_prefix(PREFIX).unwrap_or_default()
    }

    /// The field it is, among these.
    pub(crate) fn of<'a>(&self, registry: &'a Registry) -> Result<&'a Field, Problem> {
        registry.get(self.key()).ok_or_else(|| {
            let near = nearest(self.key(), registry.iter().map(|field| field.key.as_str()));
            Problem::field("/sort", "sort.unknown", format!("There is no custom field {:?} to sort by{near}", self.key()))
        })
    }

    /// The expressions over `lead_rows l` that a list sorts by, never NULL, and their types: figures and then texts, of which a field
    /// has one kind, so that its kind need not be known. Whoever has none comes last in either direction.
    pub(crate) fn expressions(&self, descending: bool) -> [(String, &'static str); 2] {
        // A key is made of a–z, 0–9 and _, so it can stand in the statement.
        let (value, text) = (format!("l.custom -> '{}'", self.key()), format!("l.custom ->> '{}'", self.key()));
        let (no_number, no_text) = nothing(descending);
        [
            (
                format!(
                    "coalesce(CASE jsonb_typeof({value}) WHEN 'number' THEN ({text})::numeric::float8 WHEN 'boolean' THEN ({text})::boolean::int::float8 END, {no_number})"
                ),
                "float8",
            ),
            (
                format!(
                    "coalesce(nullif(CASE jsonb_typeof({value}) WHEN 'string' THEN left(leadline_fold({text}), {INDEXED_LETTERS}) END, ''), {no_text}) COLLATE \"C\""
                ),
                "text",
            ),
        ]
    }

    /// The column of `lead_custom_values v` that has this order, and the expressions over it that say the same as those above.
    pub(crate) fn indexed(field: &Field, descending: bool) -> (&'static str, [String; 2]) {
        let (no_number, no_text) = nothing(descending);
        match field.kind {
            FieldKind::Number | FieldKind::Bool => ("number", ["v.number".to_owned(), no_text.to_owned()]),
            _ => ("text", [no_number.to_owned(), "v.text".to_owned()]),
        }
    }
}

/// What stands for no figure and for no text: before or after all others, as the direction takes it. The text is longer than any
/// value, which ends after [`INDEXED_LETTERS`].
pub(crate) const fn nothing(descending: bool) -> (&'static str, &'static str) {
    if descending {
        ("'-infinity'::float8", "''::text COLLATE \"C\"")
    } else {
        ("'infinity'::float8", "repeat(U&'\\+10FFFF', 252) COLLATE \"C\"")
    }
}

/// Whether these are the keys of a lead without a value.
pub(crate) fn is_nothing(number: &str, text: &str) -> bool {
    number.ends_with("Infinity") && (text.is_empty() || text.chars().count() > INDEXED_LETTERS)
}

impl std::fmt::Debug for SortedField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_become_expressions() {
        for wrong in ["custom.a'; DROP TABLE leads; --", "custom.", "visits", "custom.Visits", &format!("custom.{}", "a".repeat(61))] {
            assert!(SortedField::named(wrong).is_none(), "{wrong}");
        }
        let longest = format!("custom.{}", "a".repeat(60));
        assert_eq!(SortedField::named(&longest).unwrap().name(), longest);
    }
}
