//! One account: its people, its facts, its form.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiPath, App, FieldError, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Member, Permission, Viewer};
use kernel::AccountId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Stat, Tone, table};

use super::{show, state::State as GridState};
use crate::{
    actions::{
        WriteError,
        update_account::{locked, update_account},
    },
    filter::{Condition, Filter, SetTest},
    model::{Account, AccountDraft, Lead, parse_whole},
    store::{
        self,
        accounts::{InTalks, RollUp},
    },
};

const PEOPLE: i64 = 50;

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<AccountId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let account = store::accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let (people, total) = store::accounts::people(&tx, id, PEOPLE).await?;
    let members = identity::members(&tx).await?;
    let may_write = viewer.may(Permission::LeadsWrite) && !store::accounts::is_shared(&tx, id).await?;
    let all_of_them = store::accounts::roll_up(&tx, id).await?;
    let talks = store::accounts::in_talks(&tx, id, viewer.user_id, app.clock.now()).await?;
    tx.commit().await?;
    let similar = if may_write { store::accounts::similar(&app.db, &viewer.scope, id).await? } else { Vec::new() };
    let href = format!("/accounts/{id}");
    let all = GridState::default().with_filter(Filter::default().and(Condition::Account(SetTest::Is(id)))).href();
    let subtitle = if account.name.is_empty() { "" } else { &account.domain };
    let content = html! {
        (ui::page_header_under(&[("Accounts", "/accounts")], account.display_name(), subtitle, html! {
            @if may_write {
                (Button::secondary("Merge").icon(Icon::Duplicate).href(format!("{href}/merge")))
                (Button::secondary("Edit").icon(Icon::Edit).href(format!("{href}/edit")).shortcut("e"))
            }
        }))
        (ui::stack(html! {
            @if !talks.is_empty() { (ui::notice(Tone::Warning, collision(&talks, &members))) }
            (figures(&all_of_them))
            (ui::split(
                ui::card_flush(&ui::plural(total, "person", "people"), html! { @if total > 0 { a href=(all) { "Open in leads" } } }, people_table(&people, &members)),
                html! {
                    @if !similar.is_empty() { (ui::card("May be the same company", html! {}, super::account_merge::choices(&account, &similar))) }
                    @if !all_of_them.owners.is_empty() { (ui::card("Owners", html! {}, owners(&all_of_them, &members))) }
                    (ui::card("Facts", html! {}, facts(&account)))
                },
            ))
        }))
    };
    Ok(viewer.page(Nav::Accounts, account.display_name(), content))
}

/// Who is already talking to somebody there.
fn collision(talks: &[InTalks], members: &[Member]) -> Markup {
    html! {
        @for talk in talks {
            p {
                strong { (show::member(members, talk.owner_id).unwrap_or("A former colleague")) } " is in conversation with "
                a href={ "/leads/" (talk.lead_id) } { (talk.name) } " (" (talk.status.label().to_lowercase()) ", " (ui::ago(talk.last_activity_at)) "). Speak with them before you write to anybody here."
            }
        }
    }
}

fn figures(all: &RollUp) -> Markup {
    let statuses: Vec<String> =
        all.statuses.iter().map(|share| format!("{} {}", ui::number(share.people), share.status.label().to_lowercase())).collect();
    let score = |score: Option<i32>| score.map_or_else(|| "–".to_owned(), |score| score.to_string());
    ui::stats(html! {
        (Stat::new("People", ui::number(all.people)).detail(statuses.join(", ")))
        (Stat::new("Best score", score(all.best_score)).detail(format!("{} on average", score(all.mean_score))))
        div.stat { span.stat-label { "Last activity" } span.stat-value { @match all.last_activity_at { Some(at) => (ui::ago(at)), None => "–" } } }
    })
}

fn owners(all: &RollUp, members: &[Member]) -> Markup {
    let rows = all.owners.iter().map(|share| {
        (show::member(members, share.owner_id).unwrap_or("A former colleague"), html! { (ui::plural(share.people, "person", "people")) })
    });
    ui::definition_list(rows.collect::<Vec<_>>())
}

fn people_table(people: &[Lead], members: &[Member]) -> Markup {
    if people.is_empty() {
        return ui::empty_state(Icon::Leads, "Nobody here", "No lead belongs to this account any more.", html! {});
    }
    table::wrap(
        "People",
        html! {
            table.table {
                thead { tr { (table::th("Name")) (table::th("Status")) (table::th_num("Score")) (table::th("Owner")) (table::th("Last activity")) } }
                tbody { @for lead in people {
                    tr data-row data-href={ "/leads/" (lead.id) } data-edit={ "/leads/" (lead.id) "/edit" } {
                        td.is-title data-label="Name" { a href={ "/leads/" (lead.id) } { (ui::person(&lead.display_name(), (!lead.title.is_empty()).then_some(lead.title.as_str()))) } }
                        td data-label="Status" { (show::status(lead.status)) }
                        td.num data-label="Score" { (show::score(lead)) }
                        td.is-quiet data-label="Owner" { (lead.owner_id.and_then(|id| show::member(members, id)).unwrap_or_default()) }
                        td.is-quiet data-label="Last activity" { @if let Some(at) = lead.last_activity_at { (ui::ago(at)) } }
                    }
                } }
            }
        },
    )
}

