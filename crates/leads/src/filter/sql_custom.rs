//! Custom fields in SQL: over `leads.custom`, or over the side table where the field is indexed.

use jiff::Timestamp;

use super::{
    CustomKey, CustomTest, NumberTest, Params, TextTest,
    sql::{number, text},
    time::{Grain, Stretch, day_of},
};
use crate::{custom_fields::INDEXED_LETTERS, search::fold};

/// The condition of one custom field.
pub(super) fn condition(key: &CustomKey, test: &CustomTest, now: Timestamp, p: &mut Params) -> String {
    if key.indexed
        && let Some(found) = by_index(key.as_str(), test, now, p)
    {
        return found;
    }
    let key = format!("{}::text", p.push(key.as_str().to_owned()));
    // CASE, because PostgreSQL may otherwise cast a text before it has looked at the type.
    let of_type =
        |name: &str, cast: &str| format!("(CASE jsonb_typeof(l.custom -> {key}) WHEN '{name}' THEN (l.custom ->> {key}){cast} END)");
    let yes = |yes: bool, p: &mut Params| format!("(l.custom -> {key}) IS NOT DISTINCT FROM to_jsonb({}::boolean)", p.push(yes));
    match test {
        CustomTest::Text(test) => text(&of_type("string", ""), test, |_| None, p),
        CustomTest::Number(test) => number(&of_type("number", "::numeric::float8"), "float8", test, p),
        CustomTest::Date(test) => {
            let stored = format!("(CASE WHEN (l.custom ->> {key}) ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' THEN l.custom ->> {key} END)");
            days(&stored, test.stretch(now, Grain::Day), p)
        }
        CustomTest::Bool(value) => yes(*value, p),
        CustomTest::NotBool(value) => format!("NOT {}", yes(*value, p)),
        CustomTest::IsEmpty => format!("coalesce(l.custom ->> {key}, '') = ''"),
        CustomTest::IsKnown => format!("coalesce(l.custom ->> {key}, '') <> ''"),
    }
}

/// Days compare as their letters do.
fn days(stored: &str, stretch: Stretch, p: &mut Params) -> String {
    let mut bound = |at| format!("{}::text", p.push(day_of(at).to_string()));
    match stretch {
        Stretch::Within(from, to) => format!("{stored} COLLATE \"C\" >= {} AND {stored} COLLATE \"C\" < {}", bound(from), bound(to)),
        Stretch::Outside(from, to) => {
            format!("NOT coalesce({stored} COLLATE \"C\" >= {} AND {stored} COLLATE \"C\" < {}, false)", bound(from), bound(to))
        }
        Stretch::IsEmpty => format!("{stored} IS NULL"),
        Stretch::IsKnown => format!("{stored} IS NOT NULL"),
    }
}

/// What the side table can answer: equality of texts, and every question about numbers, days and yes or no that something
/// must be known for.
fn by_index(key: &str, test: &CustomTest, now: Timestamp, p: &mut Params) -> Option<String> {
    let short = |text: &String| fold(text).chars().count() < INDEXED_LETTERS;
    let known = match test {
        CustomTest::Text(TextTest::Is(one)) if short(one) => format!("v.text = {}::text", p.push(fold(one))),
        CustomTest::Text(TextTest::In(many)) if many.iter().all(short) => {
            format!("v.text = ANY({}::text[])", p.push(many.iter().map(|text| fold(text)).collect::<Vec<_>>()))
        }
        CustomTest::Number(test) if !matches!(test, NumberTest::IsNot(_) | NumberTest::IsEmpty) => number("v.number", "float8", test, p),
        CustomTest::Bool(yes) => format!("v.number = {}::float8", p.push(if *yes { 1.0_f64 } else { 0.0 })),
        CustomTest::Date(test) => match test.stretch(now, Grain::Day) {
            stretch @ Stretch::Within(..) => days("v.text", stretch, p),
            Stretch::Outside(..) | Stretch::IsEmpty | Stretch::IsKnown => return None,
        },
        CustomTest::IsKnown => "true".to_owned(),
        CustomTest::Text(_) | CustomTest::Number(_) | CustomTest::NotBool(_) | CustomTest::IsEmpty => return None,
    };
    let key = p.push(key.to_owned());
    Some(format!(
        "EXISTS (SELECT FROM lead_custom_values v WHERE v.org_id = l.org_id AND v.lead_id = l.id AND v.key = {key}::text AND {known})"
    ))
}
