//! The pump of each campaign, and the sweep that looks after them.

mod pump;
mod sweep;

use http_kit::App;
use jiff::SignedDuration;
use jobs::Registry;

pub(crate) use pump::Pump;
use sweep::Sweep;

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<Pump>().every(SignedDuration::from_mins(1), &Sweep {})
}
