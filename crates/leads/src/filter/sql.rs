//! Filter to SQL. Column names come from the program; every value is bound.
//!
//! Three things are asked of other tables than `leads`. `account.*` asks `account_rows`: the copies on the lead may
//! differ, because a lead keeps the company facts it was given. `engagement.*` asks `intelligence_engagement`, which the
//! scoring slice's projection fills from the event log; its columns are a contract (migration 19), and neither the
//! tenant's nor the restricted's policies on it are weakened by being asked from here. So it is with the members of a fixed
//! segment, `segment_members` (migration 22). All as a semi-join, so that the planner may begin at either end.

use db::ToSql;
use jiff::Timestamp;

use super::{
    Condition, DateField, DateTest, EngagementCount, EngagementDate, Filter, Means, Node, NumberTest, SegmentTest, SetTest, TagsTest,
    TextField, TextTest, sql_custom,
    time::{Grain, Stretch},
};
use crate::{
    model::country,
    search::{self, escape_like, fold, like_contains},
};

/// The values of a statement under construction: [`Params::push`] gives the placeholder of a value.
///
/// ```
/// # use leads::filter::{Filter, Params};
/// # let filter = Filter::default();
/// # let (org, now) = (kernel::OrgId::new(), jiff::Timestamp::UNIX_EPOCH);
/// let mut params = Params::default();
/// let org = params.push(org);
/// let condition = filter.to_sql(&mut params, now);
/// let sql = format!("SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition}");
/// // tx.query(&sql, &params.refs())
/// ```
#[derive(Default)]
pub struct Params(Vec<Box<dyn ToSql + Sync + Send>>);

impl Params {
    /// Binds a value; returns its placeholder, such as `$3`.
    pub fn push(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.0.push(Box::new(value));
        format!("${}", self.0.len())
    }

