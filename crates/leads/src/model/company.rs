//! Domains of companies, and those that belong to nobody's company.

/// Hosts of private mailboxes: an address there says nothing about an employer.
const FREE_MAIL: &[&str] = &[
    "163.com",
    "126.com",
    "aol.com",
    "att.net",
    "bigpond.com",
    "bol.com.br",
    "btinternet.com",
    "comcast.net",
    "cox.net",
    "duck.com",
    "email.com",
    "example.invalid",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "inbox.com",
    "laposte.net",
    "libero.it",
    "live.co.uk",
    "live.com",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sina.com",
    "sky.com",
    "t-online.de",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "virginmedia.com",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.in",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// Whether mailboxes of this domain belong to private people.
pub fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.contains(&domain)
}

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

    #[test]
    fn private_mailboxes_are_known() {
        assert!(is_free_mail("gmail.com") && !is_free_mail("example.com"));
        assert!(FREE_MAIL.iter().all(|domain| *domain == domain.to_lowercase()));
    }
}
