//! Mailboxes that anybody can have say nothing about where somebody works.

const PROVIDERS: [&str; 46] = [
    "126.com", "163.com", "aim.com", "aol.com", "att.net", "bellsouth.net", "bk.ru", "btinternet.com", "comcast.net", "cox.net",
    "email.com", "fastmail.com", "freenet.de", "gmail.com", "googlemail.com", "hey.com", "icloud.com", "inbox.ru", "laposte.net", "libero.it",
    "list.ru", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr", "pm.me", "posteo.de",
    "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "sbcglobal.net", "sfr.fr", "sina.com", "t-online.de", "tuta.com",
    "tutanota.com", "verizon.net", "wanadoo.fr", "web.de", "ymail.com", "zoho.com",
];

/// Providers with a domain in each country: `yahoo.co.uk`, `gmx.net`.
const FAMILIES: [&str; 6] = ["gmx", "hotmail", "live", "outlook", "yahoo", "yandex"];

/// Whether an address at `domain` (lower case) can be had by anybody.
pub(super) fn is_free_mail(domain: &str) -> bool {
    if PROVIDERS.binary_search(&domain).is_ok() {
        return true;
    }
    let Some((name, rest)) = domain.split_once('.') else { return false };
    // A family's own domain ends in a country or `com`/`net`: `live.acme.com` belongs to Acme.
    let labels: Vec<&str> = rest.split('.').collect();
    let public_suffix = match labels.as_slice() {
        [one] => one.len() <= 3,
        [second, top] => matches!(*second, "co" | "com") && top.len() == 2,
        _ => false,
    };
    FAMILIES.contains(&name) && public_suffix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_mail_is_told_from_business_mail() {
        assert!(PROVIDERS.is_sorted());
        for free in ["gmail.com", "yahoo.co.uk", "gmx.net", "hotmail.fr", "outlook.com", "web.de", "yahoo.com.br"] {
            assert!(is_free_mail(free), "{free}");
        }
        for business in ["acme.com", "live.acme.com", "outlook.acme.io", "mygmail.com", "gmx", "yahoo.acme.de"] {
            assert!(!is_free_mail(business), "{business}");
        }
    }
}
