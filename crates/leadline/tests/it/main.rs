//! Behaviour through the front door: HTTP against a real PostgreSQL, a database for each test.
//! One module per resource; `support` holds the application under test and its visitors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, clippy::print_stdout)]

mod accounts;
mod accounts_flows;
mod activities;
mod attacks;
mod audit;
mod campaign_pages;
mod campaign_survives_kill;
mod campaigns;
mod catcher_pages;
mod changes_feed;
mod federation;
mod grid;
mod identity;
mod import_corpus;
mod import_survives_kill;
mod imports;
mod insights;
mod keys;
mod leads;
mod leads_filter;
mod ledger;
mod live;
mod mailing;
mod mfa;
mod nodes;
mod problems;
mod rate_limit;
mod reputation;
mod resend_webhook;
mod routes;
mod scoring;
mod segments;
mod sign_in_attacks;
mod support;
mod suppressions;
mod team;
mod templates;
mod tenancy;
mod token_attacks;
mod tracking;
mod upsert;
mod views;
mod visibility;
