//! States and delays as people read them.

use maud::Markup;
use ui::Tone;

use crate::model::{Campaign, CampaignStatus, SendState};

pub(super) fn status(campaign: &Campaign) -> Markup {
    match campaign.status {
        CampaignStatus::Draft => ui::status_dot(Tone::Neutral, "Draft"),
        CampaignStatus::Running if !campaign.hold_reason.is_empty() => ui::status_dot(Tone::Warning, "Waiting"),
        CampaignStatus::Running => ui::status_running(Tone::Success, "Running"),
        CampaignStatus::Paused => ui::status_dot(Tone::Warning, "Paused"),
        CampaignStatus::Finished => ui::status_dot(Tone::Info, "Finished"),
    }
}

pub(super) fn send_state(state: SendState) -> Markup {
    let tone = match state {
        SendState::Planned => Tone::Neutral,
        SendState::Claimed => Tone::Info,
        SendState::Sent => Tone::Success,
        SendState::Failed => Tone::Danger,
        SendState::Suppressed | SendState::Unknown => Tone::Warning,
    };
    ui::status_dot(tone, state.label())
}

/// `at once`, `2 days`, `1 day 4 hours`, `90 minutes`.
pub(super) fn delay(minutes: i32) -> String {
    let (days, hours, rest) = (minutes / 1440, minutes % 1440 / 60, minutes % 60);
    let part = |n: i32, one: &str, many: &str| (n > 0).then(|| ui::plural(i64::from(n), one, many));
    let parts: Vec<String> =
        [part(days, "day", "days"), part(hours, "hour", "hours"), part(rest, "minute", "minutes")].into_iter().flatten().collect();
    if parts.is_empty() { "at once".to_owned() } else { parts.join(" ") }
}

/// When a step goes out: `At launch`, `2 days after launch`, `3 days after the e-mail before`.
pub(super) fn when(position: i16, minutes: i32) -> String {
    match (position, minutes) {
        (1, 0) => "At launch".to_owned(),
        (1, minutes) => format!("{} after launch", delay(minutes)),
        (_, 0) => "Right after the e-mail before".to_owned(),
        (_, minutes) => format!("{} after the e-mail before", delay(minutes)),
    }
}

#[cfg(test)]
mod tests {
    use super::{delay, when};

    #[test]
    fn delays_are_read_in_days_hours_and_minutes() {
        assert_eq!(
            [delay(0), delay(1440), delay(1680), delay(90), delay(61)],
            ["at once", "1 day", "1 day 4 hours", "1 hour 30 minutes", "1 hour 1 minute"]
        );
        assert_eq!(
            [when(1, 0), when(1, 60), when(2, 2880), when(3, 0)],
            ["At launch", "1 hour after launch", "2 days after the e-mail before", "Right after the e-mail before"]
        );
    }
}
