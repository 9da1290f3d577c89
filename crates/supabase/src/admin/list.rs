use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_kit::App;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::{AuthError, body::Query, caller::Admin, store, user::AUTHENTICATED};

const USUAL: i64 = 50;
const MOST: i64 = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    page: Option<String>,
    per_page: Option<String>,
    filter: Option<String>,
}

/// `GET /admin/users`: a page of users, the newest first. `Link` says where the next and the last page are.
pub(crate) async fn list(State(app): State<App>, _: Admin, Query(params): Query<Params>) -> Result<Response, AuthError> {
    let page = number(params.page.as_deref(), 1)?.max(1);
    let per_page = match number(params.per_page.as_deref(), USUAL)? {
        0 => return Err(AuthError::validation("Bad Pagination Parameters: per_page must be greater than 0")),
        wanted => wanted.min(MOST),
    };
    let filter = params.filter.unwrap_or_default();
    let offset = (page - 1).saturating_mul(per_page);
    let (ids, total) = store::page(&app.db, &filter, per_page, offset).await?;
    let users = store::users(&app.db, &ids, None).await?;
    let headers = pagination(page, per_page, total, &filter);
    Ok((headers, Json(json!({ "users": users, "aud": AUTHENTICATED }))).into_response())
}

fn number(text: Option<&str>, usual: i64) -> Result<i64, AuthError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(usual) };
    let parsed = text.parse::<u32>().map_err(|error| AuthError::validation(format!("Bad Pagination Parameters: {error}")))?;
    Ok(i64::from(parsed))
}

/// RFC 8288. The page comes first in each address, because that is where the client looks for it.
fn pagination(page: i64, per_page: i64, total: i64, filter: &str) -> HeaderMap {
    let last = (total + per_page - 1) / per_page;
    let address = |page: i64| {
        let mut query = Serializer::new(String::new());
        query.append_pair("page", &page.to_string()).append_pair("per_page", &per_page.to_string());
        if !filter.is_empty() {
            query.append_pair("filter", filter);
        }
        format!("</admin/users?{}>", query.finish())
    };
    let next = (last > page).then(|| format!("{}; rel=\"next\", ", address(page + 1)));
    let link = format!("{}{}; rel=\"last\"", next.unwrap_or_default(), address(last));
    let mut headers = HeaderMap::new();
    if let Ok(link) = HeaderValue::from_str(&link) {
        headers.insert(header::LINK, link);
    }
    headers.insert(HeaderName::from_static("x-total-count"), HeaderValue::from(total));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_next_page_and_to_the_last() {
        let link = |page, total| pagination(page, 10, total, "")[header::LINK].to_str().unwrap().to_owned();
        let (next, last) = ("</admin/users?page=2&per_page=10>; rel=\"next\"", "</admin/users?page=3&per_page=10>; rel=\"last\"");
        assert_eq!(link(1, 25), format!("{next}, {last}"));
        assert_eq!(link(3, 25), last);
        assert_eq!(link(1, 0), "</admin/users?page=0&per_page=10>; rel=\"last\"");
    }
}
