use axum::extract::State;
use http::StatusCode;
use http_kit::App;
use identity::session::{self, Ending};
use serde::Deserialize;

use crate::{AuthError, body::Query, caller::Caller};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    scope: String,
}

/// `POST /logout?scope=`: ends all sessions, this one, or all but this one.
pub(crate) async fn logout(State(app): State<App>, caller: Caller, Query(params): Query<Params>) -> Result<StatusCode, AuthError> {
    let ending = match params.scope.as_str() {
        "" | "global" => Ending::All,
        "local" => Ending::One(caller.session),
        "others" => Ending::Others(caller.session),
        other => return Err(AuthError::validation(format!("Unsupported logout scope {other:?}"))),
    };
    let tx = app.db.system().await?;
    session::end(&tx, caller.user, ending, &caller.client, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
