//! New and edited leads: one form, shown again with what was typed when something is wrong.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, FieldError, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Member, Viewer};
use kernel::LeadId;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};
use ui::{Button, Field, Nav};

use super::{grid::colleagues, show};
use crate::{
    actions::{WriteError, create_lead::create_lead, update_lead::update_lead},
    custom_fields::{self, FieldKind, Registry},
    model::{Lead, LeadDraft, parse_whole},
    store,
};

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct LeadForm {
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    title: String,
    seniority: String,
    department: String,
    linkedin_url: String,
    company_name: String,
    company_domain: String,
    industry: String,
    employee_count: String,
    annual_revenue: String,
    country: String,
    city: String,
    status: String,
    owner_id: String,
    tags: String,
    source: String,
    external_id: String,
    /// `key = value` lines: fields that nobody has made yet.
    custom: String,
    /// The version that the person saw.
    version: String,
    /// Custom fields as `custom.KEY`.
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

impl LeadForm {
    fn of(lead: &Lead) -> Self {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            first_name: lead.first_name.clone(),
            last_name: lead.last_name.clone(),
            email: lead.email.clone().unwrap_or_default(),
            phone: lead.phone.clone(),
            title: lead.title.clone(),
            seniority: lead.seniority.clone(),
            department: lead.department.clone(),
            linkedin_url: lead.linkedin_url.clone(),
            company_name: lead.company_name.clone(),
            company_domain: lead.company_domain.clone(),
            industry: lead.industry.clone(),
            employee_count: number(lead.employee_count.map(i64::from)),
            annual_revenue: number(lead.annual_revenue),
            country: lead.country.clone(),
            city: lead.city.clone(),
            status: lead.status.as_str().to_owned(),
            owner_id: lead.owner_id.map(|id| id.to_string()).unwrap_or_default(),
            tags: lead.tags.join(", "),
            source: lead.source.clone(),
            external_id: lead.external_id.clone(),
            custom: String::new(),
            version: lead.version.to_string(),
            more: lead.custom.iter().map(|(key, value)| (format!("custom.{key}"), typed_text(value))).collect(),
        }
    }

    /// What was typed as a draft; what cannot be read is an error of its field.
    fn draft(&self, registry: &Registry) -> Result<LeadDraft, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut number = |field: &str, text: &str| {
            parse_whole(text).unwrap_or_else(|why| {
                errors.push(FieldError::new(format!("/{field}"), format!("{field}.invalid"), why));
                None
            })
        };
        let employee_count = number("employee_count", &self.employee_count);
        let annual_revenue = number("annual_revenue", &self.annual_revenue);
        let mut wrong = |field: &str, why: &str| errors.push(FieldError::new(format!("/{field}"), format!("{field}.invalid"), why));
        let status = if self.status.is_empty() { Some(crate::Status::New) } else { self.status.parse().ok() };
        if status.is_none() {
            wrong("status", "Choose one of the statuses");
        }
        let owner_id = if self.owner_id.is_empty() { None } else { self.owner_id.parse().ok() };
        if owner_id.is_none() && !self.owner_id.is_empty() {
            wrong("owner_id", "Choose one of your colleagues");
        }
        let mut custom = parse_custom(&self.custom).unwrap_or_else(|why| {
            wrong("custom", &why);
            Map::new()
        });
        for field in registry.active() {
            let Some(typed) = self.more.get(&format!("custom.{}", field.key)) else { continue };
            // Whether a choice that was taken away may stay is known where it is saved: it may, if the lead had it before.
            let taken_away = field.kind == FieldKind::Choice && !typed.trim().is_empty() && field.option(typed).is_none();
            let read = if taken_away { Ok(Value::String(typed.trim().to_owned())) } else { field.parse(typed) };
            let value = read.unwrap_or_else(|why| {
                errors.push(FieldError::new(format!("/custom/{}", field.key), "custom.kind", why));
                Value::Null
            });
            // A line for the same field says more than an input that was left as it is.
            custom.entry(field.key.clone()).or_insert(value);
        }
        let draft = LeadDraft {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            title: self.title.clone(),
            seniority: self.seniority.clone(),
            department: self.department.clone(),
            linkedin_url: self.linkedin_url.clone(),
            company_name: self.company_name.clone(),
            company_domain: self.company_domain.clone(),
            industry: self.industry.clone(),
            employee_count,
            annual_revenue,
            country: self.country.clone(),
            city: self.city.clone(),
            status: status.unwrap_or_default(),
            owner_id,
            tags: self.tags.split([',', ';']).map(str::to_owned).collect(),
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            custom,
        };
        // One look at everything: the form's own errors and those of the check.
        errors.extend(draft.clone().check().err().unwrap_or_default());
        if errors.is_empty() { Ok(draft) } else { Err(errors) }
    }
}

