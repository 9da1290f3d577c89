use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::{
    strategies::{filter, segment, segments},
    *,
};

fn parse(value: serde_json::Value) -> Result<Filter, FilterError> {
    Filter::try_from(value)
}

fn compile(filter: &Filter) -> (String, usize) {
    let mut params = Params::default();
    let sql = filter.to_sql(&mut params, Timestamp::UNIX_EPOCH);
    (sql, params.len())
}

/// The segments of the strategies.
fn known() -> KnownSegments {
    let mut known = KnownSegments::default();
    for (n, means) in (0..).zip(segments()) {
        known.insert(segment(n), KnownSegment { name: format!("Segment {n}"), means: Some(means) });
    }
    known
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
    assert!(parse(nested(MAX_DEPTH - 1)).is_ok());
    let (sql, bound) = compile(&filter);
    assert_eq!(
        sql,
        "((l.country = $1::text) AND ((l.score >= $2::bigint) OR (l.tags && $3::text[])) AND \
         (NOT coalesce((l.status = ANY($4::text[])), false)) AND \
         ((CASE jsonb_typeof(l.custom -> $5::text) WHEN 'number' THEN (l.custom ->> $5::text)::numeric::float8 END) BETWEEN $6::float8 AND $7::float8))"
    );
    assert_eq!(bound, 7);
    assert_eq!(
        filter.describe(&nobody),
        "Country is United States and (Score is at least 60 or Tags has any of vip) and not Status is any of Lost, Unsubscribed and visits is between 1 and 5"
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

/// A condition in so many negations.
fn nested(deep: usize) -> serde_json::Value {
    (0..deep).fold(json!({"field": "city", "op": "is_known"}), |inner, _| json!({ "not": inner }))
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
        (json!({"field": "segment", "op": "is", "value": "segment_x"}), "/op"),
        (json!({"field": "segment", "op": "in", "value": ["user_00000000000000000000000000000001"]}), "/value"),
        (json!({"field": "score", "op": "gtee", "value": 1}), "/op"),
        (nested(MAX_DEPTH), "/not/not/not/not/not/not/not/not"),
    ] {
        let error = parse(filter.clone()).unwrap_err();
        assert_eq!(error.pointer, pointer, "{filter}: {error}");
    }
    let many: Vec<_> = (0..=MAX_CONDITIONS).map(|_| json!({"field": "city", "op": "is_known"})).collect();
    assert!(parse(json!({ "all": many })).is_err());
    assert!(Filter::parse_json("{").is_err());
}

#[test]
fn parts_can_be_added_and_removed() {
    let filter = Filter::default().and(Condition::Search("ada".to_owned())).and(Condition::Status(SetTest::Is(crate::model::Status::New)));
    assert_eq!(filter.parts().len(), 2);
    assert_eq!(filter.without(0).chips(&nobody), vec![Chip { field: "Status".into(), operator: "is".into(), value: "New".into() }]);
}

#[test]
fn what_is_searched_is_taken_out_of_what_must_hold() {
    let apart = |text: &str, q: &str| {
        let (filter, words) = Filter::parse_text(text).unwrap().searches_apart(q);
        (filter.to_text(), words)
    };
    let of = |text: &str, words: &str| (text.to_owned(), words.to_owned());
    assert_eq!(apart("search contains \"ada\"", ""), of("", "ada"));
    assert_eq!(apart("search contains \"ada\" and city is known", "x"), of("city is known", "x ada"));
    assert_eq!(apart("search contains \"ada\" or city is known", ""), of("search contains \"ada\" or city is known", ""));
    assert_eq!(apart("not search contains \"ada\"", "x"), of("not search contains \"ada\"", "x"));
    assert_eq!(apart("search contains \"1 2 3 4 5\"", "6 7 8"), of("search contains \"1 2 3 4 5\"", "6 7 8"));
}

proptest! {
    #[test]
    fn the_json_form_round_trips(filter in filter()) {
        let json = filter.to_json();
        prop_assert_eq!(Filter::parse_json(&json).unwrap(), filter);
    }

    #[test]
    fn sql_holds_nothing_that_came_from_outside(filter in filter()) {
        let (sql, bound) = compile(&filter.looked_up(&known()).unwrap());
        // What is left without the program's own words is placeholders and punctuation.
        let mut known: Vec<&str> = vec![
            "AND", "OR", "NOT", "coalesce", "true", "false", "lower", "leadline_fold", "search", "LIKE", "ANY", "IS", "DISTINCT", "FROM", "NULL",
            "BETWEEN", "CASE", "jsonb_typeof", "custom", "WHEN", "THEN", "END", "to_jsonb", "boolean", "tags", "status", "owner_id", "account_id",
            "text", "bigint", "float8", "numeric", "timestamptz", "uuid", "l", "a", "e", "number", "string", "IN", "SELECT", "WHERE", "EXISTS", "id",
            "account_rows", "intelligence_engagement", "infinity", "org_id", "lead_id", "COLLATE", "C",
            "segment_members", "s", "segment_id",
        ];
        known.extend(TextField::ALL.iter().map(|field| field.column()));
        known.extend(NumberField::ALL.iter().map(|field| field.column()));
        known.extend(DateField::ALL.iter().map(|field| field.column()));
        known.extend(AccountText::ALL.iter().map(|field| field.column()));
        known.extend(EngagementCount::ALL.iter().map(|field| field.column()));
        known.extend(EngagementDate::ALL.iter().map(|field| field.column()));
        let sql = sql.replace("'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'", "");
        for word in sql.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').filter(|word| !word.is_empty()) {
            let placeholder = word.strip_prefix('$').is_some_and(|n| n.parse::<usize>().is_ok_and(|n| (1..=bound).contains(&n)));
            prop_assert!(placeholder || known.contains(&word), "{} in {}", word, sql);
        }
        prop_assert!(!sql.replace("\"C\"", "").contains(['"', ';', '\\', '%']));
    }

    #[test]
    fn the_text_form_round_trips(filter in filter()) {
        let normal = filter.clone().normalised();
        let text = filter.to_text();
        prop_assert_eq!(&Filter::parse_text(&text).map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?, &normal, "{}", text);
        prop_assert_eq!(normal.to_text(), text);
    }

    #[test]
    fn the_form_in_an_address_round_trips(filter in filter()) {
        let query = filter.to_query();
        prop_assert!(query.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~(),:@/+%".contains(&b)), "{}", query);
        let address = format!("filter={query}");
        let (_, text) = url::form_urlencoded::parse(address.as_bytes()).next().unwrap();
        prop_assert_eq!(Filter::parse(&text).map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?, filter.normalised(), "{}", query);
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,200}") {
        let _ = (Filter::parse_json(&text), Filter::parse_text(&text), Filter::parse(&text));
    }

    /// Nearly a filter, which goes further than noise.
    #[test]
    fn no_mixture_of_words_makes_a_parser_panic(words in prop::collection::vec(prop::sample::select(&[
        "country", "score", "tags", "custom.x", "status", "created_at", "is", "not", "in", "(", ")", "\"a", "\"b\"", ",", "and", "or", "between",
        "1", "-", "within last", "days", ">=", "<", "has any", "known", "é", "\\",
    ][..]), 0..40)) {
        let text = words.join(" ");
        if let Ok(filter) = Filter::parse_text(&text) {
            let (sql, _) = compile(&filter);
            prop_assert!(!sql.contains('é'));
            prop_assert_eq!(Filter::parse_text(&filter.to_text()).unwrap(), filter);
        }
    }
}

