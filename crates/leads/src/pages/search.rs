//! What the command palette finds: leads and accounts, as a bare list.

use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsRead};
use maud::{Markup, html};
use serde::Deserialize;
use ui::Icon;

use crate::{
    search::{best_first, close_matches, exact_matches},
    store::{
        accounts::{self, AccountSort},
        grid::{self, ListQuery},
    },
};

/// Leads that are shown, and among how many they are chosen.
const LEADS: usize = 6;
const CHOSEN_FROM: i64 = 50;
const ACCOUNTS: i64 = 3;
/// With fewer than these, leads that are spelt nearly so come, too.
const FEW: usize = 3;
const CLOSE: i64 = 4;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
}

pub(super) async fn search(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let q: String = query.q.trim().chars().take(100).collect();
    if q.chars().count() < 2 {
        return Ok(html! {});
    }
    let wanted = ListQuery { q: q.clone(), limit: CHOSEN_FROM, lean: true, ..ListQuery::default() };
    let (page, accounts) = tokio::try_join!(
        grid::list(&app, &viewer.scope, &wanted),
        accounts::list(&app.db, &viewer.scope, &q, AccountSort::default(), ACCOUNTS, None)
    )?;
    let mut leads = page.rows;
    // Of many, the list begins with those of the highest score, and whoever is meant may come after them.
    if page.next.is_some() {
        let exact = exact_matches(&app.db, &viewer.scope, &q).await?;
        let others = exact.into_iter().filter(|lead| leads.iter().all(|other| other.id != lead.id)).collect::<Vec<_>>();
        leads.extend(others);
    }
    best_first(&mut leads, &q);
    leads.truncate(LEADS);
    // Somebody may have written a name a little differently.
    let nearly = if leads.len() + accounts.rows.len() < FEW {
        close_matches(&app, &viewer.scope, &wanted, &leads, CLOSE).await?
    } else {
        Vec::new()
    };
    Ok(html! {
        @for lead in leads.iter().chain(&nearly) {
            @let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
            @let detail = match lead.email.as_deref() { Some(email) if company.is_empty() => email, _ => company };
            (ui::palette_item(Icon::User, &lead.display_name(), detail, &format!("/leads/{}", lead.id)))
        }
        @for row in accounts.rows.iter().take(8_usize.saturating_sub(leads.len())) {
            (ui::palette_item(Icon::Account, row.account.display_name(), "Account", &format!("/accounts/{}", row.account.id)))
        }
    })
}
