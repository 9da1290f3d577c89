//! Tokens to a filter.
//!
//! ```text
//! filter    = any
//! any       = all { "or" all }
//! all       = one { "and" one }
//! one       = "not" one | "(" any ")" | "anyone" | "nobody" | field operator [value]
//! ```

use serde_json::Value;

use super::{
    lexer::{Spanned, Token, lex},
    words::{ALSO, OPERATORS, Shape, operator},
};
use crate::filter::{
    Condition, Filter, MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES, Node,
    condition::{condition, unknown_field},
    error::{FilterError, Part, Position, Result},
    json::{MAX_LENGTH, too_deep, too_many},
    kind::Kind,
};

/// How many parentheses may be open, needed or not.
const MAX_OPEN: usize = 64;

/// Where the parts of a condition begin, in bytes.
#[derive(Debug, Clone, Copy)]
pub(in crate::filter) struct Places {
    field: usize,
    op: usize,
    value: usize,
}

impl Places {
    pub(in crate::filter) const fn of(&self, part: Part) -> usize {
        match part {
            Part::Field => self.field,
            Part::Op => self.op,
            Part::Value => self.value,
        }
    }
}

/// Reads the text form; an empty text means all leads.
pub(in crate::filter) fn parse(text: &str) -> Result<Filter> {
    read(text).map(|(filter, _)| filter)
}

/// Where the conditions of a text stand, in their order; none if it is not the text form.
pub(in crate::filter) fn places(text: &str) -> Vec<Places> {
    read(text).map(|(_, places)| places).unwrap_or_default()
}

fn read(text: &str) -> Result<(Filter, Vec<Places>)> {
    let at = |byte: usize, detail: String| FilterError { pointer: String::new(), position: Some(Position::of(text, byte)), detail };
    if text.len() > MAX_LENGTH {
        return Err(at(0, format!("it is longer than {MAX_LENGTH} bytes")));
    }
    let tokens = lex(text).map_err(|objection| at(objection.start, objection.detail.to_owned()))?;
    let mut parser = Parser { text, tokens: &tokens, next: 0, open: 0, places: Vec::new() };
    if parser.peek() == &Token::End {
        return Ok((Filter::default(), Vec::new()));
    }
    let (root, _) = parser.any()?;
    match parser.peek() {
        Token::End => Ok((Filter { root }, parser.places)),
        Token::Symbol(")") => parser.wrong("this parenthesis closes nothing"),
        _ => parser.wrong("and, or or the end is expected"),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Spanned],
    next: usize,
    open: usize,
    places: Vec<Places>,
}

/// A node and how deep it is.
type Parsed = Result<(Node, usize)>;

