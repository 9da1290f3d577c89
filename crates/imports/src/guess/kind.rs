//! Which type a custom field should have that a column's values are kept in.

use leads::custom_fields::FieldKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    date::{DateOrder, date},
    number::{Decimals, Tells, number, written},
};

/// More different values than this are no choice.
const MAX_CHOICES: usize = 20;
const MAX_CHOICE_LENGTH: usize = 40;

/// The type of a custom field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Text,
    Number,
    Bool,
    Date,
    Choice,
    Url,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Bool, Self::Date, Self::Choice, Self::Url];

    /// The name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::Url => "url",
        }
    }

    /// As people read it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Bool => "Yes or no",
            Self::Date => "Date",
            Self::Choice => "Choice",
            Self::Url => "Link",
        }
    }

    /// The value of a cell in a field of this type, or what is wrong with it.
    pub(crate) fn value(self, text: &str, order: DateOrder, decimals: Decimals) -> Result<Value, String> {
        let shown = || text.chars().take(40).collect::<String>();
        match self {
            Self::Text | Self::Choice => Ok(Value::String(text.to_owned())),
            Self::Number => number(text, decimals),
            Self::Bool => boolean(text).map(Value::Bool).ok_or_else(|| format!("{:?} is neither yes nor no", shown())),
            Self::Date => date(text, order)
                .map(|date| Value::String(date.to_string()))
                .ok_or_else(|| format!("{:?} is not a date; write it as 2026-12-31", shown())),
            Self::Url => {
                if is_link(text) {
                    let text = if text.to_ascii_lowercase().starts_with("www.") { format!("https://{text}") } else { text.to_owned() };
                    Ok(Value::String(text))
                } else {
                    Err(format!("{:?} is not a link; it begins with https://", shown()))
                }
            }
        }
    }
}

impl From<FieldKind> for Kind {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Text => Self::Text,
            FieldKind::Number => Self::Number,
            FieldKind::Bool => Self::Bool,
            FieldKind::Date => Self::Date,
            FieldKind::Choice => Self::Choice,
            FieldKind::Url => Self::Url,
        }
    }
}

impl From<Kind> for FieldKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Number => Self::Number,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Choice => Self::Choice,
            Kind::Url => Self::Url,
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("{text:?} is no type of a custom field"))
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "ja" | "oui" | "sí" | "si" | "x" | "✓" => Some(true),
        "false" | "no" | "n" | "0" | "nein" | "non" => Some(false),
        _ => None,
    }
}

/// Whether the words of a column say yes and no: `1` and `0` alone are numbers.
fn is_word_of_truth(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "false" | "yes" | "no" | "ja" | "nein" | "oui" | "non" | "sí" | "si")
}

fn is_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let link = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.");
    link && lower.contains('.') && !text.contains(char::is_whitespace)
}

/// Whether a cell says that there is nothing to say. Dates and numbers take it as empty; as a text it stands.
pub(crate) fn says_nothing(text: &str) -> bool {
    text.len() <= 8
        && matches!(
            text.to_lowercase().as_str(),
            "n/a" | "na" | "n.a." | "#n/a" | "-" | "--" | "–" | "—" | "null" | "(null)" | "nil" | "none" | "unknown"
        )
}

/// A column of which not even a tenth is like that after so many values is looked at no further.
const SURE_AFTER: u64 = 200;

/// What the values of a column can be, until one shows that they cannot.
#[derive(Debug, Clone)]
pub(super) struct KindEvidence {
    seen: u64,
    /// Of these, cells that say nothing if the others are dates or numbers.
    nothing: u64,
    truth: bool,
    link: bool,
    numbers: Numbers,
    dates: Dates,
    /// Empty once there were too many.
    choices: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default)]
struct Numbers {
    /// That can be read at all.
    read: u64,
    /// That are an amount, and no code.
    amounts: u64,
    decimals: Option<Decimals>,
    /// There are some like `12,500`.
    either: bool,
    currency: Option<&'static str>,
    currencies: bool,
}

impl Numbers {
    fn see(&mut self, text: &str) {
        let Some(written) = written(text) else { return };
        self.read += 1;
        self.amounts += u64::from(written.is_amount());
        match written.tells {
            Tells::Nothing => {}
            Tells::Point => self.tell(Decimals::Point),
            Tells::Comma => self.tell(Decimals::Comma),
            Tells::Either(_) => self.either = true,
        }
        if written.currency.is_some() {
            self.currencies |= self.currency.is_some() && self.currency != written.currency;
            self.currency = written.currency;
        }
    }

