use db::{Db, DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, CampaignId, OrgId};

use crate::model::{Campaign, CampaignStatus, CampaignSummary, Settings};

const COLUMNS: &str =
    "c.id, c.name, c.status, c.status_reason, c.audience, c.segment_id, c.sender_name, c.sender_address, c.reply_to, c.max_per_minute, c.max_per_day,
    CASE WHEN c.held_until > clock_timestamp() THEN c.hold_reason ELSE '' END AS hold_reason,
    c.created_at, c.updated_at, c.launched_at, c.finished_at, c.version";

fn campaign(row: &Row) -> Result<Campaign, DbError> {
    Ok(Campaign {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        status: row.try_get("status")?,
        status_reason: row.try_get("status_reason")?,
        audience: row.try_get("audience")?,
        segment_id: row.try_get("segment_id")?,
        sender_name: row.try_get("sender_name")?,
        sender_address: row.try_get("sender_address")?,
        reply_to: row.try_get("reply_to")?,
        max_per_minute: row.try_get("max_per_minute")?,
        max_per_day: row.try_get("max_per_day")?,
        hold_reason: row.try_get("hold_reason")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        launched_at: row.try_get("launched_at")?,
        finished_at: row.try_get("finished_at")?,
        version: row.try_get("version")?,
    })
}

/// The campaign, if it is this organisation's.
pub async fn find(tx: &TenantTx, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM campaigns c WHERE c.org_id = $1 AND c.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(campaign).transpose()
}

/// The same, locked against other changes until the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM campaigns c WHERE c.org_id = $1 AND c.id = $2 FOR NO KEY UPDATE");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(campaign).transpose()
}

/// Newest first, with their numbers, which are counted for the rows of this page only.
/// `before` is the `(created_at, id)` of the last row of the previous page.
pub async fn list(
    tx: &TenantTx,
    status: Option<CampaignStatus>,
    before: Option<(Timestamp, CampaignId)>,
    limit: i64,
) -> Result<Vec<CampaignSummary>, DbError> {
    let sql = format!(
        "WITH page AS MATERIALIZED (
           SELECT * FROM campaigns
           WHERE org_id = $1 AND ($2::text IS NULL OR status = $2)
             AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $5)
         SELECT {COLUMNS}, steps.n AS steps, people.leads, people.replied, mails.sent, mails.opened, mails.clicked, mails.unknown
         FROM page c
         CROSS JOIN LATERAL (SELECT count(*) AS n FROM campaign_steps s WHERE s.org_id = c.org_id AND s.campaign_id = c.id) steps
         CROSS JOIN LATERAL (SELECT count(*) AS leads, count(*) FILTER (WHERE e.reason = 'replied') AS replied
           FROM enrollments e WHERE e.org_id = c.org_id AND e.campaign_id = c.id) people
         CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE m.state = 'sent') AS sent, count(m.opened_at) AS opened,
             count(m.clicked_at) AS clicked, count(*) FILTER (WHERE m.state = 'unknown') AS unknown
           FROM sends m WHERE m.org_id = c.org_id AND m.campaign_id = c.id) mails
         ORDER BY c.created_at DESC, c.id DESC"
    );
    let (at, id) = before.unzip();
    let status = status.map(CampaignStatus::as_str);
    let rows = tx.query(&sql, &[&tx.org(), &status, &at, &id, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(CampaignSummary {
                campaign: campaign(row)?,
                steps: row.try_get("steps")?,
                leads: row.try_get("leads")?,
                sent: row.try_get("sent")?,
                opened: row.try_get("opened")?,
                clicked: row.try_get("clicked")?,
                replied: row.try_get("replied")?,
                unknown: row.try_get("unknown")?,
            })
        })
        .collect()
}

/// How many there are; the few that an organisation has can be counted.
pub async fn count(tx: &TenantTx, status: Option<CampaignStatus>) -> Result<i64, DbError> {
    let status = status.map(CampaignStatus::as_str);
    let row = tx
        .query_one("SELECT count(*) FROM campaigns WHERE org_id = $1 AND ($2::text IS NULL OR status = $2)", &[&tx.org(), &status])
        .await?;
    Ok(row.try_get(0)?)
}

pub(crate) async fn insert(tx: &TenantTx, id: CampaignId, settings: &Settings, by: Actor, now: Timestamp) -> Result<Campaign, DbError> {
    let user = if let Actor::User(user) = by { Some(user) } else { None };
    let sql = format!(
        "INSERT INTO campaigns AS c (org_id, id, name, audience, sender_name, sender_address, reply_to, max_per_minute, max_per_day,
           created_by, created_at, updated_at, segment_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) RETURNING {COLUMNS}"
    );
    let row = tx
        .query_one(
            &sql,
            &[
                &tx.org(),
                &id,
                &settings.name,
                &settings.audience,
                &settings.sender_name,
                &settings.sender_address,
                &settings.reply_to,
                &settings.max_per_minute,
                &settings.max_per_day,
                &user,
                &now,
                &settings.segment_id,
            ],
        )
        .await?;
    campaign(&row)
}

