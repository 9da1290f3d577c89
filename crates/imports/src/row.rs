//! One row of a file, read by a plan: a checked lead, or the reason why it is none.

use sha2::{Digest, Sha256};

use super::{
    analysis::{Column, PLACEHOLDER},
    guess::{self, Decimals, Kind},
    plan::{LeadField, Target},
    reader::{Fault, MAX_CELL, MAX_ROW, Record},
    run::Source,
};
use leads::{
    export::without_guard,
    model::{CheckedLead, LeadDraft, Status},
};

/// A row that can be stored.
#[derive(Debug, Clone)]
pub(crate) struct LeadRow {
    pub(crate) row: u64,
    pub(crate) lead: CheckedLead,
    /// What the file says, if it says anything.
    pub(crate) status: Option<Status>,
    /// The file says that they want no mail, as a status or in a column of its own.
    pub(crate) opted_out: bool,
    /// Recognises the lead when it has neither e-mail, external id nor LinkedIn profile.
    pub(crate) import_key: Option<Vec<u8>>,
    /// As they were read, in case the row is refused when it meets the others.
    pub(crate) cells: Vec<String>,
}

/// A row that cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) row: u64,
    pub(crate) reason: String,
    pub(crate) cells: Vec<String>,
}

impl Fault {
    /// What is wrong and what to do, for the person whose file it is.
    pub(crate) fn words(&self, columns: &[Column]) -> String {
        match self {
            Self::CellTooLarge { column, bytes } => {
                let name = columns.iter().find(|known| known.index == *column).map_or_else(|| format!("column {}", column + 1), |c| format!("“{}”", c.name));
                format!("the cell in {name} has {}; at most {} fit. Shorten it", ui::bytes(*bytes), ui::bytes(MAX_CELL as u64))
            }
            Self::RowTooLarge => format!("the row is larger than {}. Shorten its cells", ui::bytes(MAX_ROW as u64)),
            Self::Nul => "the row holds a NUL character, which is no text. Remove it".to_owned(),
            Self::NotUtf8 => "the row holds bytes that are not UTF-8 text. Save the file again as UTF-8".to_owned(),
            Self::Unterminated => "a quote opens in this row and is never closed: the file may have been cut off here. Close the quote or export the file again".to_owned(),
            Self::Fragment => "this line follows a quote that is never closed and is no row of its own. Close the quote above".to_owned(),
            Self::CutOff => "the file ends in the middle of this row. Export it again".to_owned(),
            Self::TooManyCells { cells } => {
                format!("the row has {cells} cells, more than there are columns. Put quotes around a cell that holds the separator")
            }
        }
    }
}

/// Reads a record.
pub(crate) fn read(record: &Record, source: &Source) -> Result<LeadRow, Rejection> {
    let Source { analysis, plan, fields, .. } = source;
    let cells = || (0..record.len()).map(|index| record.text(index).replace('\0', "\u{fffd}")).collect();
    let refuse = |reason: String| Rejection { row: record.row, reason, cells: cells() };
    if let Some(fault) = &record.fault {
        return Err(refuse(fault.words(&analysis.columns)));
    }
    let mut draft = LeadDraft::default();
    let mut said = Said::default();
    let mut wrong: Vec<String> = Vec::new();
    let mut any = false;
    for (column, target) in analysis.columns.iter().zip(&plan.targets) {
        let text = without_guard(record.cell(column.index).trim());
        if text.is_empty() || (column.placeholder && text == PLACEHOLDER) {
            continue;
        }
        match target {
            Target::Ignore => continue,
            Target::Custom(key) => {
                // A field that is there keeps the type it has.
                let kind = fields.get(key).map_or_else(|| plan.kind(key, column), |field| field.kind.into());
                if matches!(kind, Kind::Number | Kind::Date) && guess::says_nothing(text) {
                    continue;
                }
                match kind.value(text, plan.date_order(key, column), column.decimals) {
                    Ok(value) => drop(draft.custom.insert(key.clone(), value)),
                    Err(why) => wrong.push(format!("{}: {why}", analysis.column_name(column, plan.has_header))),
                }
            }
            Target::Field(field) => {
                if let Err(why) = set(&mut draft, &mut said, *field, text, column.decimals) {
                    wrong.push(format!("{}: {why}", analysis.column_name(column, plan.has_header)));
                }
            }
        }
        any = true;
    }
    if !any {
        return Err(refuse("the row is empty in every column that is imported".to_owned()));
    }
    let status = if said.opted_out { Some(Status::Unsubscribed) } else { said.status };
    draft.status = status.unwrap_or_default();
    let checked = draft.check_with(fields, &serde_json::Map::new());
    let lead = match checked {
        Ok(lead) if wrong.is_empty() => lead,
        Ok(_) => return Err(refuse(wrong.join("; "))),
        Err(errors) => {
            wrong.extend(errors.into_iter().map(|error| error.detail));
            return Err(refuse(wrong.join("; ")));
        }
    };
    let import_key = import_key(&lead);
    // Only who has both can turn out to be two leads.
    let cells = if lead.email.is_some() && !lead.external_id.is_empty() { cells() } else { Vec::new() };
    Ok(LeadRow { row: record.row, lead, status, opted_out: status == Some(Status::Unsubscribed), import_key, cells })
}

