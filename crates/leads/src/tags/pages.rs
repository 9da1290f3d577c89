//! `/tags`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, App, Flash, Idempotency, PageForm, Problem, ProblemKind, Routes, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Permission, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, table};

use super::{CountTags, Tag, Tags};
use crate::{
    actions::bulk::{BulkAction, BulkOutcome, Target, bulk_change},
    changes,
    filter::{Condition, Filter, TagsTest},
};

/// The page of tags and its buttons.
pub(crate) fn pages() -> Routes {
    Routes::new().get("/tags", show).post("/tags/rename", rename).post("/tags/delete", delete)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RenameForm {
    tag: String,
    to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DeleteForm {
    tag: String,
}

async fn show(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Markup, Problem> {
    let tags = super::list(&app, &viewer).await?;
    Ok(page(&viewer, &tags))
}

async fn rename(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<RenameForm>) -> Result<Response, Problem> {
    let RenameForm { tag, to } = form.value;
    let action = BulkAction::RenameTag { from: tag.clone(), to };
    everywhere(&app, &viewer, form.idempotency, &tag, action).await
}

async fn delete(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<DeleteForm>) -> Result<Response, Problem> {
    let tag = form.value.tag;
    everywhere(&app, &viewer, form.idempotency, &tag, BulkAction::RemoveTags { tags: vec![tag.clone()] }).await
}

/// Changes all leads that have the tag.
async fn everywhere(app: &App, viewer: &Viewer, key: Idempotency, tag: &str, action: BulkAction) -> Result<Response, Problem> {
    let idempotency = key.by(viewer.actor());
    let target = Target::Matching { filter: of_tag(tag), q: String::new() };
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let (to, said) = match bulk_change(app, &tx, target, action, viewer.actor()).await {
        Ok(BulkOutcome::Done { changed, change_set }) => {
            let said = Flash::success(format!("{} changed.", ui::plural(changed, "lead", "leads")));
            let said = if let Some(set) = change_set { said.undo(changes::undo_path(set, "/tags")) } else { said };
            ("/tags".to_owned(), said)
        }
        Ok(BulkOutcome::Started(job)) => {
            (format!("/leads/bulk/{}", job.0), Flash::success("Started. You can leave this page; the work goes on."))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => return Ok(redirect("/tags", Some(Flash::error(problem.detail)))),
        Err(problem) => return Err(problem),
    };
    CountTags::enqueue(&tx).await?;
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(said)))
}

fn of_tag(tag: &str) -> Filter {
    Filter::default().and(Condition::Tags(TagsTest::Has(tag.to_owned())))
}

fn page(viewer: &Viewer, tags: &Tags) -> Markup {
    let may_write = viewer.may(Permission::LeadsWrite);
    let content = html! {
        (ui::page_header("Tags", "Words that you put on leads. A tag is there while a lead has it.", html! {}))
        div.stack {
            @if tags.data.is_empty() {
                (ui::card("Tags", html! {}, ui::empty_state(Icon::Tag, "No tags yet",
                    "Select leads and add a tag, or write tags on a lead.", html! { (Button::secondary("To the leads").href("/leads")) })))
            } @else {
                @if !tags.complete { p.muted { "As of your 5,000 newest leads." } }
                (rows(&tags.data, may_write))
                @if may_write {
                    p.muted { "Renamed to a tag that is there, the two become one. Saved views, segments and campaigns that ask for the old name go on asking for it: change them, too." }
                }
            }
        }
    };
    viewer.page(Nav::Tags, "Tags", content)
}

fn rows(tags: &[Tag], may_write: bool) -> Markup {
    table::wrap(
        "Tags",
        html! {
            table.table {
                thead { tr { (table::th("Tag")) (table::th_num("Leads")) @if may_write { (table::th_actions()) } } }
                tbody { @for (at, Tag { tag, leads }) in tags.iter().enumerate() {
                    tr {
                        td.is-title data-label="Tag" { a href={ "/leads?filter=" (of_tag(tag).to_query()) } { (tag) } }
                        td.num data-label="Leads" { (ui::number(*leads)) }
                        @if may_write { td.is-actions data-label="" { (verbs(at, tag, *leads)) } }
                    }
                } }
            }
        },
    )
}

fn verbs(at: usize, tag: &str, leads: i64) -> Markup {
    let leads = ui::plural(leads, "lead", "leads");
    html! {
        div.button-row {
            details.menu.is-end {
                summary.button.is-small aria-label={ "Rename " (tag) } { "Rename" }
                div.menu-panel {
                    form.form method="post" action="/tags/rename" {
                        (ui::hidden("tag", tag))
                        (Field::text("to", "New name").id(format!("rename-{at}")).value(tag).required().autocomplete("off"))
                        (Button::primary("Rename").small())
                    }
                }
            }
            form method="post" action="/tags/delete" {
                (ui::hidden("tag", tag))
                (Button::danger("Delete").small().attr("aria-label", format!("Delete {tag}"))
                    .confirm(format!("Take the tag {tag} from {leads}? You can undo this for 30 days.")))
            }
        }
    }
}
