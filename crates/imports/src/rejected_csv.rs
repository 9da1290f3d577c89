//! The refused rows as a file that a spreadsheet can open: mended there, it can be imported again.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use db::{DbError, Scope};
use futures_util::stream;
use http::{HeaderValue, header};
use http_kit::App;
use leads::export::{BYTE_ORDER_MARK, csv_line};

use super::{model::Import, store};

/// Names of the two columns that are added; an import ignores them.
pub(crate) const ROW: &str = "leadline_row";
pub(crate) const REASON: &str = "leadline_reason";

const PAGE: i64 = 1000;

/// Streams the file: the original columns, then the row's number and the reason.
pub(crate) fn answer(app: &App, scope: Scope, import: Import) -> Response {
    let names: Vec<String> = (0..import.analysis.width)
        .map(|index| {
            let column = import.analysis.columns.iter().find(|column| column.index == index);
            column.map_or_else(String::new, |column| import.analysis.column_name(column, import.plan.has_header))
        })
        .collect();
    let (width, id) = (names.len(), import.id);
    let db = app.db.clone();
    let pages = stream::try_unfold(Some((names, 0)), move |state| {
        let (db, scope) = (db.clone(), scope.clone());
        async move {
            let Some((names, after)) = state else { return Ok::<_, DbError>(None) };
            let mut text = String::new();
            if after == 0 {
                text.push_str(BYTE_ORDER_MARK);
                csv_line(&mut text, names.iter().map(String::as_str).chain([ROW, REASON]));
            }
            let rows = store::rejections(&db, &scope, id, after, PAGE).await?;
            for row in &rows {
                let number = row.row.to_string();
                let cells = (0..width.max(row.cells.len())).map(|index| row.cells.get(index).map_or("", String::as_str));
                csv_line(&mut text, cells.chain([number.as_str(), row.reason.as_str()]));
            }
            let next = rows.last().filter(|_| rows.len() == usize::try_from(PAGE).unwrap_or_default()).map(|row| (names, row.row));
            Ok(Some((Bytes::from(text), next)))
        }
    });
    let mut response = Body::from_stream(pages).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let stem: String =
        import.file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(100).collect();
    let stem = stem.strip_suffix(".csv").unwrap_or(&stem);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{stem}-rejected.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
