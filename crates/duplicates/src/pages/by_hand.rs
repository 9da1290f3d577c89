//! Merging leads that nobody has proposed: ticked in the grid, or found from one lead's page. The address names them, so
//! the page can be loaded anew, and nothing is stored before it is merged.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiQuery, App, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::LeadId;
use leads::{Lead, ListQuery};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav};

use super::{
    show,
    side_by_side::{Which, query, refused, render},
    typed::Typed,
};
use crate::{
    actions::{
        examine::look_up,
        merge::Merge,
        merge_by_hand::{MOST_BY_HAND, each_once, how_many, merge_by_hand},
    },
    store,
};

/// How many leads a search offers.
const OFFERED: i64 = 10;
/// How many that resemble it.
const ALIKE: usize = 5;

const LOOK_FOR_IT: &str = "Search for the other one by a part of its name, address or company.";

/// What the bar under the grid sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ticked {
    id: Vec<LeadId>,
    all_matching: String,
    /// The grid's address.
    back: String,
}

/// From a selection to the page of those leads.
pub(super) async fn choose(_: Can<LeadsWrite>, form: PageForm<Ticked>) -> Result<Response, Problem> {
    let ticked = form.value;
    let ids = each_once(&ticked.id);
    if ticked.all_matching == "true" || !(2..=MOST_BY_HAND).contains(&ids.len()) {
        let back = if ticked.back.starts_with("/leads?") { ticked.back.as_str() } else { "/leads" };
        return Ok(redirect(back, Some(Flash::error(how_many("/id").detail))));
    }
    Ok(redirect(&format!("/duplicates/by-hand?{}", query(&ids)), None))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    lead: Vec<LeadId>,
    /// Words of the lead that one is to be merged with.
    q: String,
}

impl Query {
    fn leads(&self) -> Result<Vec<LeadId>, Problem> {
        let ids = each_once(&self.lead);
        if (2..=MOST_BY_HAND).contains(&ids.len()) { Ok(ids) } else { Err(how_many("/lead")) }
    }
}

/// `GET /duplicates/by-hand?lead=…&lead=…`; of one lead alone it asks for the other one.
pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsWrite>, ApiQuery(asked): ApiQuery<Query>) -> Result<Markup, Problem> {
    if let [one] = asked.lead.as_slice() {
        return ask(&app, &viewer, *one, asked.q.trim()).await;
    }
    render(&app, &viewer, Which::ByHand(&asked.leads()?), &Typed::default(), None).await
}

/// The same page with what was chosen and what would come of it; nothing is saved.
pub(super) async fn preview(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiQuery(asked): ApiQuery<Query>,
    form: PageForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = Typed::read(&form.value)?;
    Ok(render(&app, &viewer, Which::ByHand(&asked.leads()?), &typed, None).await?.into_response())
}

pub(super) async fn merge(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiQuery(asked): ApiQuery<Query>,
    form: PageForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let (all, mut typed) = (asked.leads()?, Typed::read(&form.value)?);
    if typed.leads.is_empty() {
        typed.leads.clone_from(&all);
    }
    // Whoever is unticked gives nothing: the best of the others stays.
    typed.choices.fields.retain(|_, lead| typed.leads.contains(lead));
    typed.choices.custom.retain(|_, lead| typed.leads.contains(lead));
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let merge = Merge { leads: &typed.leads, into: typed.into, choices: &typed.choices };
    let (lead, set) = match merge_by_hand(&tx, merge, viewer.actor(), app.clock.now()).await {
        Ok(merged) => merged,
        Err(error) => {
            drop(tx);
            return refused(&app, &viewer, Which::ByHand(&all), &typed, error.into()).await;
        }
    };
    let to = format!("/leads/{}", lead.id);
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    let flash = Flash::success(format!("Merged into {}.", lead.display_name())).undo(leads::changes::undo_path(set, &to));
    Ok(redirect(&to, Some(flash)))
}

/// Which other lead is the same person?
async fn ask(app: &App, viewer: &Viewer, id: LeadId, words: &str) -> Result<Markup, Problem> {
    let words: String = words.chars().take(200).collect();
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = leads::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut others = Vec::new();
    if words.is_empty() {
        let settings = store::settings::get(&tx).await?;
        let pairs = look_up(&tx, id).await?;
        let alike = pairs.iter().filter(|pair| pair.bits >= settings.show_bits()).take(ALIKE);
        let ids: Vec<LeadId> = alike.map(|pair| if pair.low == id { pair.high } else { pair.low }).collect();
        others = leads::get_many(&tx, &ids).await?;
    }
    tx.commit().await?;
    if !words.is_empty() {
        let wanted = ListQuery { q: words.clone(), limit: OFFERED, ..ListQuery::default() };
        others = leads::list(app, &viewer.scope, &wanted).await?.rows;
        others.retain(|other| other.id != id);
    }
    let (name, href) = (lead.display_name(), format!("/leads/{id}"));
    let title = format!("Merge {name}");
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads"), (&name, &href)], &title, "Which other lead is the same person?", html! {}))
        (ui::toolbar(
            ui::search_form_with("/duplicates/by-hand", "q", &words, "Search leads", "others", ui::hidden("lead", &id.to_string())),
            html! {},
        ))
        div #others.stack {
            @match (others.is_empty(), words.is_empty()) {
                (false, true) => (ui::card("May be the same person", html! {}, choices(id, &others))),
                (false, false) => (ui::card("Found", html! {}, choices(id, &others))),
                (true, true) => (ui::empty_state(Icon::Duplicate, "No lead looks like it", LOOK_FOR_IT, html! {})),
                (true, false) => (ui::empty_state(Icon::Search, "No other lead matches", LOOK_FOR_IT, html! {})),
            }
        }
    };
    Ok(viewer.page(Nav::Leads, &title, content))
}

fn choices(id: LeadId, others: &[Lead]) -> Markup {
    ui::stack(html! {
        @for other in others {
            div.button-row {
                a href={ "/leads/" (other.id) } { (show::person(other)) }
                (Button::secondary("Compare").small().href(format!("/duplicates/by-hand?{}", query(&[id, other.id]))))
            }
        }
    })
}
