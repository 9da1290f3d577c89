//! Filter to SQL. Column names come from the program; every value is bound.

use db::ToSql;
use jiff::{SignedDuration, Timestamp};

use super::{Condition, CustomTest, DateTest, Filter, Node, NumberTest, Scalar, SetTest, TagsTest, TextField, TextTest};
use crate::model::country;

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
    /// `now` is what `within_last_days` counts from.
    pub fn to_sql(&self, params: &mut Params, now: Timestamp) -> String {
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
        Condition::Text(field, test) => text(*field, test, p),
        Condition::Number(field, test) => {
            let column = field.name();
            match test {
                NumberTest::Is(number) => format!("l.{column} = {}::bigint", p.push(*number)),
                NumberTest::Gte(number) => format!("l.{column} >= {}::bigint", p.push(*number)),
                NumberTest::Lte(number) => format!("l.{column} <= {}::bigint", p.push(*number)),
                NumberTest::Between(from, to) => format!("l.{column} BETWEEN {}::bigint AND {}::bigint", p.push(*from), p.push(*to)),
                NumberTest::IsEmpty => format!("l.{column} IS NULL"),
                NumberTest::IsKnown => format!("l.{column} IS NOT NULL"),
            }
        }
        Condition::Date(field, test) => {
            let column = field.name();
            match test {
                DateTest::Before(at) => format!("l.{column} < {}::timestamptz", p.push(at.start())),
                DateTest::After(at) => match at {
                    super::Moment::Day(_) => format!("l.{column} >= {}::timestamptz", p.push(at.end())),
                    super::Moment::Instant(_) => format!("l.{column} > {}::timestamptz", p.push(at.start())),
                },
                DateTest::Between(from, to) => {
                    let until = if matches!(to, super::Moment::Day(_)) { "<" } else { "<=" };
                    format!("l.{column} >= {}::timestamptz AND l.{column} {until} {}::timestamptz", p.push(from.start()), p.push(to.end()))
                }
                DateTest::WithinLastDays(days) => {
                    let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(*days))).unwrap_or(Timestamp::UNIX_EPOCH);
                    format!("l.{column} >= {}::timestamptz", p.push(since))
                }
                DateTest::IsEmpty => format!("l.{column} IS NULL"),
                DateTest::IsKnown => format!("l.{column} IS NOT NULL"),
            }
        }
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
        Condition::Custom(key, test) => custom(key, test, p),
        Condition::Search(words) => search_words(words, p),
    }
}

fn text(field: TextField, test: &TextTest, p: &mut Params) -> String {
    let column = field.name();
    // Kept in a form of which two spellings cannot differ, so that the index answers.
    let exact = |text: &str| match field {
        TextField::Email | TextField::CompanyDomain => Some(text.to_lowercase()),
        TextField::Country => country::code(text).map(str::to_owned),
        _ => None,
    };
    match test {
        TextTest::Is(text) => match exact(text) {
            Some(text) => format!("l.{column} = {}::text", p.push(text)),
            None => format!("lower(l.{column}) = {}::text", p.push(text.to_lowercase())),
        },
        TextTest::IsNot(text) => {
            let text = exact(text).map_or_else(|| text.to_lowercase(), |text| text.to_lowercase());
            format!("lower(l.{column}) IS DISTINCT FROM {}::text", p.push(text))
        }
        TextTest::In(texts) => match texts.iter().map(|text| exact(text)).collect::<Option<Vec<_>>>() {
            Some(texts) => format!("l.{column} = ANY({}::text[])", p.push(texts)),
            None => {
                let texts: Vec<String> =
                    texts.iter().map(|text| exact(text).map_or_else(|| text.to_lowercase(), |text| text.to_lowercase())).collect();
                format!("lower(l.{column}) = ANY({}::text[])", p.push(texts))
            }
        },
        TextTest::Contains(text) => format!("l.{column} ILIKE {}::text", p.push(like_contains(text))),
        TextTest::StartsWith(text) => format!("l.{column} ILIKE {}::text", p.push(format!("{}%", escape_like(text)))),
        TextTest::IsEmpty if field == TextField::Email => "l.email IS NULL".to_owned(),
        TextTest::IsKnown if field == TextField::Email => "l.email IS NOT NULL".to_owned(),
        TextTest::IsEmpty => format!("l.{column} = ''"),
        TextTest::IsKnown => format!("l.{column} <> ''"),
    }
}

