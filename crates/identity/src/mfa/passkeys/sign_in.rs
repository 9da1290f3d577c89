use std::time::Duration;

use cache::Rate;
use http_kit::{App, Problem};
use kernel::Uuid;
use webauthn_rs::prelude::{PublicKeyCredential, RequestChallengeResponse};

use super::{Ceremony, PasskeyError, check::check, relying_party, state};
use crate::{
    Client,
    mfa::store,
    record,
    session::{Method, NewSession},
};

const PURPOSE: &str = "passkey.sign_in";
/// Ceremonies from one address: each look at the sign-in page begins one, and a company shares an address.
const BEGUN: Rate = Rate { uses: 300, per: Duration::from_secs(300) };
/// Answers from one address: nobody guesses a signature, but each costs a verification.
const ANSWERED: Rate = Rate { uses: 60, per: Duration::from_secs(300) };

/// Asks the browser for any passkey of ours; which one says who they are.
pub(crate) async fn begin_sign_in(app: &App, client: &Client) -> Result<Ceremony<RequestChallengeResponse>, PasskeyError> {
    throttle(app, "begin", client, BEGUN).await?;
    let party = relying_party(&app.config).map_err(Problem::from)?;
    let (options, ceremony) = party.start_discoverable_authentication()?;
    let challenge_id = state::keep(app, PURPOSE, None, &ceremony).await?;
    Ok(Ceremony { challenge_id, options })
}

/// Checks the answer. Returns the session to open, which has shown both factors: what the person has, and the
/// PIN or fingerprint that their authenticator has verified.
pub(crate) async fn finish_sign_in(
    app: &App,
    challenge: Uuid,
    answer: &PublicKeyCredential,
    client: &Client,
) -> Result<NewSession, PasskeyError> {
    throttle(app, "finish", client, ANSWERED).await?;
    let party = relying_party(&app.config).map_err(Problem::from)?;
    let ceremony = state::take(app, PURPOSE, None, challenge).await?;
    let (user, credential) = party.identify_discoverable_authentication(answer)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let stored = store::lock_passkey(&tx, credential).await?.filter(|stored| stored.user.uuid() == user);
    let stored = stored.ok_or(PasskeyError::Unknown)?;
    if let Err(error) = check(&tx, app, &party, ceremony, &stored, answer, now).await {
        record::refused(app, stored.user, error.word(), client);
        return Err(error);
    }
    if stored.banned_until.is_some_and(|until| until > now) {
        record::refused(app, stored.user, "suspended", client);
        return Err(Problem::forbidden("This account is suspended. Ask the person who runs this server.").into());
    }
    tx.commit().await?;
    Ok(NewSession { aal: 2, ..NewSession::by(stored.user, Method::Passkey) })
}

async fn throttle(app: &App, what: &str, client: &Client, rate: Rate) -> Result<(), Problem> {
    let key = format!("passkey:{what}:{}", client.neighbourhood());
    Ok(http_kit::throttle(app, &[(&key, rate)]).await?)
}
