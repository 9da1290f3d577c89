//! This slice's background work.

pub(crate) mod merge_all;
pub(crate) mod scan;

use http_kit::App;
use jobs::Registry;

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<scan::ScanLeads>().job::<merge_all::MergeAll>()
}