/// A custom value as its input shows it.
fn typed_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A custom value as text; a text that would read as a number or a boolean is quoted.
pub(super) fn custom_text(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains(['\n', '"']) && serde_json::from_str::<Value>(text).is_err() => text.clone(),
        // 5.0 is 5 to whoever reads it.
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        other => other.to_string(),
    }
}

/// `key = value` lines.
fn parse_custom(text: &str) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once('=').ok_or_else(|| format!("{line:?} is not of the form key = value"))?;
        let (key, value) = (key.trim().to_lowercase().replace([' ', '-'], "_"), value.trim());
        let parsed = serde_json::from_str::<Value>(value).ok().filter(|value| value.is_number() || value.is_boolean() || value.is_string());
        fields.insert(key, parsed.unwrap_or_else(|| Value::String(value.to_owned())));
    }
    Ok(fields)
}

pub(super) async fn new(State(app): State<App>, viewer: Can<LeadsWrite>) -> Result<Markup, Problem> {
    let (members, registry) = colleagues(&app, &viewer).await?;
    let form = LeadForm { owner_id: viewer.user_id.to_string(), ..LeadForm::default() };
    Ok(new_page(&viewer, &form, &Around { members, registry }, None))
}

pub(super) async fn create(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<LeadForm>) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let again = async |problem: &Problem| -> Result<Response, Problem> {
        let (members, registry) = colleagues(&app, &viewer).await?;
        let around = Around { members, registry };
        Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(&viewer, &form.value, &around, Some(problem))).into_response())
    };
    let registry = custom_fields::read(&app.db, &viewer.scope).await?;
    let draft = match form.value.draft(&registry) {
        Ok(draft) => draft,
        Err(errors) => return again(&Problem::invalid(errors)).await,
    };
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    match create_lead(&app, &tx, draft, viewer.actor(), now).await {
        Ok(lead) => {
            let to = format!("/leads/{}", lead.id);
            idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Lead added."))))
        }
        Err(error @ WriteError::Invalid(_)) => {
            drop(tx);
            again(&error.into()).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn edit(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<LeadId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let around = Around { members: identity::members(&tx).await?, registry: custom_fields::list(&tx).await? };
    tx.commit().await?;
    Ok(edit_page(&viewer, &lead, &LeadForm::of(&lead), &around, None))
}

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
    form: PageForm<LeadForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let around = Around { members: identity::members(&tx).await?, registry: custom_fields::list(&tx).await? };
    let version = form.value.version.parse().ok();
    let outcome = match form.value.draft(&around.registry) {
        Ok(draft) => {
            // Every field of the form, so that an emptied one is emptied.
            let mut patch = serde_json::to_value(&draft).unwrap_or_default();
            if let Some(members) = patch.as_object_mut() {
                members.retain(|name, value| !(name == "owner_id" && value.is_null() && lead.owner_id.is_none()));
            }
            update_lead(&tx, id, &patch, version, viewer.actor(), app.clock.now()).await
        }
        Err(errors) => Err(WriteError::Invalid(errors)),
    };
    match outcome {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/leads/{id}"), Some(Flash::success("Lead saved."))))
        }
        Err(error @ (WriteError::Invalid(_) | WriteError::Changed)) => {
            let problem = Problem::from(error);
            let status = problem.kind.status();
            Ok((status, edit_page(&viewer, &lead, &form.value, &around, Some(&problem))).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the form offers to choose from.
struct Around {
    members: Vec<Member>,
    registry: Registry,
}

fn new_page(viewer: &Viewer, form: &LeadForm, around: &Around, problem: Option<&Problem>) -> Markup {
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "New lead", "", html! {}))
        (fields(viewer, "/leads", form, around, problem, html! { (Button::primary("Add lead")) (Button::ghost("Cancel").href("/leads")) }))
    };
    viewer.page(Nav::Leads, "New lead", content)
}

fn edit_page(viewer: &Viewer, lead: &Lead, form: &LeadForm, around: &Around, problem: Option<&Problem>) -> Markup {
    let (name, href) = (lead.display_name(), format!("/leads/{}", lead.id));
    let title = format!("Edit {name}");
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads"), (&name, &href)], &title, "", html! {}))
        (fields(viewer, &format!("{href}/edit"), form, around, problem, html! { (Button::primary("Save")) (Button::ghost("Cancel").href(href)) }))
    };
    viewer.page(Nav::Leads, &title, content)
}

