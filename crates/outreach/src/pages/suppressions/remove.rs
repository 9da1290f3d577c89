use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsSend, Can};
use serde::Deserialize;

use crate::actions::unsuppress;

#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    email: String,
}

/// Takes an address off the list.
pub(super) async fn submit(State(app): State<App>, viewer: Can<CampaignsSend>, sent: PageForm<RemoveForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    unsuppress(&tx, viewer.actor(), &sent.value.email, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/suppressions", Some(Flash::success(format!("{} can be written to again.", sent.value.email)))))
}
