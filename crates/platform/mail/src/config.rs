use kernel::Clock;

use crate::{Catcher, Mailer, Resend, ResendConfig, Smtp, SmtpConfig};

/// Which transport to use. At most one of Resend and SMTP may be set; with neither, mail is caught.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// `RESEND_API_KEY`: send through Resend's HTTP API.
    pub resend_api_key: Option<String>,
    /// `RESEND_BASE_URL`: another address of that API, default `https://api.resend.com`.
    pub resend_base_url: Option<String>,
    /// `SMTP_URL`: send through a server; see [`SmtpConfig::parse`].
    pub smtp_url: Option<String>,
    /// `LEADLINE_CATCHER_SIMULATE`: see [`crate::Simulate`].
    pub catcher_simulate: Option<String>,
}

/// A setting that is wrong or contradicts another; names the variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    pub variable: &'static str,
    pub problem: String,
}

impl ConfigError {
    pub(crate) fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self { variable, problem: problem.into() }
    }
}

impl MailConfig {
    /// The names of the environment variables that [`MailConfig::from_vars`] asks for.
    pub const VARIABLES: [&'static str; 4] = ["RESEND_API_KEY", "RESEND_BASE_URL", "SMTP_URL", "LEADLINE_CATCHER_SIMULATE"];

    /// Reads the settings; `var` answers with the value of an environment variable. Empty is unset.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name| var(name).filter(|value| !value.trim().is_empty());
        Self {
            resend_api_key: var("RESEND_API_KEY"),
            resend_base_url: var("RESEND_BASE_URL"),
            smtp_url: var("SMTP_URL"),
            catcher_simulate: var("LEADLINE_CATCHER_SIMULATE"),
        }
    }

    /// Whether nothing would leave this machine. Production refuses that.
    pub const fn catches(&self) -> bool {
        self.resend_api_key.is_none() && self.smtp_url.is_none()
    }
}

/// Secrets stay out of logs.
impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig")
            .field("resend_api_key", &self.resend_api_key.as_ref().map(|_| "…"))
            .field("resend_base_url", &self.resend_base_url)
            .field("smtp_url", &self.smtp_url.as_ref().map(|_| "…"))
            .field("catcher_simulate", &self.catcher_simulate)
            .finish()
    }
}

/// Builds the configured transport. Opens no connection.
pub fn mailer(config: &MailConfig, db: db::Db, clock: Clock) -> Result<Mailer, ConfigError> {
    match (&config.resend_api_key, &config.smtp_url) {
        (Some(_), Some(_)) => Err(ConfigError::new("SMTP_URL", "set either SMTP_URL or RESEND_API_KEY, not both")),
        (Some(key), None) => {
            let mut resend = ResendConfig::new(key.clone());
            if let Some(url) = &config.resend_base_url {
                resend.base_url = url.clone();
            }
            Ok(Mailer::Resend(Resend::new(resend)?))
        }
        (None, Some(url)) => Ok(Mailer::Smtp(Smtp::new(SmtpConfig::parse(url)?))),
        (None, None) => {
            let simulate = config.catcher_simulate.as_deref().unwrap_or_default();
            let simulate = simulate.parse().map_err(|problem: String| ConfigError::new("LEADLINE_CATCHER_SIMULATE", problem))?;
            Ok(Mailer::Catcher(Catcher::new(db, clock, simulate)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_are_unset_and_secrets_stay_hidden() {
        let config = MailConfig::from_vars(|name| match name {
            "RESEND_API_KEY" => Some("re_secret".to_owned()),
            _ => Some(" ".to_owned()),
        });
        assert!(config.smtp_url.is_none() && !config.catches());
        assert!(!format!("{config:?}").contains("re_secret"));
        assert!(MailConfig::default().catches());
    }
}
