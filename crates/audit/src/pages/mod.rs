//! The audit log and the security events, to search, verify and take away.

mod entries;
mod export;
mod security;
mod verification;

use http_kit::Routes;
use maud::Markup;
use ui::Tab;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/settings/audit", entries::show)
        .get("/settings/audit/security", security::show)
        .get("/settings/audit/verification", verification::show)
        .post("/settings/audit/verification", verification::start)
        .get("/settings/audit/export", export::download)
}

fn tabs(security: bool) -> Markup {
    ui::tabs(
        "Audit",
        &[Tab::new("Audit log", "/settings/audit", !security), Tab::new("Security events", "/settings/audit/security", security)],
    )
}

/// An address with the parameters that have a value.
fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let given: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    if given.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    format!("{path}?{query}")
}
