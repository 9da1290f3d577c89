use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::SegmentId;
use leads::{Filter, Params};

use crate::{model::Kind, store};

/// Which leads a segment, or a filter by itself, means.
#[derive(Debug, Clone, PartialEq)]
pub enum Population {
    /// Those that match.
    Matching(Filter),
    /// Those that were put in.
    Members(SegmentId),
}

impl Population {
    /// Whom a segment means now; nothing if it is gone.
    pub async fn of(tx: &TenantTx, id: SegmentId) -> Result<Option<Self>, DbError> {
        Ok(store::segments::get(tx, id).await?.map(|segment| segment.population()))
    }

    /// A boolean expression over `lead_rows l` (or `leads l`), as [`Filter::to_sql`] makes it.
    pub fn to_sql(&self, params: &mut Params, now: Timestamp) -> String {
        match self {
            Self::Matching(filter) => filter.to_sql(params, now),
            Self::Members(id) => format!(
                "EXISTS (SELECT FROM segment_members sm WHERE sm.org_id = l.org_id AND sm.segment_id = {}::uuid AND sm.lead_id = l.id)",
                params.push(*id)
            ),
        }
    }
}

impl From<Filter> for Population {
    fn from(filter: Filter) -> Self {
        Self::Matching(filter)
    }
}

impl crate::Segment {
    /// Whom it means. A dynamic one whose filter cannot be read means nobody, never everybody.
    pub fn population(&self) -> Population {
        match self.kind {
            Kind::Fixed => Population::Members(self.id),
            Kind::Dynamic => {
                let nobody = || Filter { root: leads::filter::Node::Any(Vec::new()) };
                Population::Matching(self.filter.clone().unwrap_or_else(nobody))
            }
        }
    }
}
