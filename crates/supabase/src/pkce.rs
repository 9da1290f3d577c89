use identity::one_time::Challenge;

use crate::AuthError;

/// The challenge that a request brings, if it brings one (RFC 7636, section 4.3).
pub(crate) fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Challenge>, AuthError> {
    let (challenge, method) = match (given(challenge), given(method)) {
        (None, None) => return Ok(None),
        (Some(challenge), Some(method)) => (challenge, method.to_ascii_lowercase()),
        _ => return Err(AuthError::validation("PKCE flow requires code_challenge_method and code_challenge")),
    };
    if !(43..=128).contains(&challenge.len()) {
        return Err(AuthError::validation("code challenge has to be between 43 and 128 characters"));
    }
    if !challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        let detail = "code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes";
        return Err(AuthError::validation(detail));
    }
    if method != "s256" && method != "plain" {
        return Err(AuthError::validation(format!("unsupported code_challenge method {method:?}")));
    }
    Ok(Some(Challenge { challenge: challenge.to_owned(), method }))
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_whole_or_refused() {
        let long = "a".repeat(43);
        assert!(challenge(None, Some("")).unwrap().is_none());
        assert_eq!(challenge(Some(&long), Some("S256")).unwrap().unwrap().method, "s256");
        assert_eq!(challenge(Some(&"~".repeat(128)), Some("plain")).unwrap().unwrap().method, "plain");
        let bad = [(Some(long.as_str()), None), (None, Some("s256")), (Some(&long[1..]), Some("s256")), (Some(&long), Some("md5"))];
        for (text, method) in bad {
            assert_eq!(challenge(text, method).unwrap_err().code, "validation_failed", "{text:?} {method:?}");
        }
        let long_or_odd = ["a".repeat(129), "=".repeat(43), "é".repeat(43)];
        assert!(long_or_odd.iter().all(|text| challenge(Some(text), Some("s256")).is_err()));
    }
}
