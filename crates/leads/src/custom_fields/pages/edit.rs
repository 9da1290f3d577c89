use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, Permission, SettingsRead, SettingsWrite, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field as Input, Nav};

use super::{lines, list::index};
use crate::custom_fields::{
    Field, FieldKind,
    actions::{self, FieldPatch},
    store,
};

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct EditForm {
    label: String,
    options: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlaceForm {
    position: i32,
}

/// A form of a button alone.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>, ApiPath(key): ApiPath<String>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let field = store::list(&tx).await?.get(&key).cloned().ok_or_else(Problem::not_found)?;
    let used = store::usage(&tx, &key).await?;
    tx.commit().await?;
    let form = EditForm { label: field.label.clone(), options: field.options.join("\n") };
    Ok(page(&viewer, &field, used, &form, None))
}

pub(super) async fn change(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiPath(key): ApiPath<String>,
    form: PageForm<EditForm>,
) -> Result<Response, Problem> {
    let typed = form.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let patch = FieldPatch { label: Some(typed.label.clone()), options: Some(lines(&typed.options)), ..FieldPatch::default() };
    match actions::change(&tx, &key, patch, None, viewer.actor(), app.clock.now()).await {
        Ok(field) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect("/settings/fields", Some(Flash::success(format!("{} saved.", field.label)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let field = store::list(&tx).await?.get(&key).cloned().ok_or_else(Problem::not_found)?;
            let used = store::usage(&tx, &key).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&viewer, &field, used, &typed, Some(&problem))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn archive(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiPath(key): ApiPath<String>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    patched(&app, &viewer, &key, FieldPatch { archived: Some(true), ..FieldPatch::default() }, |label| {
        Some(Flash::success(format!("{label} archived. What leads hold stays; it takes no new values.")))
    })
    .await
}

pub(super) async fn restore(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiPath(key): ApiPath<String>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    patched(&app, &viewer, &key, FieldPatch { archived: Some(false), ..FieldPatch::default() }, |label| {
        Some(Flash::success(format!("{label} is back.")))
    })
    .await
}

pub(super) async fn place(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiPath(key): ApiPath<String>,
    form: PageForm<PlaceForm>,
) -> Result<Response, Problem> {
    patched(&app, &viewer, &key, FieldPatch { position: Some(form.value.position), ..FieldPatch::default() }, |_| None).await
}

async fn patched(
    app: &App,
    viewer: &Viewer,
    key: &str,
    patch: FieldPatch,
    said: impl Fn(&str) -> Option<Flash>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let field = actions::change(&tx, key, patch, None, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/settings/fields", said(&field.label)))
}

fn page(viewer: &Viewer, field: &Field, used: i64, typed: &EditForm, refused: Option<&Problem>) -> Markup {
    let error = |name: &str| refused.and_then(|problem| problem.of_field(name));
    let may_write = viewer.may(Permission::SettingsWrite);
    let address = format!("/settings/fields/{}", field.key);
    let usage = match used {
        0 => "None of your newest leads holds a value.".to_owned(),
        used => format!("{} among your newest 1,000.", ui::plural(used, "lead holds a value", "leads hold a value")),
    };
    let content = html! {
        (ui::page_header_under(&[("Custom fields", "/settings/fields")], &field.label, "", html! {}))
        div.stack {
            (ui::card("About", html! {}, ui::definition_list([
                ("Key", html! { code { (field.key) } }),
                ("In a filter", html! { code { "custom." (field.key) } }),
                ("Kind", html! { (field.kind.label()) }),
                ("Used", html! { (usage) }),
                ("Filters", index(field.index)),
            ])))
            @if may_write {
                (ui::card("Change", html! {}, html! {
                    form.stack method="post" action=(address) {
                        (Input::text("label", "Name").value(&typed.label).error(error("label")).required().autocomplete("off"))
                        @if field.kind == FieldKind::Choice {
                            (Input::textarea("options", "Choices", 6).value(&typed.options).error(error("options"))
                                .hint("One on each line. Leads keep a choice that you take away until somebody changes it."))
                        }
                        (ui::form_actions(html! { (Button::primary("Save")) }))
                    }
                }))
                @if field.archived_at.is_some() {
                    (ui::card("Archived", html! {}, html! {
                        form.stack method="post" action={ (address) "/restore" } {
                            p { "It takes no new values and is not offered. What leads hold stays." }
                            (ui::form_actions(html! { (Button::secondary("Restore")) }))
                        }
                    }))
                } @else {
                    (ui::card("Archive", html! {}, html! {
                        form.stack method="post" action={ (address) "/archive" } {
                            p { "It is not offered any more and takes no new values. What leads hold stays, and you can restore it." }
                            (ui::form_actions(html! { (Button::secondary("Archive field")) }))
                        }
                    }))
                }
            }
        }
    };
    viewer.page(Nav::Fields, &field.label, content)
}
