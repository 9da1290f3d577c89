//! CSV and NDJSON, read and sent in pieces: whatever the number of leads, a few thousand are held.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use db::Scope;
use futures_util::stream;
use http::{HeaderValue, header};
use http_kit::{App, Problem};
use identity::Member;
use jiff::Timestamp;

use super::{
    columns::{cell, heading, object},
    spreadsheet::{BYTE_ORDER_MARK, csv_line},
    wish::{Format, Place, Wish, next},
};

/// What all pieces need.
struct Download {
    app: App,
    scope: Scope,
    wish: Wish,
    members: Vec<Member>,
}

/// The file as an answer.
pub(crate) async fn answer(app: &App, scope: &Scope, wish: Wish, now: Timestamp) -> Result<Response, Problem> {
    let tx = app.db.tenant(scope).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let (format, name) = (wish.format, wish.file_name(now));
    let download = std::sync::Arc::new(Download { app: app.clone(), scope: scope.clone(), wish, members });
    let pieces = stream::try_unfold(Some((Place::default(), true)), move |at| {
        let download = download.clone();
        async move {
            let Some((place, is_first)) = at else { return Ok::<_, std::io::Error>(None) };
            let (text, rest) = download.piece(place, is_first).await.map_err(|problem| std::io::Error::other(problem.detail))?;
            Ok(Some((Bytes::from(text), rest.map(|place| (place, false)))))
        }
    });
    Ok(attachment(Body::from_stream(pieces), format, &name))
}

/// An answer that is a file.
pub(crate) fn attachment(body: Body, format: Format, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    response
}

impl Download {
    async fn piece(&self, place: Place, is_first: bool) -> Result<(String, Option<Place>), Problem> {
        let columns = self.wish.columns();
        let mut text = String::new();
        let is_csv = self.wish.format == Format::Csv;
        if is_first && is_csv {
            if self.wish.mark {
                text.push_str(BYTE_ORDER_MARK);
            }
            csv_line(&mut text, columns.iter().map(heading));
        }
        let (leads, rest) = next(&self.app, &self.scope, &self.wish, place).await?;
        for lead in &leads {
            if is_csv {
                let cells: Vec<String> = columns.iter().map(|column| cell(lead, column, &self.members).text()).collect();
                csv_line(&mut text, cells.iter().map(String::as_str));
            } else {
                text.push_str(&object(lead, &columns, &self.members).to_string());
                text.push('\n');
            }
        }
        Ok((text, rest))
    }
}
