//! Which columns the grid shows, and in which order: a page, and what the grid's dialog fetches when it is opened.

use axum::{extract::State as Extract, response::Response};
use http_kit::{ApiQuery, App, PageForm, Problem, redirect};
use identity::{Can, LeadsRead};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Nav, table};

use super::{
    columns,
    grid::colleagues,
    state::{Query, State},
};
use crate::{
    custom_fields::Registry,
    views::{self, Column, Standard},
};

pub(super) async fn show(
    Extract(app): Extract<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<Query>,
    ApiQuery(order): ApiQuery<Order>,
) -> Result<Markup, Problem> {
    let habits = async { Ok::<_, Problem>(views::store::habits(&app.db, &viewer.scope, viewer.user_id, query.wanted(), 1).await?) };
    let (habits, (_, custom)) = tokio::try_join!(habits, colleagues(&app, &viewer))?;
    let (state, _) = State::read(&query, &habits);
    let shown = [&state.columns, &habits.columns].into_iter().find(|columns| !columns.is_empty()).cloned().unwrap_or_else(Column::usual);
    let content = html! {
        (ui::page_header_under(&[("Leads", &state.href())], "Columns", "", html! {}))
        div #columns { (picker(&state, &shown, &Column::list(&[order.order]), &custom)) }
    };
    Ok(viewer.page(Nav::Leads, "Columns", content))
}

/// The order of all columns while somebody without scripts moves them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Order {
    order: String,
}

/// Those shown stand first in their order, unless an order is being made.
fn picker(state: &State, shown: &[Column], order: &[Column], custom: &Registry) -> Markup {
    let standard = Standard::ALL.into_iter().map(Column::Standard);
    let known = custom.active().map(|field| Column::Custom(field.key.clone()));
    let mut all: Vec<Column> = Vec::new();
    for column in order.iter().chain(shown).cloned().chain(standard).chain(known) {
        if !all.contains(&column) {
            all.push(column);
        }
    }
    let lines: Vec<table::PickableColumn> = all
        .iter()
        .map(|column| table::PickableColumn {
            name: column.to_string(),
            label: columns::label(column, custom),
            shown: shown.contains(column),
        })
        .collect();
    let buttons = html! {
        (Button::primary("Show these").name_value("act", "show"))
        (Button::ghost("The usual ones").name_value("act", "reset"))
    };
    table::column_picker("/leads/columns", &lines, state.hidden_without("columns"), buttons)
}

/// Where the picker comes when somebody opens it.
pub(super) fn dialog() -> Markup {
    ui::dialog("columns-dialog", "Columns", html! { div #columns { (ui::skeleton(6)) } })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    view: String,
    edited: String,
    filter: Option<String>,
    q: Option<String>,
    sort: Option<String>,
    columns: Vec<String>,
    /// All columns, in the order on the screen.
    order: Vec<String>,
    act: String,
    up: String,
    down: String,
}

/// Shows the columns, and remembers them for this person unless they belong to a view.
pub(super) async fn choose(Extract(app): Extract<App>, viewer: Can<LeadsRead>, form: PageForm<Form>) -> Result<Response, Problem> {
    let Form { view, edited, filter, q, sort, columns, order, act, up, down } = form.value;
    let chosen = Column::list(&columns);
    let query = Query { view, edited, filter, q, sort, columns };
    let habits = views::store::habits(&app.db, &viewer.scope, viewer.user_id, query.wanted(), 1).await?;
    let (state, _) = State::read(&query, &habits);
    if !up.is_empty() || !down.is_empty() {
        let order = moved(Column::list(&order), &up, &down);
        let order = url::form_urlencoded::Serializer::new(String::new()).append_pair("order", &Column::join(&order)).finish();
        let href = state.href_of("/leads/columns", None);
        return Ok(redirect(&format!("{href}{}{order}", if href.contains('?') { '&' } else { '?' }), None));
    }
    let chosen = if act == "reset" { Vec::new() } else { chosen };
    if state.view.is_none() {
        let tx = app.db.tenant(&viewer.scope).await?;
        views::choose_columns(&tx, &viewer, &chosen).await?;
        tx.commit().await?;
    }
    Ok(redirect(&state.with_columns(chosen).href(), None))
}

fn moved(mut order: Vec<Column>, up: &str, down: &str) -> Vec<Column> {
    let place = |name: &str| Column::parse(name).and_then(|column| order.iter().position(|other| *other == column));
    match (place(up), place(down)) {
        (Some(at), _) if at > 0 => order.swap(at, at - 1),
        (_, Some(at)) if at + 1 < order.len() => order.swap(at, at + 1),
        _ => {}
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_move_by_one_and_stop_at_the_ends() {
        let order = |text: &str| Column::list(&[text]);
        assert_eq!(Column::join(&moved(order("status,score,owner"), "score", "")), "score,status,owner");
        assert_eq!(Column::join(&moved(order("status,score,owner"), "", "score")), "status,owner,score");
        assert_eq!(Column::join(&moved(order("status,score"), "status", "")), "status,score");
        assert_eq!(Column::join(&moved(order("status,score"), "", "score")), "status,score");
        assert_eq!(Column::join(&moved(order("status,score"), "nonsense", "")), "status,score");
    }
}
