//! A page in the order of a custom field whose values are indexed: along the index, and whoever has no value behind all others.

use super::{edge::Edge, list::Statement};
use crate::{
    custom_fields::{Field, SortedField, is_nothing, nothing},
    filter::Params,
};

impl Statement<'_> {
    /// The page by the index of `field`, by which the query sorts; the same rows in the same order as without it.
    pub(super) fn by_value(mut self, field: &Field) -> (String, Params) {
        let (order, org, condition, most) = (self.order, &self.org, &self.condition, self.query.limit + 1);
        let (column, [k1, k2]) = SortedField::indexed(field, order.sort.descending);
        let (no_number, no_text) = nothing(order.sort.descending);
        let key = format!("{}::text", self.params.push(field.key.clone()));
        // A text of which folding leaves nothing is none.
        let held = if column == "text" { "v.text > ''" } else { "v.number IS NOT NULL" };
        let backwards = order.edge.is_some_and(Edge::backwards);
        let [beyond_value, beyond_none] = order.edge.map_or_else(Default::default, |edge| {
            let (number, text, id) = edge.value();
            let (sign, id) = (order.sign(), format!("{}::uuid", self.params.push(id)));
            let (everybody, nobody) = (String::new(), " AND false".to_owned());
            if is_nothing(number, text) {
                return [if backwards { everybody } else { nobody }, format!(" AND l.id {sign} {id}")];
            }
            let (bound, kind) = if column == "text" { (text, "text") } else { (number, "float8") };
            let bound = format!("{}::text::{kind}", self.params.push(bound.to_owned()));
            [format!(" AND (v.{column}, v.lead_id) {sign} ({bound}, {id})"), if backwards { nobody } else { everybody }]
        });
        let valued = |only_if: &str| {
            format!(
                "SELECT l.id, {k1} AS k1, {k2} AS k2 FROM lead_custom_values v JOIN lead_rows l ON l.org_id = v.org_id AND l.id = v.lead_id
                 WHERE v.org_id = {org} AND v.key = {key} AND {held} AND l.org_id = {org} AND {condition}{beyond_value}{only_if}
                 ORDER BY {} LIMIT {most}",
                order.by(&[format!("v.{column}")], "v.lead_id")
            )
        };
        let without = |only_if: &str| {
            format!(
                "SELECT l.id, {no_number} AS k1, {no_text} AS k2 FROM lead_rows l
                 WHERE l.org_id = {org} AND {condition}{beyond_none}{only_if}
                   AND NOT EXISTS (SELECT FROM lead_custom_values v WHERE v.org_id = l.org_id AND v.lead_id = l.id AND v.key = {key} AND {held})
                 ORDER BY {} LIMIT {most}",
                order.by::<&str>(&[], "l.id")
            )
        };
        // The others are looked for only if these do not fill the page.
        let not_yet = format!(" AND (SELECT count(*) FROM nearer) < {most}");
        let (nearer, farther) = if backwards { (without(""), valued(&not_yet)) } else { (valued(""), without(&not_yet)) };
        let page = format!(
            "SELECT p.* FROM (WITH nearer AS MATERIALIZED ({nearer}) SELECT * FROM nearer UNION ALL ({farther})) p ORDER BY {} LIMIT {most}",
            order.by(&order.named("p"), "p.id")
        );
        self.shown(&page)
    }
}
