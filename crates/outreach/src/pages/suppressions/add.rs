use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can};
use serde::Deserialize;

use super::list;
use crate::{actions::suppress, model::NewSuppression};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddForm {
    email: String,
    detail: String,
}

/// Puts an address on the list. One that is there already stays as it is.
pub(super) async fn submit(State(app): State<App>, viewer: Can<CampaignsWrite>, sent: PageForm<AddForm>) -> Result<Response, Problem> {
    let new = NewSuppression { email: sent.value.email, detail: sent.value.detail };
    let tx = app.db.tenant(&viewer.scope).await?;
    match suppress(&tx, viewer.actor(), new.clone(), app.clock.now()).await.map_err(Problem::from) {
        Ok(suppression) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect("/suppressions", Some(Flash::success(format!("{} is never written to again.", suppression.email)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let page = list::render(&app, &viewer, &list::Query::default(), Some((&new, &problem))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}
