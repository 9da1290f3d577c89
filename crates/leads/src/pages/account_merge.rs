//! Two accounts made one: whose facts stay.

use axum::{extract::State, response::Response};
use http_kit::{ApiPath, ApiQuery, App, FieldError, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::AccountId;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use ui::{Button, Icon, Nav, table};

use crate::{
    actions::{
        merge_accounts::{best_facts, merge_accounts},
        update_account::locked,
    },
    model::{Account, AccountDraft},
    store::{self, accounts::AccountSort},
};

/// The facts that are chosen one by one, and what they are called.
const FACTS: [(&str, &str); 7] = [
    ("name", "Name"),
    ("domain", "Domain"),
    ("industry", "Industry"),
    ("employee_count", "Employees"),
    ("annual_revenue", "Annual revenue"),
    ("country", "Country"),
    ("city", "City"),
];

/// How many accounts a search offers.
const OFFERED: i64 = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    with: Option<AccountId>,
    /// A part of the other account's name or domain.
    q: String,
}

/// `GET /accounts/{id}/merge?with=…`
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<AccountId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let into = locked(&tx, id).await?;
    let from = match query.with.filter(|with| *with != id) {
        Some(with) => Some(locked(&tx, with).await?),
        None => None,
    };
    let counts = match &from {
        Some(from) => Some((store::accounts::roll_up(&tx, id).await?.people, store::accounts::roll_up(&tx, from.id).await?.people)),
        None => None,
    };
    tx.commit().await?;
    let href = format!("/accounts/{id}");
    let title = format!("Merge {}", into.display_name());
    let crumbs = [("Accounts", "/accounts"), (into.display_name(), href.as_str())];
    let content = match (&from, counts) {
        (Some(from), Some(counts)) => html! {
            (ui::page_header_under(&crumbs, &title, "People of both come together. It can be undone for 30 days.", html! {}))
            (side_by_side(&into, from, counts))
        },
        _ => {
            let words: String = query.q.trim().chars().take(200).collect();
            let others = match words.as_str() {
                "" => store::accounts::similar(&app.db, &viewer.scope, id).await?,
                words => found(&app, &viewer, id, words).await?,
            };
            html! {
                (ui::page_header_under(&crumbs, &title, "Which other account is the same company?", html! {}))
                (ui::toolbar(ui::search_form(&format!("{href}/merge"), "q", &words, "Search name or domain", "others"), html! {}))
                div #others.stack {
                    @match (others.is_empty(), words.is_empty()) {
                        (false, true) => (ui::card("May be the same company", html! {}, choices(&into, &others))),
                        (false, false) => (ui::card("Found", html! {}, choices(&into, &others))),
                        (true, true) => (ui::empty_state(Icon::Account, "No account looks like it", "Search for the other one by a part of its name or domain.", html! {})),
                        (true, false) => (ui::empty_state(Icon::Search, "No account matches", "Search for a part of the name or of the domain.", html! {})),
                    }
                }
            }
        }
    };
    Ok(viewer.page(Nav::Accounts, &title, content))
}

/// The other accounts with these words in their name or domain.
async fn found(app: &App, viewer: &Viewer, id: AccountId, words: &str) -> Result<Vec<Account>, Problem> {
    let page = store::accounts::list(&app.db, &viewer.scope, words, AccountSort::default(), OFFERED, None).await?;
    Ok(page.rows.into_iter().map(|row| row.account).filter(|account| account.id != id).collect())
}

/// Accounts that may be this one, each with the way to merge.
pub(super) fn choices(into: &Account, similar: &[Account]) -> Markup {
    ui::stack(html! {
        @for other in similar {
            div.button-row {
                a href={ "/accounts/" (other.id) } { (ui::person(other.display_name(), (!other.name.is_empty()).then_some(other.domain.as_str()))) }
                (Button::secondary("Merge").small().href(format!("/accounts/{}/merge?with={}", into.id, other.id)))
            }
        }
    })
}

fn side_by_side(into: &Account, from: &Account, (people, others): (i64, i64)) -> Markup {
    let (own, other, best) = (json!(into.draft()), json!(from.draft()), json!(best_facts(into, from)));
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(number) => number.as_i64().map_or_else(|| number.to_string(), ui::number),
    };
    let known = |text: String| html! { @if text.is_empty() { span.muted { "–" } } @else { (text) } };
    let option = |name: &str, side: &str, value: String, chosen: bool| {
        html! { label { input.checkbox type="radio" name=(name) value=(side) checked[chosen]; " " @if value.is_empty() { span.muted { "empty" } } @else { (value) } } }
    };
    html! {
        form.stack method="post" action={ "/accounts/" (into.id) "/merge" } {
            (ui::hidden("with", &from.id.to_string()))
            (table::wrap("Side by side", html! {
                table.table {
                    thead { tr { (table::th("Field")) th scope="col" { a href={ "/accounts/" (into.id) } { (into.display_name()) } " stays" } th scope="col" { a href={ "/accounts/" (from.id) } { (from.display_name()) } " goes" } } }
                    tbody {
                        @for (name, label) in FACTS {
                            @let (mine, theirs) = (own.get(name), other.get(name));
                            tr {
                                td.is-title data-label="Field" { (label) }
                                @if mine == theirs {
                                    td data-label=(into.display_name()) { (known(text(mine))) }
                                    td data-label=(from.display_name()) { (known(text(theirs))) }
                                } @else {
                                    td data-label=(into.display_name()) { (option(name, "own", text(mine), best.get(name) == mine)) }
                                    td data-label=(from.display_name()) { (option(name, "other", text(theirs), best.get(name) != mine)) }
                                }
                            }
                        }
                        tr { td.is-title data-label="Field" { "People" } td data-label=(into.display_name()) { (ui::number(people)) } td data-label=(from.display_name()) { (ui::number(others)) } }
                    }
                }
            }))
            (ui::form_actions(html! { (Button::primary("Merge").icon(Icon::Check)) (Button::ghost("Cancel").href(format!("/accounts/{}", into.id))) }))
        }
    }
}

/// Which account goes, and of each fact whose stays: `own` or `other`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MergeForm {
    with: Option<AccountId>,
    #[serde(flatten)]
    sides: std::collections::BTreeMap<String, String>,
}

pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<AccountId>,
    form: PageForm<MergeForm>,
) -> Result<Response, Problem> {
    let with = form
        .value
        .with
        .ok_or_else(|| Problem::invalid(vec![FieldError::new("/with", "with.required", "Choose the account to merge with")]))?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let into = store::accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let from = store::accounts::get(&tx, with).await?.ok_or_else(Problem::not_found)?;
    let facts = chosen(&into, &from, &form.value.sides);
    let (account, set) = merge_accounts(&tx, id, with, facts, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    let flash =
        Flash::success(format!("Merged into {}.", account.display_name())).undo(crate::changes::undo_path(set, &format!("/accounts/{id}")));
    Ok(redirect(&format!("/accounts/{id}"), Some(flash)))
}

fn chosen(into: &Account, from: &Account, sides: &std::collections::BTreeMap<String, String>) -> AccountDraft {
    let (own, other) = (json!(into.draft()), json!(from.draft()));
    let mut facts = json!(best_facts(into, from));
    for (name, _) in FACTS {
        let value = match sides.get(name).map(String::as_str) {
            Some("own") => own.get(name),
            Some("other") => other.get(name),
            _ => None,
        };
        if let (Some(value), Some(facts)) = (value, facts.as_object_mut()) {
            facts.insert(name.to_owned(), value.clone());
        }
    }
    serde_json::from_value(facts).unwrap_or_else(|_| best_facts(into, from))
}
