//! Behaviour through the front door: HTTP against a real PostgreSQL, a database for each test.
//! One module per resource; `support` holds the application under test and its visitors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, clippy::print_stdout)]

mod campaign_pages;
mod catcher_pages;
mod identity;
mod live;
mod routes;
mod support;
mod templates;
mod tenancy;
