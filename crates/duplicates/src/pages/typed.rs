//! What was chosen side by side.

use http_kit::{FieldError, Problem};
use kernel::LeadId;

use crate::actions::choose::{Choices, Field};

/// What a form of this page says.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// Which are the same person; none named: all.
    pub(super) leads: Vec<LeadId>,
    pub(super) into: Option<LeadId>,
    pub(super) choices: Choices,
}

impl Typed {
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs {
            let id = || {
                value.parse::<LeadId>().map_err(|_| {
                    Problem::invalid(vec![FieldError::new(format!("/{name}"), "invalid", "Choose one of the leads of this page")])
                })
            };
            match name.as_str() {
                "lead" => typed.leads.push(id()?),
                "into" => typed.into = Some(id()?),
                name => match (name.strip_prefix("custom."), Field::ALL.into_iter().find(|field| field.as_str() == name)) {
                    (Some(key), _) => {
                        typed.choices.custom.insert(key.to_owned(), id()?);
                    }
                    (None, Some(field)) => {
                        typed.choices.fields.insert(field, id()?);
                    }
                    // A submit button's own name.
                    (None, None) => {}
                },
            }
        }
        Ok(typed)
    }
}
