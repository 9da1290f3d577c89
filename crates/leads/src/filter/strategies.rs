//! Any filter, for property tests: here of its forms, beside the binary of its meaning in PostgreSQL. Whoever includes this
//! file names the language `lang`.

use jiff::Timestamp;
use kernel::{SegmentId, Uuid};
use proptest::prelude::*;

use super::lang::{
    AccountNumber, AccountText, Condition, CustomKey, CustomTest, DateField, DateTest, EngagementCount, EngagementDate, Filter, Means,
    Moment, Node, NumberField, NumberTest, SegmentKey, SegmentTest, SetTest, Status, TagsTest, TextField, TextTest,
};

/// Texts that leads may hold: accents, case, the letters that LIKE knows, other scripts, words of the text form.
pub const WORDS: [&str; 24] = [
    "Ada",
    "ADA",
    "adä",
    "ada lovelace",
    "Zürich",
    "zurich",
    "ZÜRICH",
    "50%",
    "50% off_peak",
    "a_b",
    "axb",
    "\\",
    "\\%",
    "日本",
    "Straße",
    "STRASSE",
    "Ελλάς",
    "İzmir",
    "o'hara",
    "\"quoted\"",
    "is",
    "and",
    "US",
    "Atlantis",
];

/// Keys of custom fields.
pub const KEYS: [&str; 4] = ["note", "visits", "vip", "renewal"];

/// Days around the tests' present, which is 2026-01-07.
pub const DAYS: [&str; 8] =
    ["2025-12-31", "2026-01-01", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-12", "9999-12-30"];

/// Numbers at which something may change.
pub const NUMBERS: [i64; 10] = [0, 1, 2, 20, 60, 100, -1, 100_000_000_000_000, i64::MAX, i64::MIN];

/// A text to compare with, as a parsed filter holds it: not blank, nor at its ends.
pub fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => "[a-zA-Z0-9'\";%_\\\\$(){}é,=<>!-]{1,12}"]
}

/// As [`WORDS`], cut anywhere: what contains, begins or ends something.
fn pieces() -> impl Strategy<Value = String> {
    (words(), any::<prop::sample::Index>()).prop_map(|(text, cut)| {
        let letters: Vec<char> = text.chars().collect();
        let piece: String = letters.iter().take(cut.index(letters.len()) + 1).collect();
        if piece.trim().is_empty() { text } else { piece.trim().to_owned() }
    })
}

fn text_test() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        words().prop_map(TextTest::Is),
        words().prop_map(TextTest::IsNot),
        prop::collection::vec(words(), 1..4).prop_map(TextTest::In),
        prop::collection::vec(words(), 1..4).prop_map(TextTest::NotIn),
        pieces().prop_map(TextTest::Contains),
        pieces().prop_map(TextTest::NotContains),
        pieces().prop_map(TextTest::StartsWith),
        pieces().prop_map(TextTest::EndsWith),
        Just(TextTest::IsEmpty),
        Just(TextTest::IsKnown),
    ]
}

fn number_test<N: Copy + std::fmt::Debug + 'static>(number: impl Strategy<Value = N> + Clone) -> impl Strategy<Value = NumberTest<N>> {
    (number.clone(), number, 0..9).prop_map(|(one, two, which)| match which {
        0 => NumberTest::Is(one),
        1 => NumberTest::IsNot(one),
        2 => NumberTest::Gt(one),
        3 => NumberTest::Gte(one),
        4 => NumberTest::Lt(one),
        5 => NumberTest::Lte(one),
        6 => NumberTest::Between(one, two),
        7 => NumberTest::IsEmpty,
        _ => NumberTest::IsKnown,
    })
}

fn whole() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![4 => prop::sample::select(&NUMBERS[..]), 1 => any::<i64>()]
}

fn float() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![prop::sample::select(&[0.0, 1.0, 2.5, -2.5, 1e300, 60.0][..]), any::<i32>().prop_map(|n| f64::from(n) / 8.0)]
}

fn moment() -> impl Strategy<Value = Moment> {
    let instant = "2026-01-07T12:00:00Z".parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    prop_oneof![
        prop::sample::select(&DAYS[..]).prop_map(|day| Moment::Day(day.parse().unwrap_or(jiff::civil::Date::ZERO))),
        (-200_000_i64..200_000).prop_map(move |n| {
            let at = instant.as_microsecond() + n * 1_000_000 + n % 3;
            Moment::Instant(Timestamp::from_microsecond(at).unwrap_or(instant))
        }),
    ]
}

fn date_test() -> impl Strategy<Value = DateTest> {
    let days = prop_oneof![Just(1_u16), Just(2), Just(7), Just(36_500), 1_u16..36_500];
    (moment(), moment(), days, 0..13).prop_map(|(one, two, days, which)| match which {
        0 => match one {
            Moment::Day(day) => DateTest::Is(day),
            Moment::Instant(_) => DateTest::Today,
        },
        1 => DateTest::Before(one),
        2 => DateTest::After(one),
        3 => DateTest::Between(one, two),
        4 => DateTest::WithinLastDays(days),
        5 => DateTest::NotWithinLastDays(days),
        6 => DateTest::OlderThanDays(days),
        7 => DateTest::InNextDays(days),
        8 => DateTest::Today,
        9 => DateTest::ThisWeek,
        10 => DateTest::ThisMonth,
        11 => DateTest::IsEmpty,
        _ => DateTest::IsKnown,
    })
}

