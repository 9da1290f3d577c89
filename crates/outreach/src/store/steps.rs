use db::{DbError, Row, TenantTx};
use kernel::{CampaignId, StepId};

use crate::model::{Step, StepInput};

fn step(row: &Row) -> Result<Step, DbError> {
    Ok(Step {
        id: row.try_get("id")?,
        position: row.try_get("position")?,
        delay_minutes: row.try_get("delay_minutes")?,
        subject: row.try_get("subject")?,
        html: row.try_get("html")?,
        text: row.try_get("text")?,
    })
}

/// A campaign's sequence, in order.
pub async fn list(tx: &TenantTx, campaign: CampaignId) -> Result<Vec<Step>, DbError> {
    let sql = "SELECT id, position, delay_minutes, subject, html, text FROM campaign_steps WHERE org_id = $1 AND campaign_id = $2 ORDER BY position";
    tx.query(sql, &[&tx.org(), &campaign]).await?.iter().map(step).collect()
}

/// Makes the sequence be these, in their order. Ids that are not of this campaign become new steps.
pub(crate) async fn replace(tx: &TenantTx, campaign: CampaignId, steps: &[StepInput]) -> Result<Vec<Step>, DbError> {
    let before: Vec<StepId> = list(tx, campaign).await?.into_iter().map(|step| step.id).collect();
    let mut kept: Vec<StepId> = Vec::with_capacity(steps.len());
    for step in steps {
        let id = step.id.filter(|id| before.contains(id) && !kept.contains(id)).unwrap_or_else(StepId::new);
        kept.push(id);
    }
    tx.execute("DELETE FROM campaign_steps WHERE org_id = $1 AND campaign_id = $2 AND id <> ALL($3)", &[&tx.org(), &campaign, &kept])
        .await?;
    let delays: Vec<i32> = steps.iter().map(|step| step.delay_minutes).collect();
    let subjects: Vec<&str> = steps.iter().map(|step| step.subject.as_str()).collect();
    let htmls: Vec<&str> = steps.iter().map(|step| step.html.as_str()).collect();
    let texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
    tx.execute(
        "INSERT INTO campaign_steps (org_id, id, campaign_id, position, delay_minutes, subject, html, text)
         SELECT $1, s.id, $2, s.position, s.delay, s.subject, s.html, s.text
         FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY AS s (id, delay, subject, html, text, position)
         ON CONFLICT (org_id, id) DO UPDATE SET position = excluded.position, delay_minutes = excluded.delay_minutes,
           subject = excluded.subject, html = excluded.html, text = excluded.text",
        &[&tx.org(), &campaign, &kept, &delays, &subjects, &htmls, &texts],
    )
    .await?;
    list(tx, campaign).await
}
