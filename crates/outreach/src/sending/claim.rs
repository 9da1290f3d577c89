use std::collections::HashMap;

use db::{DbError, Scope, TenantTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, CampaignId, LeadId, OrgId, SendId, Uuid};
use mail::Transport as _;

use super::{Composer, LEASE_SECONDS, stored::StoredMail};
use crate::{
    model::Campaign,
    store::{
        self,
        ledger::Taken,
        outcomes::{Failed, OPEN},
    },
    templates::variables::{LEAD_COLUMNS, Recipient, recipient},
};

/// A batch that is ours: composed, stored, leased, and not yet handed over.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) org: OrgId,
    pub(crate) campaign: CampaignId,
    pub(crate) id: Uuid,
    pub(crate) token: i64,
    pub(crate) key: String,
    pub(crate) mails: Vec<StoredMail>,
    /// Hand-overs that were begun before this one.
    pub(crate) tries: i32,
}

/// The key of a batch under its idempotent provider: never reused, because each composed batch is stored.
pub(super) fn fresh_key() -> String {
    format!("batch/{}", Uuid::now_v7().simple())
}

/// What a look into the queue brought.
#[derive(Debug)]
pub(crate) enum Next {
    /// A batch to hand over.
    Batch(Box<Claimed>),
    /// Rows were taken, but none of them is to be sent.
    Dropped,
    /// Nothing is planned and due, or the campaign does not run.
    Nothing,
    /// The campaign's own limits allow no more for now.
    Limited,
}

/// Claims and composes the next batch in one committed transaction.
pub(crate) async fn claim(app: &App, org: OrgId, campaign: &Campaign, composer: &Composer) -> Result<Next, DbError> {
    let now = app.clock.now();
    let wish = i64::try_from(app.mailer.batch_size()).unwrap_or(1).max(1);
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    let allowed = store::ledger::allowance(&tx, campaign.id, campaign.max_per_minute, campaign.max_per_day, wish, now).await?;
    if allowed == 0 {
        return Ok(Next::Limited);
    }
    let id = Uuid::now_v7();
    let taken = store::ledger::claim(&tx, campaign.id, id, allowed, now).await?;
    if taken.is_empty() {
        return Ok(Next::Nothing);
    }
    let to_send: Vec<&Taken> = taken.iter().filter(|row| row.why_not.is_none()).collect();
    let mut claimed = Claimed { org, campaign: campaign.id, id, token: 1, key: fresh_key(), mails: Vec::new(), tries: 0 };
    if !to_send.is_empty() {
        let failed;
        (claimed.mails, failed) = compose_all(&tx, composer, campaign.id, &to_send, now).await?;
        store::outcomes::failed(&tx, &failed, OPEN, Actor::System, now).await?;
        if !claimed.mails.is_empty() {
            store::batches::insert(&tx, campaign.id, id, &claimed.key, app.mailer.name(), &claimed.mails, LEASE_SECONDS).await?;
        }
        if campaign.max_per_minute.is_some() || campaign.max_per_day.is_some() {
            store::ledger::spend(&tx, campaign.id, i32::try_from(claimed.mails.len()).unwrap_or(i32::MAX)).await?;
        }
    }
    tx.commit().await?;
    Ok(if claimed.mails.is_empty() { Next::Dropped } else { Next::Batch(Box::new(claimed)) })
}

/// Writes the messages. One that cannot be written (a variable that was emptied after the launch) fails
/// alone.
async fn compose_all(
    tx: &TenantTx,
    composer: &Composer,
    campaign: CampaignId,
    rows: &[&Taken],
    now: Timestamp,
) -> Result<(Vec<StoredMail>, Vec<Failed>), DbError> {
    let ids: Vec<LeadId> = rows.iter().map(|row| row.lead).collect();
    let sql = format!("SELECT {LEAD_COLUMNS} FROM leads WHERE org_id = $1 AND id = ANY($2)");
    let found = tx.query(&sql, &[&tx.org(), &ids]).await?;
    let recipients: HashMap<LeadId, Recipient> =
        found.iter().map(recipient).map(|read| read.map(|read| (read.id, read))).collect::<Result<_, _>>()?;
    let followers: Vec<LeadId> = rows.iter().filter(|row| row.step > 1).map(|row| row.lead).collect();
    let earlier = if followers.is_empty() { Vec::new() } else { store::ledger::threads(tx, campaign, &followers).await? };
    let mut threads: HashMap<LeadId, Vec<String>> = HashMap::new();
    for (lead, _, message_id) in earlier {
        threads.entry(lead).or_default().push(message_id);
    }
    let (mut mails, mut failed) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let thread = threads.get(&row.lead).map_or(&[][..], Vec::as_slice);
        let composed = match recipients.get(&row.lead) {
            Some(recipient) => composer.compose(row.send, row.step, recipient, thread, now),
            None => Err("the lead was deleted".to_owned()),
        };
        match composed {
            Ok(mail) => mails.push(mail),
            Err(words) => failed.push(not_composed(row.send, words)),
        }
    }
    Ok((mails, failed))
}

fn not_composed(send: SendId, words: String) -> Failed {
    Failed { send, reason: "not_composed".to_owned(), words: format!("The mail could not be written: {words}"), bounced: false }
}
