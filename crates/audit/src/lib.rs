//! Who did what to what, from where: the audit log that nobody can bend, and what in it looks like trouble.
//!
//! Owns `audit_entries`, `audit_heads` and `security_events`, written by one projection of the event log,
//! exactly once per event and in commit order, and by nobody else. Invariants: entries are numbered
//! without gaps and chained by SHA-256 per organisation ([`Entry::compute_hash`] says over what), so that a
//! changed, removed, inserted or reordered entry shows; an export carries the chain's head under our
//! signature, so that it shows there too, years later and without this server; no entry holds a password,
//! a token or the value of a lead's personal field.
//!
//! What is audited ([`projection`] holds the condition): every act of a person or key in a request, and
//! whatever concerns the organisation, its people, roles, teams, keys, sessions, imports, campaigns,
//! templates, scoring, suppressions and security, whoever did it. Left out are the single leads of bulk
//! work (a bulk change, an import, facts that flow from an account to its people): one entry tells of the
//! work as a whole; how far an import is; computed scores; and what becomes of mails.

mod api;
mod canonical;
mod entry;
mod export;
mod jobs;
mod pages;
mod projection;
mod query;
mod security;
mod sentence;
mod store;
mod verify;

pub use api::api;
pub use entry::{Entry, Fault, Link};
pub use export::{SEAL_TYPE, Seal};
pub use jobs::jobs;
pub use pages::pages;
pub use projection::projections;
pub use verify::{KeySet, Verified, VerifyError, verify};