    fn tell(&mut self, told: Decimals) {
        self.decimals = Some(self.decimals.map_or(told, |before| if before == told { told } else { Decimals::Mixed }));
    }

    fn decimals(&self) -> Decimals {
        self.decimals.unwrap_or_default()
    }
}

/// How many values can be read in which order.
#[derive(Debug, Clone, Default)]
struct Dates {
    /// In whatever order.
    any: u64,
    day_first: u64,
    month_first: u64,
    both: u64,
}

impl Dates {
    fn see(&mut self, text: &str) {
        if date(text, DateOrder::Ymd).is_some() {
            self.any += 1;
            return;
        }
        match [DateOrder::Dmy, DateOrder::Mdy].map(|order| date(text, order).is_some()) {
            [true, true] => self.both += 1,
            [true, false] => self.day_first += 1,
            [false, true] => self.month_first += 1,
            [false, false] => {}
        }
    }

    const fn read(&self) -> u64 {
        self.any + self.day_first + self.month_first + self.both
    }
}

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) date_order: DateOrder,
    /// Nothing in the column tells whether days or months come first.
    pub(crate) ambiguous_dates: bool,
    pub(crate) decimals: Decimals,
}

/// In which order a file's dates are read where a column does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileOrder {
    pub(crate) order: DateOrder,
    /// Another column tells; otherwise it is a mere habit.
    pub(crate) told: bool,
}

impl Default for KindEvidence {
    fn default() -> Self {
        Self {
            seen: 0,
            nothing: 0,
            truth: true,
            link: true,
            numbers: Numbers::default(),
            dates: Dates::default(),
            choices: Some(Vec::new()),
        }
    }
}

impl KindEvidence {
    /// Takes in a value.
    pub(super) fn see(&mut self, text: &str) {
        self.seen += 1;
        self.truth = self.truth && is_word_of_truth(text);
        self.link = self.link && is_link(text);
        let hopeless = |read: u64, nothing: u64| self.seen > SURE_AFTER && (read + nothing) * 10 < self.seen;
        let (no_numbers, no_dates) = (hopeless(self.numbers.read, self.nothing), hopeless(self.dates.read(), self.nothing));
        if says_nothing(text) {
            self.nothing += 1;
        } else {
            if !no_numbers {
                self.numbers.see(text);
            }
            if !no_dates {
                self.dates.see(text);
            }
        }
        let Some(choices) = &mut self.choices else { return };
        if choices.iter().any(|known| known == text) {
            return;
        }
        if choices.len() >= MAX_CHOICES || text.chars().count() > MAX_CHOICE_LENGTH || text.contains('\n') {
            self.choices = None;
        } else {
            choices.push(text.to_owned());
        }
    }

    /// All values, if they are few.
    pub(super) fn choices(&self) -> &[String] {
        self.choices.as_deref().unwrap_or_default()
    }

    /// Values that say something.
    const fn telling(&self) -> u64 {
        self.seen - self.nothing
    }

    /// Whether each value is a number, and one that can be told.
    pub(super) fn is_number(&self) -> bool {
        let numbers = &self.numbers;
        let unclear = numbers.currencies || (numbers.either && numbers.decimals() == Decimals::Mixed);
        self.telling() > 0 && numbers.amounts == self.telling() && !unclear
    }

    /// What the column tells of the order of days and months: nothing, if it has no such dates or contradicts itself.
    pub(super) const fn told_order(&self) -> Option<DateOrder> {
        match (self.dates.day_first > 0, self.dates.month_first > 0) {
            (true, false) => Some(DateOrder::Dmy),
            (false, true) => Some(DateOrder::Mdy),
            _ => None,
        }
    }

