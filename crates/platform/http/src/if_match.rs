use http::{HeaderMap, HeaderValue, header};

/// The version that `If-Match` demands; `None` when any will do (`*`, or no header). A tag that we never gave
/// matches no version.
pub fn if_match(headers: &HeaderMap) -> Option<i32> {
    let text = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    if text == "*" {
        return None;
    }
    Some(text.trim_matches('"').parse().unwrap_or(-1))
}

/// A version as a strong ETag (RFC 9110).
pub fn etag(version: i32) -> [(header::HeaderName, HeaderValue); 1] {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    [(header::ETAG, tag)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_goes_out_and_comes_back() {
        let ask = |text: &'static str| if_match(&HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(text))]));
        assert_eq!((ask("\"3\""), ask("*"), ask("W/\"x\""), ask("\"\"")), (Some(3), None, Some(-1), Some(-1)));
        assert_eq!(if_match(&HeaderMap::new()), None);
        let [(_, tag)] = etag(7);
        assert_eq!(if_match(&HeaderMap::from_iter([(header::IF_MATCH, tag)])), Some(7));
    }
}
