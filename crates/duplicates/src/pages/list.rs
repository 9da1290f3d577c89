use std::collections::HashMap;

use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, LeadsRead, Permission, Viewer};
use kernel::LeadId;
use leads::Lead;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, Tab, table};

use super::{progress, show};
use crate::{
    actions::{merge_all, scan},
    model::Evidence,
    store::{
        self,
        clusters::{Page, StoredCluster, Which},
        settings::Settings,
    },
};

const ROWS: i64 = 30;
/// The form of the buttons that decide about one cluster: theirs cannot stand within the form of those that are ticked.
const ONE: &str = "decide-one";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// `sure`, `unsure`, or everything that is shown.
    show: String,
    cursor: Option<String>,
}

/// What a row needs besides the cluster.
struct Row {
    cluster: StoredCluster,
    leads: Vec<Lead>,
    /// Of the pair that is surest.
    evidence: Vec<Evidence>,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let settings = store::settings::get(&tx).await?;
    let (shown, sure) = (settings.show_bits(), settings.automatic_bits());
    let all = Which { at_least: shown, below: f64::INFINITY };
    let certain = Which { at_least: sure, below: f64::INFINITY };
    let which = match query.show.as_str() {
        "sure" => certain,
        "unsure" => Which { at_least: shown, below: sure },
        _ => all,
    };
    let counts = (store::clusters::count(&tx, all).await?, store::clusters::count(&tx, certain).await?);
    let page = store::clusters::list(&tx, which, ROWS, query.cursor.as_deref()).await?;
    let (next, total) = (page.next.clone(), page.total);
    let rows = rows(&tx, page).await?;
    let (scanning, merging) = (scan::status(&tx).await?, merge_all::status(&tx).await?);
    tx.commit().await?;

    let may_write = viewer.may(Permission::LeadsWrite);
    let first = query.cursor.is_none();
    let link = |cursor: &String| {
        let pairs = [("show", query.show.as_str()), ("cursor", cursor.as_str())].into_iter().filter(|(_, value)| !value.is_empty());
        format!("/duplicates?{}", serde_html_query(pairs))
    };
    let actions = html! {
        (Button::secondary("Settings").icon(Icon::Settings).href("/duplicates/settings"))
        @if may_write && viewer.scope.sees_everything() {
            form method="post" action="/duplicates/scan" { (Button::secondary("Scan all leads").icon(Icon::Refresh)) }
        }
        @if may_write && counts.1 > 0 {
            form method="post" action="/duplicates/merge-all" {
                (ui::hidden("at_least", &settings.automatic_from.to_string()))
                (Button::primary(if counts.1 == 1 { "Merge the sure one".to_owned() } else { format!("Merge all {} sure ones", ui::number(counts.1)) }).icon(Icon::Check).confirm(format!(
                    "Merge {} of at least {}? Of each field the best value stays. It can be undone for 30 days.",
                    ui::plural(counts.1, "cluster", "clusters"), show::percent(settings.automatic_from)
                )))
            }
        }
    };
    let content = html! {
        (ui::page_header("Duplicates", "Leads that may be one person, the surest first.", actions))
        (ui::stack(html! {
            (progress::cards(&viewer, scanning.as_ref(), merging.as_ref()))
            (ui::tabs("Which duplicates", &[
                Tab::new("All", "/duplicates", !matches!(query.show.as_str(), "sure" | "unsure")).count(counts.0),
                Tab::new("Sure", "/duplicates?show=sure", query.show == "sure").count(counts.1),
                Tab::new("To be looked at", "/duplicates?show=unsure", query.show == "unsure").count((counts.0 - counts.1).max(0)),
            ]))
            @if rows.is_empty() && first {
                (ui::empty_state(Icon::Duplicate, "No duplicates here", "New and changed leads are compared within a moment. Pairs that you reject never come back.", html! {}))
            } @else {
                (clusters(&viewer, &settings, &rows))
                (Pager::new(format!("{} of {}", rows.len(), total_of(total)))
                    .previous((!first).then(|| if query.show.is_empty() { "/duplicates".to_owned() } else { format!("/duplicates?show={}", query.show) }))
                    .next(next.as_ref().map(link)))
            }
        }))
    };
    Ok(viewer.page(Nav::Duplicates, "Duplicates", content))
}

