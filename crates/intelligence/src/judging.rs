//! New leads are judged as they are stored.

use db::TenantTx;
use leads::{
    ScoreReason,
    model::CheckedLead,
    ports::{Answer, Judge, Judged, Judging, Scores},
};

use crate::{
    model::{Engagement, Facts, Weights},
    store,
};

/// Judges by the organisation's model.
#[derive(Debug)]
struct ByModel;

/// The application's judging, for its extensions.
pub fn judging() -> Scores {
    Scores::new(ByModel)
}

impl Judging for ByModel {
    fn judge<'a>(&'a self, tx: &'a TenantTx) -> Answer<'a, Judge> {
        Box::pin(async move {
            let weights = store::model(tx).await?.weights;
            let judge: Judge = Box::new(move |lead| judged(&weights, lead));
            Ok(judge)
        })
    }
}

fn judged(weights: &Weights, lead: &CheckedLead) -> Judged {
    let score = weights.score(&Facts {
        email: lead.email.as_ref().map(kernel::EmailAddress::as_str),
        has_phone: !lead.phone.is_empty(),
        has_linkedin: !lead.linkedin_url.is_empty(),
        seniority: &lead.seniority,
        title: &lead.title,
        department: &lead.department,
        employee_count: lead.employee_count,
        annual_revenue: lead.annual_revenue,
        industry: &lead.industry,
        country: &lead.country,
        engagement: Engagement::default(),
    });
    let reasons = score.reasons.into_iter().map(|line| ScoreReason { reason: line.reason, points: line.points.into() }).collect();
    Judged { score: score.score, reasons }
}
