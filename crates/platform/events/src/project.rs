use std::{future::Future, time::Duration};

use db::{Db, DbError, SystemTx};
use tokio_util::sync::CancellationToken;

use crate::{Window, advance};

/// A reader of the log that keeps something derived from it up to date.
pub trait Projection: Send + Sync + 'static {
    /// Names its cursor; renaming it reads the log from the beginning.
    const NAME: &'static str;
    /// Events read in one go.
    const BATCH: i64 = 10_000;

    /// Takes in one stretch. What it writes through `tx` is one transaction with the cursor, so it
    /// happens exactly once; what it writes elsewhere may happen again after a crash.
    fn apply(&self, tx: &SystemTx, window: Window) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// Keeps `projection` up to date until `stop`. Any number of nodes may run it: they take turns.
pub async fn project<P: Projection>(db: Db, projection: P, stop: CancellationToken) {
    let mut idle = 0_u32;
    while !stop.is_cancelled() {
        match advance(&db, P::NAME, P::BATCH, async |tx, window| projection.apply(tx, window).await).await {
            Ok(true) => {
                idle = 0;
                continue;
            }
            Ok(false) => idle = (idle + 1).min(4),
            Err(error) => {
                tracing::warn!(projection = P::NAME, %error, "a projection could not read on; it tries again");
                idle = 4;
            }
        }
        let wait = Duration::from_millis(100 * u64::from(idle));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
