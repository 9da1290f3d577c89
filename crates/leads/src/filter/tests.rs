use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(value: serde_json::Value) -> Result<Filter, FilterError> {
    Filter::try_from(value)
}

fn compile(filter: &Filter) -> (String, usize) {
    let mut params = Params::default();
    let sql = filter.to_sql(&mut params, Timestamp::UNIX_EPOCH);
    (sql, params.len())
}

fn nobody(_: &str) -> Option<String> {
    None
}

#[test]
fn a_filter_is_compiled_with_every_value_bound() {
    let filter = parse(json!({"all": [
        {"field": "country", "op": "is", "value": "united states"},
        {"any": [{"field": "score", "op": "gte", "value": 60}, {"field": "tags", "op": "has_any", "value": ["vip"]}]},
        {"not": {"field": "status", "op": "in", "value": ["lost", "unsubscribed"]}},
        {"field": "custom.visits", "op": "between", "value": [1, 5]},
    ]}))
    .unwrap();
    let (sql, bound) = compile(&filter);
    assert_eq!(
        sql,
        "((l.country = $1::text) AND ((l.score >= $2::bigint) OR (l.tags && $3::text[])) AND \
         (NOT coalesce((l.status = ANY($4::text[])), false)) AND \
         (CASE jsonb_typeof(l.custom -> $5::text) WHEN 'number' THEN (l.custom ->> $5::text)::numeric::float8 BETWEEN $6::float8 AND $7::float8 ELSE false END))"
    );
    assert_eq!(bound, 7);
    assert_eq!(
        filter.describe(&nobody),
        "Country is United States and (Score is at least 60 or Tags has any of vip) and not Status is any of Lost, Unsubscribed and visits is between 1.0 and 5.0"
    );
}

#[test]
fn the_empty_filter_means_all_leads() {
    for text in ["", "  ", "{}", "null", r#"{"all":[]}"#] {
        let filter = Filter::parse_json(text).unwrap();
        assert!(filter.is_empty(), "{text}");
        assert_eq!(compile(&filter).0, "true");
    }
    assert_eq!(compile(&parse(json!({"any": []})).unwrap()).0, "false");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (filter, pointer) in [
        (json!([]), ""),
        (json!({"all": 1}), "/all"),
        (json!({"all": [{"field": "shoe_size", "op": "is", "value": 1}]}), "/all/0/field"),
        (json!({"all": [{"any": [{"field": "score", "op": "contains", "value": "1"}]}]}), "/all/0/any/0/op"),
        (json!({"field": "score", "op": "gte", "value": "1"}), "/value"),
        (json!({"field": "score", "op": "gte", "value": 1.5}), "/value"),
        (json!({"field": "status", "op": "in", "value": ["happy"]}), "/value"),
        (json!({"field": "status", "op": "is_empty"}), "/op"),
        (json!({"field": "owner", "op": "is", "value": "1; DROP TABLE leads"}), "/value"),
        (json!({"field": "custom.a') OR 1=1 --", "op": "is", "value": 1}), "/field"),
        (json!({"field": "title", "op": "is", "value": " "}), "/value"),
        (json!({"field": "title", "op": "is", "value": "x", "also": 1}), "/also"),
        (json!({"field": "title", "op": "in", "value": []}), "/value"),
        (json!({"field": "created_at", "op": "after", "value": "yesterday"}), "/value"),
        (json!({"field": "created_at", "op": "within_last_days", "value": 0}), "/value"),
        (json!({"all": [], "any": []}), "/all"),
        (json!({"not": {"not": {"not": {"not": {"not": {"field": "city", "op": "is_known"}}}}}}), "/not/not/not/not/not"),
    ] {
        let error = parse(filter.clone()).unwrap_err();
        assert_eq!(error.pointer, pointer, "{filter}: {error}");
    }
    let many: Vec<_> = (0..=MAX_CONDITIONS).map(|_| json!({"field": "city", "op": "is_known"})).collect();
    assert!(parse(json!({ "all": many })).is_err());
    assert!(Filter::parse_json("{").is_err());
}

