//! People who may buy, their companies, and the language that says which of them are meant.
//!
//! Owns `leads`, `accounts` and the views `lead_rows` and `account_rows`. Invariants: an e-mail
//! address, an external id and an account's domain exist once per organisation; every change writes
//! its event in the same transaction; reads that filter or search go through the views (migration 5
//! says why); a filter is data, and reaches SQL only as the program's own column names and bound values.
//! A lead keeps the company facts it was given and takes missing ones from its account; editing the
//! account writes the changed facts onto all of its leads.

mod actions;
mod api;
pub mod changes;
pub mod custom_fields;
pub mod export;
pub mod filter;
mod jobs;
pub mod model;
mod pages;
mod panels;
pub mod ports;
pub mod search;
mod store;
mod surroundings;
mod tags;
pub mod views;

pub use actions::{
    WriteError,
    bulk::{BulkAction, BulkOutcome, Target, bulk_change},
    create_account::create_account,
    create_lead::create_lead,
    delete_lead::delete_lead,
    merge_accounts::merge_accounts,
    merge_leads::merge_leads,
    set_status::{mark_contacted, set_status, take_back_unsubscription},
    update_account::update_account,
    update_lead::update_lead,
};
pub use api::api;
pub use filter::{Filter, Params};
pub use jobs::jobs;
pub use model::{Account, AccountDraft, Lead, LeadDraft, ScoreReason, Status};
pub use pages::pages;
pub use panels::{LeadPanels, Panel, PanelFuture};
pub use store::{
    accounts::get as get_account,
    find_by_email, get, get_many,
    grid::{ListQuery, Page, Sort, SortKey, any, count, explain, list},
    write::touch,
};
pub use surroundings::Memory;
