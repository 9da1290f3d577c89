//! Settings: defaults, `leadline.toml`, a Terraform outputs file, the environment, in this order.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use http_kit::{AuthConfig, Environment, SignUp};
use kernel::Clock;
use mail::MailConfig;
use url::Url;
use vault::MasterKey;

mod auth;

/// Every variable we read, besides [`auth::KNOWN`]. A name that starts with LEADLINE_ and is not here is a mistake.
const KNOWN: [&str; 20] = [
    "LEADLINE_ENV",
    "LEADLINE_BIND",
    "PUBLIC_URL",
    "LEADLINE_DATA_DIR",
    "LEADLINE_SECRET_KEY",
    "LEADLINE_SECRET_KEY_OLD",
    "LEADLINE_INFRA_OUTPUTS",
    "LEADLINE_SIGNUP",
    "LEADLINE_TRUSTED_PROXIES",
    "LEADLINE_REQUESTS_PER_MINUTE",
    "LEADLINE_CLOCK",
    "LEADLINE_CONFIG",
    "LEADLINE_PG_BIN",
    "DATABASE_URL",
    "REDIS_URL",
    "RESEND_API_KEY",
    "RESEND_BASE_URL",
    "RESEND_WEBHOOK_SECRET",
    "SMTP_URL",
    "LEADLINE_CATCHER_SIMULATE",
];

/// Ten a second: a person never comes near it, a program that does should slow down.
const REQUESTS_PER_MINUTE: u32 = 600;

/// Where a value came from, for `leadline doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    File,
    Infra,
    Environment,
}

/// All settings, parsed and checked before anything starts.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) bind: String,
    pub(crate) public_url: Url,
    pub(crate) data_dir: PathBuf,
    pub(crate) signup: SignUp,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) requests_per_minute: u32,
    pub(crate) secret_key: Option<MasterKey>,
    /// Those it replaces, the latest first.
    pub(crate) previous_secret_keys: Vec<MasterKey>,
    pub(crate) database_url: Option<String>,
    pub(crate) redis_url: Option<String>,
    pub(crate) mail: MailConfig,
    pub(crate) resend_webhook_secret: Option<String>,
    pub(crate) auth: AuthConfig,
    pub(crate) clock: Clock,
    pub(crate) origins: BTreeMap<String, Origin>,
}

impl Settings {
    /// Reads them all.
    pub(crate) fn load() -> Result<Self> {
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        Self::from_sources(&environment)
    }

    fn from_sources(environment: &BTreeMap<String, String>) -> Result<Self> {
        if let Some(stray) = environment.keys().find(|name| name.starts_with("LEADLINE_") && !is_known(name)) {
            bail!("{stray} is not a setting of Leadline; the ones that begin with LEADLINE_ are {}", known_prefixed());
        }
        let mut values: BTreeMap<String, (String, Origin)> = BTreeMap::new();
        read_file(environment.get("LEADLINE_CONFIG"), &mut values)?;
        let outputs = environment
            .get("LEADLINE_INFRA_OUTPUTS")
            .cloned()
            .or_else(|| values.get("LEADLINE_INFRA_OUTPUTS").map(|(path, _)| path.clone()));
        if let Some(path) = outputs {
            read_infra_outputs(Path::new(&path), &mut values)?;
        }
        for name in known() {
            if let Some(value) = environment.get(name).filter(|value| !value.trim().is_empty()) {
                values.insert(name.to_owned(), (value.clone(), Origin::Environment));
            }
        }
        Self::from_values(&values)
    }

