use leads::model::{company::is_free_mail, country};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Facts, Seniority, Weights};

/// One line of a score: what it is for, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    pub reason: String,
    pub points: i32,
}

/// A score from 0 to 100 and the reasons that add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    pub score: i32,
    /// Their points add up to `score`, limits included. Never empty.
    pub reasons: Vec<Reason>,
}

impl Weights {
    /// Judges what is known of a lead.
    pub fn score(&self, facts: &Facts<'_>) -> Score {
        let mut lines = Lines::default();
        self.contact(facts, &mut lines);
        self.seniority(facts, &mut lines);
        self.company(facts, &mut lines);
        self.engagement(facts, &mut lines);
        lines.finish()
    }

    fn contact(&self, facts: &Facts<'_>, lines: &mut Lines) {
        let points = &self.points;
        if let Some(email) = facts.email {
            lines.add("Has an e-mail address", points.has_email);
            let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
            if !is_free_mail(domain) {
                lines.add("Business e-mail address", points.business_email);
            }
        }
        if facts.has_phone {
            lines.add("Has a phone number", points.phone);
        }
        if facts.has_linkedin {
            lines.add("Has a LinkedIn profile", points.linkedin);
        }
    }

    fn seniority(&self, facts: &Facts<'_>, lines: &mut Lines) {
        let Some(rank) = Seniority::recognise(facts.seniority, facts.title) else { return };
        let points = &self.points;
        let worth = match rank {
            Seniority::CLevel => points.c_level,
            Seniority::Vp => points.vp,
            Seniority::Director => points.director,
            Seniority::Manager => points.manager,
            Seniority::Senior => points.senior,
        };
        lines.add(rank.label(), worth);
    }

    fn company(&self, facts: &Facts<'_>, lines: &mut Lines) {
        let points = &self.points;
        let (band, worth) = match facts.employee_count {
            Some(1..=10) => ("1–10 employees", points.employees_1_10),
            Some(11..=50) => ("11–50 employees", points.employees_11_50),
            Some(51..=200) => ("51–200 employees", points.employees_51_200),
            Some(201..=1000) => ("201–1,000 employees", points.employees_201_1000),
            Some(1001..=5000) => ("1,001–5,000 employees", points.employees_1001_5000),
            Some(5001..) => ("Over 5,000 employees", points.employees_over_5000),
            Some(_) | None => ("", 0),
        };
        lines.add(band, worth);
        if facts.annual_revenue.is_some_and(|revenue| revenue >= self.revenue_at_least) {
            lines.add(&format!("Annual revenue of at least {}", ui::compact(self.revenue_at_least)), points.revenue);
        }
        if let Some(word) = contained(&self.departments, facts.department) {
            lines.add(&format!("Department: {word}"), points.department);
        }
        if let Some(word) = contained(&self.industries, facts.industry) {
            lines.add(&format!("Industry: {word}"), points.industry);
        }
        let theirs = facts.country.trim().to_lowercase();
        if let Some(name) = self.countries.iter().find(|name| !theirs.is_empty() && name.to_lowercase() == theirs) {
            lines.add(&format!("Country: {}", country::name(name)), points.country);
        }
    }

    /// Once each: a tenth open says little more than the first.
    fn engagement(&self, facts: &Facts<'_>, lines: &mut Lines) {
        let (points, did) = (&self.points, &facts.engagement);
        for (times, reason, worth) in [
            (did.opens, "Opened a mail", points.opened),
            (did.clicks, "Clicked a link", points.clicked),
            (did.replies, "Replied", points.replied),
            (did.bounces, "Mail bounced", points.bounced),
            (did.unsubscribes, "Unsubscribed", points.unsubscribed),
            (did.complaints, "Marked a mail as spam", points.complained),
        ] {
            if times > 0 {
                lines.add(reason, worth);
            }
        }
    }
}

/// The first of `words` that occurs in `text` as whole words, whatever the case.
fn contained<'w>(words: &'w [String], text: &str) -> Option<&'w str> {
    if text.is_empty() || words.is_empty() {
        return None;
    }
    let spaced = |text: &str| {
        let words: String = text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " ");
        words.split_whitespace().fold(String::from(" "), |out, word| out + word + " ")
    };
    let text = spaced(text);
    words
        .iter()
        .find(|word| {
            let word = spaced(word);
            word.len() > 1 && text.contains(&word)
        })
        .map(String::as_str)
}

#[derive(Default)]
struct Lines {
    reasons: Vec<Reason>,
    sum: i32,
}

impl Lines {
    /// A rule that is worth nothing explains nothing.
    fn add(&mut self, reason: &str, points: i32) {
        if points != 0 {
            self.sum += points;
            self.reasons.push(Reason { reason: reason.to_owned(), points });
        }
    }

