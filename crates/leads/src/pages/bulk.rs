//! Many leads at once.

use axum::{extract::State, response::Response};
use http_kit::{Answer, App, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsWrite};
use kernel::LeadId;
use serde::Deserialize;
use serde_json::json;

use crate::{
    actions::bulk::{self, BulkAction, BulkOutcome, Target, bulk_change},
    filter::Filter,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BulkForm {
    id: Vec<LeadId>,
    all_matching: String,
    filter: String,
    q: String,
    sort: String,
    action: String,
    tags: String,
    status: String,
    owner: String,
    field: String,
    value: String,
    campaign: String,
    /// The grid's address.
    back: String,
}

impl BulkForm {
    fn action(&self) -> Result<BulkAction, Problem> {
        let tags = || self.tags.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        Ok(match self.action.as_str() {
            "add_tags" => BulkAction::AddTags { tags: tags() },
            "remove_tags" => BulkAction::RemoveTags { tags: tags() },
            "set_status" => BulkAction::SetStatus {
                status: self.status.parse().map_err(|why| Problem::field("/status", "status.unknown", format!("The status {why}")))?,
            },
            "set_owner" if self.owner.is_empty() => BulkAction::SetOwner { owner_id: None },
            "set_owner" => {
                let owner = self
                    .owner
                    .parse()
                    .map_err(|_| Problem::field("/owner", "owner.unknown", "Choose one of your colleagues as the owner"))?;
                BulkAction::SetOwner { owner_id: Some(owner) }
            }
            "set_field" => BulkAction::SetField { field: self.field.clone(), value: json!(self.value) },
            "clear_field" => BulkAction::ClearField { field: self.field.clone() },
            "enrol" => BulkAction::Enrol {
                campaign_id: self
                    .campaign
                    .parse()
                    .map_err(|_| Problem::field("/campaign", "campaign.required", "Choose the campaign that they enter"))?,
            },
            "delete" => BulkAction::Delete,
            _ => return Err(Problem::field("/action", "action.unknown", "Choose what to do with the selected leads")),
        })
    }

    fn target(&self) -> Result<Target, Problem> {
        if self.all_matching == "true" {
            return Ok(Target::Matching { filter: Filter::parse(&self.filter)?, q: self.q.clone() });
        }
        if self.id.is_empty() {
            return Err(Problem::field("/id", "id.required", "Select at least one lead first"));
        }
        Ok(Target::Ids(self.id.clone()))
    }

    /// Where the person was: the grid with the same filter.
    fn back(&self) -> String {
        if self.back == "/leads" || self.back.starts_with("/leads?") {
            return self.back.clone();
        }
        let pairs: Vec<(&str, &str)> = [("filter", &self.filter), ("q", &self.q), ("sort", &self.sort)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(n, v)| (n, v.as_str()))
            .collect();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        if query.is_empty() { "/leads".to_owned() } else { format!("/leads?{query}") }
    }
}

pub(super) async fn submit(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<BulkForm>) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let back = form.value.back();
    let (action, target) = match form.value.action().and_then(|action| Ok((action, form.value.target()?))) {
        Ok(wish) => wish,
        // Shown where the person was: nothing on the grid is lost.
        Err(problem) => return Ok(redirect(&back, Some(Flash::error(problem.detail)))),
    };
    bulk::allow(&viewer, &action)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(axum::response::IntoResponse::into_response(replay));
    }
    let done = match action {
        BulkAction::Delete => "deleted",
        BulkAction::Enrol { .. } => "added to the campaign",
        _ => "changed",
    };
    let enrols = matches!(action, BulkAction::Enrol { .. });
    let outcome = match bulk_change(&app, &tx, target, action, viewer.actor()).await {
        Ok(outcome) => outcome,
        Err(problem) if problem.kind == http_kit::ProblemKind::Invalid => return Ok(redirect(&back, Some(Flash::error(problem.detail)))),
        Err(problem) => return Err(problem),
    };
    let (to, said) = match outcome {
        BulkOutcome::Done { changed: 0, .. } if enrols => {
            (back, Flash::error("Nobody was added: they cannot be written to, lack what the mails print, or were in the campaign before."))
        }
        BulkOutcome::Done { changed: 0, .. } => (back, Flash::success("Nothing to change: the selected leads were as wished already.")),
        BulkOutcome::Done { changed, change_set } => {
            let said = Flash::success(format!("{} {done}.", ui::plural(changed, "lead", "leads")));
            let said = match change_set {
                Some(set) => said.undo(crate::changes::undo_path(set, &back)),
                None => said,
            };
            (back, said)
        }
        BulkOutcome::Started(job) => {
            (format!("/leads/bulk/{}", job.0), Flash::success("Started. You can leave this page; the work goes on."))
        }
    };
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(said)))
}