#[test]
fn like_patterns_find_what_they_say() {
    assert_eq!(like_contains(r"50%_\"), r"%50\%\_\\%");
    let mut params = Params::default();
    assert_eq!(search_words("Ada  LOVE%", &mut params), "(l.search LIKE $1::text AND l.search LIKE $2::text)");
    assert_eq!(search_words("   ", &mut params), "true");
}

#[test]
fn parts_can_be_added_and_removed() {
    let filter = Filter::default().and(Condition::Search("ada".to_owned())).and(Condition::Status(SetTest::Is(crate::model::Status::New)));
    assert_eq!(filter.parts().len(), 2);
    assert_eq!(filter.without(0).chips(&nobody), vec![Chip { field: "Status".into(), operator: "is".into(), value: "New".into() }]);
}

/// Text that is not blank at its ends, as a parsed filter holds it.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9'\";%_\\\\$(){}é-]{1,20}"
}

fn condition() -> impl Strategy<Value = Condition> {
    let scalar = prop_oneof![
        words().prop_map(Scalar::Text),
        any::<i32>().prop_map(|n| Scalar::Number(f64::from(n) / 8.0)),
        any::<bool>().prop_map(Scalar::Bool)
    ];
    prop_oneof![
        (prop::sample::select(TextField::ALL), words(), 0..5).prop_map(|(field, text, which)| {
            let test = match which {
                0 => TextTest::Is(text),
                1 => TextTest::IsNot(text),
                2 => TextTest::In(vec![text.clone(), text]),
                3 => TextTest::Contains(text),
                _ => TextTest::StartsWith(text),
            };
            Condition::Text(field, test)
        }),
        (prop::sample::select(NumberField::ALL), any::<i64>(), any::<i64>())
            .prop_map(|(field, from, to)| Condition::Number(field, NumberTest::Between(from, to))),
        (prop::sample::select(DateField::ALL), 1u16..36_500)
            .prop_map(|(field, days)| Condition::Date(field, DateTest::WithinLastDays(days))),
        (prop::sample::select(DateField::ALL), -1_000_000_000i64..4_000_000_000).prop_map(|(field, second)| {
            Condition::Date(field, DateTest::After(Moment::Instant(Timestamp::from_second(second).unwrap())))
        }),
        (prop::sample::select(DateField::ALL), 1i16..3000, 1i8..13)
            .prop_map(|(field, year, month)| { Condition::Date(field, DateTest::Before(Moment::Day(jiff::civil::date(year, month, 1)))) }),
        prop::collection::vec(words(), 1..4).prop_map(|tags| Condition::Tags(TagsTest::HasNone(tags))),
        prop::collection::vec(prop::sample::select(&crate::model::Status::ALL[..]), 1..4)
            .prop_map(|many| Condition::Status(SetTest::In(many))),
        any::<u128>().prop_map(|id| Condition::Owner(SetTest::Is(kernel::Uuid::from_u128(id).into()))),
        ("[a-z0-9_]{1,60}", scalar).prop_map(|(key, scalar)| Condition::Custom(key, CustomTest::IsNot(scalar))),
        words().prop_map(Condition::Search),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let node = condition().prop_map(Node::If).prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::Any),
            inner.prop_map(|node| Node::Not(Box::new(node))),
        ]
    });
    node.prop_map(|root| Filter { root })
}

proptest! {
    #[test]
    fn the_json_form_round_trips(filter in filter()) {
        let json = filter.to_json();
        prop_assert_eq!(Filter::parse_json(&json).unwrap(), filter);
    }

    #[test]
    fn sql_holds_nothing_that_came_from_outside(filter in filter()) {
        let (sql, bound) = compile(&filter);
        // What is left without the program's own words is placeholders and punctuation.
        let mut known: Vec<&str> = vec![
            "AND", "OR", "NOT", "coalesce", "true", "false", "lower", "search", "LIKE", "ILIKE", "ANY", "IS", "DISTINCT", "FROM", "NULL", "BETWEEN",
            "CASE", "jsonb_typeof", "custom", "WHEN", "THEN", "ELSE", "END", "to_jsonb", "boolean", "tags", "status", "owner_id", "text", "bigint",
            "float8", "numeric", "timestamptz", "uuid", "l", "number",
        ];
        known.extend(TextField::ALL.iter().map(|field| field.name()));
        known.extend(NumberField::ALL.iter().map(|field| field.name()));
        known.extend(DateField::ALL.iter().map(|field| field.name()));
        for word in sql.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').filter(|word| !word.is_empty()) {
            let placeholder = word.strip_prefix('$').is_some_and(|n| n.parse::<usize>().is_ok_and(|n| (1..=bound).contains(&n)));
            prop_assert!(placeholder || known.contains(&word), "{} in {}", word, sql);
        }
        prop_assert!(!sql.contains(['"', ';', '\\', '%']));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = Filter::parse_json(&text);
    }
}
