use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig};

use super::{Kind, filters};

/// The filters that are put behind printed variables, to name them when they have no value or, for
/// the second, when the value is empty. Templates cannot call them: see `filters::unknown`.
pub(super) const PRESENT: &str = "__present";
pub(super) const REQUIRED: &str = "__required";

/// Steps that a rendering may take; a long newsletter takes some hundreds.
const FUEL: u64 = 50_000;

/// An engine that can do nothing but fill in values: built from the empty one, without loader,
/// functions and globals, with the filters that [`filters`] names.
pub(super) fn sandbox(kind: Kind) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    // Needed for the position of an error; costs only when there is one.
    environment.set_debug(true);
    // Only invalid delimiters are refused, and these are the usual ones.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(move |_| match kind {
        Kind::Html => AutoEscape::Html,
        Kind::Text => AutoEscape::None,
    });
    environment.set_formatter(|out, state, value| {
        // A null field prints like an empty one, not as the word "none".
        if value.is_none() { Ok(()) } else { escape_formatter(out, state, value) }
    });
    filters::add(&mut environment);
    environment.add_filter(PRESENT, present);
    environment.add_filter(REQUIRED, required);
    environment
}

fn present(value: Value, variable: &str) -> Result<Value, Error> {
    if value.is_undefined() { Err(Error::new(ErrorKind::UndefinedError, format!("{MISSING}{variable}"))) } else { Ok(value) }
}

fn required(value: Value, variable: &str) -> Result<Value, Error> {
    let value = present(value, variable)?;
    if filters::is_empty(&value) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("{EMPTY}{variable}")));
    }
    Ok(value)
}

const MISSING: &str = "missing variable: ";
const EMPTY: &str = "empty variable: ";

/// The variable that a guard found without a value.
pub(super) fn missing_variable(error: &Error) -> Option<String> {
    error.detail()?.strip_prefix(MISSING).map(str::to_owned)
}

/// The variable that [`REQUIRED`] found empty.
pub(super) fn empty_variable(error: &Error) -> Option<String> {
    error.detail()?.strip_prefix(EMPTY).map(str::to_owned)
}

/// Output that ends at a limit.
pub(super) struct Limited {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Limited {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Vec::with_capacity(4096), most, full: false }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// The engine writes whole strings only, so nothing is lost here.
    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl std::io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.full = true;
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
