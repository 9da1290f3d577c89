use maud::{Markup, html};

use super::figure;
use super::scale::{axis, coordinate, position, share};

/// One line: its name and one value per label.
pub struct Series<'a> {
    pub name: &'a str,
    pub values: &'a [i64],
}

/// The drawing's own units; it stretches to the width there is, and lines keep their thickness.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;

/// Values over time. `labels` name the points (days); up to five of them are written under the axis.
/// One series is filled down to the axis, several are plain lines with a legend.
pub fn line(title: &str, labels: &[String], series: &[Series<'_>]) -> Markup {
    let max = series.iter().flat_map(|one| one.values.iter().copied()).max().unwrap_or(0);
    let (step, top) = axis(max, 4);
    let count = labels.len();
    let x = |index: usize| coordinate(position(index, count, WIDTH));
    let y = |value: i64| coordinate(HEIGHT - share(value, top, HEIGHT));

    let drawing = html! {
        div.chart-plot {
            div.chart-y aria-hidden="true" { @for tick in ticks(step, top) { span { (crate::compact(tick)) } } }
            svg.chart-drawing viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img"
                aria-label={ (title) ", line chart. The numbers follow as a table." } {
                g.chart-grid { @for tick in ticks(step, top) { line x1="0" x2=(WIDTH) y1=(y(tick)) y2=(y(tick)) {} } }
                @for (number, one) in series.iter().enumerate() {
                    @let points: Vec<String> = one.values.iter().enumerate().map(|(index, value)| format!("{},{}", x(index), y(*value))).collect();
                    g.{ "series-" (number % 6 + 1) } {
                        @if series.len() == 1 && points.len() > 1 {
                            polygon.chart-area points={ (points.join(" ")) " " (x(points.len() - 1)) "," (HEIGHT) " 0," (HEIGHT) } {}
                        }
                        polyline.chart-line points=(points.join(" ")) {}
                        // A round cap on a line without length: a dot that the stretching leaves round.
                        @for (index, value) in one.values.iter().enumerate() {
                            path.chart-point.is-alone[count == 1] d={ "M" (x(index)) " " (y(*value)) "h0" } {
                                title { (labels.get(index).map_or("", String::as_str)) ": " (crate::number(*value)) " " (one.name) }
                            }
                        }
                    }
                }
            }
            svg.chart-x aria-hidden="true" {
                @for (index, label) in written(labels) {
                    @let anchor = if count > 1 && index == 0 { "start" } else if count > 1 && index + 1 == count { "end" } else { "middle" };
                    text x={ (coordinate(position(index, count, 100.0))) "%" } y="12" text-anchor=(anchor) { (label) }
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
                    tr {
                        th scope="row" { (label) }
                        @for one in series { td.num data-label=(one.name) { (one.values.get(index).map_or_else(|| "–".to_owned(), |value| crate::number(*value))) } }
                    }
                }
            }
        }
    };
    figure(title, legend, drawing, table)
}

fn ticks(step: i64, top: i64) -> impl Iterator<Item = i64> {
    (0..=top / step).map(move |index| index * step)
}

/// At most five labels with their places, the first and the last among them.
fn written(labels: &[String]) -> Vec<(usize, &str)> {
    let last = labels.len().saturating_sub(1);
    let gaps = last.clamp(1, 4);
    let mut places: Vec<usize> = (0..=gaps).map(|index| (index * last + gaps / 2) / gaps).collect();
    places.dedup();
    places.into_iter().filter_map(|index| labels.get(index).map(|label| (index, label.as_str()))).collect()
}

/// A line the size of a word, for a table cell or a figure; `label` says what it shows.
pub fn sparkline(label: &str, values: &[i64]) -> Markup {
    let top = values.iter().copied().max().unwrap_or(0).max(1);
    let point = |(index, value): (usize, &i64)| {
        format!("{},{}", coordinate(2.0 + position(index, values.len(), 76.0)), coordinate(21.0 - share(*value, top, 18.0)))
    };
    let points: Vec<String> = values.iter().enumerate().map(point).collect();
    html! { svg.sparkline viewBox="0 0 80 24" width="80" height="24" role="img" aria-label=(label) { polyline points=(points.join(" ")) {} } }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn labels_keep_their_distance_and_the_ends() {
        let days: Vec<String> = (1..=30).map(|day| day.to_string()).collect();
        let places = |count: usize| written(&days[..count]).into_iter().map(|(index, _)| index).collect::<Vec<_>>();
        assert_eq!(places(30), [0, 7, 15, 22, 29]);
        assert_eq!(places(3), [0, 1, 2]);
        assert_eq!(places(1), [0]);
        assert!(places(0).is_empty());
    }
}
