//! Behaviour through the front door: HTTP against a real PostgreSQL, a database for each test.
//! One module per resource; `support` holds the application under test and its visitors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, clippy::print_stdout)]

mod accounts;
mod campaign_pages;
mod campaign_survives_kill;
mod campaigns;
mod catcher_pages;
mod identity;
mod insights;
mod leads;
mod leads_filter;
mod live;
mod mailing;
mod routes;
mod scoring;
mod support;
mod templates;
mod tenancy;
