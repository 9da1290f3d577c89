/// An address with the parameters that have a value.
pub(crate) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        query.push_str(&encode(value));
    }
    format!("{path}{query}")
}

/// Percent-encodes what is not unreserved (RFC 3986).
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn empty_parameters_are_left_out_and_others_encoded() {
        assert_eq!(address("/x", &[("q", ""), ("filter", "{\"a\":1}"), ("c", "ä b")]), "/x?filter=%7B%22a%22%3A1%7D&c=%C3%A4%20b");
        assert_eq!(address("/x", &[]), "/x");
    }
}