pub(crate) async fn update(tx: &TenantTx, id: CampaignId, settings: &Settings, now: Timestamp) -> Result<Campaign, DbError> {
    let sql = format!(
        "UPDATE campaigns c SET name = $3, audience = $4, sender_name = $5, sender_address = $6, reply_to = $7,
           max_per_minute = $8, max_per_day = $9, updated_at = $10, segment_id = $11, version = version + 1
         WHERE c.org_id = $1 AND c.id = $2 RETURNING {COLUMNS}"
    );
    let row = tx
        .query_one(
            &sql,
            &[
                &tx.org(),
                &id,
                &settings.name,
                &settings.audience,
                &settings.sender_name,
                &settings.sender_address,
                &settings.reply_to,
                &settings.max_per_minute,
                &settings.max_per_day,
                &now,
                &settings.segment_id,
            ],
        )
        .await?;
    campaign(&row)
}

/// Its steps have changed.
pub(crate) async fn touch(tx: &TenantTx, id: CampaignId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE campaigns SET updated_at = $3, version = version + 1 WHERE org_id = $1 AND id = $2", &[&tx.org(), &id, &now])
        .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &TenantTx, id: CampaignId) -> Result<(), DbError> {
    tx.execute("DELETE FROM campaigns WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// Moves it on. A hold of the provider ends with any change: whoever changes it wants to see what happens.
pub(crate) async fn set_status(tx: &TenantTx, id: CampaignId, to: CampaignStatus, why: &str, now: Timestamp) -> Result<Campaign, DbError> {
    let sql = format!(
        "UPDATE campaigns c SET status = $3, status_reason = $4, updated_at = $5, version = version + 1, held_until = NULL, hold_reason = '',
           launched_at = CASE WHEN c.status = 'draft' THEN $5 ELSE c.launched_at END,
           finished_at = CASE WHEN $3 = 'finished' THEN $5 END
         WHERE c.org_id = $1 AND c.id = $2 RETURNING {COLUMNS}"
    );
    campaign(&tx.query_one(&sql, &[&tx.org(), &id, &to.as_str(), &why, &now]).await?)
}

/// Nothing is claimed for so many real seconds.
pub(crate) async fn hold(tx: &TenantTx, id: CampaignId, seconds: f64, why: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE campaigns SET held_until = clock_timestamp() + make_interval(secs => $3), hold_reason = $4 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &seconds, &why],
    )
    .await?;
    Ok(())
}

/// Campaigns that take more leads: those that go on first, then the latest.
pub(crate) async fn open(tx: &TenantTx, limit: i64) -> Result<Vec<(CampaignId, String)>, DbError> {
    let sql = "SELECT id, name FROM campaigns WHERE org_id = $1 AND status <> 'draft' ORDER BY status = 'finished', updated_at DESC, id DESC LIMIT $2";
    let rows = tx.query(sql, &[&tx.org(), &limit]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Every running campaign of every organisation, after `from`.
pub(crate) async fn running(db: &Db, from: CampaignId, limit: i64) -> Result<Vec<(OrgId, CampaignId)>, DbError> {
    let sql = "SELECT org_id, id FROM campaigns WHERE status = 'running' AND id > $1 ORDER BY id LIMIT $2";
    let rows = db.read_system(sql, &[&from, &limit]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Ends it if nothing is left to do. Locks the row, so that a pause and an end cannot cross.
pub(crate) async fn finish_if_done(tx: &TenantTx, id: CampaignId, now: Timestamp) -> Result<bool, DbError> {
    let done = tx
        .execute(
            "UPDATE campaigns c SET status = 'finished', finished_at = $3, updated_at = $3, version = version + 1, held_until = NULL, hold_reason = ''
             WHERE c.org_id = $1 AND c.id = $2 AND c.status = 'running'
               AND NOT EXISTS (SELECT FROM enrollments e WHERE e.org_id = $1 AND e.campaign_id = $2 AND e.state = 'active')
               AND NOT EXISTS (SELECT FROM sends s WHERE s.org_id = $1 AND s.campaign_id = $2 AND s.state IN ('planned', 'claimed', 'unknown'))",
            &[&tx.org(), &id, &now],
        )
        .await?;
    Ok(done == 1)
}
