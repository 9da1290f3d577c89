use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsSend, Can};
use kernel::{CampaignId, SendId};
use serde::Deserialize;

use crate::{actions::resolve_unknown, model::Resolution, store};

#[derive(Debug, Deserialize)]
pub(super) struct ResolveForm {
    verdict: Resolution,
}

/// A person's word on a mail that may or may not have left.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath((id, send)): ApiPath<(CampaignId, SendId)>,
    sent: PageForm<ResolveForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    if store::outcomes::campaign_of(&tx, send).await? != Some(id) {
        return Err(Problem::not_found());
    }
    let verdict = sent.value.verdict;
    resolve_unknown(&tx, viewer.actor(), send, verdict, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    let flash = match verdict {
        Resolution::Sent => "Noted as sent. The sequence goes on.",
        Resolution::NotSent => "It will be sent.",
    };
    Ok(redirect(&format!("/campaigns/{id}/ledger?state=unknown"), Some(Flash::success(flash))))
}
