//! This slice's background work.

mod rescore_leads;

use http_kit::App;
use jobs::Registry;

pub(crate) use rescore_leads::{Progress, RescoreLeads};

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<RescoreLeads>()
}
