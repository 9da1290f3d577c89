use std::fmt;

use mail::Mailbox;
use url::Url;

/// How people and programs sign in, as the settings say.
#[derive(Clone)]
pub struct AuthConfig {
    /// `JWT_SECRET`: verifies the HS256 keys `anon` and `service_role`. At least 32 characters.
    pub jwt_secret: Option<String>,
    /// `ANON_KEY`: what programs in a browser present.
    pub anon_key: Option<String>,
    /// `SERVICE_ROLE_KEY`: what trusted servers present.
    pub service_role_key: Option<String>,
    /// `SUPABASE_URL`: a hosted Supabase Auth whose tokens are accepted, verified by its JWKS.
    pub supabase_url: Option<Url>,
    /// `SUPABASE_JWT_SECRET`: the same, verified by its HS256 secret.
    pub supabase_jwt_secret: Option<String>,
    /// Where people can sign in with an account they have elsewhere.
    pub providers: Vec<ProviderConfig>,
    /// `LEADLINE_REDIRECT_URLS`: URLs, or prefixes that end in `/**`; see [`crate::Config::may_redirect_to`].
    pub redirect_allow: Vec<String>,
    /// Whether an address must be confirmed before its person can sign in.
    pub confirm_email: bool,
    /// From whom our own mail comes: confirmations, links to sign in, invitations.
    pub mail_from: Mailbox,
    /// Whether identity providers may be in a private network, and speak plain HTTP.
    pub allow_private_issuers: bool,
}

/// An identity provider of the whole installation.
#[derive(Clone)]
pub struct ProviderConfig {
    pub name: ProviderName,
    /// Exactly as the provider writes it (OpenID Connect compares it letter by letter): a text, because
    /// [`Url`] would end `https://accounts.google.com` in a slash.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    /// On the button.
    pub label: String,
}

/// Which provider, by its name in Supabase's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderName {
    Google,
    LinkedinOidc,
    /// Any other that speaks OpenID Connect.
    Oidc,
}

impl ProviderName {
    /// As it stands in addresses and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::LinkedinOidc => "linkedin_oidc",
            Self::Oidc => "oidc",
        }
    }
}

impl AuthConfig {
    /// Whether tokens of a hosted Supabase Auth are accepted.
    pub const fn is_external(&self) -> bool {
        self.supabase_url.is_some() || self.supabase_jwt_secret.is_some()
    }

    /// The provider of that name, if it is set up.
    pub fn provider(&self, name: &str) -> Option<&ProviderConfig> {
        self.providers.iter().find(|provider| provider.name.as_str() == name)
    }

    /// Whether the settings name this address. `url` is parsed, so `..` and odd letters are gone from it.
    pub(crate) fn lists(&self, url: &Url) -> bool {
        let mut url = url.clone();
        url.set_fragment(None);
        self.redirect_allow.iter().any(|allowed| match allowed.strip_suffix("**") {
            // The prefix ends in a slash after its host, so no longer host begins with it.
            Some(prefix) => url.as_str().starts_with(prefix),
            None => url.as_str() == allowed,
        })
    }
}

/// A development machine's: no providers, mail is caught and nothing needs confirming.
impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            jwt_secret: None,
            anon_key: None,
            service_role_key: None,
            supabase_url: None,
            supabase_jwt_secret: None,
            providers: Vec::new(),
            redirect_allow: Vec::new(),
            confirm_email: false,
            mail_from: Mailbox::new("Leadline", "no-reply@leadline.example"),
            allow_private_issuers: true,
        }
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "…");
        f.debug_struct("AuthConfig")
            .field("jwt_secret", &hidden(&self.jwt_secret))
            .field("anon_key", &hidden(&self.anon_key))
            .field("service_role_key", &hidden(&self.service_role_key))
            .field("supabase_url", &self.supabase_url)
            .field("supabase_jwt_secret", &hidden(&self.supabase_jwt_secret))
            .field("providers", &self.providers)
            .field("redirect_allow", &self.redirect_allow)
            .field("confirm_email", &self.confirm_email)
            .field("mail_from", &self.mail_from)
            .field("allow_private_issuers", &self.allow_private_issuers)
            .finish()
    }
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderConfig")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &"…")
            .field("label", &self.label)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(allowed: &str, url: &str) -> bool {
        let config = AuthConfig { redirect_allow: vec![allowed.to_owned()], ..AuthConfig::default() };
        config.lists(&url.parse().unwrap())
    }

    #[test]
    fn an_exact_address_is_that_address() {
        assert!(lists("https://app.example/welcome", "https://app.example/welcome"));
        assert!(lists("https://app.example/welcome", "https://APP.example:443/welcome#part"));
        assert!(!lists("https://app.example/welcome", "https://app.example/welcome/more"));
        assert!(!lists("https://app.example/welcome", "https://app.example/welcome?next=//evil.example"));
        assert!(!lists("https://app.example/welcome", "http://app.example/welcome"));
    }

    #[test]
    fn a_prefix_stays_below_itself() {
        let allowed = "https://app.example/in/**";
        assert!(lists(allowed, "https://app.example/in/side?a=b"));
        assert!(lists("myapp://callback/**", "myapp://callback/done"));
        let outside = [
            "https://app.example/in/../admin",
            "https://app.example/in/%2e%2e/admin",
            "https://app.example/inn",
            "https://app.example.evil.example/in/",
            "https://user@app.example/in/",
            "https://app.example:8443/in/",
            "https://evil.example/https://app.example/in/",
        ];
        for url in outside {
            assert!(!lists(allowed, url), "{url}");
        }
    }

    #[test]
    fn secrets_stay_hidden() {
        let provider = ProviderConfig {
            name: ProviderName::Google,
            issuer: "https://accounts.google.com".to_owned(),
            client_id: "id".to_owned(),
            client_secret: "hush-1".to_owned(),
            label: "Google".to_owned(),
        };
        let secret = Some("hush-2".to_owned());
        let config = AuthConfig {
            jwt_secret: secret.clone(),
            anon_key: secret.clone(),
            service_role_key: secret.clone(),
            supabase_jwt_secret: secret,
            providers: vec![provider],
            ..AuthConfig::default()
        };
        assert!(!format!("{config:?}").contains("hush"));
        assert!(config.provider("google").is_some() && config.provider("oidc").is_none());
    }
}
