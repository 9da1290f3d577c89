//! What an action does to a lead, as parts of the statement. Old values are those of `o`.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    actions::bulk::{BulkAction, field::BulkField},
    filter::{NumberField, Params, TextField},
    model::{LeadDraft, Status},
    store::accounts,
};

/// How many custom fields a lead may have (as its draft says).
const MOST_CUSTOM: usize = 500;

pub(super) struct Effect {
    /// The assignments; nothing: the lead is deleted.
    pub(super) write: Option<String>,
    /// Which leads are not as wanted yet.
    pub(super) only: String,
    /// The kinds of event each of them gets, as an array.
    pub(super) kinds: &'static str,
    /// What the events say, as jsonb.
    pub(super) payload: String,
}

impl Effect {
    /// The parts, their values bound. An account that a company's name or domain needs is made.
    pub(super) async fn of(tx: &TenantTx, action: &BulkAction, p: &mut Params, now: Timestamp) -> Result<Self, DbError> {
        Ok(match action {
            BulkAction::SetStatus { status } => {
                let to = format!("{}::text", p.push(status.as_str()));
                Self {
                    write: Some(format!("status = {to}")),
                    // Whoever does not want to hear from us is brought back one by one, by a person who knows why, not in bulk.
                    only: format!("o.status <> {to} AND o.status <> 'unsubscribed'"),
                    kinds: if *status == Status::Converted {
                        "ARRAY['lead.status_changed', 'lead.converted']"
                    } else {
                        "ARRAY['lead.status_changed']"
                    },
                    payload: format!("jsonb_build_object('from', o.status, 'to', {to})"),
                }
            }
            BulkAction::SetOwner { owner_id } => {
                let to = format!("{}::uuid", p.push(*owner_id));
                Self {
                    write: Some(format!("owner_id = {to}")),
                    only: format!("o.owner_id IS DISTINCT FROM {to}"),
                    kinds: "ARRAY['lead.owner_changed']",
                    payload: format!("jsonb_build_object('from', o.owner_id, 'to', {to})"),
                }
            }
            BulkAction::AddTags { tags } => {
                let add = format!("{}::text[]", p.push(tags.clone()));
                let fresh = format!(
                    "ARRAY(SELECT t FROM unnest({add}) t WHERE NOT EXISTS (SELECT FROM unnest(o.tags) x WHERE lower(x) = lower(t)))"
                );
                Self {
                    write: Some(format!("tags = o.tags || {fresh}")),
                    only: format!("cardinality({fresh}) > 0 AND cardinality(o.tags || {fresh}) <= 50"),
                    kinds: "ARRAY['lead.tagged']",
                    payload: format!("jsonb_build_object('added', {fresh})"),
                }
            }
            BulkAction::RemoveTags { tags } => {
                let lower: Vec<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
                let remove = format!("{}::text[]", p.push(lower));
                let gone = format!("ARRAY(SELECT x FROM unnest(o.tags) x WHERE lower(x) = ANY({remove}))");
                let kept = format!("ARRAY(SELECT x FROM unnest(o.tags) x WHERE lower(x) <> ALL({remove}))");
                Self {
                    write: Some(format!("tags = {kept}")),
                    only: format!("cardinality({gone}) > 0"),
                    kinds: "ARRAY['lead.tagged']",
                    payload: format!("jsonb_build_object('removed', {gone})"),
                }
            }
            BulkAction::RenameTag { from, to } => {
                let (from, to) = (format!("{}::text", p.push(from.clone())), format!("{}::text", p.push(to.clone())));
                let renamed = format!(
                    "ARRAY(SELECT CASE WHEN x = {from} THEN {to} ELSE x END FROM unnest(o.tags) WITH ORDINALITY u (x, at)
                       WHERE x = {from} OR lower(x) <> lower({to}) ORDER BY at)"
                );
                Self {
                    write: Some(format!("tags = {renamed}")),
                    only: format!("o.tags @> ARRAY[{from}]"),
                    kinds: "ARRAY['lead.tagged']",
                    payload: format!("jsonb_build_object('added', ARRAY[{to}], 'removed', ARRAY[{from}])"),
                }
            }
            BulkAction::SetField { field, value } => set(tx, &known(field)?, value, p, now).await?,
            BulkAction::ClearField { field } => clear(&known(field)?, p),
            BulkAction::Enrol { .. } => return Err(DbError::Config("leads are enrolled by whoever knows the campaigns".to_owned())),
            BulkAction::Delete => Self {
                write: None,
                only: "true".to_owned(),
                kinds: "ARRAY['lead.deleted']",
                payload: "jsonb_build_object('status', leads.status)".to_owned(),
            },
        })
    }
}

