use std::{collections::HashMap, error::Error, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};

use super::{
    pacer::{Pacer, seconds},
    wire::{Problem, Taken},
};
use crate::{Outcome, Rejection, RejectionKind};

/// What a request came to.
pub(super) enum Answer {
    /// One outcome for each message.
    Each(Vec<Outcome>),
    /// Nothing was sent, because something is wrong with one or more of the messages.
    RefusedAsWhole(Rejection),
}

impl Answer {
    pub(super) fn all(count: usize, outcome: Outcome) -> Self {
        Self::Each(vec![outcome; count])
    }

    /// The request may have been carried out; the key makes a repeat within a day safe.
    pub(super) fn lost(count: usize, reason: String) -> Self {
        Self::all(count, Outcome::Unknown { reason, safe_to_repeat: true })
    }
}

/// Reads an answer by status and, where one status has several meanings, by the error's name.
/// <https://resend.com/docs/api-reference/errors>
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], count: usize, pacer: &Pacer) -> Answer {
    if status.is_success() {
        return match serde_json::from_slice::<Taken>(body) {
            Ok(taken) => each(taken, count),
            Err(error) => Answer::lost(count, format!("Resend answered {status} with something unreadable: {error}")),
        };
    }
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = format!("Resend answered {}: {} {}", status.as_u16(), problem.name, problem.message).trim_end().to_owned();
    match (status.as_u16(), problem.name.as_str()) {
        (429, name) => {
            let retry_after = retry_after(headers, name);
            pacer.pause(retry_after);
            Answer::all(count, Outcome::Throttled { retry_after })
        }
        // The first request under this key is still running: ask again later for its answer.
        (409, "concurrent_idempotent_requests") => Answer::lost(count, said),
        // An earlier request under this key was carried out, with other content. Its outcome is not
        // ours to guess, and repeating this one can only give the same answer.
        (409, _) => Answer::all(count, Outcome::Unknown { reason: said, safe_to_repeat: false }),
        // Our key, domain, plan or request: no message is at fault.
        (401 | 402 | 403 | 404 | 405 | 451, name) | (400, name @ "invalid_idempotency_key") => {
            let rejection = Rejection::new(RejectionKind::Sender, code(name, status), &said);
            Answer::all(count, Outcome::Rejected(rejection))
        }
        (400 | 413 | 422, name) => Answer::RefusedAsWhole(Rejection::new(RejectionKind::Message, code(name, status), &said)),
        // 5xx and whatever else: it may have been carried out before it failed.
        _ => Answer::lost(count, said),
    }
}

/// Fills the accepted ids into the places that the errors leave.
fn each(taken: Taken, count: usize) -> Answer {
    if taken.data.len() + taken.errors.len() != count {
        let (data, errors) = (taken.data.len(), taken.errors.len());
        return Answer::lost(count, format!("Resend answered with {data} ids and {errors} errors for {count} messages"));
    }
    let mut errors: HashMap<usize, String> = taken.errors.into_iter().map(|error| (error.index, error.message)).collect();
    let mut ids = taken.data.into_iter();
    let outcomes = (0..count)
        .map(|index| match errors.remove(&index) {
            Some(message) => Outcome::Rejected(Rejection::new(kind_of_validation(&message), "validation_error", &message)),
            None => ids.next().map_or_else(
                || Outcome::Unknown { reason: "Resend's errors name no message of the batch".to_owned(), safe_to_repeat: true },
                |taken| Outcome::Accepted { provider_id: taken.id },
            ),
        })
        .collect();
    Answer::Each(outcomes)
}

/// A refused `from` is a domain of ours that is not verified. A refused `to` is not evidence of a
/// dead mailbox, only of an address that Resend cannot parse, so it does not suppress anyone.
fn kind_of_validation(message: &str) -> RejectionKind {
    let message = message.to_ascii_lowercase();
    if message.contains("`from`") || message.contains("domain is not verified") { RejectionKind::Sender } else { RejectionKind::Message }
}

fn code(name: &str, status: StatusCode) -> String {
    if name.is_empty() { status.as_u16().to_string() } else { name.to_owned() }
}

/// `retry-after`, else the reset of the window; a used-up quota comes back much later than a rate.
fn retry_after(headers: &HeaderMap, name: &str) -> Duration {
    let told = seconds(headers, "retry-after").or_else(|| seconds(headers, "ratelimit-reset"));
    let least = match name {
        "daily_quota_exceeded" | "monthly_quota_exceeded" => Duration::from_secs(15 * 60),
        _ => Duration::ZERO,
    };
    told.unwrap_or(Duration::from_secs(1)).max(least)
}

/// The whole chain of causes, without the URL.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "Resend did not answer in time".to_owned() } else { "Resend cannot be reached".to_owned() };
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