/// What a row says besides a lead's plain values.
#[derive(Default)]
struct Said {
    status: Option<Status>,
    opted_out: bool,
}

fn set(draft: &mut LeadDraft, said: &mut Said, field: LeadField, text: &str, decimals: Decimals) -> Result<(), String> {
    let place = match field {
        LeadField::Email => &mut draft.email,
        LeadField::FirstName => &mut draft.first_name,
        LeadField::LastName => &mut draft.last_name,
        LeadField::Phone => &mut draft.phone,
        LeadField::Title => &mut draft.title,
        LeadField::Seniority => &mut draft.seniority,
        LeadField::Department => &mut draft.department,
        LeadField::CompanyName => &mut draft.company_name,
        LeadField::CompanyDomain => &mut draft.company_domain,
        LeadField::Industry => &mut draft.industry,
        LeadField::Country => &mut draft.country,
        LeadField::City => &mut draft.city,
        LeadField::Source => &mut draft.source,
        LeadField::ExternalId => &mut draft.external_id,
        LeadField::LinkedinUrl => {
            // The same profile with and without tracking and a slash is the same profile.
            let bare = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            bare.clone_into(&mut draft.linkedin_url);
            return Ok(());
        }
        LeadField::FullName => {
            let (first, last) = split_name(text);
            for (part, place) in [(first, &mut draft.first_name), (last, &mut draft.last_name)] {
                if place.is_empty() {
                    part.clone_into(place);
                }
            }
            return Ok(());
        }
        LeadField::EmployeeCount => {
            draft.employee_count = if guess::says_nothing(text) { None } else { guess::employees(text)? };
            return Ok(());
        }
        LeadField::AnnualRevenue => {
            draft.annual_revenue = if guess::says_nothing(text) { None } else { guess::amount(text, decimals)? };
            return Ok(());
        }
        LeadField::Status => {
            // A word that is no status keeps nobody out.
            said.status = guess::status(text).flatten();
            return Ok(());
        }
        LeadField::OptedOut => {
            said.opted_out |= !guess::says_nothing(text) && guess::opt_out(text)?;
            return Ok(());
        }
        LeadField::Tags => {
            // Google Contacts joins its labels with ":::" and marks its own with an asterisk.
            draft.tags = text
                .split([';', ',', '|'])
                .flat_map(|tags| tags.split(":::"))
                .map(|tag| tag.trim().trim_start_matches("* ").to_owned())
                .collect();
            return Ok(());
        }
    };
    text.clone_into(place);
    Ok(())
}

