use maud::{Markup, html};

use super::figure;
use super::scale::{coordinate, share};

/// One bar.
pub struct Bar {
    pub label: String,
    pub value: i64,
    /// Every number opens its rows.
    pub href: Option<String>,
}

/// Lying bars with label and value in words: comparisons of up to about a dozen things.
pub fn bars(title: &str, unit: &str, bars: &[Bar]) -> Markup {
    let top = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
    let drawing = html! {
        ul.bars aria-hidden="true" {
            @for bar in bars {
                li.bar {
                    @match &bar.href {
                        Some(href) => a.bar-label href=(href) tabindex="-1" { (bar.label) },
                        None => span.bar-label { (bar.label) },
                    }
                    svg.bar-track viewBox="0 0 1000 10" preserveAspectRatio="none" { rect.bar-fill.series-1 width=(coordinate(share(bar.value, top, 1000.0).max(if bar.value > 0 { 4.0 } else { 0.0 }))) height="10" {} }
                    span.bar-value { (crate::number(bar.value)) }
                }
            }
        }
    };
    let table = html! {
        table.table.is-compact {
            thead { tr { th scope="col" { "What" } th.num scope="col" { (unit) } } }
            tbody { @for bar in bars { tr { th scope="row" { @match &bar.href { Some(href) => a href=(href) { (bar.label) }, None => (bar.label) } } td.num data-label=(unit) { (crate::number(bar.value)) } } } }
        }
    };
    figure(title, html! {}, drawing, table)
}
