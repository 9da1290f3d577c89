//! The screens of campaigns: writing one, checking it, sending it, watching it.

mod audience;
mod audience_card;
mod builder;
mod choose;
mod delete;
mod launch;
mod ledger;
mod list;
mod new;
mod pause;
mod people;
mod preflight;
mod resolve;
mod resume;
mod running;
mod settings;
mod settings_form;
mod show;
mod step_edit;
mod step_form;
mod step_frame;
mod step_move;
mod step_new;
mod step_remove;
mod words;

use http_kit::Routes;

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/campaigns", list::show)
        .post("/campaigns", new::submit)
        .get("/campaigns/new", new::show)
        .post("/campaigns/choose", choose::show)
        .get("/campaigns/{id}", show::show)
        .post("/campaigns/{id}/settings", settings::submit)
        .post("/campaigns/{id}/audience", audience::submit)
        .get("/campaigns/{id}/steps/new", step_new::show)
        .post("/campaigns/{id}/steps", step_new::submit)
        .get("/campaigns/{id}/steps/{step}", step_edit::show)
        .post("/campaigns/{id}/steps/{step}", step_edit::submit)
        .get("/campaigns/{id}/steps/{step}/preview", step_frame::show)
        .post("/campaigns/{id}/steps/{step}/move", step_move::submit)
        .post("/campaigns/{id}/steps/{step}/remove", step_remove::submit)
        .get("/campaigns/{id}/preflight", preflight::show)
        .post("/campaigns/{id}/launch", launch::submit)
        .post("/campaigns/{id}/pause", pause::submit)
        .post("/campaigns/{id}/resume", resume::submit)
        .post("/campaigns/{id}/delete", delete::submit)
        .get("/campaigns/{id}/ledger", ledger::show)
        .get("/campaigns/{id}/people", people::show)
        .post("/campaigns/{id}/sends/{send}/resolve", resolve::submit)
}
