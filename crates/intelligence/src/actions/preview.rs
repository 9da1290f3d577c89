use std::collections::HashMap;

use db::{DbError, TenantTx};
use kernel::LeadId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    model::{Score, Weights},
    store::{self, ScoredLead},
};

/// Leads looked at: enough for a true picture, few enough for every keystroke.
const SAMPLE: i64 = 10_000;

/// What weights would do, judged on the newest leads.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// How many leads were looked at: the newest 10,000 at most.
    pub sampled: i64,
    /// Whether there are more leads than that.
    pub is_partial: bool,
    /// Leads per ten points, from 0–9 to 90–100.
    pub histogram: Vec<Bucket>,
    /// From the best to the worst.
    pub examples: Vec<Example>,
    #[serde(skip)]
    pub common: Common,
}

/// Leads whose score lies from `from` to `to`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Bucket {
    pub from: i32,
    pub to: i32,
    pub leads: i64,
    /// As many as have this score now.
    pub leads_now: i64,
}

/// A lead as it would be scored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Example {
    pub id: LeadId,
    pub name: String,
    pub company: String,
    pub score_now: i32,
    #[serde(flatten)]
    pub score: Score,
}

/// Values that the leads have most often: what to write into the lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Common {
    pub departments: Vec<String>,
    pub industries: Vec<String>,
    pub countries: Vec<String>,
}

/// Scores the sample without storing anything.
pub(crate) async fn preview(tx: &TenantTx, weights: &Weights) -> Result<Preview, DbError> {
    let mut leads = store::newest_leads(tx, SAMPLE + 1).await?;
    let limit = usize::try_from(SAMPLE).unwrap_or(usize::MAX);
    let is_partial = leads.len() > limit;
    leads.truncate(limit);
    let scores: Vec<Score> = leads.iter().map(|lead| weights.score(&lead.facts())).collect();
    let in_bucket = |from: i32, to: i32, score: i32| (from..=to).contains(&score);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let histogram = (0..10)
        .map(|tenth| {
            let (from, to) = (tenth * 10, if tenth == 9 { 100 } else { tenth * 10 + 9 });
            Bucket {
                from,
                to,
                leads: count(scores.iter().filter(|s| in_bucket(from, to, s.score)).count()),
                leads_now: count(leads.iter().filter(|l| in_bucket(from, to, l.now.score)).count()),
            }
        })
        .collect();
    let common = Common {
        departments: most_common(leads.iter().map(|lead| lead.department.as_str())),
        industries: most_common(leads.iter().map(|lead| lead.industry.as_str())),
        countries: most_common(leads.iter().map(|lead| lead.country.as_str())),
    };
    Ok(Preview { sampled: count(leads.len()), is_partial, histogram, examples: examples(&leads, scores), common })
}

/// Five leads from the best to the worst at equal distances.
fn examples(leads: &[ScoredLead], scores: Vec<Score>) -> Vec<Example> {
    let mut ranked: Vec<(&ScoredLead, Score)> = leads.iter().zip(scores).collect();
    ranked.sort_by_key(|(lead, score)| (-score.score, lead.id));
    let last = ranked.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..5).map(|n| n * last / 4).collect();
    places.dedup();
    places
        .into_iter()
        .filter_map(|place| ranked.get(place))
        .map(|(lead, score)| Example {
            id: lead.id,
            name: lead.name.clone(),
            company: lead.company.clone(),
            score_now: lead.now.score,
            score: score.clone(),
        })
        .collect()
}

fn most_common<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for value in values.filter(|value| !value.is_empty()) {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts.into_iter().take(6).map(|(value, _)| value.to_owned()).collect()
}