fn facts(account: &Account) -> Markup {
    let text = |text: &str| html! { (text) };
    ui::definition_list([
        ("Name", text(&account.name)),
        (
            "Domain",
            html! { @if !account.domain.is_empty() { a href={ "https://" (account.domain) } rel="noopener noreferrer nofollow" target="_blank" { (account.domain) } } },
        ),
        ("Industry", text(&account.industry)),
        ("Employees", html! { @if let Some(count) = account.employee_count { (ui::number(i64::from(count))) } }),
        ("Annual revenue", html! { @if let Some(revenue) = account.annual_revenue { (ui::number(revenue)) } }),
        ("Country", show::country_of(&account.country)),
        ("City", text(&account.city)),
        ("Added", ui::datetime(account.created_at)),
        ("Changed", ui::ago(account.updated_at)),
    ])
}

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct AccountForm {
    name: String,
    domain: String,
    industry: String,
    employee_count: String,
    annual_revenue: String,
    country: String,
    city: String,
}

impl AccountForm {
    fn of(account: &Account) -> Self {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            name: account.name.clone(),
            domain: account.domain.clone(),
            industry: account.industry.clone(),
            employee_count: number(account.employee_count.map(i64::from)),
            annual_revenue: number(account.annual_revenue),
            country: account.country.clone(),
            city: account.city.clone(),
        }
    }

    pub(super) fn draft(&self) -> Result<AccountDraft, WriteError> {
        let mut errors = Vec::new();
        let mut number = |field: &str, text: &str| {
            parse_whole(text).unwrap_or_else(|why| {
                errors.push(FieldError::new(format!("/{field}"), format!("{field}.invalid"), why));
                None
            })
        };
        let draft = AccountDraft {
            employee_count: number("employee_count", &self.employee_count),
            annual_revenue: number("annual_revenue", &self.annual_revenue),
            name: self.name.clone(),
            domain: self.domain.clone(),
            industry: self.industry.clone(),
            country: self.country.clone(),
            city: self.city.clone(),
        };
        errors.extend(draft.clone().check().err().unwrap_or_default());
        if errors.is_empty() { Ok(draft) } else { Err(WriteError::Invalid(errors)) }
    }
}

pub(super) async fn edit(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<AccountId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let account = locked(&tx, id).await?;
    tx.commit().await?;
    Ok(edit_page(&viewer, &account, &AccountForm::of(&account), None))
}

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<AccountId>,
    form: PageForm<AccountForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let account = store::accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let outcome = match form.value.draft() {
        Ok(draft) => update_account(&tx, id, draft, viewer.actor(), app.clock.now()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/accounts/{id}"), Some(Flash::success("Account saved, on its leads too."))))
        }
        Err(error @ WriteError::Invalid(_)) => {
            let problem = Problem::from(error);
            Ok((problem.kind.status(), edit_page(&viewer, &account, &form.value, Some(&problem))).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn edit_page(viewer: &Viewer, account: &Account, form: &AccountForm, problem: Option<&Problem>) -> Markup {
    let href = format!("/accounts/{}", account.id);
    let title = format!("Edit {}", account.display_name());
    let content = html! {
        (ui::page_header_under(&[("Accounts", "/accounts"), (account.display_name(), &href)], &title, "What changes here changes on every lead of the account.", html! {}))
        (ui::card("Company", html! {}, html! {
            form.form.is-wide method="post" action={ (href) "/edit" } novalidate {
                @if problem.is_some() { (ui::form_error("Some fields need a look before this can be saved.")) }
                (fields(form, problem))
                (ui::form_actions(html! { (Button::primary("Save")) (Button::ghost("Cancel").href(href.as_str())) }))
            }
        }))
    };
    viewer.page(Nav::Accounts, &title, content)
}

/// The fields of an account, with what is wrong about them.
pub(super) fn fields(form: &AccountForm, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let text =
        |name: &'static str, label: &'static str, value: &str| Field::text(name, label).value(value).error(error(name)).autocomplete("off");
    ui::field_grid(html! {
        (text("name", "Name", &form.name))
        (text("domain", "Domain", &form.domain).placeholder("example.com"))
        (text("industry", "Industry", &form.industry))
        (text("employee_count", "Employees", &form.employee_count).attr("inputmode", "numeric"))
        (text("annual_revenue", "Annual revenue", &form.annual_revenue).attr("inputmode", "numeric"))
        (text("country", "Country", &form.country).hint("A name or a code: Germany, DE."))
        (text("city", "City", &form.city))
    })
}
