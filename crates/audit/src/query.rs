//! What somebody looks for in the log, as it comes from an address.

use http_kit::{FieldError, Problem};
use identity::Member;
use jiff::{SignedDuration, Timestamp, civil::Date};
use kernel::{UserId, Uuid};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::{Search, Word};

/// What to look for; everything may be left out.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct AuditQuery {
    /// Who did it: `user_…`, `system` or `provider`.
    pub(crate) person: String,
    /// What it was about: the part of the kind before the dot, such as `member`.
    pub(crate) kind: String,
    /// What it was about: a typed id.
    pub(crate) subject: String,
    /// From this date or moment on (`2026-01-31` or RFC 3339; dates are UTC).
    pub(crate) since: String,
    /// Up to the end of this date, or up to this moment.
    pub(crate) until: String,
    /// Words in the kind, the origin, the details or the name of who did it; the first three count.
    pub(crate) q: String,
    /// 1 to 200; 50 when left out.
    #[param(value_type = Option<i64>)]
    pub(crate) limit: String,
    /// `next_cursor` of the page before.
    pub(crate) cursor: String,
}

impl AuditQuery {
    /// Whether it asks for anything but everything.
    pub(crate) fn is_narrow(&self) -> bool {
        [&self.person, &self.kind, &self.subject, &self.since, &self.until, &self.q].into_iter().any(|text| !text.trim().is_empty())
    }

    /// The search it means; `members` give the words their people.
    pub(crate) fn search(&self, members: &[Member]) -> Result<Search, Problem> {
        let mut errors = Vec::new();
        let person = self.person.trim();
        let known = person.is_empty() || ["system", "provider"].contains(&person) || person.parse::<UserId>().is_ok();
        if !known {
            errors.push(FieldError::new("/person", "person.invalid", "The person is an id of the form user_…, or system, or provider"));
        }
        let subject = self.subject.trim();
        let subject_id = subject.rsplit('_').next().and_then(|id| Uuid::try_parse(id).ok());
        if !subject.is_empty() && subject_id.is_none() {
            errors.push(FieldError::new(
                "/subject",
                "subject.invalid",
                "The subject is an id such as lead_… or user_…, as the entries show it",
            ));
        }
        let since = moment(&self.since, false).map_err(|why| errors.push(FieldError::new("/since", "since.invalid", why))).ok().flatten();
        let until = moment(&self.until, true).map_err(|why| errors.push(FieldError::new("/until", "until.invalid", why))).ok().flatten();
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let before = if self.cursor.is_empty() { None } else { Some(http_kit::Cursor::decode::<i64>(&self.cursor)?) };
        let words = self.q.split_whitespace().take(3).map(|word| Word {
            text: word.chars().take(100).collect(),
            people: members
                .iter()
                .filter(|member| member.name.to_lowercase().contains(&word.to_lowercase()))
                .map(|member| member.id.to_string())
                .collect(),
        });
        Ok(Search {
            actor: (!person.is_empty()).then(|| person.to_owned()),
            family: Some(self.kind.trim().to_owned()).filter(|kind| !kind.is_empty()),
            subject: subject_id,
            since,
            until,
            words: words.collect(),
            before,
        })
    }

    /// How many entries a page has.
    pub(crate) fn limit(&self) -> Result<i64, Problem> {
        match self.limit.as_str() {
            "" => Ok(50),
            text => text
                .parse()
                .ok()
                .filter(|limit| (1..=200).contains(limit))
                .ok_or_else(|| Problem::field("/limit", "limit.invalid", "The limit is a number from 1 to 200")),
        }
    }
}

/// A date stands for its beginning, or for its end.
fn moment(text: &str, end: bool) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let date: Date =
        text.parse().map_err(|_| format!("{text:?} is neither a date such as 2026-01-31 nor a moment such as 2026-01-31T09:00:00Z"))?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| format!("{text:?} is out of range"))?.timestamp();
    Ok(Some(if end { start.checked_add(SignedDuration::from_hours(24)).unwrap_or(start) } else { start }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_with_all_its_hours() {
        let query = AuditQuery { since: "2026-01-05".to_owned(), until: "2026-01-05".to_owned(), ..AuditQuery::default() };
        let search = query.search(&[]).unwrap();
        assert_eq!(search.since.unwrap().to_string(), "2026-01-05T00:00:00Z");
        assert_eq!(search.until.unwrap().to_string(), "2026-01-06T00:00:00Z");
        let wrong = AuditQuery { person: "ada".to_owned(), since: "soon".to_owned(), subject: "x".to_owned(), ..AuditQuery::default() };
        let fields: Vec<String> = wrong.search(&[]).unwrap_err().errors.into_iter().map(|error| error.pointer).collect();
        assert_eq!(fields, ["/person", "/subject", "/since"]);
    }
}
