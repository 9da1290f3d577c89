//! Guesses what a column is, from its name as the usual programs call it and from what it holds.

mod date;
mod evidence;
mod kind;
mod layout;
mod names;
mod number;
mod values;

use kernel::EmailAddress;
use leads::model::phone;

pub(crate) use date::DateOrder;
pub(crate) use evidence::Evidence;
pub use kind::Kind;
pub(crate) use kind::{FileOrder, says_nothing};
pub(crate) use layout::Layout;
pub(crate) use number::Decimals;
pub(crate) use values::{amount, employees, is_number, opt_out, status};

use super::{
    analysis::{Column, one_line},
    plan::{LeadField, Target},
    rejected_csv::{REASON, ROW},
};
use names::NAMES;

/// A name as it is compared: lower case, single spaces, punctuation gone.
fn normal(name: &str) -> String {
    let mut spaced = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        // `firstName` is `first name`.
        if c.is_uppercase() && before_lower {
            spaced.push(' ');
        }
        before_lower = c.is_lowercase();
        if c == '#' || c.is_alphanumeric() {
            spaced.extend(c.to_lowercase());
        } else {
            spaced.push(' ');
        }
    }
    one_line(&spaced)
}

/// Whether a column of this name is usually a field of a lead.
pub(crate) fn is_field_name(name: &str) -> bool {
    let name = normal(name);
    NAMES.iter().any(|(_, known)| known.contains(&name.as_str()))
}

/// Whether a first row holds values instead of names.
pub(crate) fn looks_like_data(header: &[String]) -> bool {
    let filled = header.iter().filter(|cell| !cell.is_empty()).count();
    // `Answer 100` has the digits of a telephone number, and is none.
    let wordless = |cell: &str| cell.chars().filter(|c| c.is_alphabetic()).count() <= 3;
    let number = |cell: &&String| is_number(cell) || (wordless(cell) && phone(cell).is_ok_and(|phone| !phone.is_empty()));
    let numbers = header.iter().filter(number).count();
    let addresses = header.iter().any(|cell| {
        let lower = cell.to_ascii_lowercase();
        EmailAddress::parse(cell).is_ok() || lower.starts_with("http://") || lower.starts_with("https://")
    });
    addresses || (filled > 0 && numbers * 2 > filled)
}

/// In which order dates are read where their column does not tell: as the other columns of the file have it; else the month
/// comes first where addresses look American, and the day everywhere else.
pub(crate) fn date_order(header: &[String], evidence: &[Evidence]) -> FileOrder {
    let told = |order: DateOrder| evidence.iter().any(|column| column.told_order() == Some(order));
    match (told(DateOrder::Dmy), told(DateOrder::Mdy)) {
        (true, false) => FileOrder { order: DateOrder::Dmy, told: true },
        (false, true) => FileOrder { order: DateOrder::Mdy, told: true },
        _ => {
            let american = header.iter().any(|name| matches!(normal(name).as_str(), "zip" | "zip code" | "zipcode" | "us state"));
            FileOrder { order: if american { DateOrder::Mdy } else { DateOrder::Dmy }, told: false }
        }
    }
}

/// Fields that a column is taken for only if most of its values fit.
const fn is_all_or_nothing(field: LeadField) -> bool {
    matches!(
        field,
        LeadField::Status | LeadField::OptedOut | LeadField::EmployeeCount | LeadField::AnnualRevenue | LeadField::CompanyDomain
    )
}

/// Writes a guess and its confidence into each column, and says whose export it looks like. A field is given to one
/// column only.
pub(crate) fn guess(columns: &mut [Column], evidence: &[Evidence], header_is_data: bool) -> Option<Layout> {
    let names: Vec<String> = columns.iter().map(|column| normal(&column.name)).collect();
    let layout = if header_is_data { None } else { Layout::of(&names) };
    let mut candidates: Vec<(u8, usize, usize, LeadField)> = Vec::new();
    let mut meaningless = Vec::new();
    for (index, ((column, evidence), name)) in columns.iter().zip(evidence).zip(&names).enumerate() {
        match layout.and_then(|layout| layout.hint(name)) {
            Some(None) => {
                meaningless.push(index);
                continue;
            }
            // Rank 0: whose export it is decides between two columns that could both be it.
            Some(Some(field)) => match evidence.speaks_for(field) {
                Some(false) if is_all_or_nothing(field) => {}
                Some(false) => candidates.push((40, 0, index, field)),
                Some(true) | None => candidates.push((99, 0, index, field)),
            },
            None => {}
        }
        if !header_is_data {
            for (field, known) in NAMES {
                let Some(rank) = known.iter().position(|known| known == name) else { continue };
                let rank = rank + 1;
                let sure = match evidence.speaks_for(*field) {
                    Some(true) => 99,
                    None => 90,
                    // The name says so and the values do not: shown as doubtful where each bad value is
                    // refused clearly, not guessed where a whole file would be.
                    Some(false) if is_all_or_nothing(*field) => continue,
                    Some(false) => 30,
                };
                candidates.push((sure, rank, index, *field));
            }
        }
        for (found, field, sure) in [
            (evidence.mostly(evidence.emails), LeadField::Email, 75),
            (evidence.mostly(evidence.linkedin), LeadField::LinkedinUrl, 75),
            (evidence.mostly(evidence.phones) && column.name.to_lowercase().contains("phone"), LeadField::Phone, 60),
            (header_is_data && evidence.mostly(evidence.phones), LeadField::Phone, 50),
        ] {
            if found {
                candidates.push((sure, usize::MAX, index, field));
            }
        }
    }
    candidates.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut given: Vec<LeadField> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for (sure, _, index, field) in candidates {
        let taken = given.contains(&field) && !field.repeats();
        let Some(column) = columns.get_mut(index).filter(|_| !taken && !done.contains(&index)) else { continue };
        column.guess = Target::Field(field);
        column.confidence = sure;
        given.push(field);
        done.push(index);
    }
    // A column without any value has nothing to import, nor have the two that a download of rejected rows adds.
    for (column, evidence) in columns.iter_mut().zip(evidence) {
        let ours = column.name == ROW || column.name == REASON;
        if ours || (evidence.filled == 0 && matches!(column.guess, Target::Custom(_))) {
            column.guess = Target::Ignore;
        }
    }
    for index in meaningless {
        if let Some(column) = columns.get_mut(index) {
            column.guess = Target::Ignore;
            column.confidence = 99;
        }
    }
    layout
}
