//! What rows do to the leads and accounts that exist: pure, so that a dry run and the real one
//! cannot differ.
//!
//! A batch begins with the stored leads and accounts that its rows may mean, takes the rows one by
//! one as if each were alone, and ends with what must be written. A lead that ends as it began is
//! unchanged, however often it was written in between.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use kernel::Uuid;
use serde_json::{Map, Value};

use super::{plan::Existing, row::LeadRow};
use leads::model::{Status, company::is_free_mail};

/// What an import can write into a lead.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct LeadFacts {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: String,
    pub(crate) title: String,
    pub(crate) seniority: String,
    pub(crate) department: String,
    pub(crate) linkedin_url: String,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) company: CompanyFacts,
    pub(crate) status: Status,
    pub(crate) tags: Vec<String>,
    pub(crate) source: String,
    pub(crate) external_id: String,
    pub(crate) import_key: Option<Vec<u8>>,
    pub(crate) custom: Map<String, Value>,
}

/// What is said of a company, on its account and on its people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CompanyFacts {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) industry: String,
    pub(crate) employee_count: Option<i32>,
    pub(crate) annual_revenue: Option<i64>,
    pub(crate) country: String,
    pub(crate) city: String,
}

/// A lead, stored or to be.
#[derive(Debug, Clone)]
pub(crate) struct LeadSlot {
    pub(crate) id: Uuid,
    /// The stored version; 0 for a new one.
    pub(crate) version: i32,
    pub(crate) before: Option<LeadFacts>,
    pub(crate) now: LeadFacts,
    /// The row that made or last changed it.
    pub(crate) row: u64,
    changed: bool,
}

impl LeadSlot {
    /// The names of the fields that differ from what is stored.
    pub(crate) fn changed_fields(&self) -> Vec<String> {
        let Some(before) = &self.before else { return Vec::new() };
        let now = &self.now;
        let fields = [
            ("first_name", before.first_name != now.first_name),
            ("last_name", before.last_name != now.last_name),
            ("email", before.email != now.email),
            ("phone", before.phone != now.phone),
            ("title", before.title != now.title),
            ("seniority", before.seniority != now.seniority),
            ("department", before.department != now.department),
            ("linkedin_url", before.linkedin_url != now.linkedin_url),
            ("company_name", before.company.name != now.company.name),
            ("company_domain", before.company.domain != now.company.domain),
            ("industry", before.company.industry != now.company.industry),
            ("employee_count", before.company.employee_count != now.company.employee_count),
            ("annual_revenue", before.company.annual_revenue != now.company.annual_revenue),
            ("country", before.company.country != now.company.country),
            ("city", before.company.city != now.company.city),
            ("tags", before.tags != now.tags),
            ("source", before.source != now.source),
            ("external_id", before.external_id != now.external_id),
            ("custom", before.custom != now.custom),
        ];
        fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect()
    }
}

/// An account, stored or to be.
#[derive(Debug, Clone)]
pub(crate) struct AccountSlot {
    pub(crate) id: Uuid,
    pub(crate) before: Option<(CompanyFacts, Timestamp)>,
    pub(crate) now: CompanyFacts,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Created,
    Updated,
    Unchanged,
    Rejected(String),
}

/// How rows are to be taken.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) existing: Existing,
    pub(crate) tags: Vec<String>,
    pub(crate) source: String,
}

/// Leads and accounts that the rows may mean, and what the rows have made of them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) leads: Vec<LeadSlot>,
    pub(crate) accounts: Vec<AccountSlot>,
    known_leads: HashSet<Uuid>,
    account_places: HashMap<Uuid, usize>,
    by_email: HashMap<String, usize>,
    by_external_id: HashMap<String, usize>,
    by_linkedin: HashMap<String, usize>,
    by_import_key: HashMap<Vec<u8>, usize>,
    by_domain: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    /// A company's name as PostgreSQL lower-cases it.
    folded: HashMap<String, String>,
    verdicts: Vec<(Option<usize>, Verdict)>,
}