fn fields(viewer: &Viewer, action: &str, form: &LeadForm, around: &Around, problem: Option<&Problem>, buttons: Markup) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let text =
        |name: &'static str, label: &'static str, value: &str| Field::text(name, label).value(value).error(error(name)).autocomplete("off");
    let status = if form.status.is_empty() { "new" } else { &form.status };
    html! {
        form.stack method="post" action=(action) novalidate {
            @if let Some(problem) = problem {
                @if problem.kind == ProblemKind::Invalid {
                    (ui::form_error(&format!("{} before this can be saved.", ui::plural(i64::try_from(problem.errors.len()).unwrap_or_default(), "field needs a look", "fields need a look"))))
                } @else { (ui::form_error(&problem.detail)) }
            }
            @if !form.version.is_empty() { (ui::hidden("version", &form.version)) }
            (ui::card("Person", html! {}, html! {
                (ui::field_grid(html! {
                    (text("first_name", "First name", &form.first_name))
                    (text("last_name", "Last name", &form.last_name))
                    (Field::email("email", "E-mail").value(&form.email).error(error("email")).autocomplete("off"))
                    (Field::tel("phone", "Phone").value(&form.phone).error(error("phone")).autocomplete("off"))
                    (text("title", "Job title", &form.title))
                    (text("seniority", "Seniority", &form.seniority))
                    (text("department", "Department", &form.department))
                    (text("linkedin_url", "LinkedIn", &form.linkedin_url).placeholder("linkedin.com/in/…"))
                }))
            }))
            (ui::card("Company", html! {}, html! {
                (ui::field_grid(html! {
                    (text("company_name", "Company", &form.company_name))
                    (text("company_domain", "Domain", &form.company_domain).placeholder("example.com").hint("Left empty, it is taken from a business e-mail address."))
                    (text("industry", "Industry", &form.industry))
                    (text("employee_count", "Employees", &form.employee_count).attr("inputmode", "numeric"))
                    (text("annual_revenue", "Annual revenue", &form.annual_revenue).attr("inputmode", "numeric"))
                    (text("country", "Country", &form.country).hint("A name or a code: Germany, DE."))
                    (text("city", "City", &form.city))
                }))
            }))
            (ui::card("Work", html! {}, html! {
                (ui::field_grid(html! {
                    (Field::select("status", "Status", show::status_options()).value(status).error(error("status")))
                    (Field::select("owner_id", "Owner", show::owner_options(viewer, &around.members)).value(&form.owner_id).error(error("owner_id")))
                    (text("tags", "Tags", &form.tags).hint("Separated by commas."))
                    (text("source", "Source", &form.source).placeholder("manual"))
                    (text("external_id", "External id", &form.external_id).hint("The id in another system."))
                }))
            }))
            (ui::card("Custom fields", html! {}, custom_inputs(form, &around.registry, problem)))
            (ui::form_actions(buttons))
        }
    }
}

/// An input for each custom field, of its kind, and a place for new ones.
fn custom_inputs(form: &LeadForm, registry: &Registry, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let strange = problem.and_then(|problem| {
        let of_line = |error: &&FieldError| {
            error.pointer.strip_prefix("/custom").is_some_and(|rest| {
                rest.strip_prefix('/').is_none_or(|key| registry.get(key).is_none_or(|field| field.archived_at.is_some()))
            })
        };
        problem.errors.iter().find(of_line).map(|error| error.detail.clone())
    });
    html! {
        @if registry.active().next().is_some() {
            (ui::field_grid(html! { @for field in registry.active() { (custom_input(form, field, error(&format!("custom/{}", field.key)))) } }))
        }
        (Field::textarea("custom", "New fields", 2).value(&form.custom).error(strange)
            .hint("One per line: key = value. Numbers, true and false are kept as such."))
    }
}

fn custom_input(form: &LeadForm, field: &custom_fields::Field, error: Option<String>) -> Field {
    let name = format!("custom.{}", field.key);
    let value = form.more.get(&name).cloned().unwrap_or_default();
    let nothing = (String::new(), "—".to_owned());
    let input = match field.kind {
        FieldKind::Text => Field::text(name, &field.label),
        FieldKind::Number => Field::text(name, &field.label).attr("inputmode", "decimal"),
        FieldKind::Date => Field::date(name, &field.label),
        FieldKind::Url => Field::url(name, &field.label).placeholder("https://…"),
        FieldKind::Bool => {
            let choices = [nothing, ("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())];
            Field::select(name, &field.label, choices)
        }
        FieldKind::Choice => {
            let mut choices = vec![nothing];
            choices.extend(field.options.iter().map(|option| (option.clone(), option.clone())));
            // A choice that was taken away stays with whoever has it.
            if !value.is_empty() && field.option(&value).is_none() {
                choices.push((value.clone(), value.clone()));
            }
            Field::select(name, &field.label, choices)
        }
    };
    input.value(value).error(error).autocomplete("off")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn custom_fields_survive_the_form() {
        let custom = json!({"visits": 3, "rate": 1.5, "vip": true, "note": "likes = signs", "code": "0123", "number": "42", "quote": "say \"hi\"", "yes": "true"});
        let lines =
            custom.as_object().unwrap().iter().map(|(key, value)| format!("{key} = {}", custom_text(value))).collect::<Vec<_>>().join("\n");
        assert_eq!(Value::Object(parse_custom(&lines).unwrap()), custom);
        assert!(parse_custom("no equals sign").is_err());
        assert_eq!(parse_custom("Last Call = x").unwrap().keys().next().map(String::as_str), Some("last_call"));
    }
}
