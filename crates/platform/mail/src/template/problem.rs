use minijinja::{Error, ErrorKind};

use super::scan::{Piece, What, leading_path};

/// Something wrong with a template, told so that its author can repair it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("line {line}: {message}{}", suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
pub struct TemplateProblem {
    /// The variable it is about, if it is about one.
    pub variable: Option<String>,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
    /// The known name that comes nearest.
    pub suggestion: Option<String>,
}

impl TemplateProblem {
    pub(super) fn at(line: usize, message: impl Into<String>) -> Self {
        Self { variable: None, line, message: message.into(), suggestion: None }
    }

    pub(super) fn suggesting(mut self, known: &[&str]) -> Self {
        self.suggestion = self.variable.as_deref().and_then(|variable| nearest(variable, known));
        self
    }
}

/// The known name that was probably meant: the same letters in another spelling (`First Name`,
/// `firstName`, `lead.first_name`), else the most similar one if it is similar enough.
fn nearest(variable: &str, known: &[&str]) -> Option<String> {
    let plain = |name: &str| -> String { name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let last = |name: &str| name.rsplit('.').next().map(plain).unwrap_or_default();
    let (wanted, wanted_last) = (plain(variable), last(variable));
    let same = known.iter().find(|name| plain(name) == wanted).or_else(|| known.iter().find(|name| last(name) == wanted_last));
    same.map(|name| (*name).to_owned()).or_else(|| {
        known
            .iter()
            .map(|name| (strsim::normalized_damerau_levenshtein(&plain(name), &wanted), *name))
            .filter(|(similarity, _)| *similarity >= 0.6)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, name)| name.to_owned())
    })
}

/// The statements that a template may use.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// What is wrong with a piece before the engine sees it, in words of the author's world.
pub(super) fn of_piece(piece: &Piece<'_>) -> Option<TemplateProblem> {
    let inner = piece.inner;
    match piece.what {
        What::Unclosed => Some(TemplateProblem::at(piece.line, "the braces that open here are never closed")),
        What::Print if inner.is_empty() => Some(TemplateProblem::at(piece.line, "`{{ }}` names no variable")),
        // `{{ First Name }}`, as other products write their merge tags.
        What::Print if is_words(inner) => Some(TemplateProblem {
            variable: Some(inner.to_owned()),
            line: piece.line,
            message: format!("`{inner}` is not a variable's name: names have no spaces"),
            suggestion: None,
        }),
        What::Print if inner.contains(['“', '”', '„', '‘', '’']) => {
            Some(TemplateProblem::at(piece.line, format!("`{inner}` has typographic quotation marks; use straight ones: \"")))
        }
        What::Print => None,
        What::Statement => {
            let word = inner.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            (!STATEMENTS.contains(&word))
                .then(|| TemplateProblem::at(piece.line, format!("`{{% {word} %}}` is not available in a mail; there are if and for")))
        }
    }
}

/// Two or more words and nothing else, unless they are an expression of the language.
fn is_words(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let language = ["if", "and", "or", "not", "is", "in", "else"];
    words.len() > 1 && words.iter().all(|word| leading_path(word).is_some_and(|path| path == *word) && !language.contains(word))
}

/// An error of parsing.
pub(super) fn of_syntax(error: &Error) -> TemplateProblem {
    TemplateProblem::at(error.line().unwrap_or(1), words(error))
}

/// The engine's words, without its prefixes.
pub(super) fn words(error: &Error) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::SyntaxError => format!("this cannot be read: {detail}"),
        kind if detail.is_empty() => kind.to_string(),
        _ => detail.to_owned(),
    }
}
