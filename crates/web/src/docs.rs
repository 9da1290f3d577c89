//! The API's document, and a page to read it on.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use http_kit::{Chrome, Problem};
use identity::Viewer;
use maud::{Markup, html};
use serde_json::Value;
use ui::{Nav, Tone};
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder,
    security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
};

/// What the document says before its operations.
pub(crate) fn preamble() -> OpenApi {
    let description = "Everything the screens can do. JSON in snake_case; ids are prefixed strings; times are RFC 3339 in UTC. \
        Lists answer `{data, next_cursor, total}` and take `filter`, `q`, `sort`, `limit` and `cursor`. \
        Every POST that changes something takes an `Idempotency-Key`, remembered for 24 hours. Errors are `application/problem+json` (RFC 9457) and name the field.";
    let mut document = OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Leadline API").version(env!("CARGO_PKG_VERSION")).description(Some(description)).build())
        .build();
    let session =
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("leadline_session", "The session of a signed-in person.")));
    document.components.get_or_insert_default().add_security_scheme("session", session);
    document.security = Some(vec![SecurityRequirement::new("session", std::iter::empty::<&str>())]);
    document
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| crate::openapi().to_pretty_json().unwrap_or_default());

/// `GET /api/v1/openapi.json`
pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")], DOCUMENT.as_str()).into_response()
}

/// One operation as the page shows it.
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    value: &'a Value,
}

/// `GET /docs`: for people who are signed in and for those who are not.
pub(crate) async fn reader(chrome: Chrome, viewer: Result<Viewer, Problem>) -> Markup {
    let document: Value = serde_json::from_str(&DOCUMENT).unwrap_or_default();
    let content = page(&document);
    match viewer {
        Ok(viewer) => viewer.page(Nav::None, "API", content),
        Err(_) => chrome.bare("API", content),
    }
}

fn page(document: &Value) -> Markup {
    let mut operations = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(value) = item.get(method) {
                operations.push(Operation { method, path, value });
            }
        }
    }
    let mut tags: Vec<&str> = operations.iter().filter_map(tag).collect();
    tags.dedup();
    tags.sort_unstable();
    tags.dedup();
    let intro = document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default();
    html! {
        (ui::page_header("API reference", "What the screens can do, your programs can do.", html! {
            (ui::Button::secondary("OpenAPI document").href("/api/v1/openapi.json").plain())
        }))
        (ui::stack(html! {
            p.prose { (prose(intro)) }
            @for tag in tags {
                (ui::card(&title_case(tag), html! {}, html! {
                    div.stack { @for operation in operations.iter().filter(|o| self::tag(o) == Some(tag)) { (one(document, operation)) } }
                }))
            }
        }))
    }
}

fn tag<'a>(operation: &Operation<'a>) -> Option<&'a str> {
    operation.value.pointer("/tags/0").and_then(Value::as_str)
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn one(document: &Value, operation: &Operation<'_>) -> Markup {
    let text = |name: &str| operation.value.get(name).and_then(Value::as_str).unwrap_or_default();
    let tone = match operation.method {
        "get" => Tone::Info,
        "delete" => Tone::Danger,
        _ => Tone::Success,
    };
    let parameters = operation.value.get("parameters").and_then(Value::as_array);
    let body = operation.value.pointer("/requestBody/content").and_then(Value::as_object).and_then(|content| content.iter().next());
    html! {
        details.operation {
            summary { (ui::badge(tone, &operation.method.to_uppercase())) " " code { (operation.path) } " " span.muted { (text("summary")) } }
            div.stack {
                @if !text("description").is_empty() { p { (prose(text("description"))) } }
                @if let Some(parameters) = parameters {
                    (ui::table::wrap("Parameters", html! {
                        table.table {
                            thead { tr { (ui::table::th("Parameter")) (ui::table::th("In")) (ui::table::th("What")) } }
                            tbody { @for parameter in parameters { (self::parameter(parameter)) } }
                        }
                    }))
                }
                @if let Some((kind, content)) = body {
                    h3 { "Body " span.muted { (kind) } }
                    (schema(document, content.get("schema").unwrap_or(&Value::Null), 0))
                }
                h3 { "Answers" }
                @for (status, answer) in operation.value.get("responses").and_then(Value::as_object).into_iter().flatten() {
                    p { code { (status) } " " (prose(answer.get("description").and_then(Value::as_str).unwrap_or_default())) }
                    @if let Some(of) = answer.get("content").and_then(Value::as_object).and_then(|content| content.values().next()).and_then(|c| c.get("schema")) {
                        (schema(document, of, 0))
                    }
                }
            }
        }
    }
}

