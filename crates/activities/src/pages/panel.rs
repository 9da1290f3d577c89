use db::{DbError, TenantTx};
use http_kit::App;
use identity::{Member, Permission, Viewer};
use jiff::Timestamp;
use leads::{Lead, PanelFuture};
use maud::{Markup, html};
use ui::{Button, Field, Icon};

use super::show;
use crate::{
    model::{Note, TaskRow},
    store::{
        self,
        tasks::{Wanted, Whose},
    },
};

/// Rows of each list on a lead's page.
const SHOWN: usize = 10;

/// What is written down about a lead and to be done about it, on the lead's page.
pub fn panel<'a>(app: &'a App, tx: &'a TenantTx, viewer: &'a Viewer, lead: &'a Lead) -> PanelFuture<'a> {
    Box::pin(draw(app, tx, viewer, lead))
}

async fn draw(app: &App, tx: &TenantTx, viewer: &Viewer, lead: &Lead) -> Result<Markup, DbError> {
    let open = Wanted { whose: Whose::Everybodys, lead: Some(lead.id), done: false };
    let tasks = store::tasks::list(tx, &open, None, SHOWN as i64 + 1).await?;
    let notes = store::notes::list(tx, lead.id, None, SHOWN as i64 + 1).await?;
    let members = identity::members(tx).await?;
    let may_write = viewer.may(Permission::LeadsWrite);
    Ok(html! {
        section #tasks { (ui::card("Tasks", html! {}, tasks_card(&tasks, &members, viewer, lead, may_write, app.clock.now()))) }
        section #notes { (ui::card("Notes", html! {}, notes_card(&notes, &members, viewer, lead, may_write))) }
    })
}

fn tasks_card(tasks: &[TaskRow], members: &[Member], viewer: &Viewer, lead: &Lead, may_write: bool, now: Timestamp) -> Markup {
    let back = format!("/leads/{}", lead.id);
    html! {
        div.stack {
            @if may_write {
                form.task-composer method="post" action={ (back) "/tasks" } {
                    (Field::text("title", "New task").id("new-task-title").placeholder("Call about the offer").required().attr("maxlength", "200").autocomplete("off"))
                    (Field::date("due", "Due").id("new-task-due"))
                    (Field::select("assignee_id", "For", show::assignees(members)).id("new-task-for").value(viewer.user_id.to_string()))
                    (Button::secondary("Add task").icon(Icon::Plus))
                }
            }
            @if tasks.is_empty() { p.muted { "Nothing is to be done about this lead." } }
            @else {
                ul.task-list {
                    @for row in tasks.iter().take(SHOWN) {
                        @let task = &row.task;
                        li #{ "task-" (task.id) } {
                            @if may_write {
                                form method="post" action="/tasks/done" {
                                    (ui::hidden("id", &task.id.to_string()))
                                    (ui::hidden("back", &back))
                                    (Button::icon_only(Icon::Check, format!("Mark “{}” as done", task.title)).small())
                                }
                            }
                            span.task-title {
                                @if may_write { a href={ "/tasks/" (task.id) "/edit?back=" (back) } { (task.title) } } @else { (task.title) }
                            }
                            span.task-facts.quiet { (show::priority(task.priority)) " " (show::due(task, now)) " " (show::name(members, task.assignee_id)) }
                        }
                    }
                }
                @if tasks.len() > SHOWN { p { a href={ "/tasks?assignee=all&lead=" (lead.id) } { "All tasks of this lead" } } }
            }
        }
    }
}

fn notes_card(notes: &[Note], members: &[Member], viewer: &Viewer, lead: &Lead, may_write: bool) -> Markup {
    html! {
        div.stack {
            @if may_write {
                form.form method="post" action={ "/leads/" (lead.id) "/notes" } {
                    (Field::textarea("body", "New note", 3).id("new-note").label_hidden().placeholder("What was said, what was agreed").required().attr("maxlength", "10000"))
                    (ui::form_actions(html! { (Button::secondary("Add note").icon(Icon::Plus)) }))
                }
            }
            @if notes.is_empty() { p.muted { "Nothing is written down yet." } }
            @else {
                (ui::timeline(html! { @for note in notes.iter().take(SHOWN) { (show::note(note, members, viewer, may_write)) } }))
                @if notes.len() > SHOWN { p { a href={ "/leads/" (lead.id) "/notes" } { "All notes" } } }
            }
        }
    }
}
