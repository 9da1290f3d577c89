//! What the values of a column show.

use kernel::EmailAddress;
use leads::model::{company, phone};

use super::{
    date::DateOrder,
    kind::{FileOrder, Found, Kind, KindEvidence, says_nothing},
    number::Decimals,
    values::{amount, employees, opt_out, status},
};
use crate::{
    analysis::{PLACEHOLDER, sample},
    plan::LeadField,
};

/// Values looked at closely; of the others only what is cheap to know.
const LOOKED_AT: u64 = 1000;

/// What the values of a column have shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub(super) filled: u64,
    pub(super) looked_at: u64,
    pub(crate) placeholders: u64,
    kinds: KindEvidence,
    pub(super) emails: u64,
    pub(super) linkedin: u64,
    pub(super) links: u64,
    pub(super) domains: u64,
    pub(super) phones: u64,
    pub(super) whole: u64,
    pub(super) amounts: u64,
    pub(super) statuses: u64,
    pub(super) opt_outs: u64,
    pub(crate) samples: Vec<String>,
}

impl Evidence {
    /// Takes in one cell.
    pub(crate) fn see(&mut self, cell: &str) {
        let text = cell.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if text == PLACEHOLDER {
            self.placeholders += 1;
            if self.samples.is_empty() {
                self.samples.push(PLACEHOLDER.to_owned());
            }
            return;
        }
        self.kinds.see(text);
        if self.looked_at >= LOOKED_AT {
            return;
        }
        self.looked_at += 1;
        if self.samples.len() < 6 {
            let sample = sample(text);
            if !self.samples.contains(&sample) {
                self.samples.push(sample);
            }
        }
        let lower = text.to_ascii_lowercase();
        let link = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.");
        self.emails += u64::from(text.contains('@') && EmailAddress::parse(text).is_ok());
        self.linkedin += u64::from(lower.contains("linkedin.com/"));
        self.links += u64::from(link);
        self.domains += u64::from(link || (text.contains('.') && !text.contains([' ', '@']) && company::domain(text).is_ok()));
        self.phones += u64::from(
            (text.starts_with('+') || text.contains(['(', '-', ' ']))
                && phone(text).is_ok()
                && text.chars().filter(char::is_ascii_digit).count() > 6,
        );
        let nothing = says_nothing(text);
        self.whole += u64::from(nothing || matches!(employees(text), Ok(Some(_))));
        self.amounts += u64::from(nothing || matches!(amount(text, Decimals::Point), Ok(Some(_))));
        self.statuses += u64::from(status(text).is_some());
        self.opt_outs += u64::from(nothing || opt_out(text).is_ok());
    }

    pub(crate) fn filled(&self) -> u64 {
        self.filled
    }

    /// What the values are; text where a placeholder that counts stands among them.
    pub(crate) fn found(&self, placeholder: bool, file: FileOrder) -> Found {
        let found = self.kinds.found(file);
        if placeholder || self.placeholders == 0 { found } else { Found { kind: Kind::Text, ..found } }
    }

    /// What the column tells of the order of days and months.
    pub(crate) const fn told_order(&self) -> Option<DateOrder> {
        self.kinds.told_order()
    }

    /// All values, if they are few enough to choose from.
    pub(crate) fn choices(&self) -> &[String] {
        self.kinds.choices()
    }

    /// Most of the values looked at.
    pub(super) fn mostly(&self, count: u64) -> bool {
        self.looked_at > 0 && count * 10 >= self.looked_at * 8
    }

    /// Whether what it holds speaks for (`Some(true)`), against, or neither for nor against a field.
    pub(super) fn speaks_for(&self, field: LeadField) -> Option<bool> {
        if self.looked_at == 0 {
            return None;
        }
        match field {
            LeadField::Email => Some(self.emails * 2 >= self.looked_at),
            LeadField::LinkedinUrl => Some(self.linkedin * 2 >= self.looked_at),
            LeadField::CompanyDomain => Some(self.domains * 2 >= self.looked_at),
            LeadField::EmployeeCount => Some(self.mostly(self.whole)),
            LeadField::AnnualRevenue => Some(self.mostly(self.amounts)),
            LeadField::OptedOut => Some(self.mostly(self.opt_outs)),
            LeadField::FirstName
            | LeadField::LastName
            | LeadField::FullName
            | LeadField::CompanyName
            | LeadField::City
            | LeadField::Country
            | LeadField::Title => {
                (self.mostly(self.emails) || self.mostly(self.links) || (self.kinds.is_number() && self.looked_at > 2)).then_some(false)
            }
            LeadField::Phone => (self.mostly(self.emails) || self.mostly(self.links)).then_some(false),
            LeadField::Status => Some(self.mostly(self.statuses)),
            LeadField::Tags
            | LeadField::Source
            | LeadField::ExternalId
            | LeadField::Seniority
            | LeadField::Department
            | LeadField::Industry => None,
        }
    }
}