    fn finish(mut self) -> Score {
        let score = self.sum.clamp(0, 100);
        let limit = if self.sum > 100 { "Limited to 100" } else { "Not below 0" };
        let sum = self.sum;
        self.add(limit, score - sum);
        if self.reasons.is_empty() {
            // So that "scored, and worth nothing" differs from "not scored yet".
            self.reasons.push(Reason { reason: "No rule applies yet".to_owned(), points: 0 });
        }
        Score { score, reasons: self.reasons }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{Engagement, Points, RULES},
        *,
    };

    fn sum(score: &Score) -> i32 {
        score.reasons.iter().map(|line| line.points).sum()
    }

    #[test]
    fn a_lead_gets_the_points_of_every_rule_that_applies_with_a_line_for_each() {
        let facts = Facts {
            email: Some("ada@analytical.example"),
            has_phone: true,
            title: "VP Sales",
            department: "Sales & Operations",
            employee_count: Some(412),
            ..Facts::default()
        };
        let score = Weights::default().score(&facts);
        let lines: Vec<(&str, i32)> = score.reasons.iter().map(|line| (line.reason.as_str(), line.points)).collect();
        assert_eq!(
            lines,
            [
                ("Has an e-mail address", 10),
                ("Business e-mail address", 8),
                ("Has a phone number", 5),
                ("Vice president", 17),
                ("201–1,000 employees", 10),
                ("Department: Sales", 8),
            ]
        );
        assert_eq!(score.score, 58);
    }

    #[test]
    fn limits_are_lines_of_their_own_and_nothing_known_is_said_so() {
        let gone =
            Facts { email: Some("x@gmail.com"), engagement: Engagement { unsubscribes: 2, ..Engagement::default() }, ..Facts::default() };
        let score = Weights::default().score(&gone);
        assert_eq!((score.score, sum(&score)), (0, 0));
        assert_eq!(score.reasons.last().map(|line| (line.reason.as_str(), line.points)), Some(("Not below 0", 50)));

        let weights = Weights { points: Points { phone: 90, linkedin: 90, ..Points::default() }, ..Weights::default() };
        let score = weights.score(&Facts { has_phone: true, has_linkedin: true, ..Facts::default() });
        assert_eq!((score.score, sum(&score)), (100, 100));
        assert_eq!(score.reasons.last().map(|line| (line.reason.as_str(), line.points)), Some(("Limited to 100", -80)));

        let nothing = Weights::default().score(&Facts::default());
        assert_eq!((nothing.score, nothing.reasons.len()), (0, 1));
    }

    #[test]
    fn lists_match_whole_words_and_countries_whole_values() {
        let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(contained(&list(&["IT"]), "it / security"), Some("IT"));
        assert_eq!(contained(&list(&["IT"]), "Recruiting"), None);
        assert_eq!(contained(&list(&["Real Estate"]), "Commercial Real-Estate"), Some("Real Estate"));
        assert_eq!(contained(&list(&["-"]), "a - b"), None);
        let weights = Weights { countries: list(&["Germany"]), ..Weights::default() }.tidy();
        assert_eq!(weights.score(&Facts { country: "DE", ..Facts::default() }).score, 5);
        assert_eq!(weights.score(&Facts { country: "Sweden", ..Facts::default() }).score, 0);
    }

    proptest! {
        #[test]
        fn reasons_always_add_up_to_a_score_in_range(
            points in proptest::collection::vec(-100..=100_i32, RULES.len()),
            email in proptest::option::of("[a-z]{1,5}@(gmail\\.com|acme\\.de)"),
            (has_phone, has_linkedin) in any::<(bool, bool)>(),
            (seniority, title, department) in ("(vp|c_level|director|)", "(CEO|Head of X|Clerk|)", "(Sales|IT|)"),
            employee_count in proptest::option::of(0..100_000_i32),
            annual_revenue in proptest::option::of(0..100_000_000_i64),
            did in any::<[bool; 6]>(),
        ) {
            let mut weights = Weights { industries: vec!["x".into()], countries: vec!["DE".into()], ..Weights::default() };
            for (rule, points) in RULES.iter().zip(points) {
                weights.points.set(rule.name, points);
            }
            let [opens, clicks, replies, bounces, complaints, unsubscribes] = did.map(i32::from);
            let facts = Facts {
                email: email.as_deref(), has_phone, has_linkedin, seniority: &seniority, title: &title, department: &department,
                employee_count, annual_revenue, industry: "x", country: "de",
                engagement: Engagement { opens, clicks, replies, bounces, complaints, unsubscribes },
            };
            let score = weights.score(&facts);
            prop_assert!((0..=100).contains(&score.score));
            prop_assert_eq!(sum(&score), score.score);
            prop_assert!(!score.reasons.is_empty());
        }
    }
}