fn put(place: &mut String, text: &str, overwrite: bool) -> bool {
    if text.is_empty() || place == text || !(overwrite || place.is_empty()) {
        return false;
    }
    text.clone_into(place);
    true
}

fn put_option<T: Copy + PartialEq>(place: &mut Option<T>, value: Option<T>, overwrite: bool) -> bool {
    if value.is_none() || *place == value || !(overwrite || place.is_none()) {
        return false;
    }
    *place = value;
    true
}

impl Batch {
    /// Adds a stored lead; one that is known already is left alone.
    pub(crate) fn know_lead(&mut self, id: Uuid, version: i32, facts: LeadFacts) {
        if self.known_leads.contains(&id) {
            return;
        }
        self.known_leads.insert(id);
        self.leads.push(LeadSlot { id, version, before: Some(facts.clone()), now: facts, row: 0, changed: false });
        self.index(self.leads.len() - 1);
    }

    /// Adds a stored account. `folded` is its lower-cased name.
    pub(crate) fn know_account(&mut self, id: Uuid, facts: CompanyFacts, folded: String, updated_at: Timestamp) {
        if self.account_places.contains_key(&id) {
            return;
        }
        let place = self.accounts.len();
        self.account_places.insert(id, place);
        if facts.domain.is_empty() {
            self.by_name.insert(folded, place);
        } else {
            self.by_domain.insert(facts.domain.clone(), place);
        }
        self.accounts.push(AccountSlot { id, before: Some((facts.clone(), updated_at)), now: facts });
    }

    /// Tells how PostgreSQL lower-cases a name, which decides whether two are the same.
    pub(crate) fn know_folding(&mut self, name: String, folded: String) {
        self.folded.insert(name, folded);
    }

    /// Takes a row that could not be read.
    pub(crate) fn reject(&mut self, reason: String) {
        self.verdicts.push((None, Verdict::Rejected(reason)));
    }

    /// Takes a row.
    pub(crate) fn take(&mut self, row: &LeadRow, rules: &Rules) {
        let found = match self.find(row) {
            Ok(found) => found,
            Err(reason) => return self.reject(reason),
        };
        let verdict = match found {
            None => {
                let place = self.create(row, rules);
                (Some(place), Verdict::Created)
            }
            Some(place) if rules.existing == Existing::Skip => (Some(place), Verdict::Unchanged),
            Some(place) => {
                let changed = self.update(place, row, rules);
                (Some(place), if changed { Verdict::Updated } else { Verdict::Unchanged })
            }
        };
        self.verdicts.push(verdict);
    }

    /// Ends the batch: what became of each row, in order.
    pub(crate) fn finish(&mut self) -> Vec<Verdict> {
        for slot in &mut self.leads {
            // A lead that no row touched takes its account's news with all the others of that account.
            if slot.before.as_ref() == Some(&slot.now) {
                slot.changed = false;
                continue;
            }
            let account = slot.now.account_id.and_then(|id| self.account_places.get(&id)).and_then(|place| self.accounts.get(*place));
            if let Some(account) = account {
                copy_company(&mut slot.now, &account.now);
            }
            slot.changed = slot.before.as_ref().is_none_or(|before| *before != slot.now);
        }
        let news: HashSet<Uuid> = self.changed_accounts().map(|slot| slot.id).collect();
        let verdicts = std::mem::take(&mut self.verdicts);
        verdicts
            .into_iter()
            .map(|(place, verdict)| {
                let slot = place.and_then(|place| self.leads.get(place));
                let idle = slot.is_some_and(|slot| !slot.changed && slot.now.account_id.is_none_or(|id| !news.contains(&id)));
                if idle && verdict == Verdict::Updated { Verdict::Unchanged } else { verdict }
            })
            .collect()
    }

    /// Leads to insert and to update, after [`Batch::finish`].
    pub(crate) fn changed_leads(&self) -> impl Iterator<Item = &LeadSlot> {
        self.leads.iter().filter(|slot| slot.changed)
    }

