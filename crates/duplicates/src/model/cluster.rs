//! From pairs to clusters: leads that are one person together.

use std::collections::{HashMap, HashSet};

use kernel::LeadId;

/// Two leads that may be one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    pub a: LeadId,
    pub b: LeadId,
    pub bits: f64,
}

/// Leads that may all be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Sorted.
    pub leads: Vec<LeadId>,
    /// Of the weakest of the pairs that hold it together.
    pub bits: f64,
}

/// A cluster grows to this size; more leads that are one person are a fault in the data that somebody must look at.
pub const MOST_IN_ONE: usize = 12;

/// Joins pairs, the strongest first, unless a member of one side contradicts a member of the other: that
/// A resembles B and B resembles C does not make A and C one person. Sorted by strength.
pub fn form(edges: &[Edge], mut contradict: impl FnMut(LeadId, LeadId) -> bool) -> Vec<Cluster> {
    let mut order: Vec<&Edge> = edges.iter().collect();
    order.sort_by(|x, y| y.bits.total_cmp(&x.bits).then_with(|| (x.a, x.b).cmp(&(y.a, y.b))));
    // Which group a lead is in; a group that was joined to another one is empty.
    let mut group_of: HashMap<LeadId, usize> = HashMap::new();
    let mut groups: Vec<Cluster> = Vec::new();
    for edge in order {
        let mut group = |lead: LeadId, groups: &mut Vec<Cluster>| {
            *group_of.entry(lead).or_insert_with(|| {
                groups.push(Cluster { leads: vec![lead], bits: f64::INFINITY });
                groups.len() - 1
            })
        };
        let (one, other) = (group(edge.a, &mut groups), group(edge.b, &mut groups));
        if one == other {
            continue;
        }
        let (Some(left), Some(right)) = (groups.get(one), groups.get(other)) else { continue };
        let too_many = left.leads.len() + right.leads.len() > MOST_IN_ONE;
        if too_many || left.leads.iter().any(|a| right.leads.iter().any(|b| contradict(*a, *b))) {
            continue;
        }
        let Some(right) = groups.get_mut(other).map(|group| std::mem::replace(group, Cluster { leads: Vec::new(), bits: f64::INFINITY }))
        else {
            continue;
        };
        for lead in &right.leads {
            group_of.insert(*lead, one);
        }
        if let Some(left) = groups.get_mut(one) {
            left.leads.extend(right.leads);
            left.bits = left.bits.min(right.bits).min(edge.bits);
        }
    }
    let mut clusters: Vec<Cluster> = groups.into_iter().filter(|group| group.leads.len() > 1).collect();
    for cluster in &mut clusters {
        cluster.leads.sort_unstable();
    }
    clusters.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| a.leads.cmp(&b.leads)));
    clusters
}

/// Every lead that these pairs name.
pub fn leads_of(edges: &[Edge]) -> HashSet<LeadId> {
    edges.iter().flat_map(|edge| [edge.a, edge.b]).collect()
}
