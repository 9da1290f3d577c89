//! The passkey ceremonies: JSON for the island, and the island's element. Without scripts the element stays
//! hidden: there are no passkeys without them.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiJson, App, Problem, Routes};
use kernel::Uuid;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use ui::{Button, Field, Icon};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::login::inside;
use crate::{Client, Person, gate, mfa};

pub(super) fn pages() -> Routes {
    Routes::new()
        .post("/login/passkey/begin", begin)
        .post("/login/passkey/finish", finish)
        .post("/account/security/passkeys/begin", begin_registration)
        .post("/account/security/passkeys/finish", finish_registration)
}

/// What a passkey is shown for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    SignIn,
    /// As a second factor, or to confirm that it is still them.
    Factor,
}

#[derive(Debug, Deserialize, garde::Validate)]
#[garde(allow_unvalidated)]
struct Begin {
    purpose: Purpose,
}

#[derive(Debug, Deserialize, garde::Validate)]
#[garde(allow_unvalidated)]
struct Finish {
    purpose: Purpose,
    challenge_id: Uuid,
    credential: PublicKeyCredential,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize, garde::Validate)]
#[garde(allow_unvalidated)]
struct BeginRegistration {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize, garde::Validate)]
#[garde(allow_unvalidated)]
struct FinishRegistration {
    challenge_id: Uuid,
    credential: RegisterPublicKeyCredential,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Serialize)]
struct Done {
    /// Where to go on.
    next: String,
}

async fn begin(
    State(app): State<App>,
    client: Client,
    person: Result<Person, Problem>,
    ApiJson(body): ApiJson<Begin>,
) -> Result<Response, Problem> {
    Ok(match body.purpose {
        Purpose::SignIn => Json(mfa::begin_sign_in(&app, &client).await?).into_response(),
        Purpose::Factor => Json(mfa::begin_showing(&app, &person?).await?).into_response(),
    })
}

async fn finish(
    State(app): State<App>,
    client: Client,
    person: Result<Person, Problem>,
    ApiJson(body): ApiJson<Finish>,
) -> Result<Response, Problem> {
    let done = Json(Done { next: inside(&body.next).to_owned() });
    match body.purpose {
        Purpose::SignIn => {
            let new = mfa::finish_sign_in(&app, body.challenge_id, &body.credential, &client).await?;
            Ok(gate::sign_in(&app, new, &client, done.into_response()).await?)
        }
        Purpose::Factor => {
            mfa::finish_showing(&app, &person?, body.challenge_id, &body.credential).await?;
            Ok(done.into_response())
        }
    }
}

async fn begin_registration(
    State(app): State<App>,
    person: Person,
    ApiJson(body): ApiJson<BeginRegistration>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    person.require_fresh(&app)?;
    Ok(Json(mfa::begin_registration(&app, &person, &body.name).await?).into_response())
}

async fn finish_registration(
    State(app): State<App>,
    person: Person,
    ApiJson(body): ApiJson<FinishRegistration>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    mfa::finish_registration(&app, &person, body.challenge_id, &body.credential).await?;
    let next = super::security::after_enrolment(&app, &person, &body.next).await?;
    Ok(Json(Done { next }).into_response())
}

/// On the sign-in page: a button, and the browser's own suggestions in the field for the address.
pub(super) fn sign_in(app: &App, next: &str) -> Markup {
    if mfa::relying_party(&app.config).is_err() {
        return html! {};
    }
    html! {
        passkey-form data-begin="/login/passkey/begin" data-finish="/login/passkey/finish" data-purpose="sign_in" data-next=(next) data-autofill hidden {
            (Button::secondary("Sign in with a passkey").icon(Icon::Key).plain())
            (problem())
        }
    }
}

/// Where a second factor is asked for.
pub(super) fn show(next: &str) -> Markup {
    html! {
        passkey-form data-begin="/login/passkey/begin" data-finish="/login/passkey/finish" data-purpose="factor" data-next=(next) hidden {
            (Button::primary("Use a passkey").icon(Icon::Key).plain())
            (problem())
        }
        noscript { p { "Passkeys need JavaScript, which is off in this browser." } }
    }
}

/// Where one is added.
pub(super) fn add(next: &str) -> Markup {
    html! {
        passkey-form data-begin="/account/security/passkeys/begin" data-finish="/account/security/passkeys/finish" data-purpose="create" data-next=(next) hidden {
            (Field::text("name", "Name").id("field-passkey-name").placeholder("This device").autocomplete("off").attr("maxlength", "100"))
            (Button::secondary("Add a passkey").icon(Icon::Plus).plain())
            (problem())
        }
        noscript { p.muted { "Passkeys need JavaScript, which is off in this browser." } }
    }
}

fn problem() -> Markup {
    html! { p.field-error role="alert" data-problem hidden {} }
}
