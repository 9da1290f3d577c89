//! From where duplicates are shown and merged, and what decisions have taught.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, Permission, SettingsRead, SettingsWrite, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Nav, table};

use super::show::percent;
use crate::{
    actions::change_settings::change_settings,
    model::{Decision, evidence::WEIGHTS, learning::FLOOR},
    store::{self, settings::Settings},
};

/// The fields as typed, in percent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    show_from: String,
    automatic: Option<String>,
    automatic_from: String,
}

impl Typed {
    fn of(settings: &Settings) -> Self {
        let percent = |share: f64| format!("{:.2}", share * 100.0).trim_end_matches('0').trim_end_matches('.').to_owned();
        Self {
            show_from: percent(settings.show_from),
            automatic: settings.automatic.then(|| "on".to_owned()),
            automatic_from: percent(settings.automatic_from),
        }
    }

    fn settings(&self) -> Settings {
        // What is no number is out of every range, and refused there by name.
        let share = |text: &str| {
            text.trim().trim_end_matches('%').trim().replace(',', ".").parse::<f64>().map_or(f64::NAN, |percent| percent / 100.0)
        };
        Settings {
            show_from: share(&self.show_from),
            automatic: self.automatic.is_some(),
            automatic_from: share(&self.automatic_from),
            ..Settings::default()
        }
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    render(&app, &viewer, None, None).await
}

pub(super) async fn submit(State(app): State<App>, viewer: Can<SettingsWrite>, form: PageForm<Typed>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    match change_settings(&tx, form.value.settings(), viewer.actor(), app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(redirect("/duplicates/settings", Some(Flash::success("Settings saved."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let page = render(&app, &viewer, Some(&form.value), Some(&problem)).await?;
            Ok((problem.kind.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(app: &App, viewer: &Viewer, typed: Option<&Typed>, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let settings = store::settings::get(&tx).await?;
    let decisions = store::pairs::decisions(&tx).await?;
    tx.commit().await?;
    let stored = Typed::of(&settings);
    let typed = typed.unwrap_or(&stored);
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let may_write = viewer.may(Permission::SettingsWrite);
    let content = html! {
        (ui::page_header_under(&[("Duplicates", "/duplicates")], "Duplicate settings", "", html! {}))
        (ui::split(
            html! {
                (ui::card("Thresholds", html! {}, html! {
                    form.form method="post" action="/duplicates/settings" novalidate {
                        @if problem.is_some() { (ui::form_error("Some fields need a look before this can be saved.")) }
                        (Field::text("show_from", "Show from").value(typed.show_from.as_str()).suffix("%").error(error("show_from")).disabled(!may_write).attr("inputmode", "decimal")
                            .hint("Clusters that are less probable are kept to themselves. 50 to 99.9."))
                        (Field::checkbox("automatic", "Merge automatically").checked(typed.automatic.is_some()).disabled(!may_write)
                            .hint("Off until you switch it on: look at some proposals first. Automatic merges stand under Changes and can be undone for 30 days; one that was undone is never repeated by itself."))
                        (Field::text("automatic_from", "Merge automatically from").value(typed.automatic_from.as_str()).suffix("%").error(error("automatic_from")).disabled(!may_write).attr("inputmode", "decimal")
                            .hint("The precision that you ask for: of those merged, at least this share should be right. Every pair that holds a cluster together must reach it. 90 to 99.99."))
                        @if may_write { (ui::form_actions(html! { (Button::primary("Save")) })) }
                    }
                }))
                (ui::card_flush("What each agreement says", html! {}, weights()))
            },
            ui::card("What your decisions have taught", html! {}, learned(&settings, &decisions)),
        ))
    };
    Ok(viewer.page(Nav::Duplicates, "Duplicate settings", content))
}

/// The bands in which decisions are counted.
const BANDS: [(f64, f64); 4] = [(0.0, 0.8), (0.8, 0.95), (0.95, 0.995), (0.995, 1.1)];

fn learned(settings: &Settings, decisions: &[Decision]) -> Markup {
    let before = crate::model::Calibration::default();
    let count = i64::try_from(decisions.len()).unwrap_or(i64::MAX);
    html! {
        @if decisions.len() < FLOOR {
            p { "Nothing yet: " (ui::plural(count, "decision", "decisions")) " so far, and from " (FLOOR) " on they count. Until then the probabilities are the model's own." }
        } @else {
            p { "From your last " (ui::plural(count, "decision", "decisions")) ". What the model takes for " (percent(0.9)) " is " strong { (percent(settings.calibration.probability(before.bits_for(0.9)))) }
                " here, and its " (percent(0.995)) " is " strong { (percent(settings.calibration.probability(before.bits_for(0.995)))) } "." }
        }
        @if !decisions.is_empty() {
            (table::wrap("Decisions by what the model said", html! {
                table.table {
                    thead { tr { (table::th("The model said")) (table::th_num("Merged")) (table::th_num("Rejected")) } }
                    tbody { @for (from, to) in BANDS {
                        @let of = |accepted: bool| decisions.iter().filter(|d| d.accepted == accepted && (from..to).contains(&before.probability(d.bits))).count();
                        tr {
                            td.is-title data-label="The model said" { @if from == 0.0 { "below " (percent(to)) } @else if to > 1.0 { "from " (percent(from)) } @else { (percent(from)) " to " (percent(to)) } }
                            td.num data-label="Merged" { (of(true)) }
                            td.num data-label="Rejected" { (of(false)) }
                        }
                    } }
                }
            }))
        }
    }
}

fn weights() -> Markup {
    table::wrap(
        "Weights",
        html! {
            table.table {
                thead { tr { (table::th("Agreement or difference")) (table::th_num("Odds")) } }
                tbody { @for weight in &WEIGHTS {
                    @let odds = weight.m / weight.u;
                    tr {
                        td.is-title data-label="Agreement or difference" { (weight.says) }
                        td.num data-label="Odds" { @if odds >= 1.0 { "× " (compact(odds)) } @else { "÷ " (compact(1.0 / odds)) } }
                    }
                } }
            }
        },
    )
}

fn compact(odds: f64) -> String {
    if odds < 10.0 { format!("{odds:.1}") } else { format!("{odds:.0}") }
}
