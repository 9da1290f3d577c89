use serde_json::{Map, Value, json};

/// What became different between two records, for an event's payload: `{"role": {"from": "rep", "to": "admin"}}`.
/// Members of inner objects are named `points.phone`. Whoever calls leaves out what no log should hold.
pub fn changes(before: &Value, after: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    collect("", before, after, &mut found);
    found
}

fn collect(name: &str, before: &Value, after: &Value, found: &mut Map<String, Value>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.insert(name.to_owned(), json!({ "from": before, "to": after }));
        return;
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for member in names {
        let inner = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
        collect(&inner, old.get(member).unwrap_or(&Value::Null), new.get(member).unwrap_or(&Value::Null), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"name": "A", "same": 1, "points": {"phone": 5, "vp": 17}, "gone": true});
        let after = json!({"name": "B", "same": 1, "points": {"phone": 7, "vp": 17}});
        let expected = json!({"gone": {"from": true, "to": null}, "name": {"from": "A", "to": "B"}, "points.phone": {"from": 5, "to": 7}});
        assert_eq!(Value::Object(changes(&before, &after)), expected);
        assert!(changes(&after, &after).is_empty());
    }
}
