//! Why a lead has its score: fetched when somebody looks at the number in the grid.

use axum::extract::State;
use http_kit::{ApiPath, App, Problem};
use identity::{Can, LeadsRead};
use kernel::LeadId;
use maud::{Markup, html};

use super::show;
use crate::store;

pub(super) async fn reasons(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<LeadId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(html! {
        @if lead.score_reasons.is_empty() { p.muted { "No rule gives this lead points yet." } }
        @else { (ui::score_reasons(i64::from(lead.score), &show::reasons(&lead.score_reasons))) }
    })
}
