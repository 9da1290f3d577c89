use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use db::{DbError, Scope};
use futures_util::stream;
use http::{HeaderValue, header};
use http_kit::{ApiPath, App, Problem};
use identity::{Can, LeadsRead};
use kernel::{AccountId, ChangeSetId, LeadId};

use super::rows::{changed_by, why};
use crate::{
    changes::store,
    export::{BYTE_ORDER_MARK, csv_line},
};

const PAGE: i64 = 1000;

/// The rows that undoing left as they are, as a file.
pub(super) async fn download(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ChangeSetId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    let scope = viewer.scope.clone();
    let pages = stream::try_unfold(Some(0), move |after| {
        let (app, scope) = (app.clone(), scope.clone());
        async move {
            let Some(after) = after else { return Ok::<_, DbError>(None) };
            page(&app, &scope, id, after).await.map(Some)
        }
    });
    let mut response = Body::from_stream(pages).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"conflicts.csv\""));
    Ok(response)
}

async fn page(app: &App, scope: &Scope, id: ChangeSetId, after: i64) -> Result<(Bytes, Option<i64>), DbError> {
    let tx = app.db.tenant(scope).await?;
    let rows = store::conflicts(&tx, id, after, PAGE).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let mut text = String::new();
    if after == 0 {
        text.push_str(BYTE_ORDER_MARK);
        csv_line(&mut text, ["what", "id", "name", "why", "changed_by", "changed_at"]);
    }
    for row in &rows {
        let id = row.row_id.map_or_else(String::new, |id| match row.table.as_str() {
            "leads" => LeadId::from(id).to_string(),
            "accounts" => AccountId::from(id).to_string(),
            _ => id.to_string(),
        });
        let at = row.changed_at.map_or_else(String::new, |at| at.to_string());
        csv_line(&mut text, [row.table.as_str(), &id, &row.name, &why(row), changed_by(row, &members), &at]);
    }
    let full = rows.len() == usize::try_from(PAGE).unwrap_or_default();
    Ok((Bytes::from(text), rows.last().filter(|_| full).map(|row| row.place)))
}
