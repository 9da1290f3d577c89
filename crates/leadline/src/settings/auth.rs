//! How people and programs sign in: the settings of [`AuthConfig`].

use anyhow::{Context, Result, bail};
use http_kit::{AuthConfig, Environment, ProviderConfig, ProviderName};
use kernel::EmailAddress;
use mail::Mailbox;
use url::{Host, Url};

use super::list;

/// Every variable read here.
pub(super) const KNOWN: [&str; 19] = [
    "JWT_SECRET",
    "ANON_KEY",
    "SERVICE_ROLE_KEY",
    "SUPABASE_URL",
    "SUPABASE_JWT_SECRET",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GOOGLE_BASE_URL",
    "LINKEDIN_CLIENT_ID",
    "LINKEDIN_CLIENT_SECRET",
    "LINKEDIN_BASE_URL",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_LABEL",
    "LEADLINE_REDIRECT_URLS",
    "LEADLINE_CONFIRM_EMAIL",
    "LEADLINE_MAIL_FROM",
    "LEADLINE_ALLOW_PRIVATE_ISSUERS",
];

/// Shorter secrets of HS256 can be found by trying (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;

/// What the defaults depend on.
pub(super) struct Basis<'a> {
    pub(super) environment: Environment,
    pub(super) public_url: &'a Url,
    pub(super) mail_is_caught: bool,
}

pub(super) fn read(basis: &Basis<'_>, get: impl Fn(&str) -> Option<String>) -> Result<AuthConfig> {
    let on_a_laptop = basis.environment.is_development();
    let allow_private_issuers = choice(&get, "LEADLINE_ALLOW_PRIVATE_ISSUERS", "on", "off")?.unwrap_or(on_a_laptop);
    Ok(AuthConfig {
        jwt_secret: secret(&get, "JWT_SECRET")?,
        anon_key: get("ANON_KEY"),
        service_role_key: get("SERVICE_ROLE_KEY"),
        supabase_url: get("SUPABASE_URL").map(|text| issuer("SUPABASE_URL", &text, allow_private_issuers)).transpose()?,
        supabase_jwt_secret: secret(&get, "SUPABASE_JWT_SECRET")?,
        providers: providers(&get, allow_private_issuers)?,
        redirect_allow: list(&get("LEADLINE_REDIRECT_URLS").unwrap_or_default()).map(redirect).collect::<Result<_>>()?,
        confirm_email: choice(&get, "LEADLINE_CONFIRM_EMAIL", "required", "off")?.unwrap_or(!(on_a_laptop && basis.mail_is_caught)),
        mail_from: match get("LEADLINE_MAIL_FROM") {
            Some(text) => mailbox(&text)?,
            None => default_mailbox(basis.public_url),
        },
        allow_private_issuers,
    })
}

fn secret(get: &impl Fn(&str) -> Option<String>, variable: &str) -> Result<Option<String>> {
    let secret = get(variable);
    if let Some(length) = secret.as_ref().map(|text| text.chars().count()).filter(|length| *length < MIN_SECRET) {
        bail!("{variable} has {length} characters and needs at least {MIN_SECRET}: make one with `openssl rand -hex 32`");
    }
    Ok(secret)
}

/// `true` for the word `yes`, `false` for the word `no`.
fn choice(get: &impl Fn(&str) -> Option<String>, variable: &str, yes: &str, no: &str) -> Result<Option<bool>> {
    match get(variable).as_deref().map(str::trim) {
        None => Ok(None),
        Some(word) if word == yes => Ok(Some(true)),
        Some(word) if word == no => Ok(Some(false)),
        Some(other) => bail!("{variable}: {other:?} is neither {yes} nor {no}"),
    }
}

/// An address of a server that tells us who somebody is.
fn issuer(variable: &str, text: &str, allow_private: bool) -> Result<Url> {
    let url: Url = text.trim().parse().with_context(|| format!("{variable}: {text:?} is not a URL such as https://login.example.com"))?;
    if url.host().is_none() || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        bail!("{variable}: {text:?} must be a plain address such as https://login.example.com, without ?, # or @");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_private => Ok(url),
        "http" => {
            bail!("{variable}: {text:?} must begin with https://, or set LEADLINE_ALLOW_PRIVATE_ISSUERS=on if it is in a private network")
        }
        _ => bail!("{variable}: {text:?} must begin with https://"),
    }
}

/// The variables of one provider.
struct Variables {
    name: ProviderName,
    id: &'static str,
    secret: &'static str,
    issuer: &'static str,
    /// Nothing: the issuer must be told.
    usual_issuer: Option<&'static str>,
    label: Option<&'static str>,
    usual_label: &'static str,
}

