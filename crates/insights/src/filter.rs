//! Links to the rows behind a number: the leads list with a filter.

use leads::Status;
use serde_json::{Value, json};

/// Leads with this status.
pub(crate) fn with_status(status: Status) -> String {
    list(&[json!({ "field": "status", "op": "is", "value": status })])
}

/// Leads created in the last `days` days.
pub(crate) fn created_within(days: i32) -> String {
    list(&[json!({ "field": "created_at", "op": "within_last_days", "value": days })])
}

fn list(conditions: &[Value]) -> String {
    let filter = json!({ "all": conditions }).to_string();
    let encoded: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    format!("/leads?filter={encoded}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_filters_that_the_leads_list_understands() {
        for href in [with_status(Status::Replied), created_within(30)] {
            let filter = href.strip_prefix("/leads?filter=").unwrap();
            let (name, _) = url::form_urlencoded::parse(filter.as_bytes()).next().unwrap();
            serde_json::from_str::<leads::Filter>(&name).unwrap();
        }
    }
}
