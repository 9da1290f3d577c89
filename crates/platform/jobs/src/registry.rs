use std::{collections::HashMap, sync::Arc};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use crate::{Failure, Job, Outcome, Run};

type Handler<S> = Arc<dyn Fn(serde_json::Value, Run<S>) -> BoxFuture<'static, Result<Outcome, Failure>> + Send + Sync>;

/// The kinds of job that a worker can run, and when some of them are due by themselves.
#[derive(Clone)]
pub struct Registry<S> {
    pub(crate) handlers: HashMap<&'static str, Handler<S>>,
    pub(crate) schedules: Vec<Schedule>,
}

#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) kind: &'static str,
    pub(crate) every: SignedDuration,
    pub(crate) payload: serde_json::Value,
}

impl<S: Clone + Send + Sync + 'static> Default for Registry<S> {
    fn default() -> Self {
        Self { handlers: HashMap::new(), schedules: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Registry<S> {
    /// Teaches the worker a kind of job.
    #[must_use]
    pub fn job<J: Job<State = S>>(mut self) -> Self {
        let handler: Handler<S> = Arc::new(|payload, run| {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload)
                    .map_err(|error| Failure::give_up(format!("the payload is not one of {}: {error}", J::KIND)))?;
                job.run(run).await
            })
        });
        self.handlers.insert(J::KIND, handler);
        self
    }

    /// Runs `job` every so often (business time), once over all nodes.
    #[must_use]
    pub fn every<J: Job<State = S>>(mut self, every: SignedDuration, job: &J) -> Self {
        let payload = serde_json::to_value(job).unwrap_or_default();
        self.schedules.push(Schedule { kind: J::KIND, every, payload });
        self.job::<J>()
    }
}