const PROVIDERS: [Variables; 3] = [
    Variables {
        name: ProviderName::Google,
        id: "GOOGLE_CLIENT_ID",
        secret: "GOOGLE_CLIENT_SECRET",
        issuer: "GOOGLE_BASE_URL",
        usual_issuer: Some("https://accounts.google.com"),
        label: None,
        usual_label: "Google",
    },
    Variables {
        name: ProviderName::LinkedinOidc,
        id: "LINKEDIN_CLIENT_ID",
        secret: "LINKEDIN_CLIENT_SECRET",
        issuer: "LINKEDIN_BASE_URL",
        usual_issuer: Some("https://www.linkedin.com/oauth"),
        label: None,
        usual_label: "LinkedIn",
    },
    Variables {
        name: ProviderName::Oidc,
        id: "OIDC_CLIENT_ID",
        secret: "OIDC_CLIENT_SECRET",
        issuer: "OIDC_ISSUER",
        usual_issuer: None,
        label: Some("OIDC_LABEL"),
        usual_label: "Single sign-on",
    },
];

fn providers(get: &impl Fn(&str) -> Option<String>, allow_private: bool) -> Result<Vec<ProviderConfig>> {
    let mut found = Vec::new();
    for variables in PROVIDERS {
        let label = variables.label.and_then(get);
        let set = [get(variables.id), get(variables.secret), get(variables.issuer), label.clone()];
        if set.iter().all(Option::is_none) {
            continue;
        }
        let [id, secret, named_issuer, _] = set;
        let missing = |variable: &str| format!("{variable} is not set, and the other settings of {} are", variables.usual_label);
        let client_id = id.with_context(|| missing(variables.id))?;
        let client_secret = secret.with_context(|| missing(variables.secret))?;
        let named = named_issuer.or(variables.usual_issuer.map(str::to_owned)).with_context(|| missing(variables.issuer))?;
        issuer(variables.issuer, &named, allow_private)?;
        let label = label.unwrap_or_else(|| variables.usual_label.to_owned());
        let (issuer, client_id) = (named.trim().to_owned(), client_id.trim().to_owned());
        found.push(ProviderConfig { name: variables.name, issuer, client_id, client_secret: client_secret.trim().to_owned(), label });
    }
    Ok(found)
}

/// One of `LEADLINE_REDIRECT_URLS`, in the form in which addresses are compared with it.
fn redirect(text: &str) -> Result<String> {
    let (address, is_prefix) = text.strip_suffix("/**").map_or((text, false), |prefix| (prefix, true));
    let shape = || {
        format!(
            "LEADLINE_REDIRECT_URLS: {text:?} must be a URL such as https://app.example.com/welcome, or end in /** for everything below it"
        )
    };
    let url: Url = address.parse().with_context(shape)?;
    let runs_code = matches!(url.scheme(), "javascript" | "data" | "vbscript" | "file" | "blob");
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if address.contains('*') || url.host().is_none() || !bare || runs_code || (is_prefix && url.query().is_some()) {
        bail!(shape());
    }
    Ok(if is_prefix { format!("{}/**", url.as_str().trim_end_matches('/')) } else { url.into() })
}

/// `Name <address>`, or the address alone.
fn mailbox(text: &str) -> Result<Mailbox> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    let address = EmailAddress::parse(address).map_err(|error| anyhow::anyhow!("LEADLINE_MAIL_FROM: {address:?} {error}"))?;
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>')) {
        bail!("LEADLINE_MAIL_FROM: {name:?} is not a name: write it as Leadline <no-reply@sales.example.com>");
    }
    Ok(Mailbox::new(name, address.as_str()))
}

