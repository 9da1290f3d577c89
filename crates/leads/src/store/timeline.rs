//! What has happened with one subject, newest first.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::Uuid;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One event of a timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEvent {
    /// Its number: newer is greater.
    pub seq: i64,
    /// `lead.status_changed`, `mail.opened`, …
    pub kind: String,
    /// `user:<uuid>`, `system` or `provider`.
    pub actor: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = Object)]
    pub payload: Value,
}

/// Which events a timeline shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    #[default]
    Everything,
    Mail,
    Notes,
    Changes,
}

impl Theme {
    pub(crate) const ALL: [Self; 4] = [Self::Everything, Self::Mail, Self::Notes, Self::Changes];

    /// The word in the page's address; empty for everything.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "",
            Self::Mail => "mail",
            Self::Notes => "notes",
            Self::Changes => "changes",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Everything => "Everything",
            Self::Mail => "E-mail",
            Self::Notes => "Notes and tasks",
            Self::Changes => "Changes",
        }
    }

    /// The theme with this word; another word is everything.
    pub(crate) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word).unwrap_or_default()
    }

    /// The first words of its kinds; none for all of them.
    const fn families(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Everything => None,
            Self::Mail => Some(&["mail"]),
            Self::Notes => Some(&["note", "task"]),
            Self::Changes => Some(&["lead"]),
        }
    }
}

/// The subject, and the leads that were merged into it: what happened to them happened to the same person.
async fn subjects(tx: &TenantTx, subject: Uuid) -> Result<Vec<Uuid>, DbError> {
    let rows = tx.query("SELECT id FROM lead_merges WHERE org_id = $1 AND into_id = $2", &[&tx.org(), &subject]).await?;
    let mut all = vec![subject];
    for row in &rows {
        all.push(row.try_get(0)?);
    }
    Ok(all)
}

/// Up to `limit` events of `theme` older than number `before`.
pub(crate) async fn read(
    tx: &TenantTx,
    subject: Uuid,
    theme: Theme,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<TimelineEvent>, DbError> {
    let rows = tx
        .query(
            "SELECT seq, kind, actor, at, payload FROM events
             WHERE org_id = $1 AND subject_id = ANY($2) AND seq < $3 AND kind <> 'lead.scored' AND (kind <> 'lead.deleted' OR subject_id = ($2)[1])
               AND ($4::text[] IS NULL OR split_part(kind, '.', 1) = ANY($4)) ORDER BY seq DESC LIMIT $5",
            &[&tx.org(), &subjects(tx, subject).await?, &before.unwrap_or(i64::MAX), &theme.families(), &limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(TimelineEvent {
                seq: row.try_get(0)?,
                kind: row.try_get(1)?,
                actor: row.try_get(2)?,
                at: row.try_get(3)?,
                payload: row.try_get(4)?,
            })
        })
        .collect()
}
