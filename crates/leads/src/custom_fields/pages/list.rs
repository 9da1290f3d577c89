use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, Permission, SettingsRead, SettingsWrite, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field as Input, Icon, Nav, Tone, table};

use super::lines;
use crate::custom_fields::{Field, FieldKind, IndexState, NewField, Registry, actions, store};

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct NewForm {
    label: String,
    key: String,
    kind: String,
    options: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    let registry = store::read(&app.db, &viewer.scope).await?;
    Ok(page(&viewer, &registry, &NewForm::default(), None))
}

pub(super) async fn add(State(app): State<App>, viewer: Can<SettingsWrite>, form: PageForm<NewForm>) -> Result<Response, Problem> {
    let typed = form.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let added = match typed.kind.parse::<FieldKind>() {
        Ok(kind) => {
            let new = NewField { key: typed.key.clone(), label: typed.label.clone(), kind, options: lines(&typed.options) };
            actions::add(&tx, new, viewer.actor(), app.clock.now()).await
        }
        Err(why) => Err(Problem::field("/kind", "kind.unknown", why)),
    };
    match added {
        Ok(field) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect("/settings/fields", Some(Flash::success(format!("{} added.", field.label)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let registry = store::list(&tx).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&viewer, &registry, &typed, Some(&problem))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn page(viewer: &Viewer, registry: &Registry, typed: &NewForm, refused: Option<&Problem>) -> Markup {
    let may_write = viewer.may(Permission::SettingsWrite);
    let (active, archived): (Vec<&Field>, Vec<&Field>) = registry.iter().partition(|field| field.archived_at.is_none());
    let content = html! {
        (ui::page_header("Custom fields", "What you know about your leads beyond the fields that everybody has.", html! {}))
        div.stack {
            @if active.is_empty() {
                (ui::card("Fields", html! {}, ui::empty_state(Icon::Columns, "No custom fields yet",
                    "Add one below, or import a file: its other columns become fields.", html! {})))
            } @else { (rows("Fields", &active, may_write)) }
            @if may_write { (ui::card("New field", html! {}, form(typed, refused))) }
            @if !archived.is_empty() { h2 { "Archived" } (rows("Archived fields", &archived, may_write)) }
        }
    };
    viewer.page(Nav::Fields, "Custom fields", content)
}

fn rows(label: &str, fields: &[&Field], may_write: bool) -> Markup {
    let last = fields.len();
    table::wrap(
        label,
        html! {
            table.table {
                thead { tr {
                    (table::th("Name")) (table::th("Key")) (table::th("Kind")) (table::th("Filters"))
                    @if may_write { (table::th_actions()) }
                } }
                tbody { @for (at, field) in fields.iter().enumerate() {
                    tr id={ "field-" (field.key) } data-row data-href={ "/settings/fields/" (field.key) } {
                        td.is-title data-label="Name" { a href={ "/settings/fields/" (field.key) } { (field.label) } }
                        td.is-quiet data-label="Key" { code { (field.key) } }
                        td data-label="Kind" { (field.kind.label()) @if field.kind == FieldKind::Choice { span.muted { ": " (choices(field)) } } }
                        td data-label="Filters" { (index(field.index)) }
                        @if may_write {
                            td.is-actions data-label="" { div.button-row {
                                @if field.archived_at.is_some() {
                                    form method="post" action={ "/settings/fields/" (field.key) "/restore" } {
                                        (Button::secondary("Restore").small().attr("aria-label", format!("Restore {}", field.label)))
                                    }
                                } @else {
                                    @if at > 0 { (mover(field, at, Icon::ArrowUp, "up")) }
                                    @if at + 1 < last { (mover(field, at + 2, Icon::ArrowDown, "down")) }
                                }
                            } }
                        }
                    }
                } }
            }
        },
    )
}

fn choices(field: &Field) -> String {
    let shown: Vec<&str> = field.options.iter().take(4).map(String::as_str).collect();
    let more = field.options.len().saturating_sub(4);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// The button that puts a field at another place, from 1.
fn mover(field: &Field, to: usize, icon: Icon, way: &str) -> Markup {
    html! {
        form method="post" action={ "/settings/fields/" (field.key) "/move" } {
            (ui::hidden("position", &to.to_string()))
            (Button::icon_only(icon, format!("Move {} {way}", field.label)).small())
        }
    }
}

pub(super) fn index(state: IndexState) -> Markup {
    match state {
        IndexState::None => html! { span.muted { "Not used yet" } },
        IndexState::Building => ui::status_dot(Tone::Info, "Being indexed"),
        IndexState::Ready => ui::status_dot(Tone::Success, "Indexed"),
    }
}

fn form(typed: &NewForm, refused: Option<&Problem>) -> Markup {
    let error = |name: &str| refused.and_then(|problem| problem.of_field(name));
    let kinds = FieldKind::ALL.map(|kind| (kind.as_str(), kind.label()));
    let kind = if typed.kind.is_empty() { FieldKind::Text.as_str() } else { &typed.kind };
    html! {
        form.stack method="post" action="/settings/fields" {
            (ui::field_grid(html! {
                (Input::text("label", "Name").value(&typed.label).error(error("label")).required().autocomplete("off").placeholder("Renewal date"))
                (Input::select("kind", "Kind", kinds).value(kind).error(error("kind")).hint("It cannot be changed later."))
                (Input::text("key", "Key").value(&typed.key).error(error("key")).autocomplete("off")
                    .hint("For files, the API and filters. Left empty, it is made from the name."))
            }))
            (Input::textarea("options", "Choices", 3).value(&typed.options).error(error("options")).hint("For a choice: one on each line."))
            (ui::form_actions(html! { (Button::primary("Add field").icon(Icon::Plus)) }))
        }
    }
}
