use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiPath, ApiQuery, App, PageForm, Problem, redirect};
use identity::{Can, LeadsRead};
use kernel::SegmentId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Nav, Stat};

use crate::{
    actions::measure_overlap::{AT_ONCE, overlap_later, overlap_now},
    model::{Overlap, Segment},
    store,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct With {
    with: Option<SegmentId>,
}

impl With {
    fn other(&self) -> Result<SegmentId, Problem> {
        self.with.ok_or_else(|| Problem::field("/with", "with.required", "Choose the segment to compare with"))
    }
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(a): ApiPath<SegmentId>,
    ApiQuery(query): ApiQuery<With>,
) -> Result<Markup, Problem> {
    let b = query.other()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let first = store::segments::get(&tx, a).await?.ok_or_else(Problem::not_found)?;
    let second = store::segments::get(&tx, b).await?.ok_or_else(Problem::not_found)?;
    let overlap = overlap_now(&app, &tx, [a, b], app.clock.now()).await?;
    tx.commit().await?;
    let result = match overlap {
        Some(overlap) => figures(&first, &second, overlap),
        None => html! {
            div.stack {
                p { "At least one of the two has more than " (ui::number(AT_ONCE)) " leads. Counting them takes a while, and is done in the background." }
                form method="post" action={ "/segments/" (a) "/overlap" } {
                    (ui::hidden("with", &b.to_string()))
                    (Button::primary("Count in the background"))
                }
            }
        },
    };
    let content = html! {
        (ui::page_header_under(&[("Segments", "/segments"), (&first.name, &format!("/segments/{a}"))], "Overlap", &format!("{} and {}", first.name, second.name), html! {}))
        (ui::card("", html! {}, result))
    };
    Ok(viewer.page(Nav::Segments, "Overlap", content))
}

pub(super) async fn start(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(a): ApiPath<SegmentId>,
    form: PageForm<With>,
) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let b = form.value.other()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let job = overlap_later(&tx, [a, b], viewer.user_id).await?;
    let to = format!("/segments/jobs/{}", job.0);
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    Ok(redirect(&to, None))
}

/// What two segments share, as three numbers.
pub(super) fn figures(a: &Segment, b: &Segment, overlap: Overlap) -> Markup {
    let (in_a, in_b) = (overlap.both + overlap.only_a, overlap.both + overlap.only_b);
    html! {
        (ui::stats(html! {
            (Stat::new("In both", ui::number(overlap.both)).detail(format!("{} of {}, {} of {}", ui::percent(overlap.both, in_a), a.name, ui::percent(overlap.both, in_b), b.name)))
            (Stat::new(format!("Only in {}", a.name), ui::number(overlap.only_a)).detail(format!("of {}", ui::number(in_a))))
            (Stat::new(format!("Only in {}", b.name), ui::number(overlap.only_b)).detail(format!("of {}", ui::number(in_b))))
        }))
    }
}
