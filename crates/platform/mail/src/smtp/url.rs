use std::time::Duration;

use lettre::transport::smtp::{authentication::Credentials, extension::ClientId};

use crate::ConfigError;

/// When the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Never: for a server on this machine.
    Never,
    /// STARTTLS where the server offers it.
    Optional,
    /// STARTTLS, or no mail.
    Required,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// A mail server and how to talk to it.
#[derive(Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub credentials: Option<Credentials>,
    /// What EHLO says.
    pub hello: ClientId,
    /// How many connections at once.
    pub connections: usize,
    pub connect_timeout: Duration,
    /// For the reply to a command.
    pub command_timeout: Duration,
    /// For handing over the message and the reply to it. Generous: an impatient client makes
    /// outcomes unknown (RFC 5321 4.5.3.2.6 asks for ten minutes).
    pub content_timeout: Duration,
}

impl SmtpConfig {
    /// Reads `SMTP_URL`:
    /// `smtps://user:password@host`, `smtp://user:password@host:587?starttls=required`, `smtp://localhost:1025`.
    ///
    /// Parameters: `starttls` = `required` (the default with a password), `optional` (the default
    /// without) or `never` (the default on this machine); `connections` = 1 to 50, default 4;
    /// `hello` = the name for EHLO.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let fail = |problem: String| ConfigError::new("SMTP_URL", problem);
        // The text may hold a password, so no message repeats it.
        let url: url::Url = text.trim().parse().map_err(|error| fail(format!("is not a URL: {error}")))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            other => return Err(fail(format!("must begin with smtp:// or smtps://, not {other}://"))),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| fail("names no host".to_owned()))?;
        let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let credentials = match (decode(url.username()), url.password().map(decode)) {
            (Some(user), Some(Some(password))) if !user.is_empty() => Some(Credentials::new(user, password)),
            (Some(user), None) if user.is_empty() => None,
            (_, None) => return Err(fail("has a user name but no password".to_owned())),
            _ => return Err(fail("user name and password must be percent-encoded UTF-8, neither empty".to_owned())),
        };
        let mut config = Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            tls: match (implicit, local, credentials.is_some()) {
                (true, ..) => Tls::Implicit,
                (false, true, _) => Tls::Never,
                (false, false, true) => Tls::Required,
                (false, false, false) => Tls::Optional,
            },
            credentials,
            hello: ClientId::default(),
            connections: 4,
            connect_timeout: Duration::from_secs(15),
            command_timeout: Duration::from_secs(60),
            content_timeout: Duration::from_secs(180),
        };
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("starttls", _) if implicit => return Err(fail("starttls does not apply to smtps://".to_owned())),
                ("starttls", "required") => config.tls = Tls::Required,
                ("starttls", "optional") => config.tls = Tls::Optional,
                ("starttls", "never") => config.tls = Tls::Never,
                ("starttls", _) => return Err(fail("starttls must be required, optional or never".to_owned())),
                ("connections", number) => {
                    config.connections = number
                        .parse()
                        .ok()
                        .filter(|n| (1..=50).contains(n))
                        .ok_or_else(|| fail("connections must be a number from 1 to 50".to_owned()))?;
                }
                ("hello", name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()) => {
                    config.hello = ClientId::Domain(name.to_owned());
                }
                (other, _) => return Err(fail(format!("unknown or empty parameter `{other}`; there are starttls, connections and hello"))),
            }
        }
        if config.credentials.is_some() && !local && matches!(config.tls, Tls::Never | Tls::Optional) {
            return Err(fail("a password may only travel encrypted: use smtps:// or starttls=required".to_owned()));
        }
        Ok(config)
    }
}

/// The password stays out of logs.
impl std::fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("credentials", &self.credentials.is_some())
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Percent-decoding as in the user information of a URL (where `+` is itself).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        SmtpConfig::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_usual_forms() {
        let config = SmtpConfig::parse("smtps://ada%40x.example:p%40ss+word@mail.example").unwrap();
        assert_eq!((config.host.as_str(), config.port, config.tls), ("mail.example", 465, Tls::Implicit));
        assert_eq!(config.credentials, Some(Credentials::new("ada@x.example".to_owned(), "p@ss+word".to_owned())));
        let config = SmtpConfig::parse("smtp://u:p@mail.example?connections=8&hello=crm.example").unwrap();
        assert_eq!((config.port, config.tls, config.connections), (587, Tls::Required, 8));
        assert_eq!(SmtpConfig::parse("smtp://localhost:1025").unwrap().tls, Tls::Never);
        assert_eq!(SmtpConfig::parse("smtp://mail.example:25").unwrap().tls, Tls::Optional);
        assert!(!format!("{:?}", SmtpConfig::parse("smtp://u:secret@localhost").unwrap()).contains("secret"));
    }

    #[test]
    fn mistakes_are_named_without_the_password() {
        assert_eq!(refused("http://mail.example"), "SMTP_URL: must begin with smtp:// or smtps://, not http://");
        assert!(refused("smtp://u:secret@mail.example?starttls=never").contains("encrypted"));
        assert!(!refused("smtp://u:secret@mail.example?starttls=never").contains("secret"));
        assert!(refused("smtp://u@mail.example").contains("no password"));
        assert!(refused("smtp://mail.example?tls=on").contains("`tls`"));
        assert!(refused("smtp://mail.example?connections=0").contains("1 to 50"));
        assert!(refused("mail.example:25").starts_with("SMTP_URL"));
    }
}
