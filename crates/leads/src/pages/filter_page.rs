//! The builder for nested groups: a page, and what the grid's dialog fetches when it is opened.

use axum::extract::State as Extract;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsRead};
use maud::{Markup, html};
use ui::Nav;

use super::{
    grid::colleagues,
    state::{Query, State},
};
use crate::{
    filter::{Filter, builder_fields, segment_choices},
    views::store,
};

pub(super) async fn show(Extract(app): Extract<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let habits = store::habits(&app.db, &viewer.scope, viewer.user_id, query.wanted(), 1);
    let (habits, (members, custom)) = tokio::try_join!(async { Ok(habits.await?) }, colleagues(&app, &viewer))?;
    let (state, _) = State::read(&query, &habits);
    let json = if state.filter.is_empty() { String::new() } else { state.filter.to_json() };
    let others = state.with_filter(Filter::default()).hidden_without("filter");
    let tx = app.db.tenant(&viewer.scope).await?;
    let segments = segment_choices(&app, &tx, &state.filter).await?;
    tx.commit().await?;
    let builder = ui::filter_builder("/leads", &builder_fields(&members, custom.as_slice(), &segments), &json, others, html! {});
    let content = html! {
        (ui::page_header_under(&[("Leads", &state.href())], "Filter leads", "", html! {}))
        div #filter { (builder) }
    };
    Ok(viewer.page(Nav::Leads, "Filter leads", content))
}
