//! What the people of an account add up to.

use db::{DbError, TenantTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{AccountId, LeadId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Status, display_name};

/// The people of one account are looked at up to here.
const MOST: i64 = 20_000;
/// For so long after its last activity a conversation is going on.
const TALKING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is known of an account by its people.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct RollUp {
    /// Counted up to 20,000.
    pub people: i64,
    pub best_score: Option<i32>,
    pub mean_score: Option<i32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_activity_at: Option<Timestamp>,
    /// How many people have each status that somebody has, in the order of the statuses.
    pub statuses: Vec<StatusShare>,
    /// Who owns people there, whoever owns most of them first, and how many; at most ten.
    pub owners: Vec<OwnerShare>,
}

/// How many people of an account have a status.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct StatusShare {
    pub status: Status,
    pub people: i64,
}

/// How many people of an account somebody owns.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct OwnerShare {
    pub owner_id: UserId,
    pub people: i64,
}

/// A colleague who is in conversation with somebody there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InTalks {
    pub owner_id: UserId,
    pub lead_id: LeadId,
    pub name: String,
    pub status: Status,
    #[schema(value_type = String, format = DateTime)]
    pub last_activity_at: Timestamp,
}

pub(crate) async fn roll_up(tx: &TenantTx, id: AccountId) -> Result<RollUp, DbError> {
    let rows = tx
        .query(
            "SELECT status, owner_id, count(*), max(score), sum(score)::bigint, max(last_activity_at)
             FROM (SELECT status, owner_id, score, last_activity_at FROM leads WHERE org_id = $1 AND account_id = $2 LIMIT $3) l
             GROUP BY status, owner_id",
            &[&tx.org(), &id, &MOST],
        )
        .await?;
    let mut all = RollUp::default();
    let mut score_sum = 0;
    let mut statuses = [0_i64; Status::ALL.len()];
    for row in &rows {
        let status = super::super::status(row, 0)?;
        let (owner, count): (Option<UserId>, i64) = (row.try_get(1)?, row.try_get(2)?);
        all.people += count;
        all.best_score = all.best_score.max(row.try_get(3)?);
        score_sum += row.try_get::<_, i64>(4)?;
        all.last_activity_at = all.last_activity_at.max(row.try_get(5)?);
        for (known, total) in Status::ALL.into_iter().zip(&mut statuses) {
            *total += if known == status { count } else { 0 };
        }
        if let Some(owner) = owner {
            match all.owners.iter_mut().find(|share| share.owner_id == owner) {
                Some(share) => share.people += count,
                None => all.owners.push(OwnerShare { owner_id: owner, people: count }),
            }
        }
    }
    all.mean_score = if all.people > 0 { i32::try_from(score_sum / all.people).ok() } else { None };
    all.statuses = Status::ALL
        .into_iter()
        .zip(statuses)
        .filter(|(_, people)| *people > 0)
        .map(|(status, people)| StatusShare { status, people })
        .collect();
    all.owners.sort_by_key(|share| (std::cmp::Reverse(share.people), share.owner_id));
    all.owners.truncate(10);
    Ok(all)
}

/// Colleagues of `me` who wrote with somebody there lately: whoever begins another conversation should know.
pub(crate) async fn in_talks(tx: &TenantTx, id: AccountId, me: UserId, now: Timestamp) -> Result<Vec<InTalks>, DbError> {
    let since = now.checked_sub(TALKING).unwrap_or(now);
    let rows = tx
        .query(
            "SELECT DISTINCT ON (owner_id) owner_id, status, id, first_name, last_name, email, external_id, last_activity_at
             FROM (SELECT * FROM leads WHERE org_id = $1 AND account_id = $2 AND owner_id <> $3 AND status IN ('contacted', 'replied', 'qualified')
                     AND last_activity_at >= $4 LIMIT $5) l
             ORDER BY owner_id, last_activity_at DESC LIMIT 5",
            &[&tx.org(), &id, &me, &since, &MOST],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (first, last, email, external): (String, String, Option<String>, String) =
                (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
            Ok(InTalks {
                owner_id: row.try_get(0)?,
                status: super::super::status(row, 1)?,
                lead_id: row.try_get(2)?,
                name: display_name(&first, &last, email.as_deref(), &external),
                last_activity_at: row.try_get(7)?,
            })
        })
        .collect()
}
