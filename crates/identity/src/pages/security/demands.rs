//! What a person's organisations ask of them.

use http_kit::{App, Problem};
use kernel::UserId;
use maud::{Markup, html};
use ui::Tone;

use crate::mfa;

/// An organisation that wants a second factor from everybody in this person's role there.
pub(super) type Demand = String;

pub(super) async fn of(app: &App, user: UserId) -> Result<Vec<Demand>, Problem> {
    Ok(mfa::demanded_by(&app.db, user).await?)
}

/// What to do, for somebody who has no second factor.
pub(super) fn ask(demands: &[Demand]) -> Markup {
    html! {
        @if let [first, ..] = demands {
            (ui::notice(Tone::Warning, format!("{first} wants a second factor from everybody in your role. Add one here to go on.")))
        } @else {
            (ui::notice(Tone::Info, "You have no second factor yet. With one, a stolen password opens nothing."))
        }
    }
}

pub(super) fn list(demands: &[Demand]) -> Markup {
    html! { ul.plain-list { @for name in demands { li { strong { (name) } ": a second factor, in your role" } } } }
}
