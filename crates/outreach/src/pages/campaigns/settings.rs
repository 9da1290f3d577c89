use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can};
use kernel::CampaignId;

use super::{builder, settings_form::SettingsForm};
use crate::{actions::update_campaign, store};

/// Saves name, sender and limits of a draft.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    sent: PageForm<SettingsForm>,
) -> Result<Response, Problem> {
    let typed = sent.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let saved = match typed.change() {
        Ok(change) => update_campaign(&tx, viewer.actor(), id, change, Some(typed.version), app.clock.now()).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("Settings saved."))))
        }
        // What was typed is shown again either way.
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
            drop(tx);
            Ok((problem.kind.status(), builder::render(&app, &viewer, &campaign, "", Some((&typed, &problem))).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}
