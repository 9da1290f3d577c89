use http_kit::{App, Problem};
use kernel::{FactorId, Uuid};
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{CreationChallengeResponse, Passkey, PasskeyRegistration, RegisterPublicKeyCredential};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::{Ceremony, PasskeyError, relying_party, state};
use crate::{
    Engine, Person,
    mfa::{
        EnrolError, FactorKind,
        accept::{self, Shown},
        model::{MOST_FACTORS, checked_name},
        store::{self, NewFactor},
        throttle,
    },
    session::{self, Method},
};

const PURPOSE: &str = "passkey.register";

#[derive(Serialize, Deserialize)]
struct Begun {
    name: String,
    ceremony: PasskeyRegistration,
}

/// Asks the browser to make a passkey; without a name it is called after the device.
pub(crate) async fn begin_registration(app: &App, person: &Person, name: &str) -> Result<Ceremony<CreationChallengeResponse>, Problem> {
    let user = person.principal.user;
    throttle::question(app, user).await.map_err(Problem::too_many)?;
    let party = relying_party(&app.config)?;
    let name = checked_name(name).map_err(EnrolError::Name)?;
    let name = if name.is_empty() { person.client.device() } else { name };
    let tx = app.db.system().await?;
    check_room(&tx, person).await?;
    if store::has_name(&tx, user, &name).await? {
        return Err(EnrolError::NameConflict(name).into());
    }
    let known = store::passkeys(&tx, user).await?;
    drop(tx);
    let (email, full_name) = (&person.principal.email, &person.principal.name);
    let (mut options, ceremony) =
        party.start_passkey_registration(user.uuid(), email, full_name, Some(known)).map_err(|error| Problem::internal(&error))?;
    // The crate leaves it to chance whether the passkey can name its owner; one that cannot is of no use on the sign-in page.
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let challenge_id = state::keep(app, PURPOSE, Some(user), &Begun { name, ceremony }).await?;
    Ok(Ceremony { challenge_id, options })
}

/// Stores the passkey that the browser made. Making it took the authenticator and its PIN or fingerprint,
/// so the session has shown a second factor by it.
pub(crate) async fn finish_registration(
    app: &App,
    person: &Person,
    challenge: Uuid,
    answer: &RegisterPublicKeyCredential,
) -> Result<(), PasskeyError> {
    let user = person.principal.user;
    let party = relying_party(&app.config).map_err(Problem::from)?;
    let Begun { name, ceremony } = state::take(app, PURPOSE, Some(user), challenge).await?;
    let passkey: Passkey = party.finish_passkey_registration(answer, &ceremony)?;
    let (id, now) = (FactorId::new(), app.clock.now());
    let plain = serde_json::to_vec(&passkey).map_err(|error| Problem::internal(&error))?;
    let sealed = app.vault.seal(&store::secret_context(id), &plain)?;
    let tx = app.db.system().await?;
    store::lock_person(&tx, user).await?;
    check_room(&tx, person).await?;
    let factor =
        NewFactor { id, user, kind: FactorKind::Webauthn, name: &name, secret: &sealed, credential_id: Some(passkey.cred_id().as_ref()) };
    store::insert(&tx, &factor, now).await.map_err(|error| match error.constraint() {
        Some("mfa_factors_name") => EnrolError::NameConflict(name.clone()).into(),
        Some("mfa_factors_credential_id_key") => Problem::conflict("This passkey has been added already."),
        _ => Problem::from(error),
    })?;
    let shown = Shown { user, session: person.session_id, client: &person.client };
    accept::factor_shown(&tx, shown, id, FactorKind::Webauthn, now).await?;
    session::raise_by_new_factor(&tx, person.session_id, Method::Passkey, now).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(user);
    Ok(())
}

async fn check_room(tx: &db::SystemTx, person: &Person) -> Result<(), EnrolError> {
    let (all, verified) = store::count(tx, person.principal.user).await?;
    if verified > 0 && person.principal.aal < 2 {
        return Err(EnrolError::InsufficientAal);
    }
    if all >= MOST_FACTORS { Err(EnrolError::TooMany) } else { Ok(()) }
}
