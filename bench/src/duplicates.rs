//! How well and how fast duplicates are found: a labelled set made here, and what the model makes of it.
//!
//! `duplicates [--leads 100000] [--seed 1]` prints precision and recall (of pairs and of clusters) at the threshold from which
//! clusters are shown and at the one from which they are merged automatically, and the time that it took.
//!
//! The set is made of people at companies. One in nine has further records, each spoilt the way lists are: typing errors,
//! short forms, swapped or missing names, other spellings, a new employer, another mailbox of the same company, a
//! sub-domain, tags behind a plus. Beside them stand people who only look alike: those with frequent names, families in one
//! company, two of one name in one company, colleagues behind one switchboard or one info@.
#![allow(clippy::print_stdout, reason = "a command prints its result")]

mod labelled;
#[allow(dead_code, reason = "shared with other commands")]
mod random;
#[allow(dead_code, reason = "shared with other commands")]
mod words;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Instant,
};

use clap::Parser;
use duplicates::model::{
    Calibration, Comparison, Edge, Key, Person, Sharing, cluster, compare,
    keys::{self, MOST},
};
use kernel::{LeadId, Uuid};

use labelled::Record;

/// From where clusters are shown and merged automatically, unless an organisation sets it otherwise.
const SHOWN: f64 = 0.8;
const AUTOMATIC: f64 = 0.995;

#[derive(Debug, Parser)]
#[command(about = "Precision and recall of the duplicate detection on a labelled set")]
struct Arguments {
    /// How many leads the set has.
    #[arg(long, default_value_t = 100_000)]
    leads: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints so many pairs that it gets wrong, with the evidence.
    #[arg(long, default_value_t = 0)]
    mistakes: usize,
}

fn id(n: usize) -> LeadId {
    Uuid::from_u128(n as u128 + 1).into()
}

fn number(id: LeadId) -> usize {
    usize::try_from(id.uuid().as_u128()).unwrap_or_default().saturating_sub(1)
}

/// What comparing all leads has found.
struct Found {
    people: Vec<Person>,
    pairs: Vec<(usize, usize, Comparison)>,
    compared: usize,
}

fn detect(records: &[Record]) -> Found {
    let people: Vec<Person> = records.iter().enumerate().map(|(n, record)| Person::new(id(n), &record.facts)).collect();
    let mut blocks: HashMap<Key, Vec<usize>> = HashMap::new();
    for (n, person) in people.iter().enumerate() {
        for key in keys::keys(person) {
            blocks.entry(key).or_default().push(n);
        }
    }
    let mut candidates: BTreeSet<(usize, usize)> = BTreeSet::new();
    for block in blocks.values().filter(|block| block.len() <= MOST) {
        for (at, a) in block.iter().enumerate() {
            candidates.extend(block.iter().skip(at + 1).map(|b| (*a, *b)));
        }
    }
    let size = |key: Option<Key>| key.and_then(|key| blocks.get(&key)).map_or(0, |block| block.len().min(MOST + 1));
    let compared = candidates.len();
    let pairs = candidates
        .into_iter()
        .filter_map(|(a, b)| {
            let (one, other) = (people.get(a)?, people.get(b)?);
            let sharing = Sharing {
                name: size(keys::name_key(one)).max(size(keys::name_key(other))),
                phone: size(keys::phone_key(one)).max(size(keys::phone_key(other))),
            };
            Some((a, b, compare(one, other, sharing)))
        })
        .collect();
    Found { people, pairs, compared }
}

/// Right among what was said, and said among what is right.
struct Score {
    said: usize,
    right: usize,
    true_ones: usize,
}

impl Score {
    fn print(&self, what: &str) {
        let share = |of: usize| if of == 0 { 1.0 } else { self.right as f64 / of as f64 };
        println!(
            "  {what:<9} precision {:.4}  recall {:.4}  ({} found, {} right, {} true)",
            share(self.said),
            share(self.true_ones),
            self.said,
            self.right,
            self.true_ones
        );
    }
}

