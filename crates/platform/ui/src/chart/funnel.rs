use maud::{Markup, html};

use super::figure;
use super::scale::{coordinate, share};

/// One stage; each holds what is left of the one before.
pub struct Stage {
    pub label: String,
    pub value: i64,
    /// Every number opens its rows.
    pub href: Option<String>,
}

/// How many are left at each stage, with the share of the first and of the stage before.
pub fn funnel(title: &str, stages: &[Stage]) -> Markup {
    let first = stages.first().map_or(0, |stage| stage.value);
    let top = stages.iter().map(|stage| stage.value).max().unwrap_or(0);
    let before = |index: usize| index.checked_sub(1).and_then(|index| stages.get(index)).map_or(first, |stage| stage.value);
    let drawing = html! {
        ol.funnel aria-hidden="true" {
            @for (index, stage) in stages.iter().enumerate() {
                li.funnel-stage {
                    span.funnel-head {
                        @match &stage.href {
                            Some(href) => a.funnel-label href=(href) tabindex="-1" { (stage.label) },
                            None => span.funnel-label { (stage.label) },
                        }
                        span.funnel-value { (crate::number(stage.value)) }
                    }
                    svg.bar-track viewBox="0 0 1000 10" preserveAspectRatio="none" { rect.bar-fill.series-1 width=(coordinate(share(stage.value, top, 1000.0).max(if stage.value > 0 { 4.0 } else { 0.0 }))) height="10" {} }
                    span.funnel-rate { @if index > 0 { (crate::percent(stage.value, before(index))) " of the stage before" } @else { "100%" } }
                }
            }
        }
    };
    let table = html! {
        table.table.is-compact {
            thead { tr { th scope="col" { "Stage" } th.num scope="col" { "Count" } th.num scope="col" { "Of the first" } th.num scope="col" { "Of the stage before" } } }
            tbody {
                @for (index, stage) in stages.iter().enumerate() {
                    tr {
                        th scope="row" { @match &stage.href { Some(href) => a href=(href) { (stage.label) }, None => (stage.label) } }
                        td.num data-label="Count" { (crate::number(stage.value)) }
                        td.num data-label="Of the first" { (crate::percent(stage.value, first)) }
                        td.num data-label="Of the stage before" { (crate::percent(stage.value, before(index))) }
                    }
                }
            }
        }
    };
    figure(title, html! {}, drawing, table)
}