/// `Ada King Lovelace` and `Lovelace, Ada King` are (`Ada King`, `Lovelace`).
fn split_name(text: &str) -> (&str, &str) {
    if let Some((last, first)) = text.split_once(',') {
        return (first.trim(), last.trim());
    }
    let text = text.trim();
    text.rsplit_once(char::is_whitespace).map_or((text, ""), |(first, last)| (first.trim(), last))
}

/// SHA-256 over name, company and phone as compared: lower case, digits of the phone only.
pub(crate) fn import_key(lead: &CheckedLead) -> Option<Vec<u8>> {
    if lead.email.is_some() || !lead.external_id.is_empty() || !lead.linkedin_url.is_empty() {
        return None;
    }
    let digits: String = lead.phone.chars().filter(char::is_ascii_digit).collect();
    let company = if lead.company_domain.is_empty() { &lead.company_name } else { &lead.company_domain };
    let mut hash = Sha256::new();
    for part in [&lead.first_name, &lead.last_name, company, &digits] {
        hash.update(part.to_lowercase().as_bytes());
        hash.update([0]);
    }
    Some(hash.finalize().to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use leads::custom_fields::Registry;
    use serde_json::Value;

    use super::{super::analysis::analyse, *};
    use crate::plan::Plan;

    fn rows(text: &str) -> Vec<Result<LeadRow, String>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, text).unwrap();
        let analysis = analyse(&path).unwrap();
        let plan = Plan::guessed(&analysis, "file.csv").checked(&analysis).unwrap();
        let source = Source { path, analysis, plan, fields: Registry::default() };
        let mut reader = source.open(source.beginning()).unwrap();
        let mut record = Record::default();
        let mut out = Vec::new();
        while reader.next(&mut record).unwrap() {
            out.push(read(&record, &source).map_err(|rejection| rejection.reason));
        }
        out
    }

    #[test]
    fn a_row_becomes_a_checked_lead() {
        let rows = rows(
            "Name,Email,Company Size,Converted,Tags,City,Visits\n\"Lovelace, Ada\",ADA@x.example,51-200,1,a;b|c,Select,3\nBob Li,b@x.example,\"10,000+\",0,,Select,\nCy,c@x.example,7,0,,Rome,2.5\n",
        );
        let first = rows[0].as_ref().unwrap();
        assert_eq!((first.lead.first_name.as_str(), first.lead.last_name.as_str()), ("Ada", "Lovelace"));
        assert_eq!((first.lead.employee_count, first.status, first.lead.tags.len()), (Some(51), Some(Status::Converted), 3));
        assert_eq!((first.lead.city.as_str(), first.lead.custom.get("visits")), ("", Some(&Value::from(3))));
        let second = rows[1].as_ref().unwrap();
        assert_eq!((second.lead.employee_count, second.status, second.lead.last_name.as_str()), (Some(10_000), None, "Li"));
        assert_eq!(rows[2].as_ref().unwrap().lead.custom.get("visits"), Some(&Value::from(2.5)));
    }

    #[test]
    fn the_reason_names_the_field_and_the_cure() {
        let rows = rows(
            "Email,First name,Employees\nnope,Ada,3\n,,\nb@x.example,Bob,x\nc@x.example,Cy,4\nd@x.example,Di,4\ne@x.example,E,5\nf@x.example,F,6\n",
        );
        assert!(rows[0].as_ref().unwrap_err().contains("e-mail is not an e-mail address"), "{:?}", rows[0]);
        assert!(rows[1].as_ref().unwrap_err().contains("empty"));
        assert!(rows[2].as_ref().unwrap_err().contains("Employees") && rows[3].is_ok());
    }

    #[test]
    fn without_any_id_a_lead_is_known_by_name_company_and_phone() {
        let rows =
            rows("First name,Last name,Company,Phone\nAda,K,Acme,+44 20 123 456\nADA,k,acme,4420123456\nAda,L,Acme,+44 20 123 456\n");
        let key = |index: usize| rows[index].as_ref().unwrap().import_key.clone();
        assert!(key(0).is_some() && key(0) == key(1) && key(0) != key(2));
    }
}