    fn from_values(values: &BTreeMap<String, (String, Origin)>) -> Result<Self> {
        let get = |name: &str| values.get(name).map(|(value, _)| value.clone());
        let environment: Environment = get("LEADLINE_ENV").as_deref().unwrap_or("development").parse().map_err(anyhow::Error::msg)?;
        let bind = get("LEADLINE_BIND").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let public_url = get("PUBLIC_URL").unwrap_or_else(|| format!("http://{bind}"));
        let public_url: Url =
            public_url.parse().with_context(|| format!("PUBLIC_URL: {public_url:?} is not a URL such as https://sales.example.com"))?;
        if !matches!(public_url.scheme(), "http" | "https") || public_url.host().is_none() {
            bail!("PUBLIC_URL: {public_url} must begin with https:// (or http://) and name a host");
        }
        let clock = match get("LEADLINE_CLOCK") {
            None => Clock::system(),
            Some(text) if environment.is_development() => Clock::parse_fast(&text)?,
            Some(_) => bail!("LEADLINE_CLOCK lets time run fast and is for development only: unset it, or set LEADLINE_ENV=development"),
        };
        let signup = match get("LEADLINE_SIGNUP") {
            Some(text) => text.parse().map_err(anyhow::Error::msg)?,
            None if environment == Environment::Production => SignUp::First,
            None => SignUp::Open,
        };
        let trusted_proxies = list(&get("LEADLINE_TRUSTED_PROXIES").unwrap_or_default())
            .map(|text| text.parse::<IpAddr>().with_context(|| format!("LEADLINE_TRUSTED_PROXIES: {text:?} is not an IP address")))
            .collect::<Result<_>>()?;
        let requests_per_minute = get("LEADLINE_REQUESTS_PER_MINUTE").map_or(Ok(REQUESTS_PER_MINUTE), |text| {
            text.trim().parse().ok().filter(|number| (1..=10_000_000).contains(number)).with_context(|| {
                format!("LEADLINE_REQUESTS_PER_MINUTE: {text:?} is not a number from 1 to 10000000; without it, {REQUESTS_PER_MINUTE}")
            })
        })?;
        let data_dir = PathBuf::from(get("LEADLINE_DATA_DIR").unwrap_or_else(|| "./.leadline".to_owned()));
        let mail = MailConfig::from_vars(get);
        let basis = auth::Basis { environment, public_url: &public_url, mail_is_caught: mail.catches() };
        let settings = Self {
            auth: auth::read(&basis, get)?,
            environment,
            bind,
            public_url,
            data_dir: std::path::absolute(&data_dir).with_context(|| format!("LEADLINE_DATA_DIR: {}", data_dir.display()))?,
            signup,
            trusted_proxies,
            requests_per_minute,
            secret_key: get("LEADLINE_SECRET_KEY").map(|text| secret_key("LEADLINE_SECRET_KEY", &text)).transpose()?,
            previous_secret_keys: list(&get("LEADLINE_SECRET_KEY_OLD").unwrap_or_default())
                .map(|text| secret_key("LEADLINE_SECRET_KEY_OLD", text))
                .collect::<Result<_>>()?,
            database_url: get("DATABASE_URL"),
            redis_url: get("REDIS_URL"),
            mail,
            resend_webhook_secret: get("RESEND_WEBHOOK_SECRET"),
            clock,
            origins: values.iter().map(|(name, (_, origin))| (name.clone(), *origin)).collect(),
        };
        settings.refuse_unsafe()?;
        Ok(settings)
    }

    /// Production says no to what is only good enough for a laptop.
    fn refuse_unsafe(&self) -> Result<()> {
        if self.environment != Environment::Production {
            return Ok(());
        }
        if self.secret_key.is_none() {
            bail!("LEADLINE_SECRET_KEY is not set: in production make one with `openssl rand -base64 32` and keep it");
        }
        if self.public_url.scheme() != "https" {
            bail!("PUBLIC_URL must begin with https:// in production: links in e-mails and cookies depend on it");
        }
        if self.mail.catches() {
            bail!("neither RESEND_API_KEY nor SMTP_URL is set: in production mail must be able to leave");
        }
        Ok(())
    }
}

/// The parts of a comma list.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn secret_key(variable: &str, text: &str) -> Result<MasterKey> {
    MasterKey::parse(variable, text).map_err(anyhow::Error::msg)
}

fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().chain(auth::KNOWN)
}

fn is_known(name: &str) -> bool {
    known().any(|known| known == name)
}

fn known_prefixed() -> String {
    known().filter(|name| name.starts_with("LEADLINE_")).collect::<Vec<_>>().join(", ")
}

/// `leadline.toml`: the variables' names in lower case.
fn read_file(named: Option<&String>, values: &mut BTreeMap<String, (String, Origin)>) -> Result<()> {
    let path = Path::new(named.map_or("leadline.toml", String::as_str));
    if named.is_none() && !path.exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    let table: toml::Table = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
    for (key, value) in table {
        let name = key.to_uppercase();
        if !is_known(&name) || name == "LEADLINE_CONFIG" {
            bail!("{}: {key:?} is not a setting; use the variables' names in lower case, such as database_url", path.display());
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => bail!("{}: {key} must be a text", path.display()),
        };
        values.insert(name, (text, Origin::File));
    }
    Ok(())
}

