//! Identity providers: those of the whole installation, and each organisation's own.

use std::{fmt, str::FromStr};

use db::DbError;
use http_kit::{App, Problem, ProviderName};
use kernel::{ConnectionId, OrgId, Uuid};

use crate::store::connections;

/// Which provider, as `provider_visits` and `identities` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKey {
    /// `google`, `linkedin_oidc`, `oidc`: what it says of somebody counts everywhere.
    Installation(ProviderName),
    /// `sso:<uuid>`: what it says counts inside its organisation.
    Connection(ConnectionId),
}

/// A provider, and us as its client.
#[derive(Clone)]
pub struct Provider {
    pub key: ProviderKey,
    pub label: String,
    /// Exactly as it writes it.
    pub issuer: String,
    pub client_id: String,
    pub(crate) client_secret: String,
    /// Of a connection.
    pub home: Option<Home>,
}

/// The organisation that a connection belongs to, and what it says about people it brings.
#[derive(Debug, Clone)]
pub struct Home {
    pub org: OrgId,
    pub org_name: String,
    pub domains: Vec<String>,
    pub default_role: String,
}

impl Provider {
    /// The provider with this key, if it is set up.
    pub async fn find(app: &App, key: ProviderKey) -> Result<Option<Self>, Problem> {
        match key {
            ProviderKey::Installation(name) => Ok(app.config.auth.provider(name.as_str()).map(|config| Self {
                key,
                label: config.label.clone(),
                issuer: config.issuer.clone(),
                client_id: config.client_id.clone(),
                client_secret: config.client_secret.clone(),
                home: None,
            })),
            ProviderKey::Connection(id) => Self::of_connection(app, id).await,
        }
    }

    async fn of_connection(app: &App, id: ConnectionId) -> Result<Option<Self>, Problem> {
        let Some(row) = connections::for_sign_in(&app.db, id).await? else { return Ok(None) };
        let secret = app.vault.reveal(&connections::secret_context(id), &row.client_secret)?;
        let client_secret = String::from_utf8(secret).map_err(|error| Problem::internal(&error))?;
        Ok(Some(Self {
            key: ProviderKey::Connection(id),
            label: row.label,
            issuer: row.issuer,
            client_id: row.client_id,
            client_secret,
            home: Some(Home { org: row.org, org_name: row.org_name, domains: row.domains, default_role: row.default_role }),
        }))
    }
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation(name) => f.write_str(name.as_str()),
            Self::Connection(id) => write!(f, "sso:{}", id.uuid()),
        }
    }
}

impl FromStr for ProviderKey {
    type Err = DbError;
    fn from_str(text: &str) -> Result<Self, DbError> {
        let installation =
            [ProviderName::Google, ProviderName::LinkedinOidc, ProviderName::Oidc].into_iter().find(|name| name.as_str() == text);
        let connection = || text.strip_prefix("sso:").and_then(|id| Uuid::try_parse(id).ok()).map(|id| Self::Connection(id.into()));
        installation.map(Self::Installation).or_else(connection).ok_or_else(|| DbError::Config(format!("{text:?} is no identity provider")))
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("key", &self.key).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for key in [ProviderKey::Installation(ProviderName::LinkedinOidc), ProviderKey::Connection(ConnectionId::new())] {
            assert_eq!(key.to_string().parse::<ProviderKey>().unwrap(), key);
        }
        for wrong in ["", "email", "sso:", "sso:x", "Google"] {
            assert!(wrong.parse::<ProviderKey>().is_err(), "{wrong}");
        }
    }
}
