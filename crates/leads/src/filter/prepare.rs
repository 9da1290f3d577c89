//! A filter held against what others define: the organisation's custom fields, and its segments.

use db::{DbError, Scope, TenantTx};
use http_kit::{App, Problem};
use kernel::SegmentId;

use super::{
    Condition, CustomKey, CustomTest, DateTest, Filter, KnownSegments, MAX_SEGMENTS_DEEP, MAX_WHOLE, Means, Node, Position, TextTest,
    error::{FilterError, Part, Result, nearest},
    time,
};
use crate::{
    custom_fields::{self, Field, FieldKind, Registry},
    ports::Segments,
};

/// Reads a filter in either form and holds it against the custom fields and the segments: this is how a request's filter comes in.
/// A field that is used for the first time is indexed from now on.
pub async fn read(app: &App, scope: &Scope, text: &str) -> std::result::Result<Filter, Problem> {
    Ok(try_read(app, scope, text, None).await??)
}

/// The same for a filter that is to be that of the segment `itself`, so that none is made of itself.
pub async fn read_as(app: &App, scope: &Scope, text: &str, itself: Option<SegmentId>) -> std::result::Result<Filter, Problem> {
    Ok(try_read(app, scope, text, itself).await??)
}

/// The same for whoever wants to know where it is wrong.
pub(crate) async fn try_read(
    app: &App,
    scope: &Scope,
    text: &str,
    itself: Option<SegmentId>,
) -> std::result::Result<Result<Filter>, DbError> {
    let filter = match Filter::parse(text) {
        Ok(filter) if filter.is_plain() => return Ok(Ok(filter)),
        Ok(filter) => filter,
        Err(error) => return Ok(Err(error)),
    };
    let registry = custom_fields::read(&app.db, scope).await?;
    let segments = if filter.segments().is_empty() {
        KnownSegments::default()
    } else {
        let tx = app.db.tenant(scope).await?;
        let known = segments_of(app, &tx, &filter).await?;
        tx.commit().await?;
        known
    };
    match filter.held_against(Some(&registry), &segments, itself) {
        Ok(filter) => {
            custom_fields::used(app, scope, &registry, &filter.custom_keys()).await?;
            Ok(Ok(filter))
        }
        Err(misfit) => Ok(Err(misfit.in_text(text))),
    }
}

/// The segments that a filter names, and those that their filters name.
pub async fn segments_of(app: &App, tx: &TenantTx, filter: &Filter) -> std::result::Result<KnownSegments, DbError> {
    let ids = filter.segments();
    if ids.is_empty() {
        return Ok(KnownSegments::default());
    }
    Segments::of(app)?.reachable(tx, &ids).await
}

/// What the builder offers for `segment`, where `filter` is what somebody edits.
pub(crate) async fn segment_choices(app: &App, tx: &TenantTx, filter: &Filter) -> std::result::Result<Vec<(SegmentId, String)>, DbError> {
    Segments::of(app)?.choices(tx, &filter.segments()).await
}

/// A filter that was read earlier and has been kept, as it can be used now: its segments are looked up again.
pub async fn look_up(app: &App, scope: &Scope, filter: Filter) -> std::result::Result<Result<Filter>, DbError> {
    if filter.segments().is_empty() {
        return Ok(Ok(filter));
    }
    let tx = app.db.tenant(scope).await?;
    let known = segments_of(app, &tx, &filter).await?;
    tx.commit().await?;
    Ok(filter.looked_up(&known))
}

