//! Segments in a filter: which it names, and whom they mean.
//!
//! The slice that keeps them is a later one, so it is asked through a port ([`Segments`]) before a filter is used:
//! whom a dynamic segment means stands in the filter from then on, and in none of its forms.

use std::{collections::HashMap, str::FromStr};

use kernel::SegmentId;

use super::{Condition, Filter, Node};

/// How deep segments may be made of segments.
pub const MAX_SEGMENTS_DEEP: usize = 5;
/// How many conditions and segments a filter may come to, those in the filters of its segments among them.
pub const MAX_WHOLE: usize = 200;

/// What can be asked about segments.
#[derive(Debug, Clone, PartialEq)]
pub enum SegmentTest {
    /// In at least one of them.
    In(Vec<SegmentKey>),
    /// In none of them.
    NotIn(Vec<SegmentKey>),
}

/// A segment, and whom it means, once that was looked up.
#[derive(Debug, Clone)]
pub struct SegmentKey {
    id: SegmentId,
    pub(super) means: Option<Means>,
}

/// Whom a segment means.
#[derive(Debug, Clone, PartialEq)]
pub enum Means {
    /// Those who were put in.
    Members,
    /// Those who match.
    Matching(Filter),
}

impl SegmentKey {
    /// A segment about which no more is known.
    pub fn new(id: SegmentId) -> Self {
        Self { id, means: None }
    }

    /// Which it is.
    pub fn id(&self) -> SegmentId {
        self.id
    }
}

impl PartialEq for SegmentKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl FromStr for SegmentKey {
    type Err = <SegmentId as FromStr>::Err;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}

impl SegmentTest {
    /// The segments that it names.
    pub fn keys(&self) -> &[SegmentKey] {
        let (Self::In(keys) | Self::NotIn(keys)) = self;
        keys
    }

    pub(super) fn keys_mut(&mut self) -> &mut [SegmentKey] {
        let (Self::In(keys) | Self::NotIn(keys)) = self;
        keys
    }
}

/// A segment, as a filter must know it.
#[derive(Debug, Clone)]
pub struct KnownSegment {
    pub name: String,
    /// Nothing where its filter cannot be read any more.
    pub means: Option<Means>,
}

/// Those segments that a filter names, directly or through others.
#[derive(Debug, Clone, Default)]
pub struct KnownSegments(HashMap<SegmentId, KnownSegment>);

impl KnownSegments {
    /// One of them.
    pub fn get(&self, id: SegmentId) -> Option<&KnownSegment> {
        self.0.get(&id)
    }

    /// What the segment of this typed id is called: for the words of a filter.
    pub fn name(&self, id: &str) -> Option<String> {
        Some(self.get(id.parse().ok()?)?.name.clone())
    }

    /// One more.
    pub fn insert(&mut self, id: SegmentId, segment: KnownSegment) {
        self.0.insert(id, segment);
    }
}

impl Filter {
    /// The segments that it names itself.
    pub fn segments(&self) -> Vec<SegmentId> {
        let mut ids: Vec<SegmentId> = Vec::new();
        for condition in self.root.conditions() {
            if let Condition::Segment(test) = condition {
                ids.extend(test.keys().iter().map(SegmentKey::id));
            }
        }
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        ids
    }

    /// Whether it can be used as it is, because it asks of nothing that others define.
    pub fn is_plain(&self) -> bool {
        !self.root.conditions().iter().any(|condition| matches!(condition, Condition::Custom(..) | Condition::Segment(_)))
    }

    /// Whether it is known of all its segments whom they mean.
    pub(super) fn is_looked_up(&self) -> bool {
        self.root.conditions().iter().all(|condition| match condition {
            Condition::Segment(test) => test.keys().iter().all(|key| key.means.is_some()),
            _ => true,
        })
    }

    /// The parts that must all hold. Whoever must be in one dynamic segment must match its parts, so those stand in its place:
    /// found are the same leads, by the same indexes as if they had been asked for themselves.
    pub(super) fn musts(&self) -> Vec<&Node> {
        let mut musts = Vec::new();
        for part in self.parts() {
            match part {
                Node::If(Condition::Segment(SegmentTest::In(keys))) => match keys.as_slice() {
                    [SegmentKey { means: Some(Means::Matching(filter)), .. }] => musts.extend(filter.musts()),
                    _ => musts.push(part),
                },
                other => musts.push(other),
            }
        }
        musts
    }
}
