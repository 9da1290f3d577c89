//! Letters to tokens.

use std::iter::Peekable;
use std::str::CharIndices;

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, an operator, a number, a date: letters, digits and what addresses and dates are made of.
    Word(String),
    /// Between quotation marks.
    Quoted(String),
    /// `( ) , = != > >= < <=`
    Symbol(&'static str),
    End,
}

/// A token, and the byte at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) start: usize,
}

/// What the lexer objects to, and the byte of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) start: usize,
    pub(super) detail: &'static str,
}

/// Whether a word may hold it without quotation marks.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_.-@:+/".contains(c)
}

/// All tokens, ending in [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Spanned>, Objection> {
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, c)) = letters.next() {
        let mut then = |next: char| letters.next_if(|(_, c)| *c == next).is_some();
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Symbol("("),
            ')' => Token::Symbol(")"),
            ',' => Token::Symbol(","),
            '=' => {
                then('=');
                Token::Symbol("=")
            }
            '!' if then('=') => Token::Symbol("!="),
            '>' if then('=') => Token::Symbol(">="),
            '>' => Token::Symbol(">"),
            '<' if then('=') => Token::Symbol("<="),
            '<' if then('>') => Token::Symbol("!="),
            '<' => Token::Symbol("<"),
            '"' | '“' => Token::Quoted(quoted(&mut letters, start)?),
            c if is_word(c) => {
                let mut word = String::from(c);
                while let Some((_, c)) = letters.next_if(|(_, c)| is_word(*c)) {
                    word.push(c);
                }
                Token::Word(word)
            }
            _ => return Err(Objection { start, detail: "this character belongs between quotation marks" }),
        };
        tokens.push(Spanned { token, start });
    }
    tokens.push(Spanned { token: Token::End, start: text.len() });
    Ok(tokens)
}

/// The rest of a quoted text; a backslash takes the next character as it is, `\n` and `\t` are line end and tab.
fn quoted(letters: &mut Peekable<CharIndices<'_>>, start: usize) -> Result<String, Objection> {
    let mut text = String::new();
    while let Some((_, c)) = letters.next() {
        match c {
            '"' | '”' => return Ok(text),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, c)) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(Objection { start, detail: "the quotation mark is never closed" })
}

/// A text between quotation marks, as [`lex`] reads it.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' | '”' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