/// A condition that cannot be asked.
pub(super) struct Misfit {
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
    pub(super) fn in_text(self, text: &str) -> FilterError {
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

    /// The same filter, if every custom field that it names exists and can be asked that, and every segment is there. It knows from
    /// then on which of the fields an index answers for, and whom the segments mean.
    pub fn prepared(self, registry: &Registry, segments: &KnownSegments) -> Result<Self> {
        self.held_against(Some(registry), segments, None).map_err(Misfit::in_json)
    }

    /// The same filter, once it is known whom its segments mean.
    pub fn looked_up(self, segments: &KnownSegments) -> Result<Self> {
        self.held_against(None, segments, None).map_err(Misfit::in_json)
    }

    pub(super) fn held_against(
        self,
        registry: Option<&Registry>,
        segments: &KnownSegments,
        itself: Option<SegmentId>,
    ) -> std::result::Result<Self, Misfit> {
        let mut preparing = Preparing { registry, segments, inside: itself.into_iter().collect(), is_written: true, whole: 0 };
        preparing.filter(self)
    }
}

/// A filter on its way from what was written to what can be asked.
struct Preparing<'a> {
    /// Nothing: custom fields are left as they are.
    registry: Option<&'a Registry>,
    segments: &'a KnownSegments,
    /// The segments whose filter this is part of, the outermost first.
    inside: Vec<SegmentId>,
    /// Whether this is what was written, and not the filter of a segment in it.
    is_written: bool,
    /// Conditions and segments met so far.
    whole: usize,
}

impl Preparing<'_> {
    fn filter(&mut self, filter: Filter) -> std::result::Result<Filter, Misfit> {
        Ok(Filter { root: self.node(filter.root, "", &mut 0)? })
    }

    fn node(&mut self, node: Node, at: &str, seen: &mut usize) -> std::result::Result<Node, Misfit> {
        Ok(match node {
            Node::All(nodes) => Node::All(self.group(nodes, at, "all", seen)?),
            Node::Any(nodes) => Node::Any(self.group(nodes, at, "any", seen)?),
            Node::Not(inner) => Node::Not(Box::new(self.node(*inner, &format!("{at}/not"), seen)?)),
            Node::If(condition) => {
                let nth = *seen;
                *seen += 1;
                let fits = self.condition(condition);
                Node::If(fits.map_err(|(part, detail)| Misfit { nth, pointer: at.to_owned(), part, detail })?)
            }
        })
    }

    fn group(&mut self, nodes: Vec<Node>, at: &str, name: &str, seen: &mut usize) -> std::result::Result<Vec<Node>, Misfit> {
        nodes.into_iter().enumerate().map(|(index, each)| self.node(each, &format!("{at}/{name}/{index}"), seen)).collect()
    }

    fn condition(&mut self, condition: Condition) -> std::result::Result<Condition, (Part, String)> {
        self.count(Part::Field)?;
        match (condition, self.registry) {
            (Condition::Custom(key, test), Some(registry)) => match custom(&key, test.clone(), registry) {
                // A segment's filter was held against the fields when it was saved, and means what it means by itself.
                Err(_) if !self.is_written => Ok(Condition::Custom(key, test)),
                fits => fits,
            },
            (Condition::Segment(mut test), _) => {
                for key in test.keys_mut() {
                    self.count(Part::Value)?;
                    key.means = Some(self.means(key.id()).map_err(|detail| (Part::Value, detail))?);
                }
                Ok(Condition::Segment(test))
            }
            (other, _) => Ok(other),
        }
    }

    fn count(&mut self, part: Part) -> std::result::Result<(), (Part, String)> {
        self.whole += 1;
        if self.whole <= MAX_WHOLE {
            return Ok(());
        }
        Err((part, format!("together with the filters of its segments it asks more than {MAX_WHOLE} things")))
    }

    fn means(&mut self, id: SegmentId) -> std::result::Result<Means, String> {
        let Some(segment) = self.segments.get(id) else { return Err(format!("there is no segment {id}")) };
        let name = &segment.name;
        let filter = match &segment.means {
            Some(Means::Members) => return Ok(Means::Members),
            Some(Means::Matching(filter)) => filter.clone(),
            None => return Err(format!("the filter of the segment “{name}” cannot be read any more")),
        };
        if self.inside.contains(&id) {
            return Err(format!("the segment “{name}” would be made of itself"));
        }
        if self.inside.len() >= MAX_SEGMENTS_DEEP {
            return Err(format!("the segment “{name}” is made of segments, and so on, more than {MAX_SEGMENTS_DEEP} deep"));
        }
        self.inside.push(id);
        let was_written = std::mem::replace(&mut self.is_written, false);
        let inner = self.filter(filter);
        self.is_written = was_written;
        self.inside.pop();
        inner.map(Means::Matching).map_err(|misfit| format!("the segment “{name}” cannot be asked: {}", misfit.detail))
    }
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
