//! How good a password is, told while it is typed.

use std::time::Duration;

use axum::{Json, extract::State};
use cache::Rate;
use http_kit::{App, PageForm, Problem, Routes, throttle};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use ui::Field;

use crate::{Client, password};

pub(super) fn pages() -> Routes {
    Routes::new().post("/password/strength", judge)
}

/// Some for every key pressed, for a few people behind one address.
const RATE: Rate = Rate { uses: 300, per: Duration::from_secs(300) };

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    password: String,
    /// What a stranger could know.
    email: String,
    name: String,
    organisation: String,
}

/// What the meter shows.
#[derive(Debug, Serialize)]
pub(super) struct Strength {
    /// 0 to 4; 3 and more are accepted.
    score: u8,
    /// What is wrong, if it would be refused.
    problem: Option<String>,
}

/// Judges a password as it would be judged when it is set. Keeps nothing.
async fn judge(State(app): State<App>, client: Client, typed: PageForm<Typed>) -> Result<Json<Strength>, Problem> {
    let key = format!("strength:{}", client.neighbourhood());
    throttle(&app, &[(&key, RATE)]).await?;
    let Typed { password, email, name, organisation } = typed.value;
    let (score, weakness) = password::judge(&password, &[&email, &name, &organisation]);
    Ok(Json(Strength { score, problem: weakness.map(|weakness| format!("The password {}.", weakness.text)) }))
}

/// A field for a new password, with the meter below it. Without scripts it is a field with a hint.
pub(super) fn field(label: &str, error: Option<String>) -> Markup {
    html! {
        password-strength data-judge="/password/strength" {
            (Field::password("password", label).hint(format!("At least {} characters; a few unrelated words work well.", password::MIN_LENGTH))
                .error(error).autocomplete("new-password").required())
            div.strength hidden {
                meter min="0" max="4" low="2" high="3" optimum="4" value="0" aria-label="Strength" {}
                p.field-hint role="status" {}
            }
        }
    }
}
