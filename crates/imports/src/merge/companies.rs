//! What rows say of companies: on the leads themselves, and on the accounts they belong to.

use kernel::Uuid;
use leads::model::company::is_free_mail;

use super::{
    AccountSlot, Batch, CompanyFacts, LeadFacts, Rules,
    facts::{put, put_option},
};
use crate::{plan::Existing, row::LeadRow};

impl Batch {
    /// The company facts of a known lead, and its account.
    pub(super) fn update_company(&mut self, now: &mut LeadFacts, row: &LeadRow, rules: &Rules) -> bool {
        let over = rules.existing == Existing::Overwrite;
        let said = company_of(row);
        let names_company = !said.domain.is_empty() || !said.name.is_empty();
        let stored = now.account_id.and_then(|id| self.account_places.get(&id)).copied();
        let same = stored.and_then(|place| self.accounts.get(place)).is_some_and(|account| {
            if said.domain.is_empty() || account.now.domain.is_empty() {
                self.fold(&account.now.name) == self.fold(&said.name)
            } else {
                account.now.domain == said.domain
            }
        });
        if now.account_id.is_some() && names_company && !same {
            // Another company: the file's word counts only where it may overwrite.
            if !over {
                return false;
            }
            let place = (std::mem::take(&mut now.company.country), std::mem::take(&mut now.company.city));
            now.company = CompanyFacts { country: place.0, city: place.1, ..CompanyFacts::default() };
            now.account_id = None;
        }
        let mut changed = fill_company(&mut now.company, &said, over);
        match stored.filter(|_| same || !names_company) {
            Some(account) => changed |= self.tell_account(account, &said),
            None if now.account_id.is_none() && names_company => {
                if let Some(account) = self.account_of(&said, rules) {
                    self.attach(now, account);
                    changed = true;
                }
            }
            None => {}
        }
        changed
    }

    /// The account that a company's name or domain means, made if need be.
    pub(super) fn account_of(&mut self, said: &CompanyFacts, rules: &Rules) -> Option<usize> {
        // The domain of a mail provider is nobody's company.
        let domain = if is_free_mail(&said.domain) { String::new() } else { said.domain.clone() };
        let said = &CompanyFacts { domain, ..said.clone() };
        let found = if said.domain.is_empty() {
            if said.name.is_empty() {
                return None;
            }
            self.by_name.get(&self.fold(&said.name)).copied()
        } else {
            self.by_domain.get(&said.domain).copied()
        };
        if let Some(account) = found {
            if rules.existing != Existing::Skip {
                self.tell_account(account, said);
            }
            return Some(account);
        }
        let (place, id) = (self.accounts.len(), Uuid::now_v7());
        self.accounts.push(AccountSlot { id, before: None, now: said.clone() });
        self.account_places.insert(id, place);
        if said.domain.is_empty() {
            let folded = self.fold(&said.name);
            self.by_name.insert(folded, place);
        } else {
            self.by_domain.insert(said.domain.clone(), place);
        }
        Some(place)
    }

    /// What an account does not know yet is taken from the rows of its people, and what it knows
    /// is not replaced by them: it is corrected on its own page.
    fn tell_account(&mut self, account: usize, said: &CompanyFacts) -> bool {
        let Some(slot) = self.accounts.get_mut(account) else { return false };
        let said = CompanyFacts { domain: String::new(), ..said.clone() };
        fill_company(&mut slot.now, &said, false)
    }

    pub(super) fn attach(&self, lead: &mut LeadFacts, account: usize) {
        if let Some(slot) = self.accounts.get(account) {
            lead.account_id = Some(slot.id);
            copy_company(lead, &slot.now);
        }
    }

    fn fold(&self, name: &str) -> String {
        self.folded.get(name).cloned().unwrap_or_else(|| name.to_lowercase())
    }
}

/// A lead keeps the company facts it was given and takes missing ones from its account.
pub(super) fn copy_company(lead: &mut LeadFacts, account: &CompanyFacts) {
    fill_company(&mut lead.company, account, false);
}

fn fill_company(company: &mut CompanyFacts, said: &CompanyFacts, over: bool) -> bool {
    put(&mut company.name, &said.name, over)
        | put(&mut company.domain, &said.domain, over)
        | put(&mut company.industry, &said.industry, over)
        | put_option(&mut company.employee_count, said.employee_count, over)
        | put_option(&mut company.annual_revenue, said.annual_revenue, over)
        | put(&mut company.country, &said.country, over)
        | put(&mut company.city, &said.city, over)
}

pub(super) fn company_of(row: &LeadRow) -> CompanyFacts {
    let lead = &row.lead;
    CompanyFacts {
        name: lead.company_name.clone(),
        domain: lead.company_domain.clone(),
        industry: lead.industry.clone(),
        employee_count: lead.employee_count,
        annual_revenue: lead.annual_revenue,
        country: lead.country.clone(),
        city: lead.city.clone(),
    }
}
