use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use jiff::Timestamp;
use kernel::{LeadId, UserId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tab, table};

use super::show;
use crate::{
    model::{Due, TaskRow},
    store::{
        self,
        tasks::{Edge, Wanted, Whose},
    },
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// `all`, `nobody` or a user's id; empty: the viewer's own.
    assignee: String,
    /// `done`; anything else: what is to do.
    state: String,
    lead: Option<LeadId>,
    cursor: String,
}

impl Query {
    fn whose(&self, me: UserId) -> Whose {
        match self.assignee.as_str() {
            "" | "me" => Whose::Of(me),
            "all" => Whose::Everybodys,
            "nobody" => Whose::Nobodys,
            id => id.parse().map_or(Whose::Of(me), Whose::Of),
        }
    }

    fn is_done(&self) -> bool {
        self.state == "done"
    }

    /// The same list with another state, from its beginning or at a cursor.
    fn href(&self, state: &str, cursor: &str) -> String {
        let lead = self.lead.map(|id| id.to_string()).unwrap_or_default();
        let pairs = [("assignee", self.assignee.as_str()), ("state", state), ("lead", &lead), ("cursor", cursor)];
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty())).finish();
        if query.is_empty() { "/tasks".to_owned() } else { format!("/tasks?{query}") }
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let after = (!query.cursor.is_empty()).then(|| Cursor::decode::<Edge>(&query.cursor)).transpose()?;
    let wanted = Wanted { whose: query.whose(viewer.user_id), lead: query.lead, done: query.is_done() };
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = store::tasks::list(&tx, &wanted, after, PAGE as i64 + 1).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| query.href(&query.state, &Cursor::encode(&last.edge())));
    let here = query.href(&query.state, "");
    let content = html! {
        (ui::page_header("Tasks", "What is to be done about leads. A task is made on the page of its lead.", html! {}))
        (ui::tabs("Which tasks", &[
            Tab::new("To do", &query.href("", ""), !query.is_done()),
            Tab::new("Done", &query.href("done", ""), query.is_done()),
        ]))
        (ui::toolbar(whose_form(&query, &viewer, &members), html! {}))
        div #task-list.stack data-live="task" hx-get=(query.href(&query.state, &query.cursor)) hx-trigger="live" hx-select="#task-list" hx-swap="outerMorph" {
            @if rows.is_empty() { (empty(&query)) } @else {
                (list(&rows, &query, &viewer, &members, app.clock.now(), &here))
                (table::Pager::new(ui::plural(rows.len() as i64, "task", "tasks")).previous(after.map(|_| here.clone())).next(next))
            }
        }
    };
    Ok(viewer.page(Nav::Tasks, "Tasks", content))
}

fn whose_form(query: &Query, viewer: &Viewer, members: &[Member]) -> Markup {
    let fixed = [
        (String::new(), "My tasks".to_owned()),
        ("all".to_owned(), "Everybody’s".to_owned()),
        ("nobody".to_owned(), "Nobody’s yet".to_owned()),
    ];
    let others = members.iter().filter(|member| member.id != viewer.user_id).map(|member| (member.id.to_string(), member.name.clone()));
    html! {
        form method="get" action="/tasks" data-auto-submit {
            @if query.is_done() { (ui::hidden("state", "done")) }
            @if let Some(lead) = query.lead { (ui::hidden("lead", &lead.to_string())) }
            (Field::select("assignee", "Whose tasks", fixed.into_iter().chain(others)).label_hidden().value(&query.assignee))
            span data-without-script { (Button::secondary("Show").small()) }
        }
    }
}

fn empty(query: &Query) -> Markup {
    if query.is_done() {
        return ui::empty_state(Icon::Check, "Nothing is done yet", "Tasks that were ticked off stand here, the last first.", html! {});
    }
    let leads = html! { (Button::secondary("Open leads").icon(Icon::Leads).href("/leads")) };
    ui::empty_state(
        Icon::Check,
        "Nothing to do",
        "Open a lead and add a task there: a call, an answer, an offer, with the day on which it is due.",
        leads,
    )
}

