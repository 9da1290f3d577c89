//! Charts drawn on the server as SVG. Each is a figure with its table behind it, so it reads without
//! eyes, prints, and never flashes. Colours come from CSS classes `series-1` … `series-6`.

mod bars;
mod funnel;
mod line;
mod scale;

pub use bars::{Bar, bars};
pub use funnel::{Stage, funnel};
pub use line::{Series, line, sparkline};

use maud::{Markup, html};

/// The figure around a drawing: caption, drawing, the numbers as a table that can be opened.
fn figure(title: &str, legend: Markup, drawing: Markup, table: Markup) -> Markup {
    html! {
        figure.chart {
            figcaption.chart-caption { span.chart-title { (title) } (legend) }
            (drawing)
            details.chart-data {
                summary { "Show the numbers" }
                div.table-wrap role="region" aria-label={ "Numbers: " (title) } tabindex="0" { (table) }
            }
        }
    }
}