fn known(field: &str) -> Result<BulkField, DbError> {
    BulkField::parse(field).map_err(|error| DbError::Config(error.detail))
}

fn updated(field: &BulkField) -> String {
    format!("jsonb_build_object('fields', ARRAY['{}'])", field.column())
}

async fn set(tx: &TenantTx, field: &BulkField, value: &Value, p: &mut Params, now: Timestamp) -> Result<Effect, DbError> {
    let column = field.column();
    let (write, only) = match field {
        BulkField::Custom(key) => {
            let (key, value) = (format!("{}::text", p.push(key.clone())), format!("{}::jsonb", p.push(value.clone())));
            (
                format!("custom = o.custom || jsonb_build_object({key}, {value})"),
                format!(
                    "(o.custom -> {key}) IS DISTINCT FROM {value} AND (o.custom ? {key} OR (SELECT count(*) FROM jsonb_object_keys(o.custom)) < {MOST_CUSTOM})"
                ),
            )
        }
        BulkField::Number(NumberField::EmployeeCount) => {
            let to = format!("{}::bigint::int", p.push(value.as_i64()));
            (format!("{column} = {to}"), format!("o.{column} IS DISTINCT FROM {to}"))
        }
        BulkField::Number(_) => {
            let to = format!("{}::bigint", p.push(value.as_i64()));
            (format!("{column} = {to}"), format!("o.{column} IS DISTINCT FROM {to}"))
        }
        BulkField::Text(text) => {
            let value = value.as_str().unwrap_or_default();
            let to = format!("{}::text", p.push(value.to_owned()));
            let moves = match company_of(*text, value) {
                Some(draft) => {
                    // As for a single lead: another company is another account.
                    let checked = draft.check().map_err(|_| DbError::Config("a checked company does not check".to_owned()))?;
                    let account = accounts::upsert_for(tx, &checked, now).await?.map(|account| account.id);
                    let account = format!("{}::uuid", p.push(account));
                    // A company is known by its domain first.
                    match text {
                        TextField::CompanyName => {
                            format!(", account_id = CASE WHEN o.company_domain = '' THEN {account} ELSE o.account_id END")
                        }
                        _ => format!(", account_id = coalesce({account}, o.account_id)"),
                    }
                }
                None => String::new(),
            };
            (format!("{column} = {to}{moves}"), format!("o.{column} <> {to}"))
        }
    };
    Ok(Effect { write: Some(write), only, kinds: "ARRAY['lead.updated']", payload: updated(field) })
}

fn company_of(field: TextField, value: &str) -> Option<LeadDraft> {
    let named = |draft: LeadDraft| LeadDraft { first_name: "A".to_owned(), ..draft };
    match field {
        TextField::CompanyName => Some(named(LeadDraft { company_name: value.to_owned(), ..LeadDraft::default() })),
        TextField::CompanyDomain => Some(named(LeadDraft { company_domain: value.to_owned(), ..LeadDraft::default() })),
        _ => None,
    }
}

fn clear(field: &BulkField, p: &mut Params) -> Effect {
    let column = field.column();
    let (write, only) = match field {
        BulkField::Custom(key) => {
            let key = format!("{}::text", p.push(key.clone()));
            (format!("custom = o.custom - {key}"), format!("o.custom ? {key}"))
        }
        BulkField::Number(_) => (format!("{column} = NULL"), format!("o.{column} IS NOT NULL")),
        BulkField::Text(text) => {
            let empty = if *text == TextField::Email { "NULL" } else { "''" };
            let filled = if *text == TextField::Email { "o.email IS NOT NULL".to_owned() } else { format!("o.{column} <> ''") };
            // Something must be left that a lead is recognised by.
            let marks = ["first_name", "last_name", "email", "external_id", "phone"];
            let rest: Vec<String> = marks.iter().filter(|mark| **mark != column).map(|mark| format!("coalesce(o.{mark}, '')")).collect();
            let only = if marks.contains(&column) { format!("{filled} AND {} <> ''", rest.join(" || ")) } else { filled };
            let leaves = if *text == TextField::CompanyName {
                ", account_id = CASE WHEN o.company_domain = '' THEN NULL ELSE o.account_id END"
            } else {
                ""
            };
            (format!("{column} = {empty}{leaves}"), only)
        }
    };
    Effect { write: Some(write), only, kinds: "ARRAY['lead.updated']", payload: updated(field) }
}
