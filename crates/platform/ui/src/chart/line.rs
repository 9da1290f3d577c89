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

/// Values over time. `labels` name the points (days); up to six of them are written under the axis.
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
            div.chart-x aria-hidden="true" { @for label in written(labels) { span { (label) } } }
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

/// At most six labels at equal distances, the first and the last among them where the count allows.
fn written(labels: &[String]) -> Vec<&str> {
    let last = labels.len().saturating_sub(1);
    let gaps = (1..=5).rev().find(|gaps| last % gaps == 0).filter(|gaps| *gaps > 1 || last < 2);
    match gaps {
        Some(gaps) => (0..=gaps.min(last)).filter_map(|index| labels.get(index * last / gaps)).map(String::as_str).collect(),
        // A prime number of days: the ends alone are still true.
        None => [labels.first(), labels.last()].into_iter().flatten().map(String::as_str).collect(),
    }
}

/// A line the size of a word, for a table cell or a figure; `label` says what it shows.
pub fn sparkline(label: &str, values: &[i64]) -> Markup {
    let top = values.iter().copied().max().unwrap_or(0).max(1);
    let point = |(index, value): (usize, &i64)| format!("{},{}", coordinate(2.0 + position(index, values.len(), 76.0)), coordinate(21.0 - share(*value, top, 18.0)));
    let points: Vec<String> = values.iter().enumerate().map(point).collect();
    html! { svg.sparkline viewBox="0 0 80 24" width="80" height="24" role="img" aria-label=(label) { polyline points=(points.join(" ")) {} } }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn labels_stand_at_equal_distances() {
        let days: Vec<String> = (1..=31).map(|day| day.to_string()).collect();
        assert_eq!(written(&days), ["1", "7", "13", "19", "25", "31"]);
        assert_eq!(written(&days[..14]), ["1", "14"]);
        assert_eq!(written(&days[..2]), ["1", "2"]);
        assert_eq!(written(&days[..1]), ["1"]);
        assert!(written(&[]).is_empty());
    }
}
