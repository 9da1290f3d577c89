//! Resend's HTTP API: `POST /emails/batch` with an idempotency key.
//! <https://resend.com/docs/api-reference/emails/send-batch-emails>

mod answer;
mod pacer;
mod wire;

use std::{sync::Arc, time::Duration};

use kernel::OrgId;
use reqwest::header::{HeaderMap, HeaderValue};

use self::{answer::Answer, pacer::Pacer};
use crate::{Batch, ConfigError, Lookup, Outcome, OutgoingMail, Transport};

/// How to reach Resend.
#[derive(Clone)]
pub struct ResendConfig {
    pub api_key: String,
    /// Without a path, e.g. `https://api.resend.com`.
    pub base_url: String,
    /// For one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// Requests a second until the API's `ratelimit-*` headers say otherwise.
    pub requests_per_second: f64,
}

impl ResendConfig {
    /// The public API with its documented limits.
    pub fn new(api_key: String) -> Self {
        Self { api_key, base_url: "https://api.resend.com".to_owned(), timeout: Duration::from_secs(30), requests_per_second: 2.0 }
    }
}

/// The key stays out of logs.
impl std::fmt::Debug for ResendConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResendConfig").field("base_url", &self.base_url).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The transport. Clones share the connection pool and the pace.
#[derive(Debug, Clone)]
pub struct Resend {
    http: reqwest::Client,
    batch_url: url::Url,
    pacer: Arc<Pacer>,
}

/// A wait that is worth keeping the caller for; a longer one is reported as throttled.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Resend {
    /// Checks the settings; opens no connection.
    pub fn new(config: ResendConfig) -> Result<Self, ConfigError> {
        let base: url::Url = config
            .base_url
            .parse()
            .map_err(|error| ConfigError::new("RESEND_BASE_URL", format!("`{}` is not a URL: {error}", config.base_url)))?;
        let local = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if base.scheme() != "https" && !(base.scheme() == "http" && local) {
            return Err(ConfigError::new("RESEND_BASE_URL", "must be an https address (http only for this machine)"));
        }
        let batch_url = base.join("/emails/batch").map_err(|error| ConfigError::new("RESEND_BASE_URL", error.to_string()))?;
        let mut token = HeaderValue::try_from(format!("Bearer {}", config.api_key.trim()))
            .map_err(|_| ConfigError::new("RESEND_API_KEY", "contains characters that an HTTP header cannot hold"))?;
        token.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::AUTHORIZATION, token);
        // Valid messages of a batch go out although others are refused, and each refusal names its message.
        headers.insert("x-batch-validation", HeaderValue::from_static("permissive"));
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("leadline/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(config.timeout)
            // A redirected POST could be repeated as another request; the API never redirects.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ConfigError::new("RESEND_BASE_URL", error.to_string()))?;
        Ok(Self { http, batch_url, pacer: Arc::new(Pacer::new(config.requests_per_second)) })
    }

    /// One request for these messages. Their number and order are those of the answer.
    async fn post(&self, key: &str, mails: &[&OutgoingMail]) -> Answer {
        if let Err(retry_after) = self.pacer.turn(LONGEST_WAIT).await {
            return Answer::all(mails.len(), Outcome::Throttled { retry_after });
        }
        let body: Vec<wire::Email<'_>> = mails.iter().map(|mail| wire::Email::of(mail)).collect();
        let sent = self.http.post(self.batch_url.clone()).header("Idempotency-Key", key).json(&body).send().await;
        let response = match sent {
            Ok(response) => response,
            // Refused or unresolvable: the request was never written.
            Err(error) if error.is_connect() || error.is_builder() => {
                return Answer::all(mails.len(), Outcome::Unavailable { reason: answer::describe(&error) });
            }
            Err(error) => return Answer::lost(mails.len(), answer::describe(&error)),
        };
        self.pacer.learn(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        match response.bytes().await {
            Ok(body) => answer::read(status, &headers, &body, mails.len(), &self.pacer),
            Err(error) => Answer::lost(mails.len(), answer::describe(&error)),
        }
    }

    /// Sends, and if the request is refused as a whole because of some message in it, halves it
    /// until the culprit stands alone. The halves' keys follow from the batch's, so a repeat of the
    /// batch takes the same path with the same keys.
    async fn post_or_split(&self, key: &str, mails: &[&OutgoingMail]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(mails.len());
        let mut waiting = vec![(key.to_owned(), mails)];
        while let Some((key, mails)) = waiting.pop() {
            match self.post(&key, mails).await {
                Answer::Each(each) => outcomes.extend(each),
                Answer::RefusedAsWhole(rejection) if mails.len() == 1 => outcomes.push(Outcome::Rejected(rejection)),
                Answer::RefusedAsWhole(_) => {
                    let (left, right) = mails.split_at(mails.len() / 2);
                    // Taken from the end, so the left half goes first and the order is kept.
                    waiting.push((crate::batch_key([key.as_str(), "right"]), right));
                    waiting.push((crate::batch_key([key.as_str(), "left"]), left));
                }
            }
        }
        outcomes
    }
}

impl Transport for Resend {
    fn name(&self) -> &'static str {
        "resend"
    }

    fn batch_size(&self) -> usize {
        100
    }

    fn idempotent_for(&self) -> Option<Duration> {
        Some(Duration::from_secs(24 * 60 * 60))
    }

    fn keeps_message_id(&self) -> bool {
        false
    }

    async fn send_batch(&self, batch: Batch<'_>) -> Vec<Outcome> {
        let key_fits = (1..=256).contains(&batch.key.len()) && batch.key.bytes().all(|b| b.is_ascii_graphic());
        if !key_fits || batch.mails.len() > self.batch_size() {
            let error = crate::MailError::new("batch", "needs a key of 1 to 256 visible ASCII characters and at most 100 messages");
            return vec![error.into(); batch.mails.len()];
        }
        // What fails our own check depends on the message alone, so a repeat leaves out the same ones.
        let mut outcomes: Vec<Option<Outcome>> = batch.mails.iter().map(|mail| mail.check().err().map(Outcome::from)).collect();
        let sound: Vec<&OutgoingMail> =
            batch.mails.iter().zip(&outcomes).filter(|(_, refused)| refused.is_none()).map(|(mail, _)| mail).collect();
        let mut answers = if sound.is_empty() { vec![] } else { self.post_or_split(batch.key, &sound).await }.into_iter();
        outcomes
            .iter_mut()
            .map(|refused| {
                refused
                    .take()
                    .or_else(|| answers.next())
                    .unwrap_or_else(|| Outcome::Unknown { reason: "Resend's answer is too short".to_owned(), safe_to_repeat: true })
            })
            .collect()
    }

    /// Resend cannot be asked by idempotency key. Its webhooks carry the message's tags and settle it.
    async fn lookup(&self, _org: OrgId, _idempotency_key: &str) -> Lookup {
        Lookup::CannotTell
    }
}

#[cfg(test)]
mod tests;