    /// What suits all values; and how dates and numbers are to be read.
    pub(super) fn found(&self, file: FileOrder) -> Found {
        let dates = &self.dates;
        let numeric = dates.day_first + dates.month_first + dates.both;
        let told = self.told_order();
        let ambiguous_dates = numeric > 0 && told.is_none();
        let date_order = if numeric == 0 { DateOrder::Ymd } else { told.unwrap_or(file.order) };
        let in_order = dates.any
            + dates.both
            + match date_order {
                DateOrder::Ymd => 0,
                DateOrder::Dmy => dates.day_first,
                DateOrder::Mdy => dates.month_first,
            };
        // Read in the wrong order, dates are wrong and nobody sees it: where nothing but a habit tells, they stay text until
        // somebody chooses.
        let is_date = self.telling() > 0 && in_order == self.telling() && (!ambiguous_dates || file.told);
        let kind = if self.seen == 0 {
            Kind::Text
        } else if self.is_number() {
            Kind::Number
        } else if self.truth {
            Kind::Bool
        } else if self.link {
            Kind::Url
        } else if is_date {
            Kind::Date
        } else if self.choices.as_ref().is_some_and(|choices| self.seen >= 20 && choices.len() as u64 * 5 <= self.seen) {
            Kind::Choice
        } else {
            Kind::Text
        };
        Found { kind, date_order, ambiguous_dates, decimals: self.numbers.decimals() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABIT: FileOrder = FileOrder { order: DateOrder::Dmy, told: false };

    fn found(values: &[&str], file: FileOrder) -> Found {
        let mut evidence = KindEvidence::default();
        values.iter().for_each(|value| evidence.see(value));
        evidence.found(file)
    }

    fn kind(values: &[&str]) -> Kind {
        found(values, HABIT).kind
    }

    #[test]
    fn a_type_suits_every_value() {
        assert_eq!(kind(&["1", "2.5"]), Kind::Number);
        assert_eq!(kind(&["1", "0"]), Kind::Number);
        assert_eq!(kind(&["12,500", "n/a", "800", "-"]), Kind::Number);
        assert_eq!(kind(&["$1,200.50", "$3"]), Kind::Number);
        assert_eq!(kind(&["$3", "€3"]), Kind::Text, "not the same unit");
        assert_eq!(kind(&["1,5", "2.5", "12,500"]), Kind::Text, "12500 or 12.5?");
        assert_eq!(kind(&["n/a", "-"]), Kind::Text);
        assert_eq!(kind(&["yes", "No", "TRUE"]), Kind::Bool);
        assert_eq!(kind(&["https://a.example/x", "www.b.example"]), Kind::Url);
        assert_eq!(kind(&["00123"]), Kind::Text, "a code, not a number");
        assert_eq!(kind(&[]), Kind::Text);
        let many: Vec<&str> = (0..30).map(|n| if n % 3 == 0 { "Gold" } else { "Silver" }).collect();
        assert_eq!(kind(&many), Kind::Choice);
        assert_eq!(kind(&["Gold", "Silver"]), Kind::Text, "two values are no pattern");
    }

    #[test]
    fn a_column_tells_how_its_dates_and_numbers_are_read() {
        let dates = |values: &[&str]| {
            let found = found(values, HABIT);
            (found.kind, found.date_order, found.ambiguous_dates)
        };
        assert_eq!(dates(&["2026-01-31", "2025/2/1", "2024-05-06 10:11:12", "05 Jan 2024"]), (Kind::Date, DateOrder::Ymd, false));
        assert_eq!(dates(&["31/01/2026", "02/03/2026", "null"]), (Kind::Date, DateOrder::Dmy, false));
        assert_eq!(dates(&["01/31/2026", "02/03/2026"]), (Kind::Date, DateOrder::Mdy, false));
        assert_eq!(dates(&["02/03/2026"]), (Kind::Text, DateOrder::Dmy, true), "February or March?");
        assert_eq!(dates(&["31/01/2026", "01/31/2026"]), (Kind::Text, DateOrder::Dmy, true), "it contradicts itself");
        // One bad cell does not hide the order of the others.
        assert_eq!(dates(&["01/31/2026", "soon"]), (Kind::Text, DateOrder::Mdy, false));
        let told = found(&["02/03/2026"], FileOrder { order: DateOrder::Mdy, told: true });
        assert_eq!((told.kind, told.date_order, told.ambiguous_dates), (Kind::Date, DateOrder::Mdy, true));
        assert_eq!(found(&["1,5", "12,500"], HABIT).decimals, Decimals::Comma);
    }

    #[test]
    fn values_are_stored_in_one_form() {
        let value = |kind: Kind, text, order| kind.value(text, order, Decimals::Point);
        assert_eq!(value(Kind::Date, "31.01.2026", DateOrder::Dmy), Ok("2026-01-31".into()));
        assert_eq!(value(Kind::Date, "2026-01-31T10:00:00", DateOrder::Ymd), Ok("2026-01-31".into()));
        assert_eq!(value(Kind::Bool, "Ja", DateOrder::Ymd), Ok(true.into()));
        assert_eq!(value(Kind::Url, "www.x.example", DateOrder::Ymd), Ok("https://www.x.example".into()));
        assert!(value(Kind::Number, "12 apples", DateOrder::Ymd).is_err());
        assert!(value(Kind::Date, "31/31/2026", DateOrder::Dmy).is_err());
        assert!(value(Kind::Url, "javascript:alert(1)", DateOrder::Ymd).is_err());
    }
}
