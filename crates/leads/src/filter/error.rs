//! What is wrong with a filter, and where.

use http_kit::{FieldError, Problem};

/// What is wrong with a filter, and where: `pointer` is a JSON pointer into the JSON form, `position` a place in the text form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", place(pointer, *position))]
pub struct FilterError {
    pub pointer: String,
    pub position: Option<Position>,
    pub detail: String,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Characters before it.
    pub offset: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Position {
    /// The place of the byte at `byte` of `text`.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { offset: before.chars().count(), line: before.matches('\n').count() + 1, column }
    }
}

/// Which part of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Field,
    Op,
    Value,
}

impl Part {
    /// The member of the JSON form.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Op => "op",
            Self::Value => "value",
        }
    }

    /// The part at which a JSON pointer into one condition ends.
    pub(super) fn of(pointer: &str) -> Self {
        match pointer {
            "/op" => Self::Op,
            "/value" => Self::Value,
            _ => Self::Field,
        }
    }
}

fn place(pointer: &str, position: Option<Position>) -> String {
    match position {
        Some(Position { line, column, .. }) => format!("line {line}, column {column}: "),
        None if pointer.is_empty() => String::new(),
        None => format!("at {pointer}: "),
    }
}

pub(super) type Result<T> = std::result::Result<T, FilterError>;

/// An error at a place of the JSON form.
pub(super) fn err<T>(at: &str, detail: impl Into<String>) -> Result<T> {
    Err(FilterError { pointer: at.to_owned(), position: None, detail: detail.into() })
}

impl From<FilterError> for FieldError {
    fn from(error: FilterError) -> Self {
        let detail = format!("The filter cannot be used: {error}.");
        Self::new(format!("/filter{}", error.pointer), "filter.invalid", detail)
    }
}

impl From<FilterError> for Problem {
    fn from(error: FilterError) -> Self {
        Self::invalid(vec![error.into()])
    }
}

/// `; did you mean "country"?` for a word that is nearly one of these; nothing otherwise.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let word: Vec<char> = word.chars().take(80).flat_map(char::to_lowercase).collect();
    let most = (word.len() / 3).clamp(1, 3);
    let near = known
        .into_iter()
        .map(|name| (distance(&word, name), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance);
    near.map_or_else(String::new, |(_, name)| format!("; did you mean {name:?}?"))
}

/// Levenshtein's, in letters.
fn distance(a: &[char], b: &str) -> usize {
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, letter) in b.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(a) {
            left = (diagonal + usize::from(*other != letter)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let names = ["country", "company_name", "score"];
        assert_eq!(nearest("contry", names), "; did you mean \"country\"?");
        assert_eq!(nearest("Scores", names), "; did you mean \"score\"?");
        assert_eq!(nearest("shoe_size", names), "");
        assert_eq!(nearest("", names), "");
    }

    #[test]
    fn a_place_is_counted_in_characters() {
        assert_eq!(Position::of("é\nüx", 5), Position { offset: 3, line: 2, column: 2 });
        assert_eq!(Position::of("", 0), Position { offset: 0, line: 1, column: 1 });
    }
}
