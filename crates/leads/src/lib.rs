//! People who may buy, their companies, and the language that says which of them are meant.
//!
//! Owns `leads`, `accounts` and the view `lead_rows`. Invariants: an e-mail address, an external id
//! and an account's domain exist once per organisation; every change writes its event in the same
//! transaction; reads that filter go through `lead_rows` (see the migration for why); a filter is
//! data, and reaches SQL only as the program's own column names and bound values.

pub mod filter;
pub mod model;

pub use filter::{Filter, Params};
pub use model::{Account, AccountDraft, Lead, LeadDraft, ScoreReason, Status};
