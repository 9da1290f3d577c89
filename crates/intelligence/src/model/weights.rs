use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a rule looks at; the editor shows its rules group by group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Contact,
    Seniority,
    Company,
    Engagement,
}

/// One rule of the model, as the editor shows it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The name in JSON and in the form.
    pub name: &'static str,
    pub label: &'static str,
    pub group: Group,
}

/// Declares every rule once: its field, its default points, its words, its group.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $points:literal, $label:literal, $group:ident;)+) => {
        /// What each fact is worth, from −100 to 100; 0 switches a rule off.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct Points {
            $($(#[$doc])* #[garde(range(min = -100, max = 100))] pub $name: i32,)+
        }

        impl Default for Points {
            fn default() -> Self {
                Self { $($name: $points,)+ }
            }
        }

        /// Every rule, in the order of the editor.
        pub const RULES: &[Rule] = &[$(Rule { name: stringify!($name), label: $label, group: Group::$group },)+];

        impl Points {
            /// The points of a rule by its name.
            pub fn get(&self, name: &str) -> Option<i32> {
                match name { $(stringify!($name) => Some(self.$name),)+ _ => None }
            }

            /// Sets the points of a rule by its name.
            pub fn set(&mut self, name: &str, points: i32) {
                match name { $(stringify!($name) => self.$name = points,)+ _ => {} }
            }
        }
    };
}

rules! {
    /// The lead can be mailed.
    has_email = 10, "Has an e-mail address", Contact;
    /// The address is not one that anybody can have (Gmail, Outlook, …).
    business_email = 8, "Business e-mail address", Contact;
    /// The lead can be called.
    phone = 5, "Has a phone number", Contact;
    /// A profile to look at.
    linkedin = 4, "Has a LinkedIn profile", Contact;
    c_level = 20, "C-level, founder or owner", Seniority;
    vp = 17, "Vice president", Seniority;
    director = 14, "Director or head", Seniority;
    manager = 9, "Manager", Seniority;
    senior = 4, "Senior or lead", Seniority;
    /// 1 to 10 employees.
    employees_1_10 = 0, "1–10 employees", Company;
    employees_11_50 = 4, "11–50 employees", Company;
    employees_51_200 = 8, "51–200 employees", Company;
    employees_201_1000 = 10, "201–1,000 employees", Company;
    employees_1001_5000 = 8, "1,001–5,000 employees", Company;
    /// More than 5,000 employees.
    employees_over_5000 = 5, "Over 5,000 employees", Company;
    /// Annual revenue of at least `revenue_at_least`.
    revenue = 6, "Annual revenue", Company;
    /// The department is one of `departments`.
    department = 8, "Department", Company;
    /// The industry is one of `industries`.
    industry = 8, "Industry", Company;
    /// The country is one of `countries`.
    country = 5, "Country", Company;
    /// A person, not a scanner, opened a mail.
    opened = 6, "Opened a mail", Engagement;
    clicked = 12, "Clicked a link", Engagement;
    replied = 25, "Replied", Engagement;
    bounced = -30, "Mail bounced", Engagement;
    unsubscribed = -60, "Unsubscribed", Engagement;
    complained = -80, "Marked a mail as spam", Engagement;
}

/// Entries of one list.
const MAX_LIST: usize = 50;

/// An organisation's points model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    #[garde(dive)]
    pub points: Points,
    /// Departments you sell to; a department counts when it contains one of these words, whatever the case.
    #[garde(custom(list))]
    pub departments: Vec<String>,
    /// Industries you sell to, compared like departments.
    #[garde(custom(list))]
    pub industries: Vec<String>,
    /// Countries you sell to, by name or code; stored as leads have them (ISO 3166-1 alpha-2 where recognised).
    #[garde(custom(list))]
    pub countries: Vec<String>,
    /// From how much annual revenue on the revenue rule counts.
    #[garde(range(min = 0))]
    pub revenue_at_least: i64,
}

impl Default for Weights {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            points: Points::default(),
            departments: words(&["Sales", "Marketing"]),
            industries: Vec::new(),
            countries: Vec::new(),
            revenue_at_least: 10_000_000,
        }
    }
}

fn list(values: &[String], _: &()) -> garde::Result {
    if values.len() > MAX_LIST {
        return Err(garde::Error::new(format!("has {} entries; {MAX_LIST} are allowed", values.len())));
    }
    match values.iter().find(|value| value.trim().is_empty() || value.chars().count() > 100 || value.contains(['\n', ','])) {
        Some(value) => Err(garde::Error::new(format!("{value:?} is not an entry: 1 to 100 characters on one line, without a comma"))),
        None => Ok(()),
    }
}

impl Weights {
    /// With lists trimmed and without repeats and countries as leads have them: as they are stored.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        self.countries.iter_mut().for_each(|country| *country = leads::model::country::normalise(country));
        for list in [&mut self.departments, &mut self.industries, &mut self.countries] {
            let mut seen = std::collections::HashSet::new();
            *list = std::mem::take(list)
                .into_iter()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty() && seen.insert(value.to_lowercase()))
                .collect();
        }
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn stored_weights_of_an_older_version_take_the_defaults_of_newer_rules() {
        let weights: Weights = serde_json::from_str(r#"{"points":{"phone":33}}"#).unwrap();
        assert_eq!((weights.points.phone, weights.points.replied), (33, Points::default().replied));
        assert_eq!(serde_json::from_value::<Weights>(serde_json::to_value(&weights).unwrap()).unwrap(), weights);
        assert!(serde_json::from_str::<Weights>(r#"{"points":{"fone":33}}"#).is_err());
    }

    #[test]
    fn every_rule_can_be_read_and_set_by_its_name() {
        let mut points = Points::default();
        for rule in RULES {
            points.set(rule.name, 3);
            assert_eq!(points.get(rule.name), Some(3), "{}", rule.name);
        }
    }

    #[test]
    fn weights_out_of_range_and_unusable_lists_are_refused() {
        let mut weights = Weights::default();
        assert!(weights.validate().is_ok());
        weights.points.phone = 101;
        assert!(weights.validate().is_err());
        let weights = Weights { countries: vec!["DE, FR".into()], ..Weights::default() };
        assert!(weights.validate().is_err());
        let weights = Weights { countries: vec![" DE".into(), "de".into(), String::new()], ..Weights::default() };
        assert_eq!(weights.tidy().countries, ["DE"]);
    }
}