    /// The values, as the transaction takes them.
    pub fn refs(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is bound yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Filter {
    /// A boolean expression over `lead_rows l` (or `leads l`), always in parentheses or atomic.
    /// `now` is what relative dates count from. Before its segments were looked up it means nobody, never everybody.
    pub fn to_sql(&self, params: &mut Params, now: Timestamp) -> String {
        if !self.is_looked_up() {
            return "false".to_owned();
        }
        node(&self.root, params, now)
    }
}

fn node(node_: &Node, p: &mut Params, now: Timestamp) -> String {
    match node_ {
        Node::All(nodes) if nodes.is_empty() => "true".to_owned(),
        Node::Any(nodes) if nodes.is_empty() => "false".to_owned(),
        Node::All(nodes) => join(nodes, " AND ", p, now),
        Node::Any(nodes) => join(nodes, " OR ", p, now),
        // What is not known does not hold: without this, NOT (NULL) would drop the row.
        Node::Not(inner) => format!("(NOT coalesce({}, false))", node(inner, p, now)),
        Node::If(condition) => format!("({})", self::condition(condition, p, now)),
    }
}

fn join(nodes: &[Node], with: &str, p: &mut Params, now: Timestamp) -> String {
    let parts: Vec<String> = nodes.iter().map(|each| node(each, p, now)).collect();
    format!("({})", parts.join(with))
}

fn condition(condition: &Condition, p: &mut Params, now: Timestamp) -> String {
    match condition {
        Condition::Text(TextField::Email, TextTest::IsEmpty) => "l.email IS NULL".to_owned(),
        Condition::Text(TextField::Email, TextTest::IsKnown) => "l.email IS NOT NULL".to_owned(),
        Condition::Text(field, test) => text(&format!("l.{}", field.column()), test, |text| exact(field.column(), text), p),
        Condition::Number(field, test) => number(&format!("l.{}", field.column()), "bigint", test, p),
        // As the index has it: what is not known is before every time that can be asked for.
        Condition::Date(DateField::LastActivityAt, test) if matches!(test.stretch(now, Grain::Instant), Stretch::Within(..)) => {
            date("coalesce(l.last_activity_at, '-infinity')", test, now, p)
        }
        Condition::Date(field, test) => date(&format!("l.{}", field.column()), test, now, p),
        Condition::Tags(test) => match test {
            TagsTest::Has(tag) => format!("l.tags @> {}::text[]", p.push(vec![tag.clone()])),
            TagsTest::HasAny(tags) => format!("l.tags && {}::text[]", p.push(tags.clone())),
            TagsTest::HasNone(tags) => format!("NOT l.tags && {}::text[]", p.push(tags.clone())),
            TagsTest::IsEmpty => "l.tags = '{}'".to_owned(),
            TagsTest::IsKnown => "l.tags <> '{}'".to_owned(),
        },
        Condition::Status(test) => set("status", "text", test, |status| status.as_str(), p),
        Condition::Owner(test) => set("owner_id", "uuid", test, |id| id.uuid(), p),
        Condition::Account(test) => set("account_id", "uuid", test, |id| id.uuid(), p),
        Condition::Segment(test) => in_segments(test, p, now),
        Condition::AccountText(field, test) => {
            let unknown = matches!(test, TextTest::IsNot(_) | TextTest::NotIn(_) | TextTest::NotContains(_) | TextTest::IsEmpty);
            of_account(&text(&format!("a.{}", field.column()), test, |text| exact(field.column(), text), p), unknown)
        }
        Condition::AccountNumber(field, test) => of_account(&number(&format!("a.{}", field.column()), "bigint", test, p), test.holds(None)),
        Condition::EngagementCount(field, test) => engagement_count(*field, test, p),
        Condition::EngagementDate(field, test) => engagement_date(*field, test, now, p),
        Condition::Custom(key, test) => sql_custom::condition(key, test, now, p),
        Condition::Search(words) => search::condition(words, p),
    }
}

/// The function that brings texts into the form in which they compare; [`fold`] is the same in memory.
pub(super) const FOLD: &str = "leadline_fold";

/// The form in which a column keeps this text, if two spellings of it cannot differ: then the index on the bare column answers.
pub(super) fn exact(column: &str, text: &str) -> Option<String> {
    match column {
        "email" | "company_domain" | "domain" => Some(text.to_lowercase()),
        "country" => country::code(text).map(str::to_owned),
        _ => None,
    }
}

/// A text test of an expression that may be NULL, which is like an empty text.
pub(super) fn text(expression: &str, test: &TextTest, exact: impl Fn(&str) -> Option<String>, p: &mut Params) -> String {
    let nullable = expression == "l.email" || expression.starts_with('(');
    let folded = format!("{FOLD}({expression})");
    let is = |texts: &[String], p: &mut Params| {
        let bare: Vec<String> = texts.iter().filter_map(|text| exact(text)).collect();
        let rest: Vec<String> = texts.iter().filter(|text| exact(text).is_none()).map(|text| fold(text)).collect();
        let one = |expression: &str, mut texts: Vec<String>, p: &mut Params| match (texts.pop(), texts.is_empty()) {
            (None, _) => None,
            // One value as an equation: then an index that continues with the sort key gives the order.
            (Some(only), true) => Some(format!("{expression} = {}::text", p.push(only))),
            (Some(last), false) => {
                texts.push(last);
                Some(format!("{expression} = ANY({}::text[])", p.push(texts)))
            }
        };
        match (one(expression, bare, p), one(&folded, rest, p)) {
            (Some(bare), Some(rest)) => format!("({bare} OR {rest})"),
            (Some(either), None) | (None, Some(either)) => either,
            (None, None) => "false".to_owned(),
        }
    };
    let not = |condition: String| if nullable { format!("NOT coalesce({condition}, false)") } else { format!("NOT {condition}") };
    let like = |pattern: String, p: &mut Params| format!("{folded} LIKE {}::text", p.push(pattern));
    match test {
        TextTest::Is(text) => is(std::slice::from_ref(text), p),
        TextTest::IsNot(text) => not(format!("({})", is(std::slice::from_ref(text), p))),
        TextTest::In(texts) => is(texts, p),
        TextTest::NotIn(texts) => not(format!("({})", is(texts, p))),
        TextTest::Contains(text) => like(like_contains(&fold(text)), p),
        TextTest::NotContains(text) => not(format!("({})", like(like_contains(&fold(text)), p))),
        TextTest::StartsWith(text) => like(format!("{}%", escape_like(&fold(text))), p),
        TextTest::EndsWith(text) => like(format!("%{}", escape_like(&fold(text))), p),
        TextTest::IsEmpty if nullable => format!("coalesce({expression}, '') = ''"),
        TextTest::IsKnown if nullable => format!("coalesce({expression}, '') <> ''"),
        TextTest::IsEmpty => format!("{expression} = ''"),
        TextTest::IsKnown => format!("{expression} <> ''"),
    }
}

/// A number test of an expression that may be NULL.
pub(super) fn number<N>(expression: &str, kind: &str, test: &NumberTest<N>, p: &mut Params) -> String
where
    N: ToSql + Sync + Send + Copy + 'static,
{
    let mut with = |sign: &str, number: &N| format!("{expression} {sign} {}::{kind}", p.push(*number));
    match test {
        NumberTest::Is(number) => with("=", number),
        NumberTest::IsNot(number) => with("IS DISTINCT FROM", number),
        NumberTest::Gt(number) => with(">", number),
        NumberTest::Gte(number) => with(">=", number),
        NumberTest::Lt(number) => with("<", number),
        NumberTest::Lte(number) => with("<=", number),
        NumberTest::Between(from, to) => format!("{expression} BETWEEN {}::{kind} AND {}::{kind}", p.push(*from), p.push(*to)),
        NumberTest::IsEmpty => format!("{expression} IS NULL"),
        NumberTest::IsKnown => format!("{expression} IS NOT NULL"),
    }
}

fn date(expression: &str, test: &DateTest, now: Timestamp, p: &mut Params) -> String {
    match test.stretch(now, Grain::Instant) {
        // Without an upper end where there is none: the shorter condition is better estimated.
        Stretch::Within(from, to) if to == Timestamp::MAX => format!("{expression} >= {}::timestamptz", p.push(from)),
        Stretch::Within(from, to) => {
            format!("{expression} >= {}::timestamptz AND {expression} < {}::timestamptz", p.push(from), p.push(to))
        }
        Stretch::Outside(from, to) => {
            format!("NOT coalesce({expression} >= {}::timestamptz AND {expression} < {}::timestamptz, false)", p.push(from), p.push(to))
        }
        Stretch::IsEmpty => format!("{expression} IS NULL"),
        Stretch::IsKnown => format!("{expression} IS NOT NULL"),
    }
}

/// A condition about the account `a`; `unknown`: leads without one are meant, too.
fn of_account(condition: &str, unknown: bool) -> String {
    let asked = format!("l.account_id IN (SELECT a.id FROM account_rows a WHERE {condition})");
    if unknown { format!("l.account_id IS NULL OR {asked}") } else { asked }
}

/// Fixed segments are asked for together, bare and not within another expression: so they become a join that asks for the few leads
/// of a page, where a subplan would collect whole segments first.
fn in_segments(test: &SegmentTest, p: &mut Params, now: Timestamp) -> String {
    let (mut matching, mut fixed) = (Vec::new(), Vec::new());
    for key in test.keys() {
        match &key.means {
            Some(Means::Matching(filter)) => matching.push(node(&filter.root, p, now)),
            Some(Means::Members) => fixed.push(key.id()),
            None => {} // Filter::to_sql has seen to it
        }
    }
    let which = match fixed.as_slice() {
        [] => None,
        [one] => Some(format!("= {}::uuid", p.push(*one))),
        many => Some(format!("= ANY({}::uuid[])", p.push(many.to_vec()))),
    };
    let member = which.map(|which| {
        format!("EXISTS (SELECT FROM segment_members s WHERE s.org_id = l.org_id AND s.lead_id = l.id AND s.segment_id {which})")
    });
    let (conditions, with, none) = match test {
        SegmentTest::In(_) => (matching.into_iter().chain(member).collect::<Vec<_>>(), " OR ", "false"),
        SegmentTest::NotIn(_) => {
            let others = matching.iter().map(|filter| format!("NOT coalesce({filter}, false)"));
            (others.chain(member.map(|member| format!("NOT {member}"))).collect(), " AND ", "true")
        }
    };
    if conditions.is_empty() { none.to_owned() } else { conditions.join(with) }
}

fn with_engagement(condition: &str) -> String {
    format!("EXISTS (SELECT FROM intelligence_engagement e WHERE e.org_id = l.org_id AND e.lead_id = l.id AND {condition})")
}

/// Whoever has no row has done nothing so often: where nought is meant, those are meant who have not done otherwise.
fn engagement_count(field: EngagementCount, test: &NumberTest<i64>, p: &mut Params) -> String {
    let asked = format!("({})", number(&format!("e.{}", field.column()), "bigint", test, p));
    if test.holds(Some(0)) { format!("NOT {}", with_engagement(&format!("NOT {asked}"))) } else { with_engagement(&asked) }
}

fn engagement_date(field: EngagementDate, test: &DateTest, now: Timestamp, p: &mut Params) -> String {
    let column = format!("e.{}", field.column());
    match test.stretch(now, Grain::Instant) {
        Stretch::Outside(from, to) => {
            let within = format!("{column} >= {}::timestamptz AND {column} < {}::timestamptz", p.push(from), p.push(to));
            format!("NOT {}", with_engagement(&within))
        }
        Stretch::IsEmpty => format!("NOT {}", with_engagement(&format!("{column} IS NOT NULL"))),
        Stretch::Within(..) | Stretch::IsKnown => with_engagement(&date(&column, test, now, p)),
    }
}

fn set<T, V>(column: &str, sql_type: &str, test: &SetTest<T>, value: impl Fn(&T) -> V, p: &mut Params) -> String
where
    V: ToSql + Sync + Send + 'static,
{
    let mut list = |many: &[T]| match many {
        // One value as an equation: then an index that continues with the sort key gives the order.
        [one] => format!("l.{column} = {}::{sql_type}", p.push(value(one))),
        many => format!("l.{column} = ANY({}::{sql_type}[])", p.push(many.iter().map(&value).collect::<Vec<V>>())),
    };
    match test {
        SetTest::Is(one) => list(std::slice::from_ref(one)),
        SetTest::IsNot(one) => format!("l.{column} IS DISTINCT FROM {}::{sql_type}", p.push(value(one))),
        SetTest::In(many) => list(many),
        SetTest::NotIn(many) => format!("NOT coalesce({}, false)", list(many)),
        SetTest::IsEmpty => format!("l.{column} IS NULL"),
        SetTest::IsKnown => format!("l.{column} IS NOT NULL"),
    }
}
