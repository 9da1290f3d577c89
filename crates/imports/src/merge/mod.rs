//! What rows do to the leads and accounts that exist: pure, so that a dry run and the real one
//! cannot differ.
//!
//! A batch begins with the stored leads and accounts that its rows may mean, takes the rows one by
//! one as if each were alone, and ends with what must be written. A lead that ends as it began is
//! unchanged, however often it was written in between.

mod companies;
mod facts;
mod lanes;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use kernel::Uuid;
use leads::model::Status;

use super::{plan::Existing, row::LeadRow};
use companies::{company_of, copy_company};
pub(crate) use facts::{Change, CompanyFacts, LeadFacts};
use facts::{add_tags, put};
pub(crate) use lanes::Lanes;

/// A lead, stored or to be.
#[derive(Debug, Clone)]
pub(crate) struct LeadSlot {
    pub(crate) id: Uuid,
    /// The stored version; 0 for a new one.
    pub(crate) version: i32,
    /// Boxed, because most rows of most files make new ones.
    pub(crate) before: Option<Box<LeadFacts>>,
    pub(crate) now: LeadFacts,
    /// The row that made or last changed it.
    pub(crate) row: u64,
    /// What was stored before the file, where `before` is not that: in a trial, which stores nothing.
    pub(crate) origin: Option<Box<LeadFacts>>,
    changed: bool,
}

impl LeadSlot {
    /// The names of the fields that differ from what is stored.
    pub(crate) fn changed_fields(&self) -> Vec<String> {
        self.before.as_ref().map(|before| before.changed_fields(&self.now)).unwrap_or_default()
    }

    /// What was stored before the file, if anything.
    pub(crate) fn stored(&self) -> Option<&LeadFacts> {
        self.origin.as_deref().or(self.before.as_deref())
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
    /// What it says of who it is means two leads.
    Conflict(String),
}

impl Verdict {
    /// Why the row is refused, if it is.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Rejected(reason) | Self::Conflict(reason) => Some(reason),
            Self::Created | Self::Updated | Self::Unchanged => None,
        }
    }
}

/// What became of a row, and on which lead.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) verdict: Verdict,
    /// The lead's place in the batch.
    pub(crate) place: Option<usize>,
    /// What an earlier row of the file says of the same lead otherwise.
    pub(crate) contradicts: Vec<Change>,
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
    taken: Vec<Taken>,
    /// Whether contradictions inside the file are looked for.
    compares_rows: bool,
}

impl Batch {
    /// A batch that also tells where rows contradict each other.
    pub(crate) fn of_trial() -> Self {
        Self { compares_rows: true, ..Self::default() }
    }

    /// Adds a stored lead; one that is known already is left alone.
    pub(crate) fn know_lead(&mut self, id: Uuid, version: i32, facts: LeadFacts) {
        if self.known_leads.contains(&id) {
            return;
        }
        self.known_leads.insert(id);
        self.leads.push(LeadSlot { id, version, before: Some(Box::new(facts.clone())), now: facts, row: 0, origin: None, changed: false });
        self.index(self.leads.len() - 1);
    }

    /// Adds a lead as earlier rows of a trial have left it. `origin` is what is stored of it, if anything.
    pub(crate) fn know_tried(&mut self, id: Uuid, row: u64, facts: LeadFacts, origin: Option<LeadFacts>) {
        self.know_lead(id, 1, facts);
        if let Some(slot) = self.leads.last_mut().filter(|slot| slot.id == id) {
            slot.row = row;
            slot.origin = Some(Box::new(origin.unwrap_or_default()));
        }
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
        self.taken.push(Taken { verdict: Verdict::Rejected(reason), place: None, contradicts: Vec::new() });
    }

    /// Takes a row.
    pub(crate) fn take(&mut self, row: &LeadRow, rules: &Rules) {
        let found = match self.find(row) {
            Ok(found) => found,
            Err(reason) => {
                self.taken.push(Taken { verdict: Verdict::Conflict(reason), place: None, contradicts: Vec::new() });
                return;
            }
        };
        let contradicts = found.filter(|_| self.compares_rows).map(|place| self.contradictions(place, row)).unwrap_or_default();
        let (place, verdict) = match found {
            None => (self.create(row, rules), Verdict::Created),
            Some(place) if rules.existing == Existing::Skip => (place, Verdict::Unchanged),
            Some(place) => {
                let changed = self.update(place, row, rules);
                (place, if changed { Verdict::Updated } else { Verdict::Unchanged })
            }
        };
        self.taken.push(Taken { verdict, place: Some(place), contradicts });
    }

