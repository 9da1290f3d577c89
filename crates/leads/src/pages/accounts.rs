use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsRead, Permission};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, table};

use super::show;
use crate::store::accounts::{self, AccountRow};

const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    cursor: Option<String>,
}

pub(super) async fn list(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let q: String = query.q.trim().chars().take(200).collect();
    let page = accounts::list(&app.db, &viewer.scope, &q, ROWS, query.cursor.as_deref()).await?;
    let link = |cursor: &String| {
        let mut pairs = vec![("cursor", cursor.as_str())];
        if !q.is_empty() {
            pairs.push(("q", q.as_str()));
        }
        format!("/accounts?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
    };
    let nothing_at_all = page.rows.is_empty() && q.is_empty() && query.cursor.is_none();
    let content = html! {
        (ui::page_header("Accounts", "", html! {}))
        @if nothing_at_all {
            (ui::empty_state(
                Icon::Account,
                "No accounts yet",
                "An account is a company. It appears by itself when a lead names a company, a domain or a business e-mail address.",
                html! {
                    @if viewer.may(Permission::LeadsImport) { (Button::secondary("Import a file").icon(Icon::Upload).href("/imports/new")) }
                    @if viewer.may(Permission::LeadsWrite) { (Button::primary("New lead").icon(Icon::Plus).href("/leads/new")) }
                },
            ))
        } @else {
            (ui::toolbar(ui::search_form("/accounts", "q", &q, "Search name or domain", "grid"), html! {}))
            div #grid.stack {
                @if page.rows.is_empty() {
                    (ui::empty_state(Icon::Search, "No account matches", "Search for a part of the name or of the domain.", html! { (Button::secondary("Clear search").href("/accounts")) }))
                } @else {
                    (rows(&page.rows))
                    (Pager::new(format!("{} of {}", page.rows.len(), show::total(page.total.unwrap_or(http_kit::Total { value: 0, exact: false }), "account", "accounts")))
                        .previous(page.previous.as_ref().map(link)).next(page.next.as_ref().map(link)))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Accounts, "Accounts", content))
}

fn rows(rows: &[AccountRow]) -> Markup {
    table::wrap(
        "Accounts",
        html! {
            table.table {
                thead { tr {
                    (table::th("Name")) (table::th_num("People")) (table::th_num("Best score")) (table::th("Industry")) (table::th_num("Employees"))
                    (table::th_num("Revenue")) (table::th("Country")) (table::th("City"))
                } }
                tbody {
                    @for AccountRow { account, people, top_score } in rows {
                        @let href = format!("/accounts/{}", account.id);
                        @let domain = (!account.name.is_empty() && !account.domain.is_empty()).then_some(account.domain.as_str());
                        tr data-row data-href=(href) data-edit={ (href) "/edit" } {
                            td.is-title data-label="Name" { a href=(href) { (ui::person(account.display_name(), domain)) } }
                            td.num data-label="People" { (ui::number(*people)) }
                            td.num data-label="Best score" { @if let Some(score) = top_score { (ui::score_badge(i64::from(*score))) } }
                            td.is-quiet data-label="Industry" { (account.industry) }
                            td.num data-label="Employees" { @if let Some(count) = account.employee_count { (ui::number(i64::from(count))) } }
                            td.num data-label="Revenue" { @if let Some(revenue) = account.annual_revenue { (ui::compact(revenue)) } }
                            td.is-quiet data-label="Country" { (show::country_of(&account.country)) }
                            td.is-quiet data-label="City" { (account.city) }
                        }
                    }
                }
            }
        },
    )
}
