use maud::{Markup, html};

use super::figure;
use super::scale::{axis, coordinate, position, share};

/// One line: its name and one value per label.
pub struct Series<'a> {
    pub name: &'a str,
    pub values: &'a [i64],
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// Values over time. `labels` name the points (days); about six of them are written under the axis.
/// One series is filled down to the axis, several are plain lines with a legend.
pub fn line(title: &str, labels: &[String], series: &[Series<'_>]) -> Markup {
    let max = series.iter().flat_map(|one| one.values.iter().copied()).max().unwrap_or(0);
    let (step, top) = axis(max, 4);
    let (plot_width, plot_height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = |index: usize| LEFT + position(index, labels.len(), plot_width);
    let y = |value: i64| TOP + plot_height - share(value, top, plot_height);
    let every = labels.len().div_ceil(6).max(1);
    let ticks = (0..=top / step).map(|index| index * step);

    let drawing = html! {
        svg.chart-drawing viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (title) ", line chart. The numbers follow as a table." } {
            g.chart-grid {
                @for tick in ticks {
                    line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(coordinate(y(tick))) y2=(coordinate(y(tick))) {}
                    text.chart-label x=(LEFT - 8.0) y=(coordinate(y(tick) + 4.0)) text-anchor="end" { (crate::compact(tick)) }
                }
            }
            @for (index, label) in labels.iter().enumerate().filter(|(index, _)| index % every == 0) {
                @let anchor = if index == 0 && labels.len() > 1 { "start" } else if index + 1 == labels.len() && labels.len() > 1 { "end" } else { "middle" };
                text.chart-label x=(coordinate(x(index))) y=(HEIGHT - 6.0) text-anchor=(anchor) { (label) }
            }
            @for (number, one) in series.iter().enumerate() {
                @let points: Vec<String> = one.values.iter().enumerate().map(|(index, value)| format!("{},{}", coordinate(x(index)), coordinate(y(*value)))).collect();
                g.{ "series-" (number % 6 + 1) } {
                    @if series.len() == 1 && points.len() > 1 {
                        polygon.chart-area points={ (points.join(" ")) " " (coordinate(x(points.len() - 1))) "," (coordinate(y(0))) " " (coordinate(x(0))) "," (coordinate(y(0))) } {}
                    }
                    polyline.chart-line points=(points.join(" ")) {}
                    @for (index, value) in one.values.iter().enumerate() {
                        circle.chart-point cx=(coordinate(x(index))) cy=(coordinate(y(*value))) r="3" {
                            title { (labels.get(index).map_or("", String::as_str)) ": " (crate::number(*value)) " " (one.name) }
                        }
                    }
                }
            }
        }
    };
    let legend = html! {
        @if series.len() > 1 {
            span.chart-legend { @for (number, one) in series.iter().enumerate() { span.legend-item.{ "series-" (number % 6 + 1) } { (one.name) } } }
        }
    };
    let table = html! {
        table.table.is-compact {
            thead { tr { th scope="col" { "When" } @for one in series { th.num scope="col" { (one.name) } } } }
            tbody {
                @for (index, label) in labels.iter().enumerate() {
                    tr { th scope="row" { (label) } @for one in series { td.num data-label=(one.name) { (one.values.get(index).map_or_else(|| "–".to_owned(), |value| crate::number(*value))) } } }
                }
            }
        }
    };
    figure(title, legend, drawing, table)
}

/// A line the size of a word, for a table cell or a figure; `label` says what it shows.
pub fn sparkline(label: &str, values: &[i64]) -> Markup {
    let top = values.iter().copied().max().unwrap_or(0).max(1);
    let points: Vec<String> =
        values.iter().enumerate().map(|(index, value)| format!("{},{}", coordinate(2.0 + position(index, values.len(), 76.0)), coordinate(21.0 - share(*value, top, 18.0)))).collect();
    html! { svg.sparkline viewBox="0 0 80 24" width="80" height="24" role="img" aria-label=(label) { polyline points=(points.join(" ")) {} } }
}
