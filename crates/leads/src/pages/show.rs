//! How this slice's things look wherever they appear.

use identity::{Member, Viewer};
use kernel::UserId;
use maud::{Markup, html};
use ui::Tone;

use crate::model::{Lead, ScoreReason, Status, country};

/// The colour beside a status.
pub(super) const fn tone(status: Status) -> Tone {
    match status {
        Status::New => Tone::Neutral,
        Status::Contacted => Tone::Info,
        Status::Replied => Tone::Success,
        Status::Qualified => Tone::Violet,
        Status::Converted => Tone::Accent,
        Status::Lost => Tone::Danger,
        Status::Unsubscribed => Tone::Warning,
    }
}

pub(super) fn status(status: Status) -> Markup {
    ui::status_dot(tone(status), status.label())
}

pub(super) fn score(lead: &Lead) -> Markup {
    ui::score_with_reasons(i64::from(lead.score), &reasons(&lead.score_reasons))
}

pub(super) fn reasons(reasons: &[ScoreReason]) -> Vec<(String, i64)> {
    reasons.iter().map(|line| (line.reason.clone(), line.points)).collect()
}

pub(super) fn country_of(stored: &str) -> Markup {
    html! { @if !stored.is_empty() { (country::name(stored)) } }
}

/// The name of a colleague; somebody who has left has none.
pub(super) fn member(members: &[Member], id: UserId) -> Option<&str> {
    members.iter().find(|member| member.id == id).map(|member| member.name.as_str())
}

/// (value, label) pairs for a select of statuses.
pub(super) fn status_options() -> impl Iterator<Item = (&'static str, &'static str)> {
    Status::ALL.into_iter().map(|status| (status.as_str(), status.label()))
}

/// (value, label) pairs for a select of owners: nobody first, and only those whom the viewer may give a lead to.
pub(super) fn owner_options(viewer: &Viewer, members: &[Member]) -> Vec<(String, String)> {
    let nobody = viewer.scope.covers(None).then(|| (String::new(), "Nobody".to_owned()));
    let people = members.iter().filter(|member| viewer.scope.covers(Some(member.id.uuid())));
    nobody.into_iter().chain(people.map(|member| (member.id.to_string(), member.name.clone()))).collect()
}

/// `1,204 leads`, or `10,000+ leads` where counting stopped.
pub(super) fn total(total: http_kit::Total, one: &str, many: &str) -> String {
    if total.exact { ui::plural(total.value, one, many) } else { format!("{}+ {many}", ui::number(total.value)) }
}
