//! A fresh proof of who somebody is, when they have no second factor: their password, or a mailed code.

use http_kit::{App, Problem};

use super::log_in::{LogInError, check_password};
use crate::{
    Engine, Person, mailing,
    one_time::{self, Purpose},
    record, session,
};

/// Refuses the weaker proofs to whoever has a stronger one.
fn without_second_factor(person: &Person) -> Result<(), Problem> {
    if person.principal.has_mfa {
        return Err(Problem::forbidden("Your account has a second factor: show that one.").remedy("/login/confirm"));
    }
    Ok(())
}

pub(crate) async fn by_password(app: &App, person: &Person, password: String) -> Result<(), Problem> {
    without_second_factor(person)?;
    let checked = check_password(app, &person.principal.email, password, &person.client).await;
    let user = checked.map_err(|error| match error {
        LogInError::Credentials => {
            Problem::field("/password", "password.wrong", "This is not your password. Type the one you sign in with")
        }
        other => other.into(),
    })?;
    if user != person.principal.user {
        // The address went to somebody else a moment ago.
        return Err(Problem::unauthorized());
    }
    freshen(app, person).await
}

/// Mails a code to the address of somebody who has no password.
pub(crate) async fn mail_code(app: &App, person: &Person) -> Result<(), Problem> {
    without_second_factor(person)?;
    let (user, email) = (person.principal.user, person.principal.email.clone());
    Ok(mailing::request_code(app, user, email, person.client.neighbourhood()).await?)
}

pub(crate) async fn by_code(app: &App, person: &Person, code: &str) -> Result<(), Problem> {
    without_second_factor(person)?;
    let code: String = code.chars().filter(char::is_ascii_digit).take(7).collect();
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let email = &person.principal.email;
    let redeemed = one_time::redeem_code(&tx, &app.config.secret, &[Purpose::Reauthentication], email, &code, now).await?;
    tx.commit().await?;
    if redeemed.is_none_or(|redeemed| redeemed.user != person.principal.user) {
        record::refused(app, person.principal.user, "code", &person.client);
        return Err(Problem::field("/code", "code.wrong", "This code does not count: it is wrong, used, or too old. Ask for another"));
    }
    freshen(app, person).await
}

async fn freshen(app: &App, person: &Person) -> Result<(), Problem> {
    let tx = app.db.system().await?;
    session::freshen(&tx, person.session_id, app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(person.principal.user);
    Ok(())
}
