//! What decisions teach: the model's odds corrected by what people accepted and rejected.
//!
//! Logistic recalibration (Platt 1999; Cox 1958): the log-odds of a pair become `slope * odds + intercept`, fitted to the
//! organisation's own decisions by penalised likelihood. The penalty (a normal prior around 1 and 0) keeps a few
//! decisions from turning the model over, and below [`FLOOR`] decisions nothing is learned at all. The slope stays positive,
//! so the order of the pairs is the model's; what changes is how sure it claims to be.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Decisions below which nothing is learned.
pub const FLOOR: usize = 20;

/// Standard deviations of the prior.
const SLOPE_SPREAD: f64 = 0.25;
const INTERCEPT_SPREAD: f64 = 2.0;

/// The correction in force.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Calibration {
    pub slope: f64,
    /// In natural log-odds.
    pub intercept: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { slope: 1.0, intercept: 0.0 }
    }
}

/// What a person decided about a pair that the model had given so many bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    pub bits: f64,
    pub accepted: bool,
}

impl Calibration {
    /// The probability that a pair with so many bits is one person.
    pub fn probability(self, bits: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * bits * std::f64::consts::LN_2 + self.intercept)).exp())
    }

    /// The bits that a pair needs for this probability.
    pub fn bits_for(self, probability: f64) -> f64 {
        let p = probability.clamp(1e-9, 1.0 - 1e-9);
        ((p / (1.0 - p)).ln() - self.intercept) / (self.slope * std::f64::consts::LN_2)
    }

    /// Fits the correction; the default below [`FLOOR`] decisions.
    pub fn learn(decisions: &[Decision]) -> Self {
        if decisions.len() < FLOOR {
            return Self::default();
        }
        let (mut slope, mut intercept) = (1.0_f64, 0.0_f64);
        for _ in 0..50 {
            // Newton's step on the penalised log-likelihood, which is concave.
            let mut gradient = ((1.0 - slope) / SLOPE_SPREAD.powi(2), -intercept / INTERCEPT_SPREAD.powi(2));
            let (mut ss, mut si, mut ii) = (1.0 / SLOPE_SPREAD.powi(2), 0.0, 1.0 / INTERCEPT_SPREAD.powi(2));
            for decision in decisions {
                let x = (decision.bits * std::f64::consts::LN_2).clamp(-30.0, 30.0);
                let p = 1.0 / (1.0 + (-(slope * x + intercept)).exp());
                let error = f64::from(u8::from(decision.accepted)) - p;
                gradient.0 += error * x;
                gradient.1 += error;
                let weight = p * (1.0 - p);
                ss += weight * x * x;
                si += weight * x;
                ii += weight;
            }
            let determinant = ss * ii - si * si;
            let step = ((ii * gradient.0 - si * gradient.1) / determinant, (ss * gradient.1 - si * gradient.0) / determinant);
            // Damped, so that a far start cannot overshoot.
            let length = step.0.abs().max(step.1.abs());
            let damping = if length > 1.0 { 1.0 / length } else { 1.0 };
            slope += step.0 * damping;
            intercept += step.1 * damping;
            if length < 1e-9 {
                break;
            }
        }
        Self { slope: slope.clamp(0.2, 3.0), intercept: intercept.clamp(-10.0, 10.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decisions(of: &[(f64, usize, usize)]) -> Vec<Decision> {
        of.iter()
            .flat_map(|&(bits, accepted, rejected)| {
                let yes = std::iter::repeat_n(Decision { bits, accepted: true }, accepted);
                yes.chain(std::iter::repeat_n(Decision { bits, accepted: false }, rejected))
            })
            .collect()
    }

    #[test]
    fn few_decisions_teach_nothing() {
        assert_eq!(Calibration::learn(&decisions(&[(5.0, 0, FLOOR - 1)])), Calibration::default());
    }

    #[test]
    fn rejections_make_it_less_sure_and_acceptances_more() {
        let before = Calibration::default().probability(4.0);
        let doubted = Calibration::learn(&decisions(&[(4.0, 10, 30), (8.0, 30, 10)]));
        assert!(doubted.probability(4.0) < 0.5 && doubted.probability(4.0) < before, "{doubted:?}");
        let trusted = Calibration::learn(&decisions(&[(1.0, 60, 2), (4.0, 60, 0)]));
        assert!(trusted.probability(1.0) > Calibration::default().probability(1.0), "{trusted:?}");
    }

    #[test]
    fn bits_and_probability_are_inverse_and_ordered() {
        let learned = Calibration::learn(&decisions(&[(-1.0, 3, 20), (3.0, 20, 5), (9.0, 40, 1)]));
        for p in [0.1, 0.8, 0.995] {
            assert!((learned.probability(learned.bits_for(p)) - p).abs() < 1e-9);
        }
        assert!(learned.probability(3.0) < learned.probability(3.1));
    }
}
