//! Outreach: templates, campaigns, the send ledger, suppressions.

pub mod templates;
