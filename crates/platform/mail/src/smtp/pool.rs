use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    authentication::Mechanism,
    client::{AsyncSmtpConnection, TlsParameters},
};
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{Failure, SmtpConfig, StepError, Tls};
use crate::SmtpStage;

/// Servers close idle connections after five minutes at the earliest (RFC 5321 4.5.3.2.7), many much sooner.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// Many servers limit how much one connection may send.
const MESSAGES_PER_CONNECTION: u32 = 100;

/// Open connections that wait for work, and a permit for each that may exist.
pub(super) struct Pool {
    pub(super) config: SmtpConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("config", &self.config).finish_non_exhaustive()
    }
}

pub(super) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    messages: u32,
    idle_since: Instant,
}

impl Connection {
    /// Whether it has carried a message before.
    pub(super) const fn reused(&self) -> bool {
        self.messages > 0
    }

    /// Ends it, politely if the server still listens.
    pub(super) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.smtp.abort()).await;
    }
}

impl Pool {
    pub(super) fn new(config: SmtpConfig) -> Self {
        Self { permits: Semaphore::new(config.connections), idle: Mutex::default(), config }
    }

    pub(super) async fn permit(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire().await
    }

    /// A waiting connection, or a new one.
    pub(super) async fn take(&self) -> Result<Connection, Failure> {
        while let Some(connection) = self.pop() {
            if connection.idle_since.elapsed() <= LONGEST_IDLE && !connection.smtp.has_broken() {
                return Ok(connection);
            }
            connection.close().await;
        }
        match tokio::time::timeout(self.config.connect_timeout, self.connect()).await {
            Ok(connected) => connected,
            Err(_) => Err(Failure::before_content(SmtpStage::Sender, false, StepError::Timeout)),
        }
    }

    pub(super) fn give_back(&self, mut connection: Connection) {
        connection.messages += 1;
        connection.idle_since = Instant::now();
        if connection.messages < MESSAGES_PER_CONNECTION {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        // Otherwise dropping closes it; the message is long confirmed.
    }

    fn pop(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let config = &self.config;
        let failed = |error| Failure::before_content(SmtpStage::Sender, false, StepError::Smtp(error));
        let tls = || TlsParameters::new(config.host.clone()).map_err(failed);
        let wrapper = if config.tls == Tls::Implicit { Some(tls()?) } else { None };
        let server = (config.host.as_str(), config.port);
        let mut smtp = AsyncSmtpConnection::connect_tokio1(server, Some(config.connect_timeout), &config.hello, wrapper, None)
            .await
            .map_err(failed)?;
        match config.tls {
            Tls::Required => smtp.starttls(tls()?, &config.hello).await.map_err(failed)?,
            Tls::Optional if smtp.can_starttls() => smtp.starttls(tls()?, &config.hello).await.map_err(failed)?,
            Tls::Optional | Tls::Never | Tls::Implicit => {}
        }
        if let Some(credentials) = &config.credentials {
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await.map_err(failed)?;
        }
        Ok(Connection { smtp, messages: 0, idle_since: Instant::now() })
    }
}
