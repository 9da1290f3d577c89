use super::FieldKind;
use crate::model::is_custom_key;

/// The expression over `lead_rows l` that a list sorts by, never NULL, and its SQL type: values that are not there come first.
/// Nothing for what cannot be a key. The sort has no index of its own: only lists that a filter has made short should use it.
pub fn sort_expression(kind: FieldKind, key: &str) -> Option<(String, &'static str)> {
    if !is_custom_key(key) {
        return None;
    }
    // A key is made of a–z, 0–9 and _, so it can stand in the statement, where an index or a cursor finds it again.
    let of_type =
        |name: &str, cast: &str| format!("CASE jsonb_typeof(l.custom -> '{key}') WHEN '{name}' THEN (l.custom ->> '{key}'){cast} END");
    Some(match kind {
        FieldKind::Number => (format!("coalesce({}, '-infinity'::float8)", of_type("number", "::numeric::float8")), "float8"),
        FieldKind::Bool => (format!("coalesce({}, -1)", of_type("boolean", "::boolean::int")), "int"),
        FieldKind::Text | FieldKind::Choice | FieldKind::Url | FieldKind::Date => {
            (format!("leadline_fold(coalesce({}, ''))", of_type("string", "")), "text")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_become_expressions() {
        assert!(sort_expression(FieldKind::Text, "a'; DROP TABLE leads; --").is_none());
        assert_eq!(sort_expression(FieldKind::Bool, "vip").map(|(_, kind)| kind), Some("int"));
    }
}
