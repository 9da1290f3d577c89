use axum::{
    extract::{Multipart, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, App, Idempotency, Problem};
use identity::{Can, LeadsImport, Viewer};
use maud::{Markup, html};
use ui::Nav;

use crate::{FileProblem, ImportError, actions, upload::receive};

pub(super) async fn show(viewer: Can<LeadsImport>) -> Markup {
    page(&viewer, None)
}

pub(super) async fn upload(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    headers: HeaderMap,
    body: Multipart,
) -> Result<Response, Problem> {
    let actor = viewer.actor();
    let idempotency = Idempotency::of_stream(&headers, "/imports")?.by(actor);
    let (import, kept) = match receive(&app, viewer.org_id, actor, &headers, body).await {
        Ok(arrived) => arrived,
        Err(FileProblem::Io(error)) => return Err(Problem::internal(&error)),
        Err(problem) => {
            let problem = Problem::from(problem);
            return Ok((problem.kind.status(), page(&viewer, Some(&problem.detail))).into_response());
        }
    };
    let idempotency = idempotency.with_content(&kept.digest());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    match actions::keep_upload(&tx, &app, &import, actor).await {
        Ok(()) => {}
        Err(ImportError::State(why)) => return Ok((StatusCode::CONFLICT, page(&viewer, Some(&why))).into_response()),
        Err(error) => return Err(error.into()),
    }
    let answer = idempotency.finish(tx, Answer::see_other(format!("/imports/{}", import.id))).await?;
    kept.keep();
    app.feed.nudge();
    Ok(answer.into_response())
}

fn page(viewer: &Viewer, problem: Option<&str>) -> Markup {
    let content = html! {
        (ui::page_header_under(&[("Imports", "/imports")], "Import a file", "Nothing is written before you have seen what would be.", html! {}))
        @if let Some(problem) = problem { (ui::form_error(problem)) }
        (ui::drop_zone("/imports", "file", ".csv,.tsv,.tab,.txt,.xlsx,.xlsm,.gz,.zip,text/csv,text/tab-separated-values,text/plain", "Drop a file here, or choose one",
            "CSV with comma, semicolon, tab or | in any encoding, an Excel workbook (.xlsx), or one of these as .gz or .zip. Up to 512 MB and 500 columns. The first row names the columns; exports of HubSpot, Salesforce, Apollo, LinkedIn, Outlook and Google Contacts are recognised.", html! {}))
    };
    viewer.page(Nav::Imports, "Import a file", content)
}
