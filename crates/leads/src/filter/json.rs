//! The JSON form, read and written.

use serde_json::{Value, json};

use super::{
    Filter, MAX_CONDITIONS, MAX_DEPTH, Node,
    condition::condition,
    error::{FilterError, Result, err},
};

/// Longer texts cannot be a filter within the limits.
pub(super) const MAX_LENGTH: usize = 256 * 1024;

pub(super) fn from_text(text: &str) -> Result<Filter> {
    if text.trim().is_empty() {
        return Ok(Filter::default());
    }
    if text.len() > MAX_LENGTH {
        return err("", format!("it is longer than {MAX_LENGTH} bytes"));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Filter::try_from(value),
        Err(error) => err("", format!("it is not valid JSON ({error})")),
    }
}

impl TryFrom<Value> for Filter {
    type Error = FilterError;
    fn try_from(value: Value) -> Result<Self> {
        if matches!(&value, Value::Object(map) if map.is_empty()) || value.is_null() {
            return Ok(Self::default());
        }
        let mut count = 0;
        Ok(Self { root: node(&value, "", 1, &mut count)? })
    }
}

fn node(value: &Value, at: &str, depth: usize, count: &mut usize) -> Result<Node> {
    if depth > MAX_DEPTH {
        return err(at, too_deep());
    }
    let Value::Object(map) = value else {
        return err(at, "a condition {\"field\", \"op\", \"value\"} or a group {\"all\": […]}, {\"any\": […]}, {\"not\": …} is expected");
    };
    let group = |name: &str, count: &mut usize| -> Result<Vec<Node>> {
        let Some(Value::Array(items)) = map.get(name) else { return err(&format!("{at}/{name}"), "a list of conditions is expected") };
        items.iter().enumerate().map(|(index, item)| node(item, &format!("{at}/{name}/{index}"), depth + 1, count)).collect()
    };
    let only = |name: &str| map.contains_key(name) && map.len() == 1;
    if only("all") {
        Ok(Node::All(group("all", count)?))
    } else if only("any") {
        Ok(Node::Any(group("any", count)?))
    } else if let (true, Some(inner)) = (only("not"), map.get("not")) {
        Ok(Node::Not(Box::new(node(inner, &format!("{at}/not"), depth + 1, count)?)))
    } else {
        *count += 1;
        if *count > MAX_CONDITIONS {
            return err(at, too_many());
        }
        if let Some(stranger) = map.keys().find(|key| !["field", "op", "value"].contains(&key.as_str())) {
            return err(
                &format!("{at}/{}", stranger.replace('~', "~0").replace('/', "~1")),
                "only field, op and value belong to a condition",
            );
        }
        let text = |name: &str| match map.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            _ => err(&format!("{at}/{name}"), "a text is expected"),
        };
        condition(text("field")?, text("op")?, map.get("value").unwrap_or(&Value::Null), at).map(Node::If)
    }
}

pub(super) fn too_deep() -> String {
    format!("groups may nest {MAX_DEPTH} deep")
}

pub(super) fn too_many() -> String {
    format!("a filter may have {MAX_CONDITIONS} conditions")
}

impl From<Filter> for Value {
    fn from(filter: Filter) -> Self {
        to_value(&filter.root)
    }
}

fn to_value(node: &Node) -> Value {
    match node {
        Node::All(nodes) => json!({ "all": nodes.iter().map(to_value).collect::<Vec<_>>() }),
        Node::Any(nodes) => json!({ "any": nodes.iter().map(to_value).collect::<Vec<_>>() }),
        Node::Not(node) => json!({ "not": to_value(node) }),
        Node::If(condition) => {
            let (field, op, value) = condition.spell();
            match value {
                Value::Null => json!({ "field": field, "op": op }),
                value => json!({ "field": field, "op": op, "value": value }),
            }
        }
    }
}
