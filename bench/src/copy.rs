//! Rows in the text format of COPY.

use std::fmt::Write;

use jiff::Timestamp;

use crate::world::{Company, Lead, Organisation};

pub(crate) const LEADS: &str = "COPY leads (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, \
    company_name, company_domain, industry, employee_count, annual_revenue, country, city, status, owner_id, tags, source, custom, score, \
    score_reasons, last_activity_at, created_at, updated_at) FROM STDIN";
pub(crate) const EVENTS: &str = "COPY events (org_id, kind, subject_type, subject_id, actor, at, payload) FROM STDIN";
pub(crate) const ACCOUNTS: &str =
    "COPY accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at) FROM STDIN";

/// A line under construction. Texts here hold no backslash, tab or line break except as JSON writes them.
#[derive(Default)]
pub(crate) struct Lines(String);

impl Lines {
    fn cell(&mut self, value: impl std::fmt::Display) -> &mut Self {
        if !self.0.is_empty() && !self.0.ends_with('\n') {
            self.0.push('\t');
        }
        let _ = write!(self.0, "{value}"); // a String takes everything
        self
    }

    /// Never the first of a line.
    fn text(&mut self, value: &str) -> &mut Self {
        self.0.push('\t');
        if value.contains('\\') {
            self.0.push_str(&value.replace('\\', "\\\\"))
        } else {
            self.0.push_str(value)
        }
        self
    }

    fn nullable(&mut self, value: Option<impl std::fmt::Display>) -> &mut Self {
        match value {
            Some(value) => self.cell(value),
            None => self.cell("\\N"),
        }
    }

    fn end(&mut self) {
        self.0.push('\n');
    }

    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn lead(&mut self, lead: &Lead, company: &Company, organisation: &Organisation) {
        self.cell(organisation.id).cell(lead.id).text(lead.first_name).text(lead.last_name).nullable(lead.email.as_ref());
        self.text(&lead.phone).text(&lead.title).text(lead.seniority).text(lead.department).text(&lead.linkedin).cell(lead.account);
        self.text(&company.name).text(&company.domain).text(company.industry).cell(company.employees).cell(company.revenue);
        self.text(company.country).text(company.city).text(lead.status).nullable(lead.owner);
        self.text(&format!("{{{}}}", lead.tags.join(","))).text(lead.source).text(&lead.custom).cell(lead.score).text(&lead.reasons);
        self.nullable(lead.active.map(at)).cell(at(lead.created)).cell(at(lead.updated)).end();
    }

    pub(crate) fn created(&mut self, lead: &Lead, organisation: &Organisation) {
        self.cell(organisation.id).cell("lead.created").cell("lead").cell(lead.id).cell("system").cell(at(lead.created));
        self.cell(format_args!("{{\"source\":\"{}\"}}", lead.source)).end();
    }

    pub(crate) fn account(&mut self, organisation: &Organisation, id: uuid::Uuid, company: &Company, created: u64) {
        self.cell(organisation.id).cell(id).text(&company.name).text(&company.domain).text(company.industry).cell(company.employees);
        self.cell(company.revenue).text(company.country).text(company.city).cell(at(created)).cell(at(created)).end();
    }
}

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds.cast_signed()).unwrap_or(Timestamp::UNIX_EPOCH)
}