fn set<T, V>(column: &str, sql_type: &str, test: &SetTest<T>, value: impl Fn(&T) -> V, p: &mut Params) -> String
where
    V: ToSql + Sync + Send + 'static,
{
    match test {
        SetTest::Is(one) => format!("l.{column} = {}::{sql_type}", p.push(value(one))),
        SetTest::IsNot(one) => format!("l.{column} IS DISTINCT FROM {}::{sql_type}", p.push(value(one))),
        // One value as an equation: then an index that continues with the sort key gives the order.
        SetTest::In(many) => match many.as_slice() {
            [one] => format!("l.{column} = {}::{sql_type}", p.push(value(one))),
            many => format!("l.{column} = ANY({}::{sql_type}[])", p.push(many.iter().map(&value).collect::<Vec<V>>())),
        },
        SetTest::IsEmpty => format!("l.{column} IS NULL"),
        SetTest::IsKnown => format!("l.{column} IS NOT NULL"),
    }
}

fn custom(key: &str, test: &CustomTest, p: &mut Params) -> String {
    let key = format!("{}::text", p.push(key.to_owned()));
    // CASE, because PostgreSQL may otherwise cast a text before it has looked at the type.
    let number = |compare: String| {
        format!("CASE jsonb_typeof(l.custom -> {key}) WHEN 'number' THEN (l.custom ->> {key})::numeric::float8 {compare} ELSE false END")
    };
    match test {
        CustomTest::Is(Scalar::Text(text)) => format!("lower(l.custom ->> {key}) = {}::text", p.push(text.to_lowercase())),
        CustomTest::IsNot(Scalar::Text(text)) => {
            format!("lower(l.custom ->> {key}) IS DISTINCT FROM {}::text", p.push(text.to_lowercase()))
        }
        CustomTest::Is(Scalar::Number(n)) => number(format!("= {}::float8", p.push(*n))),
        CustomTest::IsNot(Scalar::Number(n)) => format!("NOT ({})", number(format!("= {}::float8", p.push(*n)))),
        CustomTest::Is(Scalar::Bool(yes)) => format!("(l.custom -> {key}) = to_jsonb({}::boolean)", p.push(*yes)),
        CustomTest::IsNot(Scalar::Bool(yes)) => format!("(l.custom -> {key}) IS DISTINCT FROM to_jsonb({}::boolean)", p.push(*yes)),
        CustomTest::Contains(text) => format!("(l.custom ->> {key}) ILIKE {}::text", p.push(like_contains(text))),
        CustomTest::StartsWith(text) => format!("(l.custom ->> {key}) ILIKE {}::text", p.push(format!("{}%", escape_like(text)))),
        CustomTest::Gte(n) => number(format!(">= {}::float8", p.push(*n))),
        CustomTest::Lte(n) => number(format!("<= {}::float8", p.push(*n))),
        CustomTest::Between(from, to) => number(format!("BETWEEN {}::float8 AND {}::float8", p.push(*from), p.push(*to))),
        CustomTest::IsEmpty => format!("coalesce(l.custom ->> {key}, '') = ''"),
        CustomTest::IsKnown => format!("coalesce(l.custom ->> {key}, '') <> ''"),
    }
}

/// Every word occurs somewhere in name, e-mail, company, domain or title. Uses the trigram index.
pub fn search_words(words: &str, p: &mut Params) -> String {
    let parts: Vec<String> = words
        .split_whitespace()
        .take(8)
        .map(|word| format!("l.search LIKE {}::text", p.push(like_contains(&word.to_lowercase()))))
        .collect();
    if parts.is_empty() { "true".to_owned() } else { format!("({})", parts.join(" AND ")) }
}

/// A LIKE pattern that finds `text` anywhere, whatever `%`, `_` and `\` it holds.
pub fn like_contains(text: &str) -> String {
    format!("%{}%", escape_like(text))
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
