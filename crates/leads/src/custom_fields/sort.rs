use http_kit::Problem;

use super::{MOST_KEY, Registry};
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

    /// Refuses one that no field is.
    pub(crate) fn check(&self, registry: &Registry) -> Result<(), Problem> {
        if registry.get(self.key()).is_some() {
            return Ok(());
        }
        let near = nearest(self.key(), registry.iter().map(|field| field.key.as_str()));
        Err(Problem::field("/sort", "sort.unknown", format!("There is no custom field {:?} to sort by{near}", self.key())))
    }

    /// The expressions over `lead_rows l` that a list sorts by, never NULL, and their types: figures and then texts, of which a field
    /// has one kind, so that its kind need not be known. What is not there is before everything else. No index gives this order:
    /// all leads that a filter means are sorted.
    pub(crate) fn expressions(&self) -> [(String, &'static str); 2] {
        // A key is made of a–z, 0–9 and _, so it can stand in the statement.
        let (value, text) = (format!("l.custom -> '{}'", self.key()), format!("l.custom ->> '{}'", self.key()));
        [
            (
                format!(
                    "coalesce(CASE jsonb_typeof({value}) WHEN 'number' THEN ({text})::numeric::float8 WHEN 'boolean' THEN ({text})::boolean::int::float8 END, '-infinity'::float8)"
                ),
                "float8",
            ),
            (format!("coalesce(CASE jsonb_typeof({value}) WHEN 'string' THEN leadline_fold({text}) END, '')"), "text"),
        ]
    }
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
