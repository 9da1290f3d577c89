//! What tests stand on: a real PostgreSQL and a real Redis for the whole run, and a fresh
//! database for each test, cloned from a migrated template.
//!
//! `cargo run -p leadline-testkit --bin with-services -- cargo test` starts both, runs the
//! command, and stops them; `make test` does that.

mod database;
mod services;

pub use database::TestDatabase;
pub use services::{Redis, Services};

/// The superuser's address of the run's PostgreSQL.
pub const DATABASE_VARIABLE: &str = "TEST_DATABASE_URL";
/// The address of the run's Redis.
pub const REDIS_VARIABLE: &str = "TEST_REDIS_URL";
/// The migrated database that each test's is cloned from.
pub const TEMPLATE: &str = "leadline_template";

/// A variable that the run has set.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run the tests through `make test`, or `cargo run -p leadline-testkit --bin with-services -- cargo test`")
    })
}