fn parameter(parameter: &Value) -> Markup {
    let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
    let required = parameter.get("required").and_then(Value::as_bool).unwrap_or_default();
    html! {
        tr {
            td data-label="Parameter" { code { (text("name")) } @if required { span.muted { " required" } } }
            td data-label="In" { (text("in")) }
            td data-label="What" { (prose(text("description"))) }
        }
    }
}

/// The fields of a schema, following references three levels down.
fn schema(document: &Value, of: &Value, depth: usize) -> Markup {
    let resolved = of.get("$ref").and_then(Value::as_str).and_then(|to| document.pointer(to.trim_start_matches('#'))).unwrap_or(of);
    let fields = resolved.get("properties").and_then(Value::as_object);
    let required: Vec<&str> = resolved.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let parts = ["allOf", "oneOf", "anyOf"].iter().find_map(|name| resolved.get(*name).and_then(Value::as_array));
    html! {
        @if let Some(fields) = fields {
            ul.schema {
                @for (name, field) in fields {
                    li {
                        code { (name) } " " span.muted { (kind(field)) @if required.contains(&name.as_str()) { ", required" } }
                        @if let Some(text) = field.get("description").and_then(Value::as_str) { " " (prose(text)) }
                        @if depth < 3 { (schema(document, field.get("items").unwrap_or(field), depth + 1)) }
                    }
                }
            }
        } @else if let Some(items) = resolved.get("items").filter(|_| depth < 3) {
            (schema(document, items, depth + 1))
        } @else if let Some(parts) = parts.filter(|_| depth < 3) {
            @for part in parts { (schema(document, part, depth + 1)) }
        }
    }
}

fn kind(field: &Value) -> String {
    if let Some(name) = field.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next()) {
        return name.to_owned();
    }
    match field.get("type") {
        Some(Value::String(kind)) if kind == "array" => format!("list of {}", field.get("items").map_or_else(String::new, self::kind)),
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

/// Descriptions are Markdown, of which ours use only `code`.
fn prose(text: &str) -> Markup {
    html! { @for (at, part) in text.split('`').enumerate() { @if at % 2 == 1 { code { (part) } } @else { (part) } } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// What generators of clients stumble over, and what we promise of every operation.
    #[test]
    fn the_document_keeps_the_rules_of_openapi_and_our_own() {
        let document: Value = serde_json::from_str(&crate::openapi().to_json().unwrap()).unwrap();
        let mut ids = BTreeSet::new();
        let mut faults = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = format!("{method} {path}");
                if !ids.insert(operation["operationId"].as_str().unwrap_or_default()) {
                    faults.push(format!("{name}: another operation has its operationId"));
                }
                if operation["summary"].as_str().is_none_or(str::is_empty) {
                    faults.push(format!("{name}: no summary"));
                }
                let no_parameters = Vec::new();
                let parameters = operation["parameters"].as_array().unwrap_or(&no_parameters);
                let has = |place: &str, name: &str| parameters.iter().any(|p| p["in"] == place && p["name"] == name);
                for parameter in parameters.iter().filter(|p| p["in"] == "path") {
                    let parameter = parameter["name"].as_str().unwrap();
                    if !path.contains(&format!("{{{parameter}}}")) {
                        faults.push(format!("{name}: {parameter} is not in the path"));
                    }
                }
                for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                    if !has("path", parameter) {
                        faults.push(format!("{name}: {parameter} is not described"));
                    }
                }
                // Trying weights changes nothing.
                if method == "post" && path != "/api/v1/scoring/preview" && !has("header", "Idempotency-Key") {
                    faults.push(format!("{name}: no Idempotency-Key"));
                }
            }
        }
        assert!(ids.len() > 40 && faults.is_empty(), "{faults:#?}");
    }
}
