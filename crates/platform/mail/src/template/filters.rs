use jiff::{Timestamp, Zoned, civil, tz::TimeZone};
use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Rest, ValueKind},
};

use super::{
    TemplateProblem,
    scan::{Piece, filter_name, filters_of},
};

/// The filters of mail templates.
const NAMES: [&str; 7] = ["default", "upper", "lower", "title", "trim", "truncate", "date"];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("default", default);
    environment.add_filter("upper", |state: &State, value: Value| Ok::<_, Error>(text(state, &value)?.to_uppercase()));
    environment.add_filter("lower", |state: &State, value: Value| Ok::<_, Error>(text(state, &value)?.to_lowercase()));
    environment.add_filter("title", |state: &State, value: Value| Ok::<_, Error>(title(&text(state, &value)?)));
    environment.add_filter("trim", |state: &State, value: Value| Ok::<_, Error>(text(state, &value)?.trim().to_owned()));
    environment.add_filter("truncate", truncate);
    environment.add_filter("date", date);
}

/// Finds a filter that does not exist, wherever it stands.
pub(super) fn unknown(pieces: &[Piece<'_>]) -> Option<TemplateProblem> {
    pieces.iter().find_map(|piece| {
        let bad = filters_of(piece.inner).into_iter().skip(1).map(filter_name).find(|name| !NAMES.contains(name))?;
        Some(TemplateProblem::at(piece.line, format!("there is no filter `{bad}`; there are {}", NAMES.join(", "))))
    })
}

/// Null, or nothing but white space.
pub(super) fn is_empty(value: &Value) -> bool {
    value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn text(_state: &State, value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(String::new()),
        _ => Ok(value.to_string()),
    }
}

/// The first argument in place of a variable that does not exist or is empty. (Jinja wants a second
/// argument for the latter; here empty fields are the rule.)
fn default(value: Value, fallback: Value, _rest: Rest<Value>) -> Value {
    if value.is_undefined() || is_empty(&value) { fallback } else { value }
}

/// Capitalises words that are all small or all capitals; `McDonald` and `van Gogh`'s author know better.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| c.is_whitespace() || c == '-') {
        let uniform = !word.chars().any(char::is_lowercase) || !word.chars().any(char::is_uppercase);
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if uniform => {
                out.extend(first.to_uppercase());
                out.push_str(&chars.as_str().to_lowercase());
            }
            _ => out.push_str(word),
        }
    }
    out
}

/// `truncate(length, end="…")`: at most so many characters, cut at a word where there is one.
fn truncate(state: &State, value: Value, length: usize, options: Kwargs) -> Result<String, Error> {
    let end: Option<String> = options.get("end")?;
    options.assert_all_used()?;
    let (text, end) = (text(state, &value)?, end.unwrap_or_else(|| "…".to_owned()));
    if text.chars().count() <= length {
        return Ok(text);
    }
    let room = length.saturating_sub(end.chars().count());
    let cut: String = text.chars().take(room).collect();
    let inside_word = text.chars().nth(room).is_some_and(|c| !c.is_whitespace());
    let kept = match cut.rfind(char::is_whitespace) {
        Some(space) if inside_word && space > 0 => cut.get(..space).unwrap_or(&cut),
        _ => &cut,
    };
    Ok(format!("{}{end}", kept.trim_end()))
}

/// `date("%d %B %Y")`: an ISO 8601 date or time in another form (strftime); a time keeps its zone.
fn date(state: &State, value: Value, format: Option<String>) -> Result<String, Error> {
    let text = text(state, &value)?;
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let format = format.unwrap_or_else(|| "%-d %B %Y".to_owned());
    let bad = |what: String| Error::new(ErrorKind::InvalidOperation, what);
    let input = text.trim();
    let zoned: Option<Zoned> = input.parse().ok().or_else(|| input.parse::<Timestamp>().ok().map(|at| at.to_zoned(TimeZone::UTC)));
    let written = match zoned {
        Some(zoned) => jiff::fmt::strtime::format(&format, &zoned),
        None => {
            let date: civil::DateTime = input
                .parse::<civil::DateTime>()
                .or_else(|_| input.parse::<civil::Date>().map(civil::DateTime::from))
                .map_err(|_| bad(format!("`{input}` is not a date such as 2026-01-31")))?;
            jiff::fmt::strtime::format(&format, date)
        }
    };
    written.map_err(|error| bad(format!("the date format \"{format}\" cannot be used: {error}")))
}
