use db::SystemTx;
use http_kit::{App, Problem};
use jiff::Timestamp;
use webauthn_rs::{
    Webauthn,
    prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential},
};

use super::PasskeyError;
use crate::mfa::store::{self, StoredPasskey};

/// Checks an answer against the passkey as it is stored now, and keeps its counter and backup state. The
/// caller holds the row, so of two racing answers with one counter the second is a copy's.
pub(super) async fn check(
    tx: &SystemTx,
    app: &App,
    party: &Webauthn,
    ceremony: DiscoverableAuthentication,
    stored: &StoredPasskey,
    answer: &PublicKeyCredential,
    now: Timestamp,
) -> Result<(), PasskeyError> {
    let context = store::secret_context(stored.factor);
    let plain = app.vault.reveal(&context, &stored.sealed)?;
    let mut passkey: Passkey = serde_json::from_slice(&plain).map_err(|error| Problem::internal(&error))?;
    let result = party.finish_discoverable_authentication_v2(answer, ceremony, &passkey)?;
    if passkey.update_credential(&result) == Some(true) {
        let plain = serde_json::to_vec(&passkey).map_err(|error| Problem::internal(&error))?;
        store::update_passkey(tx, stored.factor, &app.vault.seal(&context, &plain)?, now).await?;
    }
    store::note_use(tx, stored.factor, now).await?;
    Ok(())
}
