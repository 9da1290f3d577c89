use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsRead, Permission};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, Sort, table};

use super::show;
use crate::store::accounts::{self, AccountKey, AccountRow, AccountSort};

const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    /// What is not a sort is the usual one: an address typed by hand is no form to correct.
    sort: String,
    cursor: Option<String>,
}

pub(super) async fn list(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let q: String = query.q.trim().chars().take(200).collect();
    let sort: AccountSort = query.sort.parse().unwrap_or_default();
    let page = accounts::list(&app.db, &viewer.scope, &q, sort, ROWS, query.cursor.as_deref()).await?;
    let link = |cursor: &String| href(&q, sort, Some(cursor));
    let nothing_at_all = page.rows.is_empty() && q.is_empty() && query.cursor.is_none();
    let may_add = viewer.may(Permission::LeadsWrite) && viewer.scope.sees_everything();
    let actions = html! {
        @if may_add {
            (Button::secondary("Find duplicates").icon(Icon::Duplicate).href("/accounts/duplicates"))
            (Button::primary("New account").icon(Icon::Plus).href("/accounts/new").shortcut("c"))
        }
    };
    let content = html! {
        (ui::page_header("Accounts", "", actions))
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
            (ui::toolbar(ui::search_form_with("/accounts", "q", &q, "Search name or domain", "grid", html! {
                @if sort != AccountSort::default() { (ui::hidden("sort", &sort.to_string())) }
            }), html! {}))
            div #grid.stack {
                @if page.rows.is_empty() {
                    (ui::empty_state(Icon::Search, "No account matches", "Search for a part of the name or of the domain.", html! { (Button::secondary("Clear search").href("/accounts")) }))
                } @else {
                    (rows(&page.rows, &q, sort))
                    (Pager::new(format!("{} of {}", page.rows.len(), total(page.total)))
                        .previous(page.previous.as_ref().map(link)).next(page.next.as_ref().map(link)))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Accounts, "Accounts", content))
}

fn total(total: http_kit::Total) -> String {
    let words = ui::plural(total.value, "account", "accounts");
    if total.exact { words } else { format!("more than {words}") }
}

fn href(q: &str, sort: AccountSort, cursor: Option<&str>) -> String {
    let sort = if sort == AccountSort::default() { String::new() } else { sort.to_string() };
    let pairs = [("q", q), ("sort", sort.as_str()), ("cursor", cursor.unwrap_or_default())];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    if query.is_empty() { "/accounts".to_owned() } else { format!("/accounts?{query}") }
}

fn rows(rows: &[AccountRow], q: &str, sort: AccountSort) -> Markup {
    // A second press turns the order around; a first one begins where people look: at A, or at the greatest.
    let link = |key: AccountKey| {
        let descending = if sort.key == key { !sort.descending } else { key != AccountKey::Name };
        href(q, AccountSort { key, descending }, None)
    };
    let now = |key: AccountKey| (sort.key == key).then_some(if sort.descending { Sort::Descending } else { Sort::Ascending });
    table::wrap(
        "Accounts",
        html! {
            table.table {
                thead { tr {
                    (table::th_sort("Name", &link(AccountKey::Name), now(AccountKey::Name)))
                    (table::th_num("People")) (table::th_num("Best score")) (table::th("Industry"))
                    (table::th_sort_num("Employees", &link(AccountKey::Employees), now(AccountKey::Employees)))
                    (table::th_sort_num("Revenue", &link(AccountKey::Revenue), now(AccountKey::Revenue)))
                    (table::th("Country")) (table::th("City"))
                    (table::th_sort("Added", &link(AccountKey::Created), now(AccountKey::Created)))
                } }
                tbody {
                    @for AccountRow { account, people, top_score } in rows {
                        @let href = format!("/accounts/{}", account.id);
                        @let domain = (!account.name.is_empty() && !account.domain.is_empty()).then_some(account.domain.as_str());
                        tr id=(account.id) data-row data-href=(href) data-edit={ (href) "/edit" } {
                            td.is-title data-label="Name" { a href=(href) { (ui::person(account.display_name(), domain)) } }
                            td.num data-label="People" { (ui::number(*people)) }
                            td.num data-label="Best score" { @if let Some(score) = top_score { (ui::score_badge(i64::from(*score))) } }
                            td.is-quiet data-label="Industry" { (account.industry) }
                            td.num data-label="Employees" { @if let Some(count) = account.employee_count { (ui::number(i64::from(count))) } }
                            td.num data-label="Revenue" { @if let Some(revenue) = account.annual_revenue { (ui::compact(revenue)) } }
                            td.is-quiet data-label="Country" { (show::country_of(&account.country)) }
                            td.is-quiet data-label="City" { (account.city) }
                            td.is-quiet data-label="Added" { (ui::ago(account.created_at)) }
                        }
                    }
                }
            }
        },
    )
}