fn set_test<T: Clone + std::fmt::Debug + 'static>(
    one: impl Strategy<Value = T> + Clone,
    may_be_empty: bool,
) -> impl Strategy<Value = SetTest<T>> {
    (prop::collection::vec(one, 1..4), 0..(if may_be_empty { 6 } else { 4 })).prop_map(|(mut many, which)| match which {
        0 => SetTest::In(many),
        1 => SetTest::NotIn(many),
        2 => SetTest::Is(many.remove(0)),
        3 => SetTest::IsNot(many.remove(0)),
        4 => SetTest::IsEmpty,
        _ => SetTest::IsKnown,
    })
}

fn tags_test() -> impl Strategy<Value = TagsTest> {
    (prop::collection::vec(words(), 1..4), 0..5).prop_map(|(mut tags, which)| match which {
        0 => TagsTest::Has(tags.remove(0)),
        1 => TagsTest::HasAny(tags),
        2 => TagsTest::HasNone(tags),
        3 => TagsTest::IsEmpty,
        _ => TagsTest::IsKnown,
    })
}

/// What the JSON form can say: of a text that is a day, `is` asks the text, and no bare emptiness is of a kind.
fn custom_test() -> impl Strategy<Value = CustomTest> {
    prop_oneof![
        text_test().prop_map(|test| match test {
            TextTest::IsEmpty => CustomTest::IsEmpty,
            TextTest::IsKnown => CustomTest::IsKnown,
            test => CustomTest::Text(test),
        }),
        number_test(float()).prop_map(|test| match test {
            NumberTest::IsEmpty => CustomTest::IsEmpty,
            NumberTest::IsKnown => CustomTest::IsKnown,
            test => CustomTest::Number(test),
        }),
        date_test().prop_map(|test| match test {
            DateTest::IsEmpty => CustomTest::IsEmpty,
            DateTest::IsKnown => CustomTest::IsKnown,
            DateTest::Is(_) => CustomTest::Date(DateTest::Today),
            test => CustomTest::Date(test),
        }),
        any::<bool>().prop_map(CustomTest::Bool),
        any::<bool>().prop_map(CustomTest::NotBool),
    ]
}

fn segment_test() -> impl Strategy<Value = SegmentTest> {
    (prop::collection::vec(0_u8..4, 1..4), any::<bool>()).prop_map(|(which, inside)| {
        let keys = which.into_iter().map(|n| SegmentKey::new(segment(n))).collect();
        if inside { SegmentTest::In(keys) } else { SegmentTest::NotIn(keys) }
    })
}

/// The segments that conditions name: two that leads are put into, one of those who match, and one that is made of the others.
pub fn segments() -> [Means; 4] {
    let number = |test| Node::If(Condition::Number(NumberField::Score, test));
    let key = |n| vec![SegmentKey::new(segment(n))];
    let matching = |root| Means::Matching(Filter { root });
    [
        Means::Members,
        Means::Members,
        // Not known of everybody: what is not known does not hold, also in a segment.
        matching(Node::All(vec![number(NumberTest::Gte(2)), Node::If(Condition::Account(SetTest::IsNot(id(0).into())))])),
        matching(Node::Any(vec![
            Node::If(Condition::Segment(SegmentTest::In(key(0)))),
            Node::All(vec![
                Node::If(Condition::Segment(SegmentTest::NotIn(key(2)))),
                Node::If(Condition::Number(NumberField::EmployeeCount, NumberTest::Gt(1))),
            ]),
        ])),
    ]
}

/// The id of one of [`segments`].
pub fn segment(n: u8) -> SegmentId {
    id(n).into()
}

/// Ids as tests give them out.
pub fn id(n: u8) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

/// Any condition.
pub fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        3 => (prop::sample::select(TextField::ALL), text_test()).prop_map(|(field, test)| Condition::Text(field, test)),
        2 => (prop::sample::select(NumberField::ALL), number_test(whole())).prop_map(|(field, test)| Condition::Number(field, test)),
        2 => (prop::sample::select(DateField::ALL), date_test()).prop_map(|(field, test)| Condition::Date(field, test)),
        1 => tags_test().prop_map(Condition::Tags),
        1 => set_test(prop::sample::select(&Status::ALL[..]), false).prop_map(Condition::Status),
        1 => set_test((0_u8..3).prop_map(|n| id(n).into()), true).prop_map(Condition::Owner),
        1 => set_test((0_u8..4).prop_map(|n| id(n).into()), true).prop_map(Condition::Account),
        2 => segment_test().prop_map(Condition::Segment),
        2 => (prop::sample::select(AccountText::ALL), text_test()).prop_map(|(field, test)| Condition::AccountText(field, test)),
        1 => (prop::sample::select(AccountNumber::ALL), number_test(whole())).prop_map(|(field, test)| Condition::AccountNumber(field, test)),
        2 => (prop::sample::select(EngagementCount::ALL), number_test(whole())).prop_map(|(field, test)| Condition::EngagementCount(field, test)),
        2 => (prop::sample::select(EngagementDate::ALL), date_test()).prop_map(|(field, test)| Condition::EngagementDate(field, test)),
        4 => (prop::sample::select(&KEYS[..]), custom_test()).prop_map(|(key, test)| Condition::Custom(CustomKey::new(key), test)),
        1 => pieces().prop_map(Condition::Search),
    ]
}

/// Any filter that is not deeper than filters may be.
pub fn filter() -> impl Strategy<Value = Filter> {
    let node = condition().prop_map(Node::If).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::Any),
            inner.prop_map(|node| Node::Not(Box::new(node))),
        ]
    });
    node.prop_map(|root| Filter { root })
}
