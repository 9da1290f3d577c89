use http_kit::{FieldError, Problem};
use identity::{Member, Viewer};
use jiff::{civil::Time, tz::TimeZone};
use kernel::{TaskId, UserId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone};

use super::show;
use crate::model::{Due, Priority, Task, TaskChange};

/// A task as it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TaskForm {
    pub(super) title: String,
    due: String,
    time: String,
    priority: String,
    assignee_id: String,
    /// The version that was on the screen.
    pub(super) version: i32,
    /// Where the person was.
    pub(super) back: String,
}

impl TaskForm {
    pub(super) fn of(task: &Task, back: &str) -> Self {
        let time = match task.due {
            Some(Due::At(at)) => at.strftime("%H:%M").to_string(),
            Some(Due::Day(_)) | None => String::new(),
        };
        Self {
            title: task.title.clone(),
            due: task.due.map(|due| due.day().to_string()).unwrap_or_default(),
            time,
            priority: task.priority.as_str().to_owned(),
            assignee_id: task.assignee_id.map(|id| id.to_string()).unwrap_or_default(),
            version: task.version,
            back: back.to_owned(),
        }
    }

    pub(super) fn due(&self) -> Result<Option<Due>, FieldError> {
        let (day, time) = (self.due.trim(), self.time.trim());
        if day.is_empty() {
            if time.is_empty() {
                return Ok(None);
            }
            return Err(FieldError::new("/due", "due.required", "A time needs its day: choose one, or take the time away"));
        }
        let wrong = |_| FieldError::new("/due", "due.invalid", "Choose a day, written 2026-01-31");
        let due: Due = day.parse().map_err(wrong)?;
        if time.is_empty() {
            return Ok(Some(due));
        }
        let wrong = || FieldError::new("/time", "time.invalid", "A time is written 09:30");
        let time = Time::strptime("%H:%M", time).map_err(|_| wrong())?;
        let at = due.day().to_datetime(time).to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
        Ok(Some(Due::At(at.timestamp())))
    }

    pub(super) fn priority(&self) -> Priority {
        self.priority.parse().unwrap_or_default()
    }

    pub(super) fn assignee(&self) -> Result<Option<UserId>, FieldError> {
        let chosen = Some(self.assignee_id.trim()).filter(|id| !id.is_empty());
        let unknown = |_| FieldError::new("/assignee_id", "assignee_id.unknown", "Choose a colleague, or nobody");
        chosen.map(str::parse).transpose().map_err(unknown)
    }

    pub(super) fn change(&self) -> Result<TaskChange, FieldError> {
        Ok(TaskChange {
            title: Some(self.title.clone()),
            due: Some(self.due()?),
            priority: Some(self.priority()),
            assignee_id: Some(self.assignee()?),
            done: None,
        })
    }
}

/// The form of a task: of one that is there, or of a new one that was refused.
pub(super) struct Editor<'a> {
    pub(super) title: &'a str,
    pub(super) action: &'a str,
    pub(super) task: Option<TaskId>,
    pub(super) lead_href: &'a str,
    pub(super) lead_name: &'a str,
    pub(super) typed: &'a TaskForm,
    pub(super) problem: Option<&'a Problem>,
}

impl Editor<'_> {
    pub(super) fn page(&self, viewer: &Viewer, members: &[Member], back: &str) -> Markup {
        let typed = self.typed;
        let error = |name: &str| self.problem.and_then(|problem| problem.of_field(name));
        let actions = html! {
            @if let Some(id) = self.task {
                (ui::more_menu("More actions", ui::menu_button(Icon::Trash, "Delete task", &format!("/tasks/{id}/delete"), Tone::Danger, "Delete this task? It is gone for good.")))
            }
        };
        let content = html! {
            (ui::page_header_under(&[("Tasks", "/tasks"), (self.lead_name, self.lead_href)], self.title, "", actions))
            (ui::card("", html! {}, html! {
                form.form method="post" action=(self.action) {
                    @if let Some(problem) = self.problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
                    (ui::hidden("version", &typed.version.to_string()))
                    (ui::hidden("back", back))
                    (Field::text("title", "What is to be done").value(&typed.title).error(error("title")).required().attr("maxlength", "200").autocomplete("off").autofocus())
                    (ui::field_grid(html! {
                        (Field::date("due", "Due").value(&typed.due).error(error("due")).hint("Until the end of the day. Leave it empty for whenever."))
                        (Field::text("time", "Time").value(&typed.time).error(error("time")).placeholder("09:30").suffix("UTC").attr("inputmode", "numeric").autocomplete("off"))
                        (Field::select("priority", "Priority", Priority::ALL.map(|one| (one.as_str(), one.label()))).value(typed.priority().as_str()))
                        (Field::select("assignee_id", "For", show::assignees(members)).value(&typed.assignee_id).error(error("assignee_id")))
                    }))
                    (ui::form_actions(html! { (Button::primary("Save task")) (Button::secondary("Cancel").href(back)) }))
                }
            }))
        };
        viewer.page(Nav::Tasks, self.title, content)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_time_make_a_moment_and_mistakes_name_their_field() {
        let form = |due: &str, time: &str| TaskForm { due: due.to_owned(), time: time.to_owned(), ..TaskForm::default() };
        let said = |due: &str, time: &str| form(due, time).due().map(|due| due.map(|due| due.to_string()));
        assert_eq!(said("", "").unwrap(), None);
        assert_eq!(said("2026-01-31", "").unwrap().as_deref(), Some("2026-01-31"));
        assert_eq!(said("2026-01-31", "9:05").unwrap().as_deref(), Some("2026-01-31T09:05:00Z"));
        for (due, time, field) in
            [("", "09:00", "/due"), ("31.1.", "", "/due"), ("2026-01-31", "noon", "/time"), ("2026-01-31", "25:00", "/time")]
        {
            assert_eq!(said(due, time).unwrap_err().pointer, field, "{due} {time}");
        }
    }
}
