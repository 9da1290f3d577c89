use http_kit::{App, Problem};
use kernel::Uuid;
use webauthn_rs::prelude::{PublicKeyCredential, RequestChallengeResponse};
use webauthn_rs_proto::AllowCredentials;

use super::{Ceremony, PasskeyError, check::check, relying_party, state};
use crate::{
    Engine, Person,
    mfa::{store, throttle},
    record,
    session::{self, Method},
};

const PURPOSE: &str = "passkey.show";

/// Asks the browser for one of the person's own passkeys, as a second factor or to confirm who they are.
pub(crate) async fn begin_showing(app: &App, person: &Person) -> Result<Ceremony<RequestChallengeResponse>, PasskeyError> {
    let user = person.principal.user;
    throttle::question(app, user).await.map_err(Problem::too_many)?;
    let party = relying_party(&app.config).map_err(Problem::from)?;
    let tx = app.db.system().await?;
    let own = store::ask_for_passkeys(&tx, user, app.clock.now()).await?;
    tx.commit().await?;
    if own.is_empty() {
        return Err(PasskeyError::Unknown);
    }
    let (mut options, ceremony) = party.start_discoverable_authentication()?;
    let descriptor = |id: Vec<u8>| AllowCredentials { type_: "public-key".to_owned(), id, transports: None };
    options.public_key.allow_credentials = own.into_iter().map(descriptor).collect();
    let challenge_id = state::keep(app, PURPOSE, Some(user), &ceremony).await?;
    Ok(Ceremony { challenge_id, options })
}

/// Checks the answer and raises the session.
pub(crate) async fn finish_showing(app: &App, person: &Person, challenge: Uuid, answer: &PublicKeyCredential) -> Result<(), PasskeyError> {
    let user = person.principal.user;
    throttle::answer(app, user, &person.client).await.map_err(Problem::too_many)?;
    let party = relying_party(&app.config).map_err(Problem::from)?;
    let ceremony = state::take(app, PURPOSE, Some(user), challenge).await?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let stored = store::lock_passkey(&tx, answer.get_credential_id()).await?.filter(|stored| stored.user == user);
    let stored = stored.ok_or(PasskeyError::Unknown)?;
    if let Err(error) = check(&tx, app, &party, ceremony, &stored, answer, now).await {
        record::refused(app, user, error.word(), &person.client);
        return Err(error);
    }
    session::raise(&tx, person.session_id, Method::Passkey, now).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(user);
    Ok(())
}