fn serde_html_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn total_of(total: http_kit::Total) -> String {
    let words = ui::plural(total.value, "cluster", "clusters");
    if total.exact { words } else { format!("more than {words}") }
}

/// Leads and evidence of a page of clusters, in two queries.
async fn rows(tx: &db::TenantTx, page: Page) -> Result<Vec<Row>, Problem> {
    let ids: Vec<LeadId> = page.rows.iter().flat_map(|cluster| cluster.leads.iter().copied()).collect();
    let mut leads: HashMap<LeadId, Lead> = leads::get_many(tx, &ids).await?.into_iter().map(|lead| (lead.id, lead)).collect();
    let pairs = store::pairs::within(tx, &ids).await?;
    let rows = page.rows.into_iter().map(|cluster| {
        let evidence = pairs.iter().find(|pair| cluster.leads.contains(&pair.low) && cluster.leads.contains(&pair.high));
        Row {
            evidence: evidence.map(|pair| pair.evidence.clone()).unwrap_or_default(),
            leads: cluster.leads.iter().filter_map(|id| leads.remove(id)).collect(),
            cluster,
        }
    });
    Ok(rows.filter(|row| row.leads.len() > 1).collect())
}

fn clusters(viewer: &Viewer, settings: &Settings, rows: &[Row]) -> Markup {
    let may_write = viewer.may(Permission::LeadsWrite);
    let list = table::wrap(
        "Duplicates",
        html! {
            table.table {
                thead { tr {
                    @if may_write { (table::th_select()) }
                    (table::th("Leads")) (table::th("Probability")) (table::th("Why"))
                    @if may_write { (table::th_actions()) }
                } }
                tbody { @for row in rows {
                    @let href = format!("/duplicates/{}", row.cluster.id);
                    tr id=(row.cluster.id) data-row data-href=(href) {
                        @if may_write { (table::td_select()) }
                        td.is-title.is-wrap data-label="Leads" {
                            a href=(href) {
                                span.visually-hidden { "Compare " }
                                (ui::stack(html! { @for lead in &row.leads { (show::person(lead)) } }))
                            }
                        }
                        td data-label="Probability" { (show::probability(settings.calibration.probability(row.cluster.bits))) }
                        td.is-wrap data-label="Why" {
                            div { (show::reasons(&row.evidence, 4)) }
                            @if row.cluster.by_hand { p.muted { "A merge of these was undone." } }
                        }
                        @if may_write { td.is-actions data-label="Decide" {
                            (ui::button_row(html! {
                                (Button::secondary("Merge").small().icon(Icon::Check)
                                    .attr("form", ONE).attr("formaction", format!("{href}/merge"))
                                    .attr("data-row-shortcut", "a").attr("title", "Merge with the best value of each field (a)"))
                                (Button::ghost("Not duplicates").small().attr("form", ONE).attr("formaction", format!("{href}/reject"))
                                    .attr("data-row-shortcut", "r").attr("title", "These are different people (r)"))
                            }))
                        } }
                    }
                } }
            }
        },
    );
    // Only what is ticked one by one: for all that are sure there is the button above.
    let here = table::Matching { total: i64::try_from(rows.len()).unwrap_or(i64::MAX), exact: true };
    let merge = Button::primary("Merge").small().icon(Icon::Check);
    let merge = merge.confirm("Merge {n}? Of each field the best value stays. It can be undone for 30 days.");
    html! {
        @if may_write {
            form #(ONE) method="post" {}
            (table::selectable("/duplicates/merge-all", Some(here), ("cluster", "clusters"), html! {}, html! { (merge) }, list))
        } @else { (list) }
        @if may_write {
            p.muted {
                "Keys: " (ui::kbd("j")) " " (ui::kbd("k")) " move, " (ui::kbd("x")) " selects, "
                (ui::kbd("Enter")) " compares side by side, " (ui::kbd("a")) " merges, " (ui::kbd("r")) " rejects."
            }
        }
    }
}