#[test]
fn the_text_form_is_what_a_person_would_write() {
    let text = "country is \"US\" and (score >= 60 or tags has \"vip\") and not status in (lost, unsubscribed)";
    let filter = Filter::parse_text(text).unwrap();
    assert_eq!(filter.to_text(), text);
    assert_eq!(filter.to_query(), "country+is+US+and+(score+gte+60+or+tags+has+vip)+and+not+status+in+(lost,unsubscribed)");
    let json = json!({"all": [
        {"field": "country", "op": "is", "value": "US"},
        {"any": [{"field": "score", "op": "gte", "value": 60}, {"field": "tags", "op": "has", "value": "vip"}]},
        {"not": {"field": "status", "op": "in", "value": ["lost", "unsubscribed"]}},
    ]});
    assert_eq!(serde_json::Value::from(filter), json);
    for (text, again) in [
        ("", ""),
        ("COUNTRY = us AND score>=60", "country is \"us\" and score >= 60"),
        ("title does not contain intern", "title not contains \"intern\""),
        ("created_at within the last 30 days", "created_at within last 30 days"),
        ("created_at within_last_days 30", "created_at within last 30 days"),
        ("engagement.last_opened is not known", "engagement.last_opened is empty"),
        ("custom.visits between 1 and 2.5 and custom.vip is true", "custom.visits between 1 and 2.5 and custom.vip is true"),
        ("employee_count > 1k", "employee_count > 1000"),
        ("(((city is known)))", "city is known"),
        ("city is known or city is \"empty\" and anyone", "city is known or (city is \"empty\" and anyone)"),
        ("last_activity_at is this week or created_at after 2026-01-31", "last_activity_at is this week or created_at after 2026-01-31"),
        ("tags has none of (a, \"b c\")", "tags has none (\"a\", \"b c\")"),
        ("title is “Head of Sales”", "title is \"Head of Sales\""),
    ] {
        assert_eq!(Filter::parse_text(text).map(|filter| filter.to_text()), Ok(again.to_owned()), "{text}");
    }
}

