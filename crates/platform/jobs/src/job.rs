use std::{future::Future, sync::Arc};

use db::{Db, DbError, Scope, TenantTx};
use jiff::Timestamp;
use kernel::{Clock, OrgId};
use serde::{Serialize, de::DeserializeOwned};

use crate::store;

/// A kind of background work. The payload holds ids only: the job reads what it needs when it runs.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// `slice.verb`; stored with each job, so renaming it strands those that wait.
    const KIND: &'static str;
    /// What every job of the application may use.
    type State: Clone + Send + Sync + 'static;

    /// Does the work. May run again after a crash at any point.
    fn run(self, cx: Run<Self::State>) -> impl Future<Output = Result<Outcome, Failure>> + Send;
}

/// How a job ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Finished.
    Done,
    /// Nothing wrong, and more to do at this (business) time.
    Again(Timestamp),
    /// Stopped because somebody asked it to.
    Stopped,
}

/// How a job ended badly.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Worth trying again later: the other side was down, a deadlock.
    #[error("{0}")]
    Retry(String),
    /// Trying again cannot help.
    #[error("{0}")]
    GiveUp(String),
}

impl Failure {
    /// Try again later, with backoff.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry(why.into())
    }

    /// Park it as dead at once.
    pub fn give_up(why: impl Into<String>) -> Self {
        Self::GiveUp(why.into())
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Retry(error.to_string())
    }
}

/// One run of a job: its state, its clock, its lease.
#[derive(Debug, Clone)]
pub struct Run<S> {
    pub state: S,
    pub(crate) inner: Arc<RunInner>,
}

#[derive(Debug)]
pub(crate) struct RunInner {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) lease: store::Lease,
    pub(crate) org: Option<OrgId>,
    pub(crate) scope: Option<serde_json::Value>,
    pub(crate) attempt: i32,
}

impl<S> Run<S> {
    /// The organisation it was enqueued for.
    pub fn org(&self) -> Result<OrgId, Failure> {
        self.inner.org.ok_or_else(|| Failure::give_up("this job needs an organisation and was enqueued without one"))
    }

    /// What whoever enqueued it could see, and where they acted from. Work that is the organisation's own,
    /// whoever set it going, takes `Scope::whole(cx.org()?)` instead.
    pub fn scope(&self) -> Result<Scope, Failure> {
        Scope::from_json(self.org()?, self.inner.scope.as_ref()).map_err(|error| Failure::give_up(error.to_string()))
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// 1 for the first try.
    pub fn attempt(&self) -> i32 {
        self.inner.attempt
    }

    /// The job's id.
    pub fn id(&self) -> crate::JobId {
        self.inner.lease.id
    }

    /// The fencing token of this run: greater for every later run of the same job.
    pub fn token(&self) -> i64 {
        self.inner.lease.token
    }

    /// Shows how far it is; also where a resumed run may find its place again.
    pub async fn progress(&self, progress: &serde_json::Value) -> Result<(), Failure> {
        if store::progress(&self.inner.db, &self.inner.lease, progress).await? {
            Ok(())
        } else {
            Err(Failure::retry("the lease was lost to another worker"))
        }
    }

    /// The same in the transaction of the work: the place and what was done up to it are one, and a run that
    /// has lost its lease commits neither.
    pub async fn progress_in(&self, tx: &TenantTx, progress: &serde_json::Value) -> Result<(), Failure> {
        if store::progress_in(tx, &self.inner.lease, progress).await? {
            Ok(())
        } else {
            Err(Failure::retry("the lease was lost to another worker"))
        }
    }

    /// Whether somebody asked it to stop; ask between two units of work and return [`Outcome::Stopped`].
    pub async fn should_stop(&self) -> Result<bool, Failure> {
        Ok(store::stop_requested(&self.inner.db, self.inner.lease.id).await?)
    }
}
