use http_kit::Problem;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use crate::{Permission, RoleKey, Viewer, Visibility, store::roles::RoleFacts};

/// A role as a form sends it: a box that is not ticked is not sent.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct RoleForm {
    pub(super) name: String,
    pub(super) permission: Vec<String>,
    pub(super) visibility: String,
    pub(super) mfa_required: Option<String>,
}

impl RoleForm {
    /// As a role is now.
    pub(super) fn of(role: &RoleFacts) -> Self {
        Self {
            name: role.name.clone(),
            permission: role.permissions.iter().map(|permission| permission.as_str().to_owned()).collect(),
            visibility: role.visibility.as_str().to_owned(),
            mfa_required: role.mfa_required.then(|| "true".to_owned()),
        }
    }
}

/// The fields of a role. The five of ours keep their permissions, and the owner sees everything.
pub(super) fn fields(viewer: &Viewer, action: &str, typed: &RoleForm, role: Option<&RoleFacts>, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let wrong = problem.and_then(|problem| problem.errors.iter().find(|error| error.pointer.starts_with("/permissions")));
    let built_in = role.is_some_and(|role| role.built_in);
    let is_owner = role.is_some_and(|role| role.key.is_owner());
    // What one lacks oneself cannot be given; what the role has already is shown.
    let offered = |permission: Permission| viewer.may(permission) || typed.permission.iter().any(|word| word == permission.as_str());
    let visibilities = Visibility::ALL.into_iter().filter(|visibility| *visibility >= viewer.place().visibility);
    html! {
        form.stack method="post" action=(action) {
            @if let Some(problem) = problem.filter(|problem| problem.errors.is_empty()) { (ui::form_error(&problem.detail)) }
            @if !built_in {
                (Field::text("name", "Name").value(&typed.name).error(error("name")).required().autocomplete("off").attr("maxlength", "60"))
                fieldset.choices aria-describedby=[wrong.is_some().then_some("permissions-error")] {
                    legend.field-label { "People with this role may" }
                    @if let Some(wrong) = wrong { p.field-error #permissions-error { (wrong.detail) } }
                    @for permission in Permission::ALL.iter().copied().filter(|permission| offered(*permission)) {
                        (Field::checkbox("permission", permission.label()).id(format!("permission-{}", permission.as_str().replace(':', "-")))
                            .value(permission.as_str()).checked(typed.permission.iter().any(|word| word == permission.as_str())))
                    }
                }
            } @else {
                p.muted { "What " (typed.name) " may do is the same in every organisation. Make a role of your own to have another." }
            }
            @if !is_owner {
                (Field::select("visibility", "Sees", visibilities.map(|visibility| (visibility.as_str(), visibility.label())))
                    .value(&typed.visibility).error(error("visibility"))
                    .hint("Of leads, accounts and what is made of them. Whoever sees only some of them cannot import files, because an import matches against all."))
            }
            @if viewer.may(Permission::SecurityWrite) {
                (Field::checkbox("mfa_required", "Needs a second factor").checked(typed.mfa_required.is_some()).error(error("mfa_required"))
                    .hint("Whoever has none is asked to set one up before they can go on."))
            }
            (ui::form_actions(html! { (Button::primary(if role.is_some() { "Save role" } else { "Make role" })) (Button::ghost("Cancel").href("/settings/roles")) }))
        }
    }
}

/// The key in a page's address.
pub(super) fn key(text: &str) -> Result<RoleKey, Problem> {
    text.parse().map_err(|()| Problem::not_found())
}
