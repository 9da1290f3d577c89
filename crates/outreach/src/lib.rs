//! Outreach: templates, campaigns, the send ledger, suppressions.

mod pages;
pub mod templates;
