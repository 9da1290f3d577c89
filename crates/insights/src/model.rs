//! Numbers and the days they belong to. Pure.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kernel::CampaignId;
use serde::Serialize;
use utoipa::ToSchema;

/// A stretch of whole days (UTC) that ends today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub days: i32,
    pub from: Date,
    pub to: Date,
}

impl Period {
    /// The last `days` days, today among them.
    pub(crate) fn last(days: i32, now: Timestamp) -> Self {
        let to = now.to_zoned(TimeZone::UTC).date();
        Self { days, from: to.saturating_sub((days - 1).days()), to }
    }

    /// As many days right before.
    pub(crate) fn before(self) -> Self {
        Self { from: self.from.saturating_sub(self.days.days()), to: self.from.saturating_sub(1.day()), ..self }
    }

    /// Each day, the oldest first.
    pub(crate) fn dates(self) -> impl Iterator<Item = Date> {
        (0..self.days).map(move |n| self.from.saturating_add(n.days()))
    }
}

/// Declares the counters once: the field, and the metric of the same name.
macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// How often what happened.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
        pub(crate) struct Counts {
            $($(#[$doc])* pub $name: i64,)+
        }

        impl Counts {
            /// Adds to the counter of this name; a name without a counter is somebody else's.
            pub(crate) fn add(&mut self, metric: &str, value: i64) {
                match metric { $(stringify!($name) => self.$name += value,)+ _ => {} }
            }
        }
    };
}

counts! {
    leads_created,
    /// Leads that moved to the status "contacted".
    leads_contacted,
    /// Leads that moved to the status "qualified".
    qualified,
    /// Leads that moved to the status "converted".
    converted,
    /// Leads in the audience when the campaign was launched.
    enrolled,
    sent,
    delivered,
    /// Openings by people.
    opened,
    /// Mails that a person opened at least once.
    opened_unique,
    /// Openings by scanners and privacy proxies.
    opened_machine,
    clicked,
    /// Mails in which a person clicked at least once.
    clicked_unique,
    clicked_machine,
    replied,
    bounced,
    complained,
    unsubscribed,
    failed,
}

/// A stage of the funnel and how many leads got at least that far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Reached {
    /// `created`, `contacted`, `opened`, `replied` or `converted`.
    pub stage: &'static str,
    pub leads: i64,
}

/// How many leads have a status now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StatusCount {
    pub status: leads::Status,
    pub leads: i64,
}

/// One day's counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Day {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    #[serde(flatten)]
    pub counts: Counts,
}

/// One campaign's counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CampaignCounts {
    pub id: CampaignId,
    /// Empty when the campaign was deleted.
    pub name: String,
    /// `draft`, `running`, `paused`, `finished`, or `deleted`.
    pub status: String,
    #[serde(flatten)]
    pub counts: Counts,
}

/// One step's counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StepCounts {
    /// From 1; 0 is what belongs to no single step, such as an answer noted by hand.
    pub step_no: i32,
    pub subject: String,
    #[serde(flatten)]
    pub counts: Counts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_days_that_end_today_and_touch_the_period_before() {
        let Ok(now) = "2026-03-02T23:59:59Z".parse() else { return };
        let week = Period::last(7, now);
        assert_eq!((week.from.to_string(), week.to.to_string()), ("2026-02-24".to_owned(), "2026-03-02".to_owned()));
        assert_eq!(week.dates().count(), 7);
        assert_eq!(week.dates().last(), Some(week.to));
        let before = week.before();
        assert_eq!((before.from.to_string(), before.to.to_string()), ("2026-02-17".to_owned(), "2026-02-23".to_owned()));
    }
}
