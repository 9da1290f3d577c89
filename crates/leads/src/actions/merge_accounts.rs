use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{AccountId, Actor, ChangeSetId};
use serde_json::json;

use super::{WriteError, update_account::locked, update_account::update_account};
use crate::{
    changes,
    model::{Account, AccountDraft},
    store,
};

/// Makes account `from` part of `into`: its people move, `facts` become those of the account and of all its people. One
/// change set.
pub async fn merge_accounts(
    tx: &TenantTx,
    into: AccountId,
    from: AccountId,
    facts: AccountDraft,
    actor: Actor,
    now: Timestamp,
) -> Result<(Account, ChangeSetId), WriteError> {
    if into == from {
        return Err(WriteError::Invalid(vec![FieldError::new("/with", "with.same", "Choose another account to merge with")]));
    }
    // In one order, so that two merges of the same accounts wait for each other.
    for id in [into.min(from), into.max(from)] {
        locked(tx, id).await?;
    }
    let checked = facts.clone().check().map_err(WriteError::Invalid)?;
    let set = changes::begin(tx, changes::Kind::Merge, "Accounts merged", actor, now).await?;
    // First it goes, because its domain may become that of the one that stays.
    let people = store::accounts::absorb(tx, from, into, &checked, actor, now).await?;
    let account = update_account(tx, into, facts, actor, now).await?;
    let events = [
        NewEvent {
            kind: "account.deleted",
            subject: Subject::of(from),
            actor,
            at: now,
            payload: json!({ "merged_into": into.to_string() }),
        },
        NewEvent {
            kind: "account.merged",
            subject: Subject::of(into),
            actor,
            at: now,
            payload: json!({ "merged": [from.to_string()], "leads": people, "change_set_id": set.to_string() }),
        },
    ];
    append(tx, &events).await?;
    changes::finish(tx, set).await?;
    Ok((account, set))
}

/// The facts that stay unless somebody chooses others: those of the one that stays, completed by the other's.
pub(crate) fn best_facts(into: &Account, from: &Account) -> AccountDraft {
    let text = |own: &str, other: &str| if own.is_empty() { other.to_owned() } else { own.to_owned() };
    AccountDraft {
        name: text(&into.name, &from.name),
        domain: text(&into.domain, &from.domain),
        industry: text(&into.industry, &from.industry),
        employee_count: into.employee_count.or(from.employee_count).map(i64::from),
        annual_revenue: into.annual_revenue.or(from.annual_revenue),
        country: text(&into.country, &from.country),
        city: text(&into.city, &from.city),
    }
}
