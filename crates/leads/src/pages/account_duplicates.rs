//! Accounts of one name.

use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsWrite};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager};

use crate::{model::Account, store};

const ROWS: usize = 30;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    after: String,
}

pub(super) async fn list(State(app): State<App>, viewer: Can<LeadsWrite>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let after: String = query.after.chars().take(200).collect();
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut groups = store::accounts::groups(&app.db, &viewer.scope, &after, limit).await?;
    let more = groups.len() > ROWS;
    groups.truncate(ROWS);
    let next = groups.last().filter(|_| more).map(|(key, _)| {
        format!("/accounts/duplicates?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("after", key).finish())
    });
    let content = html! {
        (ui::page_header_under(&[("Accounts", "/accounts")], "Duplicate accounts", "Accounts whose names are the same but for legal form, case and signs.", html! {}))
        @if groups.is_empty() {
            (ui::empty_state(Icon::Account, "No two accounts have one name", "Accounts of one domain with different names show each other on their own pages.", html! { (Button::secondary("All accounts").href("/accounts")) }))
        } @else {
            (ui::stack(html! { @for (_, accounts) in &groups { (group(accounts)) } }))
            (Pager::new(ui::plural(i64::try_from(groups.len()).unwrap_or_default(), "name", "names"))
                .previous((!after.is_empty()).then(|| "/accounts/duplicates".to_owned())).next(next))
        }
    };
    Ok(viewer.page(Nav::Accounts, "Duplicate accounts", content))
}

/// The oldest stays; each of the others can become part of it.
fn group(accounts: &[Account]) -> Markup {
    let Some((first, others)) = accounts.split_first() else { return html! {} };
    ui::card(
        first.display_name(),
        html! { a href={ "/accounts/" (first.id) } { @if first.domain.is_empty() { "Open" } @else { (first.domain) } } },
        super::account_merge::choices(first, others),
    )
}