#[test]
fn an_error_in_a_text_says_where_and_what_was_expected() {
    for (text, line, column, says) in [
        ("contry is US", 1, 1, "did you mean \"country\""),
        ("country US", 1, 9, "an operator is expected: is, is not, in"),
        ("country is", 1, 11, "a value is expected"),
        ("country is US score > 1", 1, 15, "and, or or the end is expected"),
        ("score >= \"high\"", 1, 10, "a whole number is expected"),
        ("score contains 1", 1, 7, "score has the operators >=, <="),
        ("(country is US", 1, 15, "closing parenthesis"),
        ("country is US)", 1, 14, "closes nothing"),
        ("country is US and\n  title is \"x", 2, 12, "never closed"),
        ("status in (lost, happy)", 1, 11, "one of new, contacted"),
        ("status in lost", 1, 11, "a list is expected"),
        ("score between 1 or 2", 1, 17, "and is expected"),
        ("created_at within last few days", 1, 24, "a number of days"),
        ("country is {x}", 1, 12, "between quotation marks"),
        ("and", 1, 1, "there is no field"),
        ("not", 1, 4, "a field, not or an opening parenthesis"),
    ] {
        let error = Filter::parse_text(text).unwrap_err();
        let at = error.position.unwrap();
        assert_eq!((at.line, at.column), (line, column), "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
    let deep = format!("{}city is known", "not ".repeat(MAX_DEPTH));
    assert!(Filter::parse_text(&deep).unwrap_err().detail.contains("deep"));
    assert!(Filter::parse_text(&"(".repeat(100_000)).is_err());
    assert!(Filter::parse_text(&"not ".repeat(50_000)).is_err());
    let many = vec!["city is known"; MAX_CONDITIONS + 1].join(" or ");
    assert!(Filter::parse_text(&many).unwrap_err().detail.contains("conditions"));
}

/// Names that stand for segments: `a` is fixed, the others are of those who match the text, in which a name stands for its id.
fn segments_of(of: &[(&str, &str)]) -> (KnownSegments, impl Fn(&str) -> Filter + use<>) {
    let names: Vec<(String, kernel::SegmentId)> = (1_u8..).zip(of).map(|(n, (name, _))| ((*name).to_owned(), segment(n))).collect();
    let read = move |text: &str| {
        let text = names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("<{name}>"), &id.to_string()));
        Filter::parse_text(&text).unwrap()
    };
    let mut known = KnownSegments::default();
    for (n, (name, text)) in (1_u8..).zip(of) {
        let means = if text.is_empty() { Means::Members } else { Means::Matching(read(text)) };
        known.insert(segment(n), KnownSegment { name: (*name).to_owned(), means: Some(means) });
    }
    (known, read)
}

