use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use db::Scope;
use events::{NewEvent, Subject, append};
use futures_util::stream;
use http::{HeaderValue, header};
use http_kit::{App, Problem};
use identity::{Can, LeadsExport};
use jiff::Timestamp;
use serde_json::json;

use crate::{model::Suppression, store};

/// How many rows are held at once.
const CHUNK: i64 = 2000;

/// Where the download has come to.
enum At {
    Start,
    After(Timestamp, String),
    End,
}

/// The whole list as CSV, read and sent in pieces. It is everybody's addresses in one file, hence the step-up.
pub(super) async fn download(State(app): State<App>, viewer: Can<LeadsExport>) -> Result<Response, Problem> {
    viewer.require_fresh(&app)?;
    let scope = viewer.scope.clone();
    let tx = app.db.tenant(&scope).await?;
    let payload = json!({ "count": store::suppressions::count(&tx).await? });
    let subject = Subject::of(viewer.org_id);
    append(&tx, &[NewEvent { kind: "suppressions.exported", subject, actor: viewer.actor(), at: app.clock.now(), payload }]).await?;
    tx.commit().await?;
    let pieces = stream::try_unfold(At::Start, move |at| {
        let (app, scope) = (app.clone(), scope.clone());
        async move { piece(&app, &scope, at).await }
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"suppressions.csv\""));
    Ok(response)
}

async fn piece(app: &App, scope: &Scope, at: At) -> Result<Option<(Bytes, At)>, std::io::Error> {
    let (before, first) = match at {
        At::Start => (None, true),
        At::After(at, email) => (Some((at, email)), false),
        At::End => return Ok(None),
    };
    let tx = app.db.tenant(scope).await.map_err(std::io::Error::other)?;
    let rows = store::suppressions::list(&tx, "", None, before, CHUNK).await.map_err(std::io::Error::other)?;
    tx.commit().await.map_err(std::io::Error::other)?;
    let next = match rows.last() {
        Some(last) if rows.len() as i64 == CHUNK => At::After(last.at, last.email.clone()),
        _ => At::End,
    };
    let bytes = lines(&rows, first).map_err(std::io::Error::other)?;
    Ok(Some((bytes, next)))
}

fn lines(rows: &[Suppression], head: bool) -> Result<Bytes, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    if head {
        out.write_record(["email", "reason", "source", "note", "since"])?;
    }
    for row in rows {
        out.write_record([&harmless(&row.email), row.reason.as_str(), row.source.as_str(), &harmless(&row.detail), &row.at.to_string()])?;
    }
    out.into_inner().map(Bytes::from).map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
}

/// A cell that begins like a formula is one to a spreadsheet; an apostrophe makes it text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SuppressionReason, SuppressionSource};

    #[test]
    fn formulas_are_text() {
        let row = Suppression {
            email: "=cmd@x.example".to_owned(),
            reason: SuppressionReason::Manual,
            source: SuppressionSource::Person,
            detail: "a, \"b\"".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let text = String::from_utf8(lines(&[row], true).unwrap().to_vec()).unwrap();
        assert_eq!(text, "email,reason,source,note,since\n'=cmd@x.example,manual,person,\"a, \"\"b\"\"\",1970-01-01T00:00:00Z\n");
    }
}
