//! Background work of this slice.

mod change_members;
mod measure;
mod overlap;

use http_kit::App;
use jiff::SignedDuration;
use jobs::Registry;

pub(crate) use change_members::{ChangeMembers, Progress};
pub(crate) use measure::Measure;
pub(crate) use overlap::{Found, MeasureOverlap};

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry
        .job::<ChangeMembers>()
        .job::<MeasureOverlap>()
        .job::<Measure>()
        .every(SignedDuration::from_hours(24), &measure::MeasureAll { after: None })
}
