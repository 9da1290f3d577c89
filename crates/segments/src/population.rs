use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::SegmentId;
use leads::{Filter, Params, filter::Node};

use crate::{known::looked_up, model::Kind, store};

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
        match store::segments::get(tx, id).await? {
            Some(segment) => Ok(Some(segment.population(tx).await?)),
            None => Ok(None),
        }
    }

    /// Whom a filter that was kept means now. One whose segments cannot be asked means nobody, never everybody.
    pub async fn matching(tx: &TenantTx, filter: Filter) -> Result<Self, DbError> {
        Ok(Self::Matching(looked_up(tx, filter).await?.unwrap_or_else(|_| nobody())))
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

fn nobody() -> Filter {
    Filter { root: Node::Any(Vec::new()) }
}

impl crate::Segment {
    /// Whom it means. A dynamic one whose filter cannot be read means nobody, never everybody.
    pub async fn population(&self, tx: &TenantTx) -> Result<Population, DbError> {
        match (self.kind, &self.filter) {
            (Kind::Fixed, _) => Ok(Population::Members(self.id)),
            (Kind::Dynamic, Some(filter)) => Population::matching(tx, filter.clone()).await,
            (Kind::Dynamic, None) => Ok(Population::Matching(nobody())),
        }
    }
}
