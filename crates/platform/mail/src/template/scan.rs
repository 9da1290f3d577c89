//! A reader of template source that knows just enough of the syntax to find where things are. The
//! engine parses; this says lines and names.

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) what: What,
    /// What stands between the braces, without whitespace control.
    pub(super) inner: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
    /// Where `inner` begins, in bytes of the source.
    pub(super) start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// `{{ … }}`
    Print,
    /// `{% … %}`
    Statement,
    /// Braces that are never closed.
    Unclosed,
}

/// The prints and statements of a template, without comments.
pub(super) fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut found = vec![];
    let mut at = 0;
    while let Some((start, what, close)) = next_open(source, at) {
        let body = start + 2;
        let comment = close == "#}";
        let end =
            if comment { source.get(body..).and_then(|rest| rest.find(close)).map(|i| body + i) } else { end_of_code(source, body, close) };
        let line = 1 + source.get(..start).map_or(0, |before| before.matches('\n').count());
        let Some(end) = end else {
            found.push(Piece { what: What::Unclosed, inner: source.get(body..).unwrap_or_default(), line, start: body });
            break;
        };
        if !comment {
            let inner = source.get(body..end).unwrap_or_default();
            let inner = inner.strip_suffix(['-', '+']).unwrap_or(inner);
            let code = inner.strip_prefix(['-', '+']).unwrap_or(inner).trim_start();
            found.push(Piece { what, inner: code.trim_end(), line, start: body + inner.len() - code.len() });
        }
        at = end + 2;
    }
    found
}

fn next_open(source: &str, at: usize) -> Option<(usize, What, &'static str)> {
    let rest = source.get(at..)?;
    [("{{", What::Print, "}}"), ("{%", What::Statement, "%}"), ("{#", What::Print, "#}")]
        .into_iter()
        .filter_map(|(open, what, close)| rest.find(open).map(|i| (at + i, what, close)))
        .min_by_key(|(start, ..)| *start)
}

/// The closing braces, not counting those inside string literals.
fn end_of_code(source: &str, from: usize, close: &str) -> Option<usize> {
    let code = source.get(from..)?;
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in code.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if code.get(i..).is_some_and(|rest| rest.starts_with(close)) => return Some(from + i),
            None => {}
        }
    }
    None
}

/// Splits an expression at the `|` that are not inside strings or brackets.
pub(super) fn filters_of(expression: &str) -> Vec<&str> {
    let mut parts = vec![];
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0_i32, None, false);
    for (i, c) in expression.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '|') if depth == 0 => {
                parts.push(expression.get(start..i).unwrap_or_default().trim());
                start = i + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(expression.get(start..).unwrap_or_default().trim());
    parts
}

/// The name that a filter call begins with.
pub(super) fn filter_name(call: &str) -> &str {
    let end = call.find(|c: char| !is_word(c)).unwrap_or(call.len());
    call.get(..end).unwrap_or_default()
}

/// The variable of `{{ variable | filter | … }}` when it is printed without a `default`.
fn required_variable<'a>(piece: &Piece<'a>) -> Option<&'a str> {
    if piece.what != What::Print {
        return None;
    }
    let parts = filters_of(piece.inner);
    let (variable, filters) = parts.split_first()?;
    let bare = leading_path(variable).is_some_and(|path| path == *variable);
    let falls_back = filters.iter().any(|call| filter_name(call) == "default");
    // Inside a loop these belong to the engine.
    let own = *variable == "loop" || variable.starts_with("loop.");
    (bare && !falls_back && !own).then_some(variable)
}

/// The source with `| filter("variable")` behind every variable printed without a `default`, before
/// its other filters.
pub(super) fn guarded(source: &str, pieces: &[Piece<'_>], filter: &str) -> String {
    let mut out = String::with_capacity(source.len() + pieces.len() * 32);
    let mut at = 0;
    for piece in pieces {
        let Some(variable) = required_variable(piece) else { continue };
        let end = piece.start + variable.len();
        out.push_str(source.get(at..end).unwrap_or_default());
        out.push_str(&format!(" | {filter}(\"{variable}\")"));
        at = end;
    }
    out.push_str(source.get(at..).unwrap_or_default());
    out
}

/// The variables that occur, with their lines: every path outside strings that is not the name of a
/// filter, a keyword argument or a word of the language.
pub(super) fn paths(source: &str) -> Vec<(String, usize)> {
    let mut found = vec![];
    for piece in pieces(source) {
        let (mut quote, mut escaped, mut previous) = (None, false, ' ');
        let mut skip_until = 0;
        for (i, c) in piece.inner.char_indices() {
            if i < skip_until {
                continue;
            }
            match (quote, c) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(q), c) if c == q => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, c) if c.is_alphabetic() || c == '_' => {
                    let rest = piece.inner.get(i..).unwrap_or_default();
                    let path = leading_path(rest).unwrap_or_default();
                    skip_until = i + path.len().max(1);
                    if previous != '|' && !WORDS.contains(&path.as_str()) {
                        let line = piece.line + piece.inner.get(..i).map_or(0, |before| before.matches('\n').count());
                        found.push((path, line));
                    }
                }
                (None, _) => {}
            }
            if !c.is_whitespace() {
                previous = c;
            }
        }
    }
    found
}

const WORDS: [&str; 15] = ["if", "elif", "else", "endif", "for", "endfor", "in", "and", "or", "not", "is", "true", "false", "none", "loop"];

/// `custom.budget` from `custom.budget | upper`.
pub(super) fn leading_path(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text.find(|c: char| !is_word(c) && c != '.').unwrap_or(text.len());
    let path = text.get(..end)?.trim_end_matches('.');
    let starts_well = path.split('.').all(|name| name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_'));
    (starts_well && !path.is_empty()).then(|| path.to_owned())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_know_strings_comments_and_lines() {
        let found = pieces("a {{ x }}\n{# {{ no }} #}{%- if y -%}\n\n{{ \"}}\" }} {{ open");
        let seen: Vec<(What, &str, usize)> = found.iter().map(|p| (p.what, p.inner, p.line)).collect();
        assert_eq!(seen, [(What::Print, "x", 1), (What::Statement, "if y", 2), (What::Print, "\"}}\"", 4), (What::Unclosed, " open", 4)]);
    }

    #[test]
    fn guards_stand_behind_bare_variables_only() {
        let source = "{{ a }}{{- b.c | upper -}}{{ d | default('x|y') | title }}{{ e ~ f }}{{ 'g' }}{% if h %}{% endif %}{{ loop.index }}";
        assert_eq!(
            guarded(source, &pieces(source), "req"),
            "{{ a | req(\"a\") }}{{- b.c | req(\"b.c\") | upper -}}{{ d | default('x|y') | title }}{{ e ~ f }}{{ 'g' }}{% if h %}{% endif %}{{ loop.index }}"
        );
    }

    #[test]
    fn paths_have_lines() {
        assert_eq!(
            paths("{{ a | default(b) }}\n{% if not c.d and \"e\" %}\n{{ f\n ~ g }}{% endif %}"),
            [("a".to_owned(), 1), ("b".to_owned(), 1), ("c.d".to_owned(), 2), ("f".to_owned(), 3), ("g".to_owned(), 4)]
        );
    }
}
