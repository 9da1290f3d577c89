//! Round numbers for axes.

/// The tick step and the top of an axis that holds `max` with about `ticks` lines.
pub(super) fn axis(max: i64, ticks: i64) -> (i64, i64) {
    let rough = (max.max(1) + ticks - 1) / ticks;
    let mut magnitude = 1;
    while magnitude * 10 <= rough {
        magnitude *= 10;
    }
    let step = [1, 2, 5, 10].into_iter().map(|factor| factor * magnitude).find(|step| *step >= rough).unwrap_or(magnitude * 10);
    let top = (max.max(1) + step - 1) / step * step;
    (step, top)
}

/// A coordinate with one decimal: what a screen can show, and what keeps the page small.
pub(super) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "counts and pixel positions stay far below 2^53")]
pub(super) fn share(value: i64, top: i64, length: f64) -> f64 {
    value.max(0) as f64 / top.max(1) as f64 * length
}

#[expect(clippy::cast_precision_loss, reason = "a chart has a few hundred points")]
pub(super) fn position(index: usize, count: usize, length: f64) -> f64 {
    if count < 2 { length / 2.0 } else { index as f64 / (count - 1) as f64 * length }
}

#[cfg(test)]
mod tests {
    use super::axis;

    #[test]
    fn ticks_are_round_and_cover_the_maximum() {
        assert_eq!(axis(0, 4), (1, 1));
        assert_eq!(axis(7, 4), (2, 8));
        assert_eq!(axis(9240, 4), (5000, 10_000));
        assert_eq!(axis(50_000, 4), (20_000, 60_000));
    }
}
