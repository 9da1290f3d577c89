//! Taking leads out: CSV and NDJSON streamed at any size, XLSX as a file that a job writes and that whoever asked fetches
//! within a day.
//!
//! Owns `lead_exports` and the files below `<data_dir>/exports`. Invariants: what leaves is in the log before it does; a cell
//! of a CSV never runs as a formula; the usual columns come back through an import unchanged.

pub(crate) mod api;
mod columns;
mod file;
mod job;
pub(crate) mod pages;
mod request;
mod spreadsheet;
mod store;
mod text;
mod wish;
mod xlsx;

pub(crate) use job::{SweepExports, WriteExport};
pub use spreadsheet::{BYTE_ORDER_MARK, csv_line, guarded, without_guard};
