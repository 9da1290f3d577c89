use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon};

use super::{
    Refused,
    list::{self, Around},
    query::Query,
};
use crate::{
    Can, Permission, SecurityWrite,
    actions::domains::{NewDomain, claim_domain, release_domain},
    authority::governs,
    free_mail::is_free_mail,
    store::domains::Domain,
};

#[derive(Debug, Deserialize)]
pub(super) struct ReleaseForm {
    domain: String,
}

pub(super) async fn claim(State(app): State<App>, viewer: Can<SecurityWrite>, form: PageForm<NewDomain>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    match claim_domain(&app, &tx, &viewer, form.value.clone(), app.clock.now()).await {
        Ok(domain) => {
            tx.commit().await?;
            let said = format!("Whoever proves an address at {} joins {} from now on.", domain.domain, viewer.org_name);
            Ok(redirect("/settings/team", Some(Flash::success(said))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let refused = Refused { domain: Some((&form.value, &problem)), ..Refused::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, list::render(&app, &viewer, &Query::default(), &refused).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn release(State(app): State<App>, viewer: Can<SecurityWrite>, form: PageForm<ReleaseForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    release_domain(&tx, &viewer, &form.value.domain, app.clock.now()).await?;
    tx.commit().await?;
    Ok(redirect("/settings/team", Some(Flash::success(format!("Nobody joins by {} any more.", form.value.domain)))))
}

pub(super) fn card(around: &Around<'_>, claimed: &[Domain], refused: Option<(&NewDomain, &Problem)>) -> Markup {
    let writes = around.viewer.may(Permission::SecurityWrite);
    let own = around.viewer.email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let may_claim = writes && !is_free_mail(own) && !claimed.iter().any(|domain| domain.domain == own);
    html! {
        div.stack {
            p.muted { "People who prove an address of a claimed domain join by themselves, without an invitation." }
            @for domain in claimed {
                div.inline-fields {
                    p { strong { "@" (domain.domain) } " joins as " (around.roles.name(&domain.role)) }
                    @if writes {
                        form method="post" action="/settings/team/domains/release" {
                            (ui::hidden("domain", &domain.domain))
                            (Button::secondary("Stop").small().attr("aria-label", format!("Stop joining by {}", domain.domain))
                                .confirm(format!("Let nobody join by {} any more? Who has joined stays.", domain.domain)))
                        }
                    }
                }
            }
            @if may_claim { (form(around, own, refused)) }
            @else if claimed.is_empty() { p { "No domain is claimed." } }
            @if writes && is_free_mail(own) {
                p.muted { "Your own address is at " (own) ", where anybody can have one. Somebody with an address of your organisation's domain can claim it." }
            }
        }
    }
}

fn form(around: &Around<'_>, own: &str, refused: Option<(&NewDomain, &Problem)>) -> Markup {
    let error = |name: &str| refused.and_then(|(_, problem)| problem.of_field(name));
    let role = refused.map_or("viewer", |(typed, _)| &typed.role);
    // A role that runs the organisation is given by somebody, not by an address.
    let governing: Vec<String> = around.roles.iter().filter(|role| governs(role)).map(|role| role.key.to_string()).collect();
    let roles: Vec<_> = around.roles_to_give(None, false).into_iter().filter(|(key, _)| !governing.contains(key)).collect();
    html! {
        form.stack method="post" action="/settings/team/domains" {
            (ui::field_grid(html! {
                (Field::text("domain", "Domain").id("claim-domain").value(own).error(error("domain")).attr("readonly", "readonly")
                    .hint("That of your own confirmed address: it shows that the domain is yours."))
                (Field::select("role", "They join as", roles).id("claim-role").value(role).error(error("role")))
            }))
            (ui::form_actions(html! { (Button::secondary("Let them join").icon(Icon::Plus)) }))
        }
    }
}
