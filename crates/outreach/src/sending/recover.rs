use db::{DbError, Scope, TenantTx};
use http_kit::App;
use kernel::{Actor, CampaignId, OrgId, SendId};
use mail::{Lookup, Transport as _};

use super::{Claimed, LEASE_SECONDS, stored::idempotency_key};
use crate::store::{self, batches::Lost, outcomes::Accepted};

/// A provider forgets keys after its time; a repeat that might arrive later than that is not safe.
const MARGIN_SECONDS: f64 = 600.0;

/// Looks after batches whose sender has vanished. Returns those that are to be handed over again,
/// identically; what cannot be repeated is settled here.
pub(crate) async fn recover(app: &App, org: OrgId, campaign: CampaignId) -> Result<Vec<Claimed>, DbError> {
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    let lost = store::batches::take_over(&tx, campaign, 16, LEASE_SECONDS).await?;
    tx.commit().await?;
    let mut again = Vec::new();
    for batch in lost {
        let tx = app.db.tenant(&Scope::whole(org)).await?;
        let open = store::batches::open(&tx, batch.id).await?;
        if open.is_empty() {
            store::batches::close_or_wait(&tx, batch.id, 0.0).await?;
            tx.commit().await?;
        } else if batch.tries == 0 {
            // Never handed over: back to the queue, where every check is made anew.
            store::outcomes::replan(&tx, &open, app.clock.now()).await?;
            store::batches::close_or_wait(&tx, batch.id, 0.0).await?;
            tx.commit().await?;
        } else if may_repeat(app, &tx, &batch).await? {
            tx.commit().await?;
            let Lost { id, key, mails, token, tries, .. } = batch;
            again.push(Claimed { org, campaign, id, token, key, mails, tries });
        } else {
            tx.commit().await?;
            settle(app, org, &batch, &open).await?;
        }
    }
    Ok(again)
}

/// Whether the identical batch cannot be sent twice, and may still be sent at all: a recipient who has
/// unsubscribed or was deleted since cannot be left out of it.
async fn may_repeat(app: &App, tx: &TenantTx, batch: &Lost) -> Result<bool, DbError> {
    let same = app.mailer.name() == batch.transport;
    let fresh = app.mailer.idempotent_for().is_some_and(|kept| batch.age_seconds + MARGIN_SECONDS < kept.as_secs_f64());
    let sends: Vec<SendId> = batch.mails.iter().map(|mail| mail.send).collect();
    Ok(same && fresh && !store::batches::must_not_repeat(tx, batch.id, &sends).await?)
}

/// Asks the provider about each message. What it does not know was not sent and is planned anew; what it
/// cannot tell is parked for its webhooks or a person.
async fn settle(app: &App, org: OrgId, batch: &Lost, open: &[SendId]) -> Result<(), DbError> {
    let (mut accepted, mut absent, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for send in open {
        // Another transport than the one that was used knows nothing about it.
        let answer =
            if app.mailer.name() == batch.transport { app.mailer.lookup(org, &idempotency_key(*send)).await } else { Lookup::CannotTell };
        match answer {
            Lookup::Accepted { provider_id } => accepted.push(Accepted { send: *send, provider_id }),
            Lookup::NotFound => absent.push(*send),
            Lookup::CannotTell => unknown.push(*send),
        }
    }
    let now = app.clock.now();
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    if !store::batches::lock(&tx, batch.id, batch.token).await? {
        return Ok(());
    }
    store::outcomes::sent(&tx, &accepted, None, Actor::System, now).await?;
    store::outcomes::replan(&tx, &absent, now).await?;
    if !unknown.is_empty() {
        let words = format!("Leadline was stopped while this mail was being handed over by {}; it may have been sent.", batch.transport);
        store::outcomes::park(&tx, &unknown, &words).await?;
    }
    store::batches::close_or_wait(&tx, batch.id, 0.0).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(())
}
