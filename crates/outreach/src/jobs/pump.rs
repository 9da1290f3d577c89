use std::time::Duration;

use db::{DbError, Scope, TenantTx};
use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use jobs::{Failure, Job, Options, Outcome, Run};
use kernel::{CampaignId, OrgId, SendId};
use mail::Transport as _;
use serde::{Deserialize, Serialize};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    model::{Campaign, CampaignStatus},
    sending::{self, Claimed, Composer, Letterhead, Next},
    store,
};

/// Sends what is due in one campaign, until nothing is; then sleeps until something will be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pump {
    campaign: CampaignId,
}

/// How long one run works: short, so that a process that is asked to stop ends between two batches and
/// not in the middle of a call.
const SLICE: Duration = Duration::from_secs(3);
/// Rows planned at once.
const PLANNED: usize = 500;

impl Pump {
    /// Makes the campaign's pump run now.
    pub(crate) async fn enqueue(tx: &TenantTx, campaign: CampaignId) -> Result<(), DbError> {
        jobs::enqueue(tx, &Self { campaign }, Options::unique(campaign.to_string())).await.map(drop)
    }

    /// The same, at this time at the latest.
    pub(crate) async fn enqueue_at(tx: &TenantTx, campaign: CampaignId, at: Timestamp) -> Result<(), DbError> {
        jobs::enqueue(tx, &Self { campaign }, Options::unique(campaign.to_string()).at(at)).await.map(drop)
    }
}

impl Job for Pump {
    const KIND: &'static str = "outreach.pump";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, org) = (cx.state.clone(), cx.org()?);
        let Some((campaign, composer)) = load(&app, org, self.campaign).await? else { return Ok(Outcome::Done) };
        let until = Instant::now() + SLICE;
        let mut work = Work { app: app.clone(), parallel: parallel(&app), calls: JoinSet::new(), error: None };
        for batch in sending::recover(&app, org, campaign.id).await? {
            work.hand_over(batch).await;
        }
        while work.error.is_none() && Instant::now() < until {
            match next(&app, org, &campaign, &composer).await {
                Ok(Next::Batch(batch)) => work.hand_over(*batch).await,
                Ok(Next::Dropped) => {}
                Ok(Next::Nothing | Next::Limited) => {
                    // What is being handed over now may make a step without delay due.
                    if !work.finish_one().await {
                        break;
                    }
                }
                Err(error) => work.error = Some(error),
            }
        }
        let busy = Instant::now() >= until;
        while work.finish_one().await {}
        app.feed.nudge();
        match work.error {
            Some(error) => Err(error.into()),
            None if busy => Ok(Outcome::Again(app.clock.now())),
            None => rest(&app, org, campaign.id).await,
        }
    }
}

/// The campaign, if it runs, and what composes its mails.
async fn load(app: &App, org: OrgId, id: CampaignId) -> Result<Option<(Campaign, Composer)>, DbError> {
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    let Some(campaign) = store::campaigns::find(&tx, id).await?.filter(|found| found.status == CampaignStatus::Running) else {
        return Ok(None);
    };
    let steps = store::steps::list(&tx, id).await?;
    let organisation = identity::organisation(&tx).await?;
    tx.commit().await?;
    let letterhead = Letterhead { organisation: organisation.name, postal_address: organisation.postal_address };
    let composer = Composer::new(app, org, &campaign, &steps, letterhead);
    Ok(Some((campaign, composer)))
}

/// Batches in the provider's hands at once. By SMTP one, so that a crash leaves few outcomes unknown.
fn parallel(app: &App) -> usize {
    if app.mailer.idempotent() { 4 } else { 1 }
}

/// The next batch; plans more when nothing is planned.
async fn next(app: &App, org: OrgId, campaign: &Campaign, composer: &Composer) -> Result<Next, DbError> {
    let found = sending::claim(app, org, campaign, composer).await?;
    if !matches!(found, Next::Nothing) {
        return Ok(found);
    }
    let ids: Vec<SendId> = (0..PLANNED).map(|_| SendId::new()).collect();
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    let planned = store::ledger::plan(&tx, campaign.id, &ids, app.clock.now()).await?;
    tx.commit().await?;
    if planned == 0 { Ok(Next::Nothing) } else { sending::claim(app, org, campaign, composer).await }
}

/// Calls that are under way.
struct Work {
    app: App,
    parallel: usize,
    calls: JoinSet<Result<(), DbError>>,
    error: Option<DbError>,
}

impl Work {
    /// Begins a call, after waiting for a free place.
    async fn hand_over(&mut self, batch: Claimed) {
        while self.calls.len() >= self.parallel {
            self.finish_one().await;
        }
        let app = self.app.clone();
        self.calls.spawn(async move { sending::hand_over(&app, batch).await });
    }

    /// Waits for one to end; `false` when there is none.
    async fn finish_one(&mut self) -> bool {
        match self.calls.join_next().await {
            None => return false,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => self.error = Some(error),
            // The batch keeps its lease until it ends and is then looked after like that of a dead process.
            Some(Err(panic)) => tracing::error!(%panic, "handing over a batch panicked"),
        }
        true
    }
}

/// Nothing to do now: ends the campaign, or says when to look again.
async fn rest(app: &App, org: OrgId, id: CampaignId) -> Result<Outcome, Failure> {
    let now = app.clock.now();
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    if store::campaigns::finish_if_done(&tx, id, now).await? {
        crate::actions::tell_finished(&tx, id, now).await?;
        tx.commit().await?;
        app.feed.nudge();
        return Ok(Outcome::Done);
    }
    let Some(campaign) = store::campaigns::find(&tx, id).await?.filter(|found| found.status == CampaignStatus::Running) else {
        return Ok(Outcome::Done);
    };
    let ahead = store::ledger::ahead(&tx, id, campaign.max_per_minute, campaign.max_per_day).await?;
    tx.commit().await?;
    let real = |seconds: f64| {
        let wait = SignedDuration::from_secs_f64((seconds + 0.05) * app.clock.speed() as f64);
        now.checked_add(wait).unwrap_or(Timestamp::MAX)
    };
    let due =
        ahead.due.map(|due| if due <= now { ahead.allowed.filter(|allowed| *allowed > now).unwrap_or_else(|| real(0.2)) } else { due });
    let machine = ahead.seconds.map(real);
    Ok([due, machine].into_iter().flatten().min().map_or(Outcome::Done, Outcome::Again))
}
