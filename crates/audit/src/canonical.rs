//! JSON with one form only (RFC 8785, the JSON Canonicalization Scheme), so that anybody can compute our hashes.

use serde_json::{Map, Value};

/// Numbers beyond this are not the same in every language (RFC 7493).
const EXACT: u64 = 1 << 53;

/// The value without numbers that programs read differently: fractions and what lies beyond 2^53 become
/// text. What is left has its canonical form in integers alone.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none_or(|n| n.unsigned_abs() > EXACT) => Value::String(number.to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(name, value)| (name, plain(value))).collect()),
        other => other,
    }
}

/// The canonical text of a value that went through [`plain`].
pub(crate) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => object(members, out),
        // serde_json escapes as the RFC demands, and writes integers in decimal.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

fn object(members: &Map<String, Value>, out: &mut String) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::String(name.clone()).to_string());
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_value_has_one_text() {
        // The order of its example in 3.2.3, by UTF-16 code units: the emoji before the Hebrew ligature.
        let names = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let order: Vec<String> =
            canonical(&names).split(',').filter_map(|part| part.trim_end_matches('}').rsplit(':').next().map(str::to_owned)).collect();
        assert_eq!(order.join(" "), "2 4 6 7 1 5 3");
        assert_eq!(
            canonical(&json!({"b": [true, null, "\u{8}\u{1f}\"\\/é"], "a": -7})),
            "{\"a\":-7,\"b\":[true,null,\"\\b\\u001f\\\"\\\\/é\"]}"
        );
    }

    #[test]
    fn numbers_that_programs_read_differently_become_text() {
        let value = plain(json!({"a": 0.1, "b": [9_007_199_254_740_993_u64, 12], "c": 1e30}));
        assert_eq!(canonical(&value), r#"{"a":"0.1","b":["9007199254740993",12],"c":"1e+30"}"#);
    }
}
