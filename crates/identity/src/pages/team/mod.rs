//! The organisation's people: who they are, what they may do, who is invited.

mod domains;
mod invitations;
mod list;
mod organisation;
mod ownership;
mod people;
mod query;
mod teams;

use axum::response::Response;
use http_kit::{Problem, Routes, redirect};
use maud::Markup;
use ui::Tab;

pub(crate) use people::refusal;

use crate::actions::{domains::NewDomain, update_organisation::OrganisationChange};

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/settings/team", list::show)
        .post("/settings/team/members/{id}", people::change)
        .get("/settings/team/members/{id}", back)
        .post("/settings/team/members/{id}/remove", people::remove)
        .get("/settings/team/members/{id}/remove", back)
        .post("/settings/team/leave", people::leave)
        .post("/settings/team/invitations", invitations::invite)
        .get("/settings/team/invitations", back)
        .post("/settings/team/invitations/{id}/resend", invitations::resend)
        .get("/settings/team/invitations/{id}/resend", back)
        .post("/settings/team/invitations/{id}/revoke", invitations::revoke)
        .post("/settings/team/domains", domains::claim)
        .get("/settings/team/domains", back)
        .post("/settings/team/domains/release", domains::release)
        .post("/settings/team/owner", ownership::transfer)
        .get("/settings/team/owner", back)
        .post("/settings/organisation", organisation::update)
        .get("/settings/teams", teams::show)
        .post("/settings/teams", teams::create)
        .post("/settings/teams/{id}", teams::rename)
        .post("/settings/teams/{id}/delete", teams::delete)
        .post("/settings/teams/{id}/members", teams::add)
        .post("/settings/teams/{id}/members/remove", teams::take_out)
}

/// Where whoever had to prove themselves first comes back to: a form cannot be sent again for them.
async fn back() -> Response {
    redirect("/settings/team", None)
}

/// What was typed and refused, to show again.
#[derive(Default)]
pub(super) struct Refused<'a> {
    invitation: Option<(&'a invitations::InviteForm, &'a Problem)>,
    organisation: Option<(&'a OrganisationChange, &'a Problem)>,
    domain: Option<(&'a NewDomain, &'a Problem)>,
}

/// The views of the people.
pub(super) fn tabs(current: &str) -> Markup {
    let places = [("People", "/settings/team"), ("Teams", "/settings/teams"), ("Roles", "/settings/roles")];
    ui::tabs("Team", &places.map(|(label, href)| Tab::new(label, href, href == current)))
}
