//! A filter held against the organisation's custom fields.

use db::{DbError, Scope};
use http_kit::{App, Problem};

use super::{
    Condition, CustomKey, CustomTest, DateTest, Filter, Node, Position, TextTest,
    error::{FilterError, Part, Result, nearest},
    time,
};
use crate::custom_fields::{self, Field, FieldKind, Registry};

/// Reads a filter in either form and holds it against the custom fields: this is how a request's filter comes in. A field that is
/// used for the first time is indexed from now on.
pub async fn read(app: &App, scope: &Scope, text: &str) -> std::result::Result<Filter, Problem> {
    Ok(try_read(app, scope, text).await??)
}

/// The same for whoever wants to know where it is wrong.
pub(crate) async fn try_read(app: &App, scope: &Scope, text: &str) -> std::result::Result<Result<Filter>, DbError> {
    let filter = match Filter::parse(text) {
        Ok(filter) if filter.custom_keys().is_empty() => return Ok(Ok(filter)),
        Ok(filter) => filter,
        Err(error) => return Ok(Err(error)),
    };
    let registry = custom_fields::read(&app.db, scope).await?;
    match filter.held_against(&registry) {
        Ok(filter) => {
            custom_fields::used(app, scope, &registry, &filter.custom_keys()).await?;
            Ok(Ok(filter))
        }
        Err(misfit) => Ok(Err(misfit.in_text(text))),
    }
}

/// A condition that a custom field does not allow.
struct Misfit {
    /// Which condition, in the order of reading.
    nth: usize,
    pointer: String,
    part: Part,
    detail: String,
}

impl Misfit {
    fn in_json(self) -> FilterError {
        FilterError { pointer: format!("{}/{}", self.pointer, self.part.name()), position: None, detail: self.detail }
    }

    /// The place in what was written, if that was the text form.
    fn in_text(self, text: &str) -> FilterError {
        match super::text::places(text).get(self.nth) {
            Some(places) => {
                let position = Some(Position::of(text, places.of(self.part)));
                FilterError { pointer: String::new(), position, detail: self.detail }
            }
            None => self.in_json(),
        }
    }
}

impl Filter {
    /// The keys of the custom fields that it names.
    pub fn custom_keys(&self) -> Vec<String> {
        let key = |condition: &Condition| if let Condition::Custom(key, _) = condition { Some(key.as_str().to_owned()) } else { None };
        let mut keys: Vec<String> = self.root.conditions().into_iter().filter_map(key).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The same filter, if every custom field that it names exists and can be asked that. It knows from then on which of them an index
    /// answers for.
    pub fn prepared(self, registry: &Registry) -> Result<Self> {
        self.held_against(registry).map_err(Misfit::in_json)
    }

    fn held_against(self, registry: &Registry) -> std::result::Result<Self, Misfit> {
        Ok(Self { root: node(self.root, registry, "", &mut 0)? })
    }
}

fn node(node_: Node, registry: &Registry, at: &str, seen: &mut usize) -> std::result::Result<Node, Misfit> {
    let group = |nodes: Vec<Node>, name: &str, seen: &mut usize| -> std::result::Result<Vec<Node>, Misfit> {
        nodes.into_iter().enumerate().map(|(index, each)| node(each, registry, &format!("{at}/{name}/{index}"), seen)).collect()
    };
    Ok(match node_ {
        Node::All(nodes) => Node::All(group(nodes, "all", seen)?),
        Node::Any(nodes) => Node::Any(group(nodes, "any", seen)?),
        Node::Not(inner) => Node::Not(Box::new(node(*inner, registry, &format!("{at}/not"), seen)?)),
        Node::If(condition) => {
            let nth = *seen;
            *seen += 1;
            match condition {
                Condition::Custom(key, test) => {
                    let fits = custom(&key, test, registry);
                    Node::If(fits.map_err(|(part, detail)| Misfit { nth, pointer: at.to_owned(), part, detail })?)
                }
                other => Node::If(other),
            }
        }
    })
}

fn custom(key: &CustomKey, test: CustomTest, registry: &Registry) -> std::result::Result<Condition, (Part, String)> {
    let name = key.as_str();
    let Some(field) = registry.get(name) else {
        let near = nearest(name, registry.iter().map(|field| field.key.as_str()));
        return Err((Part::Field, format!("there is no custom field {name:?}{near}")));
    };
    let test = fitting(field, test)?;
    Ok(Condition::Custom(CustomKey { key: name.to_owned(), indexed: field.indexed }, test))
}

/// The test as one of the field's kind.
fn fitting(field: &Field, test: CustomTest) -> std::result::Result<CustomTest, (Part, String)> {
    let label = &field.label;
    match (field.kind, test) {
        (_, test @ (CustomTest::IsEmpty | CustomTest::IsKnown))
        | (FieldKind::Text | FieldKind::Url, test @ CustomTest::Text(_))
        | (FieldKind::Number, test @ CustomTest::Number(_))
        | (FieldKind::Bool, test @ (CustomTest::Bool(_) | CustomTest::NotBool(_)))
        | (FieldKind::Date, test @ CustomTest::Date(_)) => Ok(test),
        // A day is a text in every form.
        (FieldKind::Date, CustomTest::Text(TextTest::Is(text))) => match time::day(&text) {
            Some(day) => Ok(CustomTest::Date(DateTest::Is(day))),
            None => Err((Part::Value, format!("{label} holds dates: a day like 2026-01-31 is expected"))),
        },
        (FieldKind::Choice, CustomTest::Text(test)) => {
            let chosen = match &test {
                TextTest::Is(one) | TextTest::IsNot(one) => std::slice::from_ref(one),
                TextTest::In(many) | TextTest::NotIn(many) => many,
                _ => &[],
            };
            match chosen.iter().find(|text| field.option(text).is_none()) {
                None => Ok(CustomTest::Text(test)),
                Some(stranger) => Err((
                    Part::Value,
                    format!(
                        "{label} has no choice {stranger:?}; it has {}{}",
                        field.options.join(", "),
                        nearest(stranger, field.options.iter().map(String::as_str))
                    ),
                )),
            }
        }
        (kind, _) => Err((Part::Op, format!("{label} holds {}: {}", kind.plural(), kind.asked()))),
    }
}
