//! What every shown factor comes down to: it counts from now on, and the session is raised.

use db::{DbError, SystemTx};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::{FactorId, SessionId, UserId};
use serde_json::json;

use super::{FactorKind, store, totp};
use crate::{
    Client,
    mailing::{Notice, notify},
    record,
    session::{self, Method},
};

/// Who shows a second factor, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub user: UserId,
    pub session: SessionId,
    pub client: &'a Client,
}

/// Whether `code` is one of the app `factor` that has not been used; uses it up and raises the session.
pub(super) async fn code(
    tx: &SystemTx,
    app: &App,
    shown: Shown<'_>,
    factor: FactorId,
    code: &str,
    now: Timestamp,
) -> Result<bool, Problem> {
    let Some(sealed) = store::totp_secret(tx, shown.user, shown.session, factor).await? else { return Ok(false) };
    let secret = app.vault.reveal(&store::secret_context(factor), &sealed)?;
    let step = totp::step(&secret, code, now).map_err(|error| Problem::internal(&error))?;
    let Some(step) = step else { return Ok(false) };
    if !store::use_step(tx, factor, step).await? {
        return Ok(false);
    }
    if factor_shown(tx, shown, factor, FactorKind::Totp, now).await? {
        session::raise_by_new_factor(tx, shown.session, Method::Totp, now).await?;
    } else {
        session::raise(tx, shown.session, Method::Totp, now).await?;
    }
    Ok(true)
}

/// Notes the use; the first one makes the factor count, and ends every other enrolment that was begun. Says
/// whether it was the first.
pub(super) async fn factor_shown(
    tx: &SystemTx,
    shown: Shown<'_>,
    factor: FactorId,
    kind: FactorKind,
    now: Timestamp,
) -> Result<bool, DbError> {
    let is_new = store::note_use(tx, factor, now).await?;
    if is_new {
        store::forget_unfinished(tx, shown.user, now).await?;
        let payload = json!({ "factor": factor, "kind": kind.as_str() });
        let event = match kind {
            FactorKind::Totp => "person.mfa_enrolled",
            FactorKind::Webauthn => "person.passkey_added",
        };
        record::record(tx, shown.user, event, &payload, shown.client, now).await?;
        notify_person(tx, shown.user, Notice::FactorAdded, now).await?;
    }
    Ok(is_new)
}

/// Enqueues a letter to the person's own address.
pub(super) async fn notify_person(tx: &SystemTx, user: UserId, notice: Notice, now: Timestamp) -> Result<(), DbError> {
    match store::address(tx, user).await? {
        Some(email) => notify(tx, user, &email, notice, now).await,
        None => Ok(()),
    }
}