/// A `terraform output -json` file; each output is `{"value": …}`.
fn read_infra_outputs(path: &Path, values: &mut BTreeMap<String, (String, Origin)>) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("LEADLINE_INFRA_OUTPUTS: {} could not be read", path.display()))?;
    let outputs: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("LEADLINE_INFRA_OUTPUTS: {} is not JSON", path.display()))?;
    for (output, name) in [("database_url", "DATABASE_URL"), ("redis_endpoint", "REDIS_URL")] {
        if let Some(value) = outputs.pointer(&format!("/{output}/value")).and_then(serde_json::Value::as_str) {
            values.insert(name.to_owned(), (value.to_owned(), Origin::Infra));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Settings> {
        Settings::from_sources(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn refusal(pairs: &[(&str, &str)]) -> String {
        format!("{:#}", load(pairs).expect_err("refused"))
    }

    #[test]
    fn nothing_set_is_a_development_machine() {
        let settings = load(&[]).expect("defaults are valid");
        assert_eq!(settings.bind, "127.0.0.1:8080");
        assert_eq!(settings.public_url.as_str(), "http://127.0.0.1:8080/");
        assert!(settings.database_url.is_none() && settings.mail.catches());
    }

    #[test]
    fn mistakes_name_the_variable() {
        assert!(refusal(&[("LEADLINE_BIN", "x")]).contains("LEADLINE_BIN is not a setting"));
        assert!(refusal(&[("LEADLINE_ENV", "prod")]).contains("LEADLINE_ENV"));
        assert!(refusal(&[("PUBLIC_URL", "sales.example.com")]).contains("PUBLIC_URL"));
        assert!(refusal(&[("LEADLINE_SIGNUP", "maybe")]).contains("LEADLINE_SIGNUP"));
        assert!(refusal(&[("LEADLINE_TRUSTED_PROXIES", "10.0.0.1, proxy")]).contains("LEADLINE_TRUSTED_PROXIES"));
        assert!(refusal(&[("LEADLINE_CLOCK", "fast")]).contains("LEADLINE_CLOCK"));
        assert!(refusal(&[("LEADLINE_REQUESTS_PER_MINUTE", "0")]).contains("LEADLINE_REQUESTS_PER_MINUTE"));
        assert!(refusal(&[("LEADLINE_SECRET_KEY", "short")]).contains("LEADLINE_SECRET_KEY"));
        assert!(refusal(&[("LEADLINE_SECRET_KEY_OLD", &format!("{KEY}, c2hvcnQ="))]).contains("LEADLINE_SECRET_KEY_OLD has 5 bytes"));
        assert!(refusal(&[("LEADLINE_INFRA_OUTPUTS", "/nowhere.json")]).contains("LEADLINE_INFRA_OUTPUTS"));
    }

    #[test]
    fn production_refuses_what_is_good_enough_for_a_laptop() {
        let safe = [
            ("LEADLINE_ENV", "production"),
            ("LEADLINE_SECRET_KEY", KEY),
            ("PUBLIC_URL", "https://sales.example.com"),
            ("SMTP_URL", "smtps://mail.example.com"),
        ];
        assert_eq!(load(&safe).expect("valid").signup, SignUp::First);
        for (left_out, named) in [(1, "LEADLINE_SECRET_KEY"), (2, "PUBLIC_URL"), (3, "SMTP_URL")] {
            let mut pairs = safe.to_vec();
            pairs.remove(left_out);
            assert!(refusal(&pairs).contains(named));
        }
        let mut fast = safe.to_vec();
        fast.push(("LEADLINE_CLOCK", "2026-01-05T09:00:00Z@60"));
        assert!(refusal(&fast).contains("LEADLINE_CLOCK"));
    }

    #[test]
    fn terraform_outputs_are_read_and_the_environment_wins() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("outputs.json");
        std::fs::write(&path, r#"{"database_url": {"value": "postgres://infra/db"}, "redis_endpoint": {"value": "redis://infra"}}"#)
            .expect("written");
        let path = path.to_str().expect("UTF-8");
        let settings = load(&[("LEADLINE_INFRA_OUTPUTS", path), ("REDIS_URL", "redis://env")]).expect("valid");
        assert_eq!(settings.database_url.as_deref(), Some("postgres://infra/db"));
        assert_eq!(settings.redis_url.as_deref(), Some("redis://env"));
        assert_eq!(settings.origins.get("DATABASE_URL"), Some(&Origin::Infra));
    }
}
