//! A filter to text.

use serde_json::Value;

use super::{
    lexer::{is_word, quote},
    words::{RESERVED, Shape, operator},
};
use crate::filter::{Condition, Filter, Node, kind::Kind};

/// For whom the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum Style {
    /// Signs for comparing, quotation marks around texts.
    People,
    /// What an address can hold as it is: words instead of signs, quotation marks only where they are needed.
    Address,
}

/// The text of a filter; that of all leads is empty.
pub(in crate::filter) fn write(filter: &Filter, style: Style) -> String {
    let mut out = String::new();
    let root = filter.root.clone().normalised();
    if !matches!(&root, Node::All(nodes) if nodes.is_empty()) {
        node(&root, style, true, &mut out);
    }
    out
}

fn node(node_: &Node, style: Style, outermost: bool, out: &mut String) {
    match node_ {
        Node::All(nodes) if nodes.is_empty() => out.push_str("anyone"),
        Node::Any(nodes) if nodes.is_empty() => out.push_str("nobody"),
        Node::All(nodes) => group(nodes, " and ", style, outermost, out),
        Node::Any(nodes) => group(nodes, " or ", style, outermost, out),
        Node::Not(inner) => {
            out.push_str("not ");
            node(inner, style, false, out);
        }
        Node::If(condition) => self::condition(condition, style, out),
    }
}

fn group(nodes: &[Node], with: &str, style: Style, outermost: bool, out: &mut String) {
    if !outermost {
        out.push('(');
    }
    for (index, each) in nodes.iter().enumerate() {
        if index > 0 {
            out.push_str(with);
        }
        node(each, style, false, out);
    }
    if !outermost {
        out.push(')');
    }
}

fn condition(condition: &Condition, style: Style, out: &mut String) {
    let (field, name, value) = condition.spell();
    out.push_str(&field);
    out.push(' ');
    let Some(operator) = operator(name) else { return };
    let sign = operator.words.contains(['<', '>', '=']);
    out.push_str(if sign && style == Style::Address { operator.name } else { operator.words });
    let kind = Kind::of(&field).unwrap_or(Kind::Text);
    // Dates are written as they are, and ids and statuses are words of the language.
    let bare =
        matches!(kind, Kind::Date | Kind::Status | Kind::Owner | Kind::Account | Kind::Segment) || matches!(name, "before" | "after");
    let literal = |value: &Value, out: &mut String| match value {
        Value::String(text) if bare || (style == Style::Address && is_plain(text, kind)) => out.push_str(text),
        Value::String(text) => quote(text, out),
        other => out.push_str(&other.to_string()),
    };
    match (operator.shape, &value) {
        (Shape::Nothing, _) => {}
        (Shape::One, one) => {
            out.push(' ');
            literal(one, out);
        }
        (Shape::Days, days) => {
            out.push(' ');
            literal(days, out);
            out.push_str(" days");
        }
        (Shape::List | Shape::Pair, Value::Array(items)) => {
            let (open, comma, close) = match (operator.shape, style) {
                (Shape::Pair, _) => (" ", " and ", ""),
                (_, Style::People) => (" (", ", ", ")"),
                (_, Style::Address) => (" (", ",", ")"),
            };
            out.push_str(open);
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                literal(item, out);
            }
            out.push_str(close);
        }
        (Shape::List | Shape::Pair, _) => {}
    }
}

/// Whether the text is read as the same text without quotation marks.
fn is_plain(text: &str, kind: Kind) -> bool {
    let word = !text.is_empty() && text.chars().all(is_word) && !RESERVED.contains(&text.to_lowercase().as_str());
    word && (kind != Kind::Custom || serde_json::from_str::<Value>(text).is_err())
}

/// Percent-encoded as the value of a query parameter, leaving what the URL standard lets stand there.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-_.~(),:@/".contains(&byte) => out.push(char::from(byte)),
            byte => {
                out.push('%');
                out.extend(
                    [byte >> 4, byte & 15]
                        .into_iter()
                        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
                        .map(|c| c.to_ascii_uppercase()),
                );
            }
        }
    }
    out
}
