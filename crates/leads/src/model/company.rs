//! Domains of companies, and those that belong to nobody's company.

/// Whether mailboxes of a domain are anybody's: an address there says nothing about an employer.
pub use identity::is_free_mail;

/// The bare domain of what people write for one: no scheme, `www.`, port, path or user.
pub fn domain(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let top_is_a_name = host.rsplit('.').next().is_some_and(|top| !top.chars().all(|c| c.is_ascii_digit()));
    if text.is_empty() {
        Ok(String::new())
    } else if host.len() <= 253 && host.contains('.') && top_is_a_name && host.split('.').all(label) {
        Ok(host.to_owned())
    } else {
        Err("This is not a domain: it looks like example.com".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_is_left_of_an_address() {
        for (text, bare) in [
            ("https://www.Example.com/about?x=1", "example.com"),
            ("example.co.uk.", "example.co.uk"),
            ("ada@example.com", "example.com"),
            ("http://shop.example.com:8080", "shop.example.com"),
            ("www.de", "www.de"),
            ("", ""),
        ] {
            assert_eq!(domain(text), Ok(bare.to_owned()), "{text}");
        }
        for bad in ["example", "exa mple.com", "-a.com", "127.0.0.1", "a..b", "<b>.com"] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }
}
