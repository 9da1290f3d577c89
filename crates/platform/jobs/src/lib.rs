//! Background jobs in PostgreSQL: enqueued in the caller's transaction, claimed with
//! `FOR UPDATE SKIP LOCKED` under a lease, retried with backoff, parked as dead when hopeless.
//!
//! A job runs at least once: a worker that is killed loses its lease and another takes over, so
//! every job must be idempotent. While it runs its lease is renewed; a worker that lost it (its
//! fencing token is out of date) is aborted and can record nothing.

mod enqueue;
mod job;
mod registry;
mod schedule;
mod store;
mod worker;

pub use enqueue::{JobId, JobStatus, Options, enqueue, enqueue_system, request_stop, status, status_by_key};
pub use job::{Failure, Job, Outcome, Run};
pub use registry::Registry;
pub use worker::{LEASE, Worker};
