//! One file per use case; pages and API call the same ones.

pub(super) mod choose;
pub(super) mod create_view;
pub(super) mod delete_view;
pub(super) mod update_view;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject};
use http_kit::{App, FieldError, Problem, ProblemKind};
use identity::{Permission, Viewer};
use jiff::Timestamp;
use kernel::ViewId;
use serde_json::Value;

use super::SavedView;
use crate::ports::Segments;

/// Why a view could not be made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ViewError {
    /// These fields need correction.
    #[error("some fields need correction")]
    Invalid(Vec<FieldError>),
    /// It is not there, or another's own.
    #[error("not found")]
    NotFound,
    /// Somebody changed it since the caller read it.
    #[error("changed meanwhile")]
    Changed,
    /// It is shared, made by another, and the caller manages nothing.
    #[error("somebody else's shared view")]
    Anothers,
    /// A view that everybody has is made and changed by whoever may change leads: reading changes nothing for others.
    #[error("sharing takes the right to write")]
    OnlyReads,
    /// The organisation shares as many as it may, or the person has as many.
    #[error("too many")]
    TooMany { shared: bool },
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Invalid(errors) => Self::invalid(errors),
            ViewError::NotFound => Self::not_found(),
            ViewError::Changed => Self::new(
                ProblemKind::PreconditionFailed,
                "Somebody changed this view since you opened it. Nothing was saved; open it again, look at what is new, and save then.",
            ),
            ViewError::Anothers => {
                Self::forbidden("A colleague shares this view. Save what you see as a view of your own, or ask them to change theirs.")
            }
            ViewError::OnlyReads => Self::forbidden(
                "Your role reads leads and changes none, so what you save is yours alone. Save it without sharing it, or ask a colleague to share it.",
            ),
            ViewError::TooMany { shared: true } => Self::conflict(format!(
                "Your organisation shares {} views, which is as many as fit. Delete one that nobody needs, then save this one.",
                super::MOST
            )),
            ViewError::TooMany { shared: false } => Self::conflict(format!(
                "You have {} views of your own, which is as many as fit. Delete one that you do not need, then save this one.",
                super::MOST_OWN
            )),
            ViewError::Db(error) => error.into(),
        }
    }
}

/// Whether somebody may change a view that they have: their own, and any shared one if they run the organisation.
pub(super) fn may_change(viewer: &Viewer, view: &SavedView) -> bool {
    !view.shared || view.made_by == Some(viewer.user_id) || viewer.may(Permission::SettingsWrite)
}

/// Whether somebody may give the organisation a view.
pub(super) fn may_share(viewer: &Viewer) -> bool {
    viewer.may(Permission::LeadsWrite)
}

/// A name that is taken is an error of that field.
fn name_taken(error: DbError, shared: bool) -> ViewError {
    if error.constraint() != Some("saved_views_name_key") {
        return ViewError::Db(error);
    }
    let whose = if shared { "A shared view" } else { "Another of your views" };
    ViewError::Invalid(vec![FieldError::new("/name", "name.taken", format!("{whose} has this name: choose another"))])
}

/// Lets segments know which of everybody's views name them: whoever would delete one is told. A personal view is nobody else's business.
async fn tell_segments(app: &App, tx: &TenantTx, view: &SavedView) -> Result<(), DbError> {
    let named = if view.shared { view.read_filter().map(|filter| filter.segments()).unwrap_or_default() } else { Vec::new() };
    Segments::of(app)?.used_by_view(tx, view.id, &view.name, &named).await
}

fn event(kind: &'static str, view: ViewId, viewer: &Viewer, at: Timestamp, payload: Value) -> NewEvent {
    NewEvent { kind, subject: Subject::of(view), actor: viewer.actor(), at, payload }
}