#[test]
fn a_segment_is_its_members_or_its_filter() {
    let (known, read) =
        segments_of(&[("vips", ""), ("british", "country is GB"), ("both", "segment in (<vips>) and segment in (<british>)")]);
    let filter = read("segment in (<vips>, <british>) and segment not in (<both>)");
    assert_eq!(compile(&filter).0, "false", "nobody knows yet whom it means");
    let ready = filter.clone().looked_up(&known).unwrap();
    assert_eq!(ready.to_json(), filter.to_json(), "whom segments mean stands in no form");
    let members =
        |n| format!("EXISTS (SELECT FROM segment_members s WHERE s.org_id = l.org_id AND s.lead_id = l.id AND s.segment_id = ${n}::uuid)");
    assert_eq!(
        compile(&ready),
        (
            format!(
                "(((l.country = $1::text) OR {}) AND (NOT coalesce((({}) AND ((l.country = $4::text))), false)))",
                members(2),
                members(3)
            ),
            4
        )
    );
    assert_eq!(ready.describe(&|id| known.name(id)), "Segment is any of vips, british and Segment is not both");
    assert_eq!(ready.describe(&nobody), "Segment is any of one that is gone, one that is gone and Segment is not one that is gone");
}

#[test]
fn who_must_be_in_a_dynamic_segment_is_searched_like_its_filter() {
    let (known, read) =
        segments_of(&[("vips", ""), ("adas", "search contains \"ada\" and country is GB"), ("more", "segment in (<adas>) and score > 1")]);
    let apart = |text: &str| {
        let (filter, words) = read(text).looked_up(&known).unwrap().searches_apart("x");
        (filter.to_text(), words)
    };
    assert_eq!(apart("segment in (<more>)"), ("country is \"GB\" and score > 1".to_owned(), "x ada".to_owned()));
    for text in ["segment not in (<adas>)", "segment in (<adas>, <vips>)", "segment in (<adas>) or city is known"] {
        assert_eq!(apart(text).1, "x", "{text}");
    }
}

#[test]
fn a_segment_that_cannot_be_asked_is_named_with_its_place() {
    let deep: Vec<(String, String)> =
        (1..8).map(|n| (format!("s{n}"), if n == 1 { "score > 1".to_owned() } else { format!("segment in (<s{}>)", n - 1) })).collect();
    let deep: Vec<(&str, &str)> = deep.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (known, read) = segments_of(&deep);
    assert!(read("segment in (<s5>)").looked_up(&known).is_ok());
    let error = read("city is known and segment in (<s6>)").looked_up(&known).unwrap_err();
    assert_eq!(error.pointer, "/all/1/value");
    assert!(error.detail.contains("the segment “s1” is made of segments, and so on, more than 5 deep"), "{error}");

    let (known, read) =
        segments_of(&[("a", "segment in (<b>)"), ("b", "score > 1 or segment in (<a>)"), ("wide", &vec!["score > 1"; 50].join(" or "))]);
    let error = read("segment in (<a>)").looked_up(&known).unwrap_err();
    assert!(error.detail.ends_with("the segment “a” would be made of itself"), "{error}");
    let error = read("segment in (<wide>, <wide>, <wide>, <wide>)").looked_up(&known).unwrap_err();
    assert!(error.detail.contains("more than 200 things"), "{error}");
    let error = read("segment in (<a>)").looked_up(&KnownSegments::default()).unwrap_err();
    assert!(error.detail.starts_with("there is no segment segment_"), "{error}");
    // A filter that is to be that of b must not name a, which is made of b.
    let of_b = |text: &str| read(text).held_against(None, &known, Some(segment(2))).map_err(|misfit| misfit.in_text(text));
    assert!(of_b("segment in (<a>)").unwrap_err().detail.contains("the segment “b” would be made of itself"));
    assert!(of_b("segment in (<wide>)").is_ok());
}
