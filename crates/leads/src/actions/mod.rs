//! One file per use case; pages, API and jobs call the same ones.

pub mod bulk;
pub(crate) mod create_account;
pub(crate) mod create_lead;
pub(crate) mod delete_lead;
pub(crate) mod merge_accounts;
pub(crate) mod merge_leads;
pub(crate) mod set_status;
pub(crate) mod update_account;
pub(crate) mod update_lead;

use db::{DbError, Scope};
use http_kit::{FieldError, Problem};
use kernel::{AccountId, UserId};

use crate::model::{Account, CheckedLead};

/// Why a lead or account could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// These fields need correction.
    #[error("some fields need correction")]
    Invalid(Vec<FieldError>),
    /// It is not there, or not ours.
    #[error("not found")]
    NotFound,
    /// Somebody changed it since the caller read it.
    #[error("changed meanwhile")]
    Changed,
    /// Leads that the caller does not see belong to the account and would be changed with it.
    #[error("others' leads belong to this account")]
    Shared,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Invalid(errors) => Self::invalid(errors),
            WriteError::NotFound => Self::not_found(),
            WriteError::Changed => Self::new(
                http_kit::ProblemKind::PreconditionFailed,
                "Somebody changed this since you opened it. Nothing was saved; load it again, look at what is new, and save then.",
            ),
            WriteError::Shared => Self::forbidden(
                "Leads that you do not see belong to this account, and they would change with it. Ask a colleague who sees all leads to change it.",
            ),
            WriteError::Db(error) => error.into(),
        }
    }
}

/// Whether a lead may be given to `owner`: not if it would vanish from the eyes of whoever gives it away.
fn check_owner(scope: &Scope, owner: Option<UserId>) -> Result<(), FieldError> {
    if scope.covers(owner.map(|owner| owner.uuid())) {
        return Ok(());
    }
    Err(FieldError::new(
        "/owner_id",
        "owner_id.hidden",
        "You can give leads only to people whose leads you see. Ask a colleague who sees all leads to hand this one over.",
    ))
}

/// Says which field a violated constraint belongs to.
fn constraint_error(error: DbError, scope: &Scope) -> WriteError {
    let field = match error.constraint() {
        Some("leads_email_key") if !scope.sees_everything() => FieldError::new(
            "/email",
            "email.taken",
            "Another lead has this e-mail address: search for it and edit that one. If you do not find it, it is a colleague's.",
        ),
        Some("leads_email_key") => {
            FieldError::new("/email", "email.taken", "Another lead has this e-mail address: search for it and edit that one")
        }
        Some("leads_external_id_key") => FieldError::new("/external_id", "external_id.taken", "Another lead has this external id"),
        Some("leads_owner_fkey") => FieldError::new("/owner_id", "owner_id.unknown", "The owner is not a member of your organisation"),
        Some("accounts_domain_key") => FieldError::new("/domain", "domain.taken", "Another account has this domain: edit that one"),
        Some("accounts_name_key") => {
            FieldError::new("/name", "name.taken", "Another account without a domain has this name: give one of them a domain")
        }
        _ => return WriteError::Db(error),
    };
    WriteError::Invalid(vec![field])
}

/// Takes from the account what the lead does not say itself.
fn complete(lead: &mut CheckedLead, account: Option<&Account>) -> Option<AccountId> {
    let account = account?;
    let text = |own: &mut String, known: &str| {
        if own.is_empty() {
            known.clone_into(own);
        }
    };
    text(&mut lead.company_name, &account.name);
    text(&mut lead.company_domain, &account.domain);
    text(&mut lead.industry, &account.industry);
    text(&mut lead.country, &account.country);
    text(&mut lead.city, &account.city);
    lead.employee_count = lead.employee_count.or(account.employee_count);
    lead.annual_revenue = lead.annual_revenue.or(account.annual_revenue);
    Some(account.id)
}