/// The headings between which tasks stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Overdue,
    Today,
    Upcoming,
    Whenever,
    Done,
}

impl Section {
    fn of(row: &TaskRow, now: Timestamp) -> Self {
        let task = &row.task;
        match task.due {
            _ if task.done_at.is_some() => Self::Done,
            None => Self::Whenever,
            Some(_) if show::is_overdue(task, now) => Self::Overdue,
            Some(due) if due.day() <= Due::At(now).day() => Self::Today,
            Some(_) => Self::Upcoming,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Overdue => "Overdue",
            Self::Today => "Today",
            Self::Upcoming => "Upcoming",
            Self::Whenever => "Without a date",
            Self::Done => "Done",
        }
    }
}

/// The tasks in sections, as they are due: one form, so that a selection may cross the sections.
fn list(rows: &[TaskRow], query: &Query, viewer: &Viewer, members: &[Member], now: Timestamp, here: &str) -> Markup {
    let may_write = viewer.may(Permission::LeadsWrite) && !query.is_done();
    let cards = html! {
        div.stack {
            @for part in rows.chunk_by(|a, b| Section::of(a, now) == Section::of(b, now)) {
                @let section = part.first().map_or(Section::Whenever, |row| Section::of(row, now));
                (ui::card_flush(section.title(), html! {}, section_table(section, part, may_write, viewer, members, now, here)))
            }
        }
    };
    if !may_write {
        return cards;
    }
    let actions = html! { (Button::secondary("Mark as done").small().icon(Icon::Check).shortcut("d")) };
    // Only what is on the page can be chosen: nobody ticks off what they have not seen.
    let matching = table::Matching { total: rows.len() as i64, exact: true };
    table::selectable("/tasks/done", Some(matching), ("task", "tasks"), ui::hidden("back", here), actions, cards)
}

fn section_table(
    section: Section,
    rows: &[TaskRow],
    may_write: bool,
    viewer: &Viewer,
    members: &[Member],
    now: Timestamp,
    here: &str,
) -> Markup {
    let back: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    table::wrap(
        section.title(),
        html! {
            table.table {
                thead { tr {
                    @if may_write { th.is-select scope="col" { span.visually-hidden { "Select" } } }
                    (table::th("Task")) (table::th("Lead")) (table::th(if section == Section::Done { "Done" } else { "Due" })) (table::th("For")) (table::th_actions())
                } }
                tbody {
                    @for row in rows {
                        @let task = &row.task;
                        @let (lead, edit) = (format!("/leads/{}", task.lead_id), format!("/tasks/{}/edit?back={back}", task.id));
                        tr #{ (task.id) } data-row data-href=(lead) data-edit=[viewer.may(Permission::LeadsWrite).then_some(&edit)] {
                            @if may_write { (table::td_select()) }
                            td.is-title data-label="Task" { (task.title) " " (show::priority(task.priority)) }
                            td data-label="Lead" { a href=(lead) { (ui::person(&row.lead_name, Some(row.lead_company.as_str()).filter(|company| !company.is_empty()))) } }
                            td.is-quiet data-label=(if section == Section::Done { "Done" } else { "Due" }) {
                                @match task.done_at { Some(at) => (ui::ago(at)), None => (show::due(task, now)) }
                            }
                            td.is-quiet data-label="For" { (show::name(members, task.assignee_id)) }
                            td.is-actions {
                                @if may_write {
                                    button.button.is-ghost.is-small type="submit" name="only" value=(task.id) { (ui::icon(Icon::Check)) span { "Done" } }
                                } @else if viewer.may(Permission::LeadsWrite) {
                                    form method="post" action={ "/tasks/" (task.id) "/reopen" } { (ui::hidden("back", here)) (Button::ghost("Reopen").small()) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}
