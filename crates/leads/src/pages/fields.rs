//! One cell of the grid, changed where it stands. The answer is the row as it is now: a change of one field may bring
//! others with it, such as the facts of another company.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use http_kit::{ApiPath, App, FieldError, PageForm, Problem, etag, if_match};
use identity::{Can, LeadsWrite};
use kernel::LeadId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{bulk_bar, grid::colleagues, rows};
use crate::{actions::update_lead::update_lead, custom_fields::Registry, model::parse_whole, views::Column};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    /// A field of leads, or `custom.KEY`.
    field: String,
    /// As typed.
    value: String,
    /// The columns of the row to answer with.
    columns: Vec<String>,
}

pub(super) async fn change(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
    headers: HeaderMap,
    form: PageForm<Form>,
) -> Result<Response, Problem> {
    let Form { field, value, columns } = form.value;
    let (members, custom) = colleagues(&app, &viewer).await?;
    let patch = patch(&field, &value, &custom).map_err(|error| Problem::invalid(vec![error]))?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = update_lead(&tx, id, &patch, if_match(&headers), viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    let row = rows::row(&lead, &members, &custom, &Column::list(&columns), bulk_bar::has_any(&viewer));
    Ok((etag(lead.version), row).into_response())
}

/// What was typed as a merge patch (RFC 7396) of one field.
fn patch(field: &str, typed: &str, custom: &Registry) -> Result<Value, FieldError> {
    let typed = typed.trim();
    let wrong = |why: String| FieldError::new(format!("/{}", field.replace('.', "/")), format!("{field}.invalid"), why);
    let value = match field {
        "employee_count" | "annual_revenue" => json!(parse_whole(typed).map_err(wrong)?),
        "tags" => json!(typed.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).collect::<Vec<_>>()),
        "owner_id" if typed.is_empty() => Value::Null,
        "owner_id" if typed.parse::<kernel::UserId>().is_err() => return Err(wrong("Choose one of your colleagues".to_owned())),
        "status" => json!(typed.parse::<crate::Status>().map_err(|why| wrong(format!("The status {why}")))?),
        "first_name" | "last_name" | "email" | "phone" | "title" | "seniority" | "department" | "linkedin_url" | "company_name"
        | "company_domain" | "industry" | "country" | "city" | "owner_id" | "source" | "external_id" => json!(typed),
        _ => {
            let key = field.strip_prefix("custom.").filter(|key| crate::model::is_custom_key(key));
            let key = key.ok_or_else(|| FieldError::new("/field", "field.unknown", "Leads have no such field that can be changed here"))?;
            // A key that nobody has named before becomes a field of texts.
            let value = custom.get(key).map_or_else(|| Ok(text_or_nothing(typed)), |known| known.parse(typed)).map_err(wrong)?;
            let inner = Map::from_iter([(key.to_owned(), value)]);
            return Ok(json!({ "custom": inner }));
        }
    };
    Ok(json!({ field: value }))
}

fn text_or_nothing(typed: &str) -> Value {
    if typed.is_empty() { Value::Null } else { json!(typed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_becomes_a_patch_of_its_field() {
        let patch = |field: &str, typed: &str| patch(field, typed, &Registry::default());
        assert_eq!(patch("title", " CTO "), Ok(json!({"title": "CTO"})));
        assert_eq!(patch("employee_count", "1,200"), Ok(json!({"employee_count": 1200})));
        assert_eq!(patch("annual_revenue", ""), Ok(json!({"annual_revenue": null})));
        assert_eq!(patch("tags", "a, b;; c"), Ok(json!({"tags": ["a", "b", "c"]})));
        assert_eq!(patch("owner_id", ""), Ok(json!({"owner_id": null})));
        assert_eq!(patch("custom.size", "12"), Ok(json!({"custom": {"size": "12"}})), "nobody said that it is a number");
        assert_eq!(patch("custom.size", ""), Ok(json!({"custom": {"size": null}})));
        for (field, typed) in
            [("employee_count", "many"), ("status", "happy"), ("owner_id", "me"), ("score", "100"), ("custom.Bad Key", "x"), ("id", "x")]
        {
            assert!(patch(field, typed).is_err(), "{field} {typed}");
        }
    }
}
