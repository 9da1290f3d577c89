//! Which leads can be written side by side: two that no row of the batch connects never wait for each other, and
//! what becomes of one does not depend on the other.

use std::collections::HashMap;

use super::{Batch, LeadFacts};
use crate::row::LeadRow;

/// Below this many leads to write, one writer is as fast as two.
const WORTH_TWO: usize = 1000;

/// What a lead is recognised by.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Email(&'a str),
    ExternalId(&'a str),
    Linkedin(&'a str),
    Import(&'a [u8]),
}

/// A batch in two halves that do not touch each other: `true` is the second one.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// By the leads' places in the batch.
    pub(crate) leads: Vec<bool>,
    /// By the rows' places in the batch.
    pub(crate) rows: Vec<bool>,
}

impl Lanes {
    /// Whether there is a second half.
    pub(crate) fn are_two(&self) -> bool {
        self.leads.iter().any(|second| *second)
    }
}

impl Batch {
    /// Divides a finished batch. `rows` are those that were taken, `None` one that could not be read.
    pub(crate) fn lanes<'a>(&'a self, rows: impl Iterator<Item = Option<&'a LeadRow>> + Clone) -> Lanes {
        let rows_count = rows.clone().count();
        let writing = self.leads.iter().filter(|slot| slot.changed).count();
        if writing < WORTH_TWO {
            return Lanes { leads: vec![false; self.leads.len()], rows: vec![false; rows_count] };
        }
        let mut sets = Sets::new(self.leads.len());
        let mut owner: HashMap<Key<'a>, usize> = HashMap::new();
        for (place, slot) in self.leads.iter().enumerate() {
            for facts in slot.before.as_deref().into_iter().chain([&slot.now]) {
                for key in keys_of_lead(facts) {
                    let first = *owner.entry(key).or_insert(place);
                    sets.join(first, place);
                }
            }
        }
        // A row connects all leads that anything in it could mean; one that means none goes with the first half.
        let mut row_of = Vec::with_capacity(rows_count);
        for row in rows {
            let mut first: Option<usize> = None;
            for key in row.into_iter().flat_map(keys_of_row) {
                let Some(place) = owner.get(&key).copied() else { continue };
                match first {
                    None => first = Some(place),
                    Some(first) => sets.join(first, place),
                }
            }
            row_of.push(first);
        }
        // Halves of equal weight, in the order of the batch.
        let mut weight = vec![0_usize; self.leads.len()];
        for (place, slot) in self.leads.iter().enumerate() {
            if let Some(weight) = weight.get_mut(sets.root(place)).filter(|_| slot.changed) {
                *weight += 1;
            }
        }
        let mut second = vec![false; self.leads.len()];
        let mut total = 0;
        for (second, weight) in second.iter_mut().zip(&weight) {
            *second = total >= writing / 2;
            total += weight;
        }
        let mut lane = |place: usize| second.get(sets.root(place)).copied().unwrap_or_default();
        Lanes {
            leads: (0..self.leads.len()).map(&mut lane).collect(),
            rows: row_of.into_iter().map(|place| place.is_some_and(&mut lane)).collect(),
        }
    }
}

fn keys_of_lead(facts: &LeadFacts) -> impl Iterator<Item = Key<'_>> {
    let email = facts.email.as_deref().map(Key::Email);
    let id = Some(facts.external_id.as_str()).filter(|id| !id.is_empty()).map(Key::ExternalId);
    let linkedin = Some(facts.linkedin_url.as_str()).filter(|url| !url.is_empty()).map(Key::Linkedin);
    [email, id, linkedin, facts.import_key.as_deref().map(Key::Import)].into_iter().flatten()
}

fn keys_of_row(row: &LeadRow) -> impl Iterator<Item = Key<'_>> {
    let lead = &row.lead;
    let email = lead.email.as_ref().map(|email| Key::Email(email.as_str()));
    let id = Some(lead.external_id.as_str()).filter(|id| !id.is_empty()).map(Key::ExternalId);
    let linkedin = Some(lead.linkedin_url.as_str()).filter(|url| !url.is_empty()).map(Key::Linkedin);
    [email, id, linkedin, row.import_key.as_deref().map(Key::Import)].into_iter().flatten()
}

/// Disjoint sets of places.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, place: usize) -> usize {
        let mut at = place;
        while let Some(above) = self.0.get(at).copied().filter(|above| *above != at) {
            let further = self.0.get(above).copied().unwrap_or(above);
            if let Some(entry) = self.0.get_mut(at) {
                *entry = further; // halves the path for the next time
            }
            at = further;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(entry) = self.0.get_mut(one.max(other)) {
            *entry = one.min(other);
        }
    }
}
