//! How often one visitor may ask, per five minutes and network.

use std::time::Duration;

use cache::Rate;
use http_kit::{App, Problem, throttle};
use identity::Client;

use crate::AuthError;

/// What is counted together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// Exchanging refresh tokens and authorization codes.
    Token,
    /// Redeeming links and codes.
    Verify,
    Otp,
    Recover,
    Resend,
    SignUp,
    SecondFactor,
}

impl Limit {
    const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Verify => "verify",
            Self::Otp => "otp",
            Self::Recover => "recover",
            Self::Resend => "resend",
            Self::SignUp => "sign_up",
            Self::SecondFactor => "second_factor",
        }
    }

    const fn rate(self) -> Rate {
        const FIVE_MINUTES: Duration = Duration::from_secs(300);
        match self {
            Self::Token => Rate { uses: 150, per: FIVE_MINUTES },
            Self::Verify | Self::Otp | Self::Recover | Self::Resend => Rate { uses: 30, per: FIVE_MINUTES },
            // As on the page where people sign up.
            Self::SignUp => Rate { uses: 60, per: Duration::from_secs(600) },
            // A bucket of 30, filled by 15 in five minutes.
            Self::SecondFactor => Rate { uses: 30, per: Duration::from_secs(600) },
        }
    }

    /// Counts one request of `client`, and refuses it when there were too many.
    pub(crate) async fn count(self, app: &App, client: &Client) -> Result<(), AuthError> {
        let key = format!("auth:{}:{}", self.name(), client.neighbourhood());
        Ok(throttle(app, &[(&key, self.rate())]).await.map_err(Problem::from)?)
    }
}