    /// Accounts to insert and to update.
    pub(crate) fn changed_accounts(&self) -> impl Iterator<Item = &AccountSlot> {
        self.accounts.iter().filter(|slot| slot.before.as_ref().is_none_or(|(before, _)| *before != slot.now))
    }

    /// The stored lead that a row means; an error when it means two.
    fn find(&self, row: &LeadRow) -> Result<Option<usize>, String> {
        let lead = &row.lead;
        let by_email = lead.email.as_ref().and_then(|email| self.by_email.get(email.as_str())).copied();
        let by_id = if lead.external_id.is_empty() { None } else { self.by_external_id.get(&lead.external_id).copied() };
        match (by_email, by_id) {
            (Some(one), Some(other)) if one != other => Err(format!(
                "the e-mail {} belongs to one lead and the external id {} to another. Correct one of them",
                lead.email.as_ref().map_or("", |email| email.as_str()),
                lead.external_id
            )),
            (Some(place), _) | (None, Some(place)) => Ok(Some(place)),
            (None, None) if lead.email.is_some() || !lead.external_id.is_empty() => Ok(None),
            (None, None) if !lead.linkedin_url.is_empty() => Ok(self.by_linkedin.get(&lead.linkedin_url).copied()),
            (None, None) => Ok(row.import_key.as_ref().and_then(|key| self.by_import_key.get(key)).copied()),
        }
    }

    fn create(&mut self, row: &LeadRow, rules: &Rules) -> usize {
        let lead = &row.lead;
        let mut tags = lead.tags.clone();
        add_tags(&mut tags, &rules.tags);
        let mut facts = LeadFacts {
            first_name: lead.first_name.clone(),
            last_name: lead.last_name.clone(),
            email: lead.email.as_ref().map(|email| email.as_str().to_owned()),
            phone: lead.phone.clone(),
            title: lead.title.clone(),
            seniority: lead.seniority.clone(),
            department: lead.department.clone(),
            linkedin_url: lead.linkedin_url.clone(),
            account_id: None,
            company: company_of(row),
            status: row.status.unwrap_or_default(),
            tags,
            source: if lead.source.is_empty() { rules.source.clone() } else { lead.source.clone() },
            external_id: lead.external_id.clone(),
            import_key: row.import_key.clone(),
            custom: lead.custom.clone(),
        };
        if let Some(account) = self.account_of(&facts.company, rules) {
            self.attach(&mut facts, account);
        }
        self.leads.push(LeadSlot { id: Uuid::now_v7(), version: 0, before: None, now: facts, row: row.row, changed: true });
        let place = self.leads.len() - 1;
        self.index(place);
        place
    }

    fn update(&mut self, place: usize, row: &LeadRow, rules: &Rules) -> bool {
        let over = rules.existing == Existing::Overwrite;
        let lead = &row.lead;
        let Some(mut now) = self.leads.get(place).map(|slot| slot.now.clone()) else { return false };
        let mut changed = false;
        for (place, text) in [
            (&mut now.first_name, &lead.first_name),
            (&mut now.last_name, &lead.last_name),
            (&mut now.phone, &lead.phone),
            (&mut now.title, &lead.title),
            (&mut now.seniority, &lead.seniority),
            (&mut now.department, &lead.department),
            (&mut now.linkedin_url, &lead.linkedin_url),
            (&mut now.external_id, &lead.external_id),
        ] {
            changed |= put(place, text, over);
        }
        // A source says where a lead came from first; only a column of the file can say otherwise.
        changed |= put(&mut now.source, &lead.source, over);
        if let Some(email) =
            lead.email.as_ref().filter(|email| (over || now.email.is_none()) && now.email.as_deref() != Some(email.as_str()))
        {
            now.email = Some(email.as_str().to_owned());
            changed = true;
        }
        // Nobody is brought back from an unsubscription by a file.
        if let Some(status) = row.status
            && status != now.status
            && now.status != Status::Unsubscribed
            && (over || now.status == Status::New)
        {
            now.status = status;
            changed = true;
        }
        changed |= add_tags(&mut now.tags, &lead.tags);
        changed |= add_tags(&mut now.tags, &rules.tags);
        for (key, value) in &lead.custom {
            let stored = now.custom.get(key);
            if stored != Some(value) && (over || stored.is_none()) {
                now.custom.insert(key.clone(), value.clone());
                changed = true;
            }
        }
        changed |= self.update_company(&mut now, row, rules);
        if let Some(slot) = self.leads.get_mut(place) {
            slot.now = now;
            if changed {
                slot.row = row.row;
            }
        }
        self.index(place);
        changed
    }

