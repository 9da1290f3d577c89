//! Where a page begins: the row beside it, and not a number of rows to skip.

use http_kit::{Cursor, Problem, Total};
use kernel::LeadId;
use serde::{Deserialize, Serialize};

use super::sort::Sort;
use crate::filter::Params;

/// The edge row of a page. The sort is part of it, so that a cursor of one order is refused by another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Edge {
    s: String,
    k: Vec<String>,
    i: LeadId,
    /// The page before this row, not after.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    b: bool,
    /// The total of the first page, if it was counted; negative: at least so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<i64>,
}

impl Edge {
    pub(super) fn decode(cursor: Option<&str>, sort: Sort) -> Result<Option<Self>, Problem> {
        let edge: Option<Self> = cursor.filter(|text| !text.is_empty()).map(Cursor::decode).transpose()?;
        if edge.as_ref().is_some_and(|edge| edge.s != sort.to_string() || !sort.reads(&edge.k)) {
            return Err(Problem::field("/cursor", "cursor.invalid", "The cursor belongs to another sort: leave it out to begin again"));
        }
        Ok(edge)
    }

    pub(super) fn encode(sort: Sort, keys: Vec<String>, id: LeadId, backwards: bool, total: Option<Total>) -> String {
        let t = total.map(|total| if total.exact { total.value } else { -total.value });
        Cursor::encode(&Self { s: sort.to_string(), k: keys, i: id, b: backwards, t })
    }

    pub(super) const fn backwards(&self) -> bool {
        self.b
    }

    /// Figure, text and id of the row, where a custom field is sorted by.
    pub(super) fn value(&self) -> (&str, &str, LeadId) {
        let key = |at: usize| self.k.get(at).map_or("", String::as_str);
        (key(0), key(1), self.i)
    }

    pub(super) fn total(&self) -> Option<Total> {
        self.t.map(|t| Total { value: t.saturating_abs(), exact: t >= 0 })
    }
}

/// The order of a page as SQL.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) sort: Sort,
    pub(super) edge: Option<&'a Edge>,
}

impl Order<'_> {
    /// The expressions sorted by, over `l`.
    pub(super) fn keys(self) -> Vec<String> {
        self.sort.columns().into_iter().map(|(expression, _)| expression).collect()
    }

    /// `expression AS k1, …`
    pub(super) fn carried(self) -> String {
        self.keys().iter().enumerate().map(|(at, key)| format!("{key} AS k{}", at + 1)).collect::<Vec<_>>().join(", ")
    }

    /// The keys as [`Self::carried`] named them, of `table`.
    pub(super) fn named(self, table: &str) -> Vec<String> {
        (1..=self.keys().len()).map(|at| format!("{table}.k{at}")).collect()
    }

    /// What ORDER BY takes.
    pub(super) fn by<S: AsRef<str>>(self, keys: &[S], id: &str) -> String {
        let backwards = self.edge.is_some_and(Edge::backwards);
        let direction = if self.sort.descending == backwards { "ASC" } else { "DESC" };
        keys.iter().map(AsRef::as_ref).chain([id]).map(|name| format!("{name} {direction}")).collect::<Vec<_>>().join(", ")
    }

    /// The sign between what lies beyond the edge and the edge itself.
    pub(super) fn sign(self) -> &'static str {
        if self.sort.descending == self.edge.is_some_and(Edge::backwards) { ">" } else { "<" }
    }

    /// ` AND (keys, id) beyond the edge`.
    pub(super) fn beyond<S: AsRef<str>>(self, keys: &[S], id: &str, p: &mut Params) -> String {
        let Some(edge) = self.edge else { return String::new() };
        let sign = self.sign();
        let names: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        let bound: Vec<String> =
            self.sort.columns().iter().zip(&edge.k).map(|((_, kind), key)| format!("{}::text::{kind}", p.push(key.clone()))).collect();
        format!(" AND ({}, {id}) {sign} ({}, {}::uuid)", names.join(", "), bound.join(", "), p.push(edge.i))
    }
}
