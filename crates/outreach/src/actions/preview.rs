use db::TenantTx;
use http_kit::App;
use kernel::{CampaignId, LeadId};

use super::CampaignError;
use crate::{
    model::Preview,
    sending::{Letterhead, custom_names, with_footer},
    store,
    templates::{render::CompiledMail, variables},
};

/// A step as one lead would get it: the real renderer with the real footer, and links that do nothing.
pub async fn preview(tx: &TenantTx, app: &App, id: CampaignId, step: i16, lead: LeadId) -> Result<Preview, CampaignError> {
    let campaign = store::campaigns::find(tx, id).await?.ok_or(CampaignError::NotFound)?;
    let steps = store::steps::list(tx, id).await?;
    let step = steps.into_iter().find(|found| found.position == step).ok_or(CampaignError::NotFound)?;
    let recipient = variables::find_recipient(tx, lead).await?.ok_or(CampaignError::NotFound)?;
    let organisation = identity::organisation(tx).await?;
    let custom = custom_names(std::slice::from_ref(&step));
    let letterhead = Letterhead { organisation: organisation.name, postal_address: organisation.postal_address };
    let sender = campaign.sender();
    let unsubscribe = app.config.link("/u/preview");
    let values = recipient.values(letterhead.sender(&sender), &unsubscribe, &custom);
    let mut problems = Vec::new();
    if recipient.email.is_none() {
        problems.push(format!("{} has no e-mail address and would not be mailed.", recipient.name));
    }
    let compiled = CompiledMail::new(step.source()).map_err(|error| CampaignError::State(format!("Step {}: {error}", step.position)))?;
    if let Err(gap) = compiled.render_complete(&values) {
        problems.push(format!("Step {}, {gap}", step.position));
    }
    let rendered = compiled.render(&values).map_err(|error| CampaignError::State(format!("Step {}, {error}", step.position)))?;
    let rendered = with_footer(rendered, &letterhead, &unsubscribe).map_err(|error| CampaignError::State(error.to_string()))?;
    Ok(Preview {
        step: step.position,
        lead,
        from: shown(&sender),
        to: shown(&mail::Mailbox::new(recipient.name, recipient.email.unwrap_or_default())),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        problems,
    })
}

fn shown(mailbox: &mail::Mailbox) -> String {
    match (mailbox.name.is_empty(), mailbox.address.is_empty()) {
        (false, false) => format!("{} <{}>", mailbox.name, mailbox.address),
        (false, true) => mailbox.name.clone(),
        (true, _) => mailbox.address.clone(),
    }
}