fn default_mailbox(public_url: &Url) -> Mailbox {
    let own = match public_url.host() {
        Some(Host::Domain(host)) => EmailAddress::parse(&format!("no-reply@{host}")).ok(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => None,
    };
    // This machine has no address that a mail could come from; what it sends is caught anyway.
    Mailbox::new("Leadline", own.as_ref().map_or("no-reply@leadline.example", EmailAddress::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_in(environment: Environment, mail_is_caught: bool, pairs: &[(&str, &str)]) -> Result<AuthConfig> {
        let public_url: Url = "https://sales.example.com".parse().unwrap();
        let basis = Basis { environment, public_url: &public_url, mail_is_caught };
        read(&basis, |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn load(pairs: &[(&str, &str)]) -> Result<AuthConfig> {
        load_in(Environment::Production, false, pairs)
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        format!("{:#}", load(pairs).expect_err("refused"))
    }

    #[test]
    fn defaults_are_strict_where_strangers_come() {
        let config = load(&[]).unwrap();
        assert!(config.confirm_email && !config.allow_private_issuers && config.providers.is_empty() && !config.is_external());
        assert_eq!(config.mail_from, Mailbox::new("Leadline", "no-reply@sales.example.com"));
        let laptop = load_in(Environment::Development, true, &[]).unwrap();
        assert!(!laptop.confirm_email && laptop.allow_private_issuers);
        // Mail leaves: the people it reaches are real.
        assert!(load_in(Environment::Development, false, &[]).unwrap().confirm_email);
        assert!(load_in(Environment::Staging, true, &[]).unwrap().confirm_email);
        assert!(!load(&[("LEADLINE_CONFIRM_EMAIL", "off")]).unwrap().confirm_email);
    }

    #[test]
    fn providers_are_complete_or_the_missing_variable_is_named() {
        let google = [("GOOGLE_CLIENT_ID", "id"), ("GOOGLE_CLIENT_SECRET", "secret")];
        let config = load(&google).unwrap();
        let provider = config.provider("google").unwrap();
        assert_eq!((provider.issuer.as_str(), provider.label.as_str()), ("https://accounts.google.com", "Google"));
        assert!(refusal(&google[..1]).starts_with("GOOGLE_CLIENT_SECRET is not set"));
        assert!(refusal(&google[1..]).starts_with("GOOGLE_CLIENT_ID is not set"));
        assert!(refusal(&[("LINKEDIN_BASE_URL", "https://login.example")]).starts_with("LINKEDIN_CLIENT_ID is not set"));
        let oidc = [("OIDC_CLIENT_ID", "id"), ("OIDC_CLIENT_SECRET", "secret"), ("OIDC_ISSUER", "https://login.example/")];
        assert!(refusal(&oidc[..2]).starts_with("OIDC_ISSUER is not set"));
        let config = load(&[&oidc[..], &[("OIDC_LABEL", "Acme")]].concat()).unwrap();
        let provider = config.provider("oidc").unwrap();
        assert_eq!((provider.issuer.as_str(), provider.label.as_str()), ("https://login.example/", "Acme"));
    }

    #[test]
    fn mistakes_name_the_variable() {
        assert!(refusal(&[("JWT_SECRET", "short")]).starts_with("JWT_SECRET has 5 characters"));
        assert!(refusal(&[("SUPABASE_JWT_SECRET", "short")]).starts_with("SUPABASE_JWT_SECRET has 5"));
        assert!(refusal(&[("SUPABASE_URL", "project.supabase.co")]).starts_with("SUPABASE_URL"));
        assert!(refusal(&[("LEADLINE_CONFIRM_EMAIL", "yes")]).contains("neither required nor off"));
        assert!(refusal(&[("LEADLINE_ALLOW_PRIVATE_ISSUERS", "true")]).contains("neither on nor off"));
        for from in ["Leadline", "Leadline <nobody>", "a@b.example, c@d.example", "A <B <a@b.example>"] {
            assert!(refusal(&[("LEADLINE_MAIL_FROM", from)]).starts_with("LEADLINE_MAIL_FROM"), "{from}");
        }
        let plain = [("OIDC_CLIENT_ID", "id"), ("OIDC_CLIENT_SECRET", "secret"), ("OIDC_ISSUER", "http://login.internal")];
        assert!(refusal(&plain).contains("LEADLINE_ALLOW_PRIVATE_ISSUERS=on"));
        assert!(load(&[&plain[..], &[("LEADLINE_ALLOW_PRIVATE_ISSUERS", "on")]].concat()).is_ok());
    }

    #[test]
    fn redirects_are_addresses_or_prefixes() {
        let config = load(&[("LEADLINE_REDIRECT_URLS", "https://app.example , https://app.example/in/**,myapp://callback/**")]).unwrap();
        assert_eq!(config.redirect_allow, ["https://app.example/", "https://app.example/in/**", "myapp://callback/**"]);
        for wrong in [
            "*",
            "https://*.example/**",
            "https://app.example/*",
            "/welcome",
            "javascript:alert(1)",
            "https://**",
            "https://me@app.example/",
        ] {
            assert!(refusal(&[("LEADLINE_REDIRECT_URLS", wrong)]).starts_with("LEADLINE_REDIRECT_URLS"), "{wrong}");
        }
    }

    #[test]
    fn mail_comes_from_an_address_that_can_exist() {
        assert_eq!(mailbox("Acme Sales <Hello@acme.example>").unwrap(), Mailbox::new("Acme Sales", "hello@acme.example"));
        assert_eq!(mailbox("\"Acme, Sales\" <hello@acme.example>").unwrap(), Mailbox::new("Acme, Sales", "hello@acme.example"));
        assert_eq!(mailbox("hello@acme.example").unwrap(), Mailbox::new("", "hello@acme.example"));
        for here in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "http://crm"] {
            assert_eq!(default_mailbox(&here.parse().unwrap()).address, "no-reply@leadline.example", "{here}");
        }
    }
}