impl Parser<'_> {
    fn token(&self, ahead: usize) -> &Token {
        self.tokens.get(self.next + ahead).map_or(&Token::End, |spanned| &spanned.token)
    }

    fn peek(&self) -> &Token {
        self.token(0)
    }

    /// The byte at which the next token begins.
    fn here(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |spanned| spanned.start)
    }

    fn fail<T>(&self, byte: usize, detail: impl Into<String>) -> Result<T> {
        Err(FilterError { pointer: String::new(), position: Some(Position::of(self.text, byte)), detail: detail.into() })
    }

    fn wrong<T>(&self, detail: impl Into<String>) -> Result<T> {
        self.fail(self.here(), detail)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.token(ahead), Token::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(0, word);
        self.next += usize::from(found);
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Parsed {
        self.joined("or", Self::all, Node::Any)
    }

    fn all(&mut self) -> Parsed {
        self.joined("and", Self::one, Node::All)
    }

    fn joined(&mut self, with: &str, part: fn(&mut Self) -> Parsed, group: fn(Vec<Node>) -> Node) -> Parsed {
        let start = self.here();
        let (first, mut height) = part(self)?;
        let mut nodes = vec![first];
        while self.take_word(with) {
            let (node, other) = part(self)?;
            nodes.push(node);
            height = height.max(other);
        }
        match nodes.pop() {
            Some(only) if nodes.is_empty() => Ok((only, height)),
            last => {
                nodes.extend(last);
                self.deeper(start, group(nodes), height)
            }
        }
    }

    fn deeper(&self, start: usize, node: Node, height: usize) -> Parsed {
        if height >= MAX_DEPTH { self.fail(start, too_deep()) } else { Ok((node, height + 1)) }
    }

    fn one(&mut self) -> Parsed {
        let start = self.here();
        self.open += 1;
        if self.open > MAX_OPEN {
            return self.wrong(too_deep());
        }
        let parsed = if self.take_word("not") {
            let (node, height) = self.one()?;
            self.deeper(start, Node::Not(Box::new(node)), height)?
        } else if self.take_symbol("(") {
            let inner = self.any()?;
            if !self.take_symbol(")") {
                return self.wrong("and, or or a closing parenthesis is expected");
            }
            inner
        } else if self.take_word("anyone") {
            (Node::All(Vec::new()), 1)
        } else if self.take_word("nobody") {
            (Node::Any(Vec::new()), 1)
        } else {
            (Node::If(self.condition()?), 1)
        };
        self.open -= 1;
        Ok(parsed)
    }

    fn condition(&mut self) -> Result<Condition> {
        let field_at = self.here();
        let Token::Word(written) = self.peek() else {
            return self.wrong("a field, not or an opening parenthesis is expected");
        };
        let field = written.to_lowercase();
        let Some(kind) = Kind::of(&field) else { return self.wrong(unknown_field(&field)) };
        self.next += 1;
        if self.places.len() >= MAX_CONDITIONS {
            return self.fail(field_at, too_many());
        }
        let op_at = self.here();
        let (op, shape) = self.operator(kind)?;
        let places = Places { field: field_at, op: op_at, value: self.here() };
        self.places.push(places);
        let value = self.value(kind, op, shape)?;
        condition(&field, op, &value, "").map_err(|error| {
            let part = Part::of(&error.pointer);
            let detail = if part == Part::Op { format!("{field} has the operators {}", offered(kind)) } else { error.detail };
            FilterError { pointer: String::new(), position: Some(Position::of(self.text, places.of(part))), detail }
        })
    }

    /// The longest operator that stands here.
    fn operator(&mut self, kind: Kind) -> Result<(&'static str, Shape)> {
        let spelled = OPERATORS.iter().flat_map(|operator| [(operator.words, operator.name), (operator.name, operator.name)]);
        let longest = spelled
            .chain(ALSO.iter().copied())
            .filter_map(|(words, name)| Some((self.matches(words)?, name)))
            .max_by_key(|(length, _)| *length);
        match longest.and_then(|(length, name)| Some((length, operator(name)?))) {
            Some((length, operator)) => {
                self.next += length;
                Ok((operator.name, operator.shape))
            }
            None => self.wrong(format!("an operator is expected: {}", offered(kind))),
        }
    }

    /// How many tokens these words are, if they stand here.
    fn matches(&self, words: &str) -> Option<usize> {
        let mut length = 0;
        for word in words.split(' ') {
            let stands = match self.token(length) {
                Token::Symbol(symbol) => *symbol == word,
                _ => self.is_word(length, word),
            };
            if !stands {
                return None;
            }
            length += 1;
        }
        Some(length)
    }

    fn value(&mut self, kind: Kind, op: &str, shape: Shape) -> Result<Value> {
        match shape {
            Shape::Nothing => Ok(Value::Null),
            Shape::One => self.literal(kind, op),
            Shape::Pair => {
                let from = self.literal(kind, op)?;
                if !self.take_word("and") {
                    return self.wrong("and is expected, as in: between 1 and 5");
                }
                Ok(Value::Array(vec![from, self.literal(kind, op)?]))
            }
            Shape::Days => {
                let days = self.literal(Kind::Number, op)?;
                let _ = self.take_word("days") || self.take_word("day");
                Ok(days)
            }
            Shape::List => {
                if !self.take_symbol("(") {
                    return self.wrong("a list is expected, as in: (one, \"and two\")");
                }
                let mut items = vec![self.literal(kind, op)?];
                while self.take_symbol(",") {
                    if items.len() >= MAX_VALUES {
                        return self.wrong(format!("a list holds at most {MAX_VALUES} values"));
                    }
                    items.push(self.literal(kind, op)?);
                }
                if !self.take_symbol(")") {
                    return self.wrong("a comma or a closing parenthesis is expected");
                }
                Ok(Value::Array(items))
            }
        }
    }

    /// A value: what it is follows from the field, or, of a custom field, from how it is written.
    fn literal(&mut self, kind: Kind, op: &str) -> Result<Value> {
        let value = match self.peek() {
            Token::Quoted(text) => Value::String(text.clone()),
            Token::Word(word) => {
                let read = match kind {
                    Kind::Number => crate::model::parse_whole(word).ok().flatten().or_else(|| word.parse().ok()).map(Value::from),
                    Kind::Custom => serde_json::from_str(word).ok().filter(|value: &Value| value.is_number() || value.is_boolean()),
                    Kind::Status => Some(Value::String(word.to_lowercase())),
                    _ => None,
                };
                read.unwrap_or_else(|| Value::String(word.clone()))
            }
            _ => {
                let expected = if kind == Kind::Number || op.ends_with("_days") { "a number is expected" } else { "a value is expected" };
                return self.wrong(expected);
            }
        };
        self.next += 1;
        Ok(value)
    }
}

/// The operators of a kind in words.
fn offered(kind: Kind) -> String {
    let words: Vec<&str> = kind.operators().iter().filter_map(|(name, _)| operator(name)).map(|operator| operator.words).collect();
    words.join(", ")
}