    /// The company facts of a known lead, and its account.
    fn update_company(&mut self, now: &mut LeadFacts, row: &LeadRow, rules: &Rules) -> bool {
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
    fn account_of(&mut self, said: &CompanyFacts, rules: &Rules) -> Option<usize> {
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

    fn attach(&self, lead: &mut LeadFacts, account: usize) {
        if let Some(slot) = self.accounts.get(account) {
            lead.account_id = Some(slot.id);
            copy_company(lead, &slot.now);
        }
    }

    fn fold(&self, name: &str) -> String {
        self.folded.get(name).cloned().unwrap_or_else(|| name.to_lowercase())
    }

    fn index(&mut self, place: usize) {
        let Some(slot) = self.leads.get(place) else { return };
        if let Some(email) = &slot.now.email {
            self.by_email.entry(email.clone()).or_insert(place);
        }
        if !slot.now.external_id.is_empty() {
            self.by_external_id.entry(slot.now.external_id.clone()).or_insert(place);
        }
        if !slot.now.linkedin_url.is_empty() {
            self.by_linkedin.entry(slot.now.linkedin_url.clone()).or_insert(place);
        }
        if let Some(key) = &slot.now.import_key {
            self.by_import_key.entry(key.clone()).or_insert(place);
        }
    }
}

/// A lead keeps the company facts it was given and takes missing ones from its account.
fn copy_company(lead: &mut LeadFacts, account: &CompanyFacts) {
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

fn company_of(row: &LeadRow) -> CompanyFacts {
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

fn add_tags(tags: &mut Vec<String>, more: &[String]) -> bool {
    let before = tags.len();
    for tag in more {
        if tags.len() < leads::model::MAX_TAGS && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag.clone());
        }
    }
    tags.len() > before
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use leads::model::LeadDraft;

    fn row(fields: serde_json::Value) -> LeadRow {
        let mut draft: LeadDraft = serde_json::from_value(fields).unwrap();
        draft.first_name = format!("{}N", draft.first_name);
        LeadRow { row: 2, lead: draft.check().unwrap(), status: None, import_key: None, cells: Vec::new() }
    }

    fn rules(existing: Existing) -> Rules {
        Rules { existing, tags: vec!["imported".to_owned()], source: "file".to_owned() }
    }

    fn stored(rows: &[serde_json::Value]) -> Batch {
        let mut first = Batch::default();
        rows.iter().for_each(|fields| first.take(&row(fields.clone()), &rules(Existing::Fill)));
        first.finish();
        let mut batch = Batch::default();
        for slot in &first.accounts {
            batch.know_account(slot.id, slot.now.clone(), slot.now.name.to_lowercase(), Timestamp::UNIX_EPOCH);
        }
        for slot in &first.leads {
            batch.know_lead(slot.id, 1, slot.now.clone());
        }
        batch
    }

    fn verdicts(batch: &mut Batch, rows: &[serde_json::Value], existing: Existing) -> Vec<Verdict> {
        rows.iter().for_each(|fields| batch.take(&row(fields.clone()), &rules(existing)));
        batch.finish()
    }

    use Verdict::{Created, Unchanged, Updated};

    #[test]
    fn a_repeated_address_is_one_lead_and_its_gaps_are_filled() {
        let rows = [
            serde_json::json!({"email": "a@acme.example", "company_name": "Acme"}),
            serde_json::json!({"email": "A@acme.example", "title": "CTO", "industry": "Tech"}),
            serde_json::json!({"email": "a@acme.example", "title": "CEO"}),
        ];
        let mut batch = Batch::default();
        assert_eq!(verdicts(&mut batch, &rows, Existing::Fill), [Created, Updated, Unchanged]);
        assert_eq!((batch.leads.len(), batch.accounts.len()), (1, 1));
        assert_eq!((batch.leads[0].now.title.as_str(), batch.leads[0].now.company.industry.as_str()), ("CTO", "Tech"));
    }

    #[test]
    fn the_same_file_again_changes_nothing_whatever_the_rule() {
        let rows = [
            serde_json::json!({"email": "a@acme.example", "title": "CTO", "custom": {"visits": 3}, "tags": ["x"], "city": "Rome"}),
            serde_json::json!({"email": "b@acme.example", "industry": "Tech", "city": "Paris"}),
            serde_json::json!({"external_id": "7", "company_name": "Solo"}),
        ];
        for existing in Existing::ALL {
            let mut batch = stored(&rows);
            assert_eq!(verdicts(&mut batch, &rows, existing), [Unchanged, Unchanged, Unchanged], "{existing:?}");
            assert_eq!((batch.changed_leads().count(), batch.changed_accounts().count()), (0, 0));
        }
    }

    #[test]
    fn overwriting_replaces_by_what_the_file_says_and_by_nothing_else() {
        let mut batch = stored(&[serde_json::json!({"email": "a@acme.example", "title": "CTO", "phone": "12345", "city": "Rome"})]);
        let update = [serde_json::json!({"email": "a@acme.example", "title": "CEO", "city": "Paris"})];
        assert_eq!(verdicts(&mut batch, &update, Existing::Overwrite), [Updated]);
        let lead = &batch.leads[0].now;
        assert_eq!((lead.title.as_str(), lead.phone.as_str(), lead.company.city.as_str()), ("CEO", "12345", "Paris"));
        assert_eq!(batch.accounts[0].now.city, "Rome");
    }

    #[test]
    fn an_address_and_an_id_of_two_leads_are_a_conflict() {
        let mut batch = stored(&[serde_json::json!({"email": "a@acme.example"}), serde_json::json!({"external_id": "7"})]);
        let both = [serde_json::json!({"email": "a@acme.example", "external_id": "7"})];
        assert!(matches!(verdicts(&mut batch, &both, Existing::Fill).as_slice(), [Verdict::Rejected(why)] if why.contains("belongs")));
        let linked = [serde_json::json!({"email": "new@acme.example", "external_id": "7"})];
        assert_eq!(verdicts(&mut batch, &linked, Existing::Fill), [Updated]);
    }

    #[test]
    fn a_profile_recognises_who_has_nothing_else() {
        let mut batch = stored(&[serde_json::json!({"email": "a@acme.example", "linkedin_url": "https://www.linkedin.com/in/a"})]);
        assert_eq!(
            verdicts(&mut batch, &[serde_json::json!({"linkedin_url": "https://www.linkedin.com/in/a", "title": "CTO"})], Existing::Fill),
            [Updated]
        );
        assert_eq!(batch.leads.len(), 1);
    }

    #[test]
    fn an_unsubscribed_lead_stays_so() {
        let mut batch = stored(&[serde_json::json!({"email": "a@acme.example"})]);
        batch.leads[0].now.status = Status::Unsubscribed;
        let mut again = row(serde_json::json!({"email": "a@acme.example"}));
        again.status = Some(Status::Converted);
        batch.take(&again, &rules(Existing::Overwrite));
        assert_eq!(batch.leads[0].now.status, Status::Unsubscribed);
    }
}
