use std::collections::{HashMap, HashSet};

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{ClusterId, LeadId};

use crate::{
    model::{Edge, Sharing, cluster, compare},
    store::{self, clusters::StoredCluster, pairs::Pair, settings::Settings},
};

/// How far a chain of pairs is followed, and how many leads it may gather: beyond, the data has a fault that no
/// cluster should hide.
const DEEPEST: usize = 6;
const WIDEST: usize = 20_000;

/// Forms the clusters around these leads anew. The caller holds the organisation's lock.
pub(crate) async fn recluster(tx: &TenantTx, touched: &HashSet<LeadId>, settings: &Settings, now: Timestamp) -> Result<(), DbError> {
    if touched.is_empty() {
        return Ok(());
    }
    let mut seen: HashSet<LeadId> = touched.clone();
    let touched: Vec<LeadId> = touched.iter().copied().collect();
    // What a cluster held stays to be judged when one of it has left.
    seen.extend(store::clusters::of(tx, &touched).await?.into_iter().flat_map(|cluster| cluster.leads));
    let show_bits = settings.show_bits();
    let mut pairs: HashMap<(LeadId, LeadId), Pair> = HashMap::new();
    let mut frontier: Vec<LeadId> = seen.iter().copied().collect();
    for _ in 0..DEEPEST {
        if frontier.is_empty() || seen.len() > WIDEST {
            break;
        }
        let found = store::pairs::of(tx, &frontier).await?;
        frontier.clear();
        for pair in found {
            if pair.decision != "rejected" && pair.bits >= show_bits {
                frontier.extend([pair.low, pair.high].into_iter().filter(|lead| seen.insert(*lead)));
            }
            pairs.insert((pair.low, pair.high), pair);
        }
    }
    let people = store::people(tx, &seen.iter().copied().collect::<Vec<_>>()).await?;
    let edges: Vec<Edge> = pairs
        .values()
        .filter(|pair| pair.decision != "rejected" && pair.bits >= show_bits)
        .filter(|pair| people.contains_key(&pair.low) && people.contains_key(&pair.high))
        .map(|pair| Edge { a: pair.low, b: pair.high, bits: pair.bits })
        .collect();
    let decided = |a: LeadId, b: LeadId, decision: &str| pairs.get(&(a.min(b), a.max(b))).is_some_and(|pair| pair.decision == decision);
    let clusters = cluster::form(&edges, |a, b| {
        let compared = || people.get(&a).zip(people.get(&b)).is_some_and(|(a, b)| compare(a, b, Sharing::default()).contradicts());
        decided(a, b, "rejected") || compared()
    });
    let old = store::clusters::of(tx, &seen.iter().copied().collect::<Vec<_>>()).await?;
    let known: HashMap<&[LeadId], &StoredCluster> = old.iter().map(|cluster| (cluster.leads.as_slice(), cluster)).collect();
    let new: Vec<StoredCluster> = clusters
        .into_iter()
        .map(|cluster| {
            let earlier = known.get(cluster.leads.as_slice());
            // Both are there again after they were merged: somebody has taken that back.
            let by_hand = cluster.leads.iter().any(|a| cluster.leads.iter().any(|b| a < b && decided(*a, *b, "merged")));
            StoredCluster {
                id: earlier.map_or_else(ClusterId::new, |cluster| cluster.id),
                found_at: earlier.map_or(now, |cluster| cluster.found_at),
                leads: cluster.leads,
                bits: cluster.bits,
                by_hand,
            }
        })
        .collect();
    let kept: HashSet<ClusterId> = new.iter().map(|cluster| cluster.id).collect();
    let gone: Vec<ClusterId> = old.iter().map(|cluster| cluster.id).filter(|id| !kept.contains(id)).collect();
    store::clusters::remove(tx, &gone).await?;
    store::clusters::put(tx, &new).await
}
