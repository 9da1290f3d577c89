//! Bringing in a file of leads.
//!
//! Owns `imports`, `import_rejections` and the files below `<data_dir>/imports`. Invariants: a file is
//! on the disk, whole and in UTF-8, before its row says so; each row of it takes effect exactly once,
//! because the place to go on from moves in the transaction that stores the rows before it; every row
//! is counted as created, updated, unchanged or rejected, and a rejected one is kept with its reason;
//! a file is never held in memory, only the rows of a few batches.
//!
//! `mapping` → `running` → `finished` | `stopped` (which may run on) | `failed`. What is still `mapping` may be discarded, with
//! its file; a week after the upload that happens by itself.

mod actions;
mod analysis;
mod api;
mod copy_text;
mod encoding;
mod guess;
mod merge;
mod model;
mod pages;
mod plan;
mod preamble;
mod problem;
mod reader;
mod rejected_csv;
mod row;
mod run;
mod store;
mod sweep;
mod trial;
mod unpack;
mod upload;
mod upsert;

use jiff::SignedDuration;

pub use actions::{import_file, start_import, stop_import};
pub use analysis::{Analysis, Column};
pub use api::api;
pub use guess::Kind;
pub use model::{Counts, Import, ImportStatus, Progress, Summary};
pub use pages::pages;
pub use plan::{Existing, LeadField, Plan, Target};
pub use problem::{FileProblem, ImportError, MAX_FILE};
pub use run::ImportLeads;

/// This slice's jobs.
pub fn jobs(registry: jobs::Registry<http_kit::App>) -> jobs::Registry<http_kit::App> {
    registry.job::<ImportLeads>().job::<trial::TryImport>().every(SignedDuration::from_hours(6), &sweep::SweepUploads {})
}
