use std::{collections::HashMap, time::Duration};

use db::{DbError, Scope, TenantTx};
use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, SendId};
use mail::{Batch, Outcome, OutgoingMail, Rejection, RejectionKind, Transport as _};

use super::{Claimed, LEASE_SECONDS, claim::fresh_key};
use crate::{
    actions::{StopWriting, guard_reputation, pause_because, stop_writing},
    model::{SuppressionReason, SuppressionSource},
    store::{
        self,
        outcomes::{Accepted, Failed, OPEN},
    },
};

/// Tries of one message before a refusal that may pass counts as final.
const MOST_ATTEMPTS: i16 = 6;
/// Real seconds until a batch of unknown outcome is repeated.
const REPEAT_AFTER: f64 = 2.0;

/// Hands a batch over and records what became of it. Errors leave the batch to [`super::recover`].
pub(crate) async fn hand_over(app: &App, mut batch: Claimed) -> Result<(), DbError> {
    if !begin(app, &mut batch).await? {
        return Ok(());
    }
    let mails: Vec<OutgoingMail> = batch.mails.iter().map(super::stored::StoredMail::outgoing).collect();
    let outcomes = call(app, &batch, &mails).await;
    // What is known now must not be lost to a deadlock or a short outage: the provider has acted.
    let mut wait = Duration::from_millis(50);
    loop {
        match record(app, &batch, &outcomes).await {
            Ok(()) => return Ok(()),
            Err(error) if wait < Duration::from_secs(10) => {
                tracing::warn!(%error, batch = %batch.id, "outcomes could not be recorded; it is tried again");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Asks the suppression list again and notes that the hand-over begins. `false`: there is nothing to call.
async fn begin(app: &App, batch: &mut Claimed) -> Result<bool, DbError> {
    let now = app.clock.now();
    let tx = app.db.tenant(&Scope::whole(batch.org)).await?;
    if !store::batches::lock(&tx, batch.id, batch.token).await? {
        return Ok(false);
    }
    if batch.tries == 0 {
        store::batches::drop_suppressed(&tx, batch.id, now).await?;
        // Nor may go out what was deleted with its lead.
        let open = store::batches::open(&tx, batch.id).await?;
        if open.len() < batch.mails.len() {
            batch.mails.retain(|mail| open.contains(&mail.send));
            batch.key = fresh_key();
            store::batches::recompose(&tx, batch.id, &batch.key, &batch.mails).await?;
        }
        if batch.mails.is_empty() {
            store::batches::close_or_wait(&tx, batch.id, 0.0).await?;
            tx.commit().await?;
            return Ok(false);
        }
    }
    match store::batches::begin_try(&tx, batch.id, batch.token, LEASE_SECONDS).await? {
        None => return Ok(false),
        Some(true) => batch.tries += 1,
        // Paused between claim and call: what was never tried goes back, the rest waits for the resume.
        Some(false) => {
            if batch.tries == 0 {
                let open = store::batches::open(&tx, batch.id).await?;
                store::outcomes::replan(&tx, &open, now).await?;
                store::batches::close_or_wait(&tx, batch.id, 0.0).await?;
            }
            tx.commit().await?;
            return Ok(false);
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// The call, keeping the lease meanwhile.
async fn call(app: &App, batch: &Claimed, mails: &[OutgoingMail]) -> Vec<Outcome> {
    let sending = app.mailer.send_batch(Batch { org: batch.org, key: &batch.key, mails });
    tokio::pin!(sending);
    let mut renewal = tokio::time::interval(Duration::from_secs(2));
    renewal.tick().await;
    loop {
        tokio::select! {
            outcomes = &mut sending => return outcomes,
            _ = renewal.tick() => {
                if let Err(error) = renew(app, batch).await {
                    tracing::warn!(%error, batch = %batch.id, "a batch's lease could not be renewed; it is tried again");
                }
            }
        }
    }
}

async fn renew(app: &App, batch: &Claimed) -> Result<(), DbError> {
    let tx = app.db.tenant(&Scope::whole(batch.org)).await?;
    store::batches::renew(&tx, batch.id, batch.token, LEASE_SECONDS).await?;
    tx.commit().await
}

/// What is to be written down after a call.
#[derive(Default)]
struct Sorted {
    accepted: Vec<Accepted>,
    failed: Vec<Failed>,
    /// Refused for now.
    deferred: Vec<(SendId, Rejection)>,
    /// Certainly not sent, through no fault of theirs.
    back: Vec<SendId>,
    /// To be repeated identically.
    repeat: bool,
    parked: Vec<SendId>,
    parked_why: String,
    /// Pause for so long, and why.
    hold: Option<(f64, String)>,
    /// The provider refuses us.
    refused: Option<String>,
}

fn sort(batch: &Claimed, outcomes: &[Outcome]) -> Sorted {
    let mut sorted = Sorted::default();
    // An earlier try of this batch may have been carried out: only its own repetition can tell.
    let certain = batch.tries <= 1;
    for (mail, outcome) in batch.mails.iter().zip(outcomes) {
        let send = mail.send;
        match outcome {
            Outcome::Accepted { provider_id } => sorted.accepted.push(Accepted { send, provider_id: provider_id.clone() }),
            Outcome::Rejected(rejection) => match rejection.kind {
                RejectionKind::Recipient | RejectionKind::Message => sorted.failed.push(failure(send, rejection)),
                RejectionKind::Temporary => sorted.deferred.push((send, rejection.clone())),
                RejectionKind::Sender if certain => {
                    sorted.back.push(send);
                    sorted.refused = Some(format!("The provider refuses our mail: {} ({})", rejection.reason, rejection.code));
                }
                RejectionKind::Sender => {
                    sorted.repeat = true;
                    sorted.refused = Some(format!("The provider refuses our mail: {} ({})", rejection.reason, rejection.code));
                }
            },
            Outcome::Throttled { retry_after } => {
                if certain {
                    sorted.back.push(send)
                } else {
                    sorted.repeat = true
                }
                sorted.hold = Some((retry_after.as_secs_f64().clamp(0.5, 3600.0), "The provider asks us to slow down.".to_owned()));
            }
            Outcome::Unavailable { reason } => {
                if certain {
                    sorted.back.push(send)
                } else {
                    sorted.repeat = true
                }
                sorted.hold = Some((5.0, format!("The provider cannot be reached: {reason}")));
            }
            Outcome::Unknown { safe_to_repeat: true, .. } => sorted.repeat = true,
            Outcome::Unknown { reason, safe_to_repeat: false } => {
                sorted.parked.push(send);
                sorted.parked_why = reason.clone();
            }
        }
    }
    sorted
}

fn failure(send: SendId, rejection: &Rejection) -> Failed {
    Failed {
        send,
        reason: if rejection.suppresses_recipient() { "bounced" } else { "refused" }.to_owned(),
        words: format!("{} ({})", rejection.reason, rejection.code),
        bounced: rejection.suppresses_recipient(),
    }
}

/// Everything that follows from the call, in one transaction under the token.
async fn record(app: &App, batch: &Claimed, outcomes: &[Outcome]) -> Result<(), DbError> {
    let now = app.clock.now();
    let mut sorted = sort(batch, outcomes);
    let tx = app.db.tenant(&Scope::whole(batch.org)).await?;
    if !store::batches::lock(&tx, batch.id, batch.token).await? {
        tracing::warn!(batch = %batch.id, "the lease of a batch was lost before its outcome was recorded; who took it over decides");
        return Ok(());
    }
    let provider = matches!(app.mailer, mail::Mailer::Resend(_)).then(|| app.mailer.name());
    store::outcomes::sent(&tx, &sorted.accepted, provider, Actor::System, now).await?;
    defer(&tx, &mut sorted, now).await?;
    let bounced = store::outcomes::failed(&tx, &sorted.failed, OPEN, Actor::System, now).await?;
    for (lead, email, words) in &bounced {
        let what = StopWriting {
            email,
            lead: Some(*lead),
            reason: SuppressionReason::Bounced,
            source: SuppressionSource::Transport,
            detail: words,
        };
        stop_writing(&tx, what, now).await?;
    }
    if !bounced.is_empty() {
        guard_reputation(&tx, batch.campaign, now).await?;
    }
    store::outcomes::replan(&tx, &sorted.back, now).await?;
    if !sorted.parked.is_empty() {
        store::outcomes::park(&tx, &sorted.parked, &sorted.parked_why).await?;
    }
    let wait = sorted.hold.as_ref().map_or(REPEAT_AFTER, |(seconds, _)| *seconds);
    store::batches::close_or_wait(&tx, batch.id, wait).await?;
    if let Some((seconds, why)) = &sorted.hold {
        store::campaigns::hold(&tx, batch.campaign, *seconds, why).await?;
    }
    if let Some(why) = &sorted.refused
        && let Err(error) = pause_because(&tx, Actor::System, batch.campaign, why, now).await
    {
        tracing::warn!(%error, campaign = %batch.campaign, "a campaign whose sender is refused could not be paused");
    }
    tx.commit().await?;
    app.feed.nudge();
    Ok(())
}

/// Soft failures back off (5 minutes, doubling) and count; the last one is final for this lead's sequence.
async fn defer(tx: &TenantTx, sorted: &mut Sorted, now: Timestamp) -> Result<(), DbError> {
    if sorted.deferred.is_empty() {
        return Ok(());
    }
    let ids: Vec<SendId> = sorted.deferred.iter().map(|(send, _)| *send).collect();
    let tried: HashMap<SendId, i16> = store::outcomes::attempts(tx, &ids).await?.into_iter().collect();
    let (mut sends, mut words, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (send, rejection) in &sorted.deferred {
        let attempt = tried.get(send).copied().unwrap_or(1);
        if attempt >= MOST_ATTEMPTS {
            sorted.failed.push(Failed {
                reason: "soft_bounce".to_owned(),
                words: format!("Refused {attempt} times, the last time: {} ({})", rejection.reason, rejection.code),
                ..failure(*send, rejection)
            });
            continue;
        }
        let wait = SignedDuration::from_mins(5 << u32::try_from(attempt.clamp(1, 12) - 1).unwrap_or(0));
        sends.push(*send);
        words.push(format!("Refused for now, tried again later: {} ({})", rejection.reason, rejection.code));
        times.push(now.checked_add(wait).unwrap_or(Timestamp::MAX));
    }
    store::outcomes::defer(tx, &sends, &words, &times).await
}
