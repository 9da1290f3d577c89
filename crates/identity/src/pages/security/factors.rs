use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use kernel::FactorId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, icon};

use super::HOME;
use crate::{
    Person,
    mfa::{self, Factor, FactorKind},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NameForm {
    friendly_name: String,
}

pub(super) async fn rename(
    State(app): State<App>,
    person: Person,
    ApiPath(factor): ApiPath<FactorId>,
    form: PageForm<NameForm>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    match mfa::rename(&app, person.principal.user, factor, &form.value.friendly_name).await {
        Ok(()) => Ok(redirect(HOME, Some(Flash::success("Name saved.")))),
        Err(problem) if problem.kind == ProblemKind::Invalid => Ok(redirect(HOME, Some(Flash::error(problem.detail)))),
        Err(problem) => Err(problem),
    }
}

pub(super) async fn remove(State(app): State<App>, person: Person, ApiPath(factor): ApiPath<FactorId>) -> Result<Response, Problem> {
    person.require_second_factor()?;
    person.require_fresh(&app)?;
    let principal = &person.principal;
    mfa::unenrol(&app, principal.user, principal.aal, factor, &person.client).await?;
    Ok(redirect(HOME, Some(Flash::success("Removed. It opens nothing any more."))))
}

/// Factors with what can be done to each.
pub(super) fn list(factors: &[&Factor]) -> Markup {
    html! {
        @if !factors.is_empty() {
            ul.factors { @for factor in factors { (row(factor)) } }
        }
    }
}

fn row(factor: &Factor) -> Markup {
    let path = format!("{HOME}/factors/{}", factor.id);
    let dialog = format!("rename-{}", factor.id);
    let glyph = if factor.kind == FactorKind::Totp { Icon::Phone } else { Icon::Key };
    html! {
        li.factor {
            (icon(glyph))
            div.factor-text {
                p.factor-name { (factor.label()) }
                p.factor-detail {
                    "Added " (ui::date(factor.created_at))
                    @if let Some(used) = factor.last_used_at { ", used " (ui::ago(used)) }
                }
            }
            div.factor-actions {
                (Button::ghost("Rename").small().opens(&dialog))
                form method="post" action={ (path) "/remove" } {
                    (Button::ghost("Remove").small().confirm(format!("Remove “{}”? You will not be able to sign in with it any more.", factor.label())))
                }
            }
            (ui::dialog(&dialog, "Rename", html! {
                form.stack method="post" action={ (path) "/name" } {
                    (Field::text("friendly_name", "Name").id(format!("field-{dialog}")).value(&factor.friendly_name).attr("maxlength", "100").autocomplete("off"))
                    (ui::form_actions(html! { (Button::primary("Save name")) }))
                }
            }))
        }
    }
}
