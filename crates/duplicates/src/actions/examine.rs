use std::collections::{BTreeSet, HashMap, HashSet};

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::LeadId;

use super::cluster::recluster;
use crate::{
    model::{
        Key, Person, Sharing, compare,
        keys::{MOST, keys, name_key, phone_key},
    },
    store::{self, pairs::Pair, settings::Settings},
};

/// Pairs with fewer bits are not worth a row: no setting shows them.
const FLOOR: f64 = -3.0;

/// With whom leads are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// Everybody: these leads are new, changed or gone.
    Everybody,
    /// Those with a smaller id: all leads are gone through in the order of their ids, so each pair comes up once.
    Earlier,
}

/// Compares leads with whoever shares a key with them, and forms clusters anew where something has changed.
/// Those that are gone leave. The caller holds the organisation's lock.
pub(crate) async fn examine(
    tx: &TenantTx,
    ids: &[LeadId],
    against: Against,
    settings: &Settings,
    now: Timestamp,
) -> Result<usize, DbError> {
    let people = store::people(tx, ids).await?;
    let wanted: HashMap<LeadId, Vec<Key>> = ids.iter().map(|id| (*id, people.get(id).map(keys).unwrap_or_default())).collect();
    store::keys::replace(tx, &wanted).await?;
    let pairs = candidates(tx, people, &wanted, against).await?;
    // Whoever was connected before may be no more: they are looked at again, too.
    let before = store::pairs::of(tx, ids).await?;
    store::pairs::forget(tx, ids, against == Against::Earlier).await?;
    store::pairs::put(tx, &pairs).await?;
    let mut touched: HashSet<LeadId> = before.iter().chain(&pairs).flat_map(|pair| [pair.low, pair.high]).collect();
    touched.extend(ids.iter().filter(|id| wanted.get(id).is_none_or(Vec::is_empty)));
    recluster(tx, &touched, settings, now).await?;
    Ok(pairs.len())
}

/// Compares one lead as it is with everybody, without writing anything: surest first.
pub(crate) async fn look_up(tx: &TenantTx, id: LeadId) -> Result<Vec<Pair>, DbError> {
    let people = store::people(tx, &[id]).await?;
    let wanted: HashMap<LeadId, Vec<Key>> = people.iter().map(|(id, person)| (*id, keys(person))).collect();
    let mut pairs = candidates(tx, people, &wanted, Against::Everybody).await?;
    let decided: HashSet<(LeadId, LeadId)> =
        store::pairs::of(tx, &[id]).await?.iter().filter(|pair| pair.decision == "rejected").map(|pair| (pair.low, pair.high)).collect();
    pairs.retain(|pair| !decided.contains(&(pair.low, pair.high)));
    pairs.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| (a.low, a.high).cmp(&(b.low, b.high))));
    Ok(pairs)
}

async fn candidates(
    tx: &TenantTx,
    mut people: HashMap<LeadId, Person>,
    wanted: &HashMap<LeadId, Vec<Key>>,
    against: Against,
) -> Result<Vec<Pair>, DbError> {
    let all_keys: BTreeSet<i64> = wanted.values().flatten().map(|key| key.0).collect();
    let holders = store::keys::holders(tx, &all_keys.into_iter().collect::<Vec<_>>()).await?;
    let mut pairs: BTreeSet<(LeadId, LeadId)> = BTreeSet::new();
    for (id, keys) in wanted {
        for others in keys.iter().filter_map(|key| holders.get(&key.0)).filter(|others| others.len() <= MOST) {
            for other in others {
                if other < id {
                    pairs.insert((*other, *id));
                } else if other > id && against == Against::Everybody {
                    pairs.insert((*id, *other));
                }
            }
        }
    }
    let missing: BTreeSet<LeadId> = pairs.iter().flat_map(|&(low, high)| [low, high]).filter(|id| !people.contains_key(id)).collect();
    people.extend(store::people(tx, &missing.into_iter().collect::<Vec<_>>()).await?);
    let count = |key: Option<Key>| key.and_then(|key| holders.get(&key.0)).map_or(0, Vec::len);
    let found = pairs.into_iter().filter_map(|(low, high)| {
        let (a, b) = (people.get(&low)?, people.get(&high)?);
        // Keys of people outside this batch were not counted: where two share a key, one count is enough.
        let sharing = Sharing { name: count(name_key(a)).max(count(name_key(b))), phone: count(phone_key(a)).max(count(phone_key(b))) };
        let comparison = compare(a, b, sharing);
        (comparison.bits >= FLOOR && !comparison.contradicts()).then_some(Pair {
            low,
            high,
            bits: comparison.bits,
            evidence: comparison.evidence,
            decision: String::new(),
        })
    });
    Ok(found.collect())
}
