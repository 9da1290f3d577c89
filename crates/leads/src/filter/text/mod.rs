//! The text form: words, read by a lexer and a parser of recursive descent, and written back.

mod lexer;
mod parser;
mod words;
mod write;

pub(super) use parser::{parse, places};
pub(crate) use write::encode;
pub(super) use write::{Style, write};