fn groups(records: &[Record]) -> HashMap<usize, Vec<usize>> {
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    for (n, record) in records.iter().enumerate() {
        groups.entry(record.person).or_default().push(n);
    }
    groups.retain(|_, members| members.len() > 1);
    groups
}

fn judge(records: &[Record], found: &Found, threshold: f64) {
    let least = Calibration::default().bits_for(threshold);
    let edges: Vec<Edge> = found
        .pairs
        .iter()
        .filter(|(_, _, comparison)| comparison.bits >= least && !comparison.contradicts())
        .map(|(a, b, comparison)| Edge { a: id(*a), b: id(*b), bits: comparison.bits })
        .collect();
    let clusters = cluster::form(&edges, |a, b| {
        let pair = found.people.get(number(a)).zip(found.people.get(number(b)));
        pair.is_some_and(|(a, b)| compare(a, b, Sharing::default()).contradicts())
    });
    let truth = groups(records);
    let person = |lead: &LeadId| records.get(number(*lead)).map(|record| record.person);
    let (mut said, mut right, mut exact) = (0, 0, 0);
    for cluster in &clusters {
        for (at, a) in cluster.leads.iter().enumerate() {
            for b in cluster.leads.iter().skip(at + 1) {
                said += 1;
                right += usize::from(person(a) == person(b));
            }
        }
        let members: HashSet<usize> = cluster.leads.iter().map(|lead| number(*lead)).collect();
        let whole = cluster.leads.first().and_then(person).and_then(|person| truth.get(&person));
        exact += usize::from(whole.is_some_and(|whole| whole.len() == members.len() && whole.iter().all(|n| members.contains(n))));
    }
    let true_pairs = truth.values().map(|members| members.len() * (members.len() - 1) / 2).sum();
    println!("from {:.1} %:", threshold * 100.0);
    Score { said, right, true_ones: true_pairs }.print("pairs");
    Score { said: clusters.len(), right: exact, true_ones: truth.len() }.print("clusters");
}

fn print_mistakes(records: &[Record], found: &Found, most: usize) {
    let least = Calibration::default().bits_for(SHOWN);
    let wrong = found.pairs.iter().filter(|(a, b, comparison)| {
        let same = records.get(*a).map(|record| record.person) == records.get(*b).map(|record| record.person);
        same != (comparison.bits >= least && !comparison.contradicts())
    });
    for (a, b, comparison) in wrong.take(most) {
        println!("{:.1} bits", comparison.bits);
        for record in [a, b].into_iter().filter_map(|n| records.get(*n)) {
            println!("  {:>7} {} {:?}", record.person, record.spoilt, record.facts);
        }
        for evidence in &comparison.evidence {
            println!("    {:+.1} {}", evidence.bits, evidence.says());
        }
    }
}

fn main() {
    let arguments = Arguments::parse();
    let records = labelled::make(arguments.leads, arguments.seed);
    let started = Instant::now();
    let found = detect(&records);
    let took = started.elapsed();
    let truth = groups(&records);
    let blocked: HashSet<(usize, usize)> = found.pairs.iter().map(|(a, b, _)| (*a, *b)).collect();
    let (mut true_pairs, mut reached) = (0_u32, 0_u32);
    for members in truth.values() {
        for (at, a) in members.iter().enumerate() {
            for b in members.iter().skip(at + 1) {
                true_pairs += 1;
                reached += u32::from(blocked.contains(&(*a, *b)));
            }
        }
    }
    println!(
        "{} leads, seed {}: {} pairs compared in {:.2} s; {reached} of {true_pairs} true pairs share a key ({:.4})",
        records.len(),
        arguments.seed,
        found.compared,
        took.as_secs_f64(),
        f64::from(reached) / f64::from(true_pairs.max(1_u32))
    );
    judge(&records, &found, SHOWN);
    judge(&records, &found, AUTOMATIC);
    print_mistakes(&records, &found, arguments.mistakes);
}
