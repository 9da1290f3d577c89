use std::collections::BTreeSet;

use db::{DbError, TenantTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{CampaignId, EmailAddress, LeadId};
use mail::Transport as _;
use serde_json::Value;

use super::{CampaignError, audience::population};
use crate::{
    model::{Campaign, Check, Preflight, Step, Verdict},
    sending::{Letterhead, custom_names},
    store::{
        self,
        enrollments::{Audience, Emptiness},
    },
    templates::{
        checks::{self, Level},
        render::{CompiledMail, Rendered},
        variables::{self, Recipient},
    },
};

/// How many leads are named where a variable is missing.
const EXAMPLES: usize = 5;

/// Looks at everything that would make a launch fail or hurt. Reads only.
pub async fn preflight(tx: &TenantTx, app: &App, id: CampaignId, now: Timestamp) -> Result<Preflight, CampaignError> {
    let campaign = store::campaigns::find(tx, id).await?.ok_or(CampaignError::NotFound)?;
    let steps = store::steps::list(tx, id).await?;
    let organisation = identity::organisation(tx).await?;
    let letterhead = Letterhead { organisation: organisation.name, postal_address: organisation.postal_address };
    let (known, custom) = (variables::known_names(&variables::custom_fields(tx).await?), custom_names(&steps));
    let audience = store::enrollments::audience(tx, &population(tx, &campaign).await?, now).await?;

    let mut checks = vec![audience_check(audience), sender_check(&campaign), address_check(&letterhead), steps_check(&steps)];
    if !steps.is_empty() {
        checks.push(variables_check(tx, app, &campaign, &steps, &letterhead, &custom, now).await?);
        let example = example_values(tx, app, &campaign, &letterhead, &custom, now).await?;
        for step in &steps {
            checks.extend(step_checks(step, &known, example.as_ref()));
        }
    }
    checks.push(unsubscribe_check(app));
    checks.push(transport_check(app, tx).await);
    Ok(Preflight {
        ready: checks.iter().all(|check| check.verdict != Verdict::Fail),
        audience: audience.found,
        reachable: audience.reachable,
        without_address: audience.without_address,
        suppressed: audience.found - audience.without_address - audience.reachable,
        checks,
    })
}

fn check(code: &'static str, verdict: Verdict, title: impl Into<String>, detail: impl Into<String>) -> Check {
    Check { code, verdict, title: title.into(), detail: detail.into(), examples: Vec::new() }
}

fn audience_check(audience: Audience) -> Check {
    let suppressed = audience.found - audience.without_address - audience.reachable;
    let (found, reachable, without) = (ui::number(audience.found), ui::number(audience.reachable), ui::number(audience.without_address));
    if audience.found == 0 {
        return check("audience", Verdict::Fail, "Audience", "The filter finds no lead. Widen it or import leads.");
    }
    let mut left_out = Vec::new();
    if audience.without_address > 0 {
        left_out.push(format!("{without} without an e-mail address"));
    }
    if suppressed > 0 {
        left_out.push(format!("{} unsubscribed or suppressed", ui::number(suppressed)));
    }
    let left_out = left_out.join(" and ");
    if audience.reachable == 0 {
        return check("audience", Verdict::Fail, "Audience", format!("None of the {found} leads can be mailed: {left_out}."));
    }
    if left_out.is_empty() {
        return check("audience", Verdict::Pass, "Audience", format!("{reachable} leads would be mailed."));
    }
    check("audience", Verdict::Warn, "Audience", format!("{reachable} of {found} leads would be mailed; left out: {left_out}."))
}

fn sender_check(campaign: &Campaign) -> Check {
    if campaign.sender_address.is_empty() {
        return check("sender_address", Verdict::Fail, "Sender", "Say from which address the mails come.");
    }
    if EmailAddress::parse(&campaign.sender_address).is_err() {
        return check("sender_address", Verdict::Fail, "Sender", format!("“{}” is not an e-mail address.", campaign.sender_address));
    }
    if campaign.sender_name.is_empty() {
        return check("sender_name", Verdict::Fail, "Sender", "Say who writes: mails without a name are taken for spam.");
    }
    check("sender_address", Verdict::Pass, "Sender", format!("{} <{}>", campaign.sender_name, campaign.sender_address))
}

fn address_check(letterhead: &Letterhead) -> Check {
    if letterhead.postal_address.trim().is_empty() {
        let detail = "The law (CAN-SPAM) wants your postal address below every campaign mail. Enter it under Team › Organisation.";
        return check("postal_address", Verdict::Fail, "Postal address", detail);
    }
    check("postal_address", Verdict::Pass, "Postal address", letterhead.postal_address.replace('\n', ", "))
}

fn steps_check(steps: &[Step]) -> Check {
    if steps.is_empty() {
        return check("steps", Verdict::Fail, "Steps", "The sequence has no e-mail yet. Write one or take one from your templates.");
    }
    let word = if steps.len() == 1 { "e-mail" } else { "e-mails" };
    check("steps", Verdict::Pass, "Steps", format!("{} {word}", steps.len()))
}

/// What the templates' own checks say of a step, without those that only the audience can answer.
fn step_checks(step: &Step, known: &[String], example: Option<&Value>) -> Vec<Check> {
    let rendered: Option<Rendered> = example.and_then(|values| CompiledMail::new(step.source()).ok()?.render(values).ok());
    checks::checks(step.source(), known, rendered.as_ref())
        .into_iter()
        .filter(|found| found.title != "Fallbacks" && found.level != Level::Pass)
        .map(|found| {
            let verdict = if found.level == Level::Fail { Verdict::Fail } else { Verdict::Warn };
            check("steps", verdict, format!("Step {}: {}", step.position, found.title), found.details.join(" "))
        })
        .collect()
}

/// Values to judge links and size by: of the first lead that would be mailed.
async fn example_values(
    tx: &TenantTx,
    app: &App,
    campaign: &Campaign,
    letterhead: &Letterhead,
    custom: &[String],
    now: Timestamp,
) -> Result<Option<Value>, DbError> {
    let patterns = store::enrollments::patterns(tx, &population(tx, campaign).await?, &[], now).await?;
    let Some(lead) = patterns.first().and_then(|pattern| pattern.examples.first()) else { return Ok(None) };
    let recipient = variables::find_recipient(tx, *lead).await?;
    let sender = campaign.sender();
    Ok(recipient.map(|recipient| recipient.values(letterhead.sender(&sender), &app.config.link("/u/preview"), custom)))
}

/// A variable that a step prints without a fallback and that some leads lack.
struct Gap {
    step: i16,
    variable: String,
    words: String,
    leads: i64,
    examples: Vec<LeadId>,
}

/// Renders every step for one lead of each kind: leads are of one kind when the same variables are empty.
async fn variables_check(
    tx: &TenantTx,
    app: &App,
    campaign: &Campaign,
    steps: &[Step],
    letterhead: &Letterhead,
    custom: &[String],
    now: Timestamp,
) -> Result<Check, CampaignError> {
    const TITLE: &str = "Variables";
    let mut compiled = Vec::with_capacity(steps.len());
    for step in steps {
        match CompiledMail::new(step.source()) {
            Ok(mail) => compiled.push((step.position, mail)),
            Err(error) => return Ok(check("variables", Verdict::Fail, TITLE, format!("Step {}, {error}", step.position))),
        }
    }
    let columns = emptiness(steps);
    let mut gaps: Vec<Gap> = Vec::new();
    for pattern in store::enrollments::patterns(tx, &population(tx, campaign).await?, &columns, now).await? {
        let Some(lead) = pattern.examples.first() else { continue };
        let Some(recipient) = variables::find_recipient(tx, *lead).await? else { continue };
        let sender = campaign.sender();
        let values = recipient.values(letterhead.sender(&sender), &app.config.link("/u/preview"), custom);
        for (step, variable, words) in compiled.iter().flat_map(|(step, mail)| gaps_of(*step, mail, values.clone())) {
            match gaps.iter_mut().find(|gap| gap.step == step && gap.variable == variable) {
                Some(gap) => {
                    gap.leads += pattern.leads;
                    gap.examples.extend(&pattern.examples);
                }
                None => gaps.push(Gap { step, variable, words, leads: pattern.leads, examples: pattern.examples.clone() }),
            }
        }
    }
    if gaps.is_empty() {
        return Ok(check("variables", Verdict::Pass, TITLE, "Every mail is complete for every lead."));
    }
    gaps.sort_by_key(|gap| (gap.step, std::cmp::Reverse(gap.leads)));
    let mut details = Vec::new();
    let mut examples = Vec::new();
    for gap in &gaps {
        let leads = if gap.leads == 1 { "1 lead".to_owned() } else { format!("{} leads", ui::number(gap.leads)) };
        details.push(format!("Step {}, {} — for {leads}.", gap.step, gap.words));
        for lead in gap.examples.iter().take(EXAMPLES.saturating_sub(examples.len())) {
            if let Some(Recipient { name, email, .. }) = variables::find_recipient(tx, *lead).await? {
                examples.push(format!("{}: {name} ({})", gap.variable, email.unwrap_or_default()));
            }
        }
    }
    Ok(Check { examples, ..check("variables", Verdict::Fail, TITLE, details.join(" ")) })
}

/// Those of `leads` whom a mail may reach, who were never in the campaign, and whose mails would be complete.
pub(super) async fn complete(
    tx: &TenantTx,
    app: &App,
    campaign: &Campaign,
    steps: &[Step],
    leads: &[LeadId],
) -> Result<Vec<LeadId>, DbError> {
    let Ok(compiled) = steps.iter().map(|step| CompiledMail::new(step.source())).collect::<Result<Vec<_>, _>>() else {
        return Ok(Vec::new());
    };
    let organisation = identity::organisation(tx).await?;
    let letterhead = Letterhead { organisation: organisation.name, postal_address: organisation.postal_address };
    let (sender, custom) = (campaign.sender(), custom_names(steps));
    let mut complete = Vec::new();
    for kind in store::enrollments::kinds(tx, campaign.id, leads, &emptiness(steps)).await? {
        let Some(first) = kind.first() else { continue };
        let Some(recipient) = variables::find_recipient(tx, *first).await? else { continue };
        let values = recipient.values(letterhead.sender(&sender), &app.config.link("/u/preview"), &custom);
        if compiled.iter().all(|mail| mail.render_complete(&values).is_ok()) {
            complete.extend(kind);
        }
    }
    Ok(complete)
}

/// Every gap of one mail: each is filled when found, so that the next one shows.
fn gaps_of(step: i16, mail: &CompiledMail, mut values: Value) -> Vec<(i16, String, String)> {
    let mut found: Vec<(i16, String, String)> = Vec::new();
    while let Err(error) = mail.render_complete(&values) {
        let variable = error.problem.variable.clone().unwrap_or_default();
        let again = found.iter().any(|(_, seen, _)| *seen == variable);
        found.push((step, variable.clone(), error.to_string()));
        let slot = match variable.split_once('.') {
            Some((outer, inner)) => values.get_mut(outer).and_then(Value::as_object_mut).map(|map| (map, inner)),
            None => values.as_object_mut().map(|map| (map, variable.as_str())),
        };
        match slot {
            Some((map, name)) if !again && !variable.is_empty() => drop(map.insert(name.to_owned(), Value::from("x"))),
            _ => break,
        }
    }
    found
}

/// What of a lead these steps may print and may be empty.
fn emptiness(steps: &[Step]) -> Vec<Emptiness> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for step in steps {
        for part in [&step.subject, &step.html, &step.text] {
            names.extend(mail::template::variables(part).unwrap_or_default());
        }
    }
    let mut columns: Vec<Emptiness> = Vec::new();
    for name in names {
        let of_name: &[&'static str] = match name.as_str() {
            "full_name" => &["first_name", "last_name"],
            "first_name" => &["first_name"],
            "last_name" => &["last_name"],
            "phone" => &["phone"],
            "title" => &["title"],
            "seniority" => &["seniority"],
            "department" => &["department"],
            "linkedin_url" => &["linkedin_url"],
            "company" => &["company_name"],
            "company_domain" => &["company_domain"],
            "industry" => &["industry"],
            "employee_count" => &["employee_count"],
            "annual_revenue" => &["annual_revenue"],
            "country" => &["country"],
            "city" => &["city"],
            _ => &[],
        };
        let found = of_name.iter().map(|column| Emptiness::Column(column));
        let custom = name.strip_prefix("custom.").map(|key| Emptiness::Custom(key.to_owned()));
        for column in found.chain(custom) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    columns
}

fn unsubscribe_check(app: &App) -> Check {
    const TITLE: &str = "Unsubscribe";
    if app.config.is_https() {
        return check("unsubscribe", Verdict::Pass, TITLE, "Every mail carries a link and the one-click header (RFC 8058).");
    }
    let detail = format!(
        "Links in the mails begin with {}; mail programs offer one-click unsubscribe only for https. Set PUBLIC_URL before you write to real people.",
        app.config.link("")
    );
    check("unsubscribe", Verdict::Warn, TITLE, detail)
}

async fn transport_check(app: &App, tx: &TenantTx) -> Check {
    const TITLE: &str = "Delivery";
    let name = app.mailer.name();
    if matches!(app.mailer, mail::Mailer::Catcher(_)) {
        return match app.mailer.lookup(tx.org(), "preflight").await {
            mail::Lookup::CannotTell => {
                check("transport", Verdict::Fail, TITLE, "The mail catcher does not answer. Try again in a moment.")
            }
            mail::Lookup::Accepted { .. } | mail::Lookup::NotFound => {
                check("transport", Verdict::Pass, TITLE, "Mails are caught here and leave this machine for nobody.")
            }
        };
    }
    check("transport", Verdict::Pass, TITLE, format!("Mails leave by {name}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_empty_is_read_from_all_parts() {
        let step = Step {
            id: kernel::StepId::new(),
            position: 1,
            delay_minutes: 0,
            subject: "{{ full_name }}".to_owned(),
            html: "{{ company | default('x') }} {{ custom.budget }} {{ email }}".to_owned(),
            text: "{{ first_name }}".to_owned(),
        };
        assert_eq!(
            emptiness(&[step]),
            [
                Emptiness::Column("company_name"),
                Emptiness::Custom("budget".to_owned()),
                Emptiness::Column("first_name"),
                Emptiness::Column("last_name"),
            ]
        );
    }

    #[test]
    fn an_audience_says_who_is_left_out() {
        let found = |found, without_address, reachable| audience_check(Audience { found, without_address, reachable });
        assert_eq!(found(0, 0, 0).verdict, Verdict::Fail);
        assert_eq!(found(3, 3, 0).verdict, Verdict::Fail);
        assert_eq!(found(3, 0, 3).verdict, Verdict::Pass);
        let some = found(1_500, 300, 1_190);
        assert_eq!(some.verdict, Verdict::Warn);
        assert!(some.detail.contains("300 without") && some.detail.contains("10 unsubscribed"), "{}", some.detail);
    }
}