    /// Where a row says something else than an earlier one has made of the lead.
    fn contradictions(&self, place: usize, row: &LeadRow) -> Vec<Change> {
        let Some(slot) = self.leads.get(place).filter(|slot| slot.row > 0) else { return Vec::new() };
        let said = facts_of(row, &Rules { existing: Existing::Overwrite, tags: Vec::new(), source: String::new() });
        let by_file: Vec<String> =
            slot.stored().unwrap_or(&LeadFacts::default()).changes(&slot.now).into_iter().map(|change| change.field).collect();
        let differs = slot.now.changes(&said).into_iter();
        differs
            .filter(|change| {
                let told = !change.before.is_empty() && !change.after.is_empty() && by_file.contains(&change.field);
                told && !matches!(change.field.as_str(), "tags" | "source" | "status")
            })
            .collect()
    }

    /// Ends the batch: what became of each row, in order.
    pub(crate) fn finish(&mut self) -> Vec<Taken> {
        for slot in &mut self.leads {
            // A lead that no row touched takes its account's news with all the others of that account.
            if slot.before.as_deref() == Some(&slot.now) {
                slot.changed = false;
                continue;
            }
            let account = slot.now.account_id.and_then(|id| self.account_places.get(&id)).and_then(|place| self.accounts.get(*place));
            if let Some(account) = account {
                copy_company(&mut slot.now, &account.now);
            }
            slot.changed = slot.before.as_deref().is_none_or(|before| *before != slot.now);
        }
        let news: HashSet<Uuid> = self.changed_accounts().map(|slot| slot.id).collect();
        let mut taken = std::mem::take(&mut self.taken);
        for taken in &mut taken {
            let slot = taken.place.and_then(|place| self.leads.get(place));
            let idle = slot.is_some_and(|slot| !slot.changed && slot.now.account_id.is_none_or(|id| !news.contains(&id)));
            if idle && taken.verdict == Verdict::Updated {
                taken.verdict = Verdict::Unchanged;
            }
        }
        taken
    }

    /// Leads to insert and to update, after [`Batch::finish`].
    pub(crate) fn changed_leads(&self) -> impl Iterator<Item = &LeadSlot> {
        self.leads.iter().filter(|slot| slot.changed)
    }

    /// The same, of one lane alone.
    pub(crate) fn changed_in(&self, lanes: &Lanes, second: bool) -> Vec<&LeadSlot> {
        self.leads.iter().zip(&lanes.leads).filter(|(slot, lane)| slot.changed && **lane == second).map(|(slot, _)| slot).collect()
    }

    /// The addresses of a lead that a row has said no for: the one it names, and the one that is stored.
    pub(crate) fn objected<'a>(&'a self, row: &'a LeadRow, taken: &Taken) -> impl Iterator<Item = &'a str> {
        let said = row.opted_out && taken.verdict.refusal().is_none();
        let slot = taken.place.and_then(|place| self.leads.get(place));
        let named = row.lead.email.as_ref().map(|email| email.as_str());
        let stored = slot.and_then(|slot| slot.now.email.as_deref());
        [named, stored].into_iter().flatten().filter(move |_| said)
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
        let mut facts = facts_of(row, rules);
        if let Some(account) = self.account_of(&facts.company, rules) {
            self.attach(&mut facts, account);
        }
        self.leads.push(LeadSlot { id: Uuid::now_v7(), version: 0, before: None, now: facts, row: row.row, origin: None, changed: true });
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
        // Nobody is brought back from an unsubscription by a file. An objection is no value that fills or overwrites another: it
        // counts whatever the rule; a customer stays one, and is not mailed because the address is suppressed.
        if let Some(status) = row.status
            && status != now.status
            && now.status != Status::Unsubscribed
            && (over || now.status == Status::New || (row.opted_out && now.status != Status::Converted))
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

/// A lead as a row alone says it is.
fn facts_of(row: &LeadRow, rules: &Rules) -> LeadFacts {
    let lead = &row.lead;
    let mut tags = lead.tags.clone();
    add_tags(&mut tags, &rules.tags);
    LeadFacts {
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
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
