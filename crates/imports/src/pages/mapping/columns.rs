use leads::custom_fields::Registry;
use maud::{Markup, html};
use ui::{Field, Tone, table};

use crate::{Kind, LeadField, Target, analysis::Column, guess::DateOrder, model::Import};

/// More entries than this in all menus together are more than a page holds: the custom fields that no column is named after
/// are left out of them then.
const MOST_ENTRIES: usize = 20_000;

/// Each column of the file: what it holds, what it becomes, and how sure we are.
pub(super) fn columns(import: &Import, fields: &Registry, may: bool) -> Markup {
    let analysis = &import.analysis;
    let fits = fields.active().count().saturating_mul(analysis.columns.len()) <= MOST_ENTRIES;
    table::wrap(
        "Columns",
        html! {
            table.table {
                thead { tr { (table::th("Column")) (table::th("Holds")) (table::th("Becomes")) (table::th("Guess")) } }
                tbody {
                    @for (column, target) in analysis.columns.iter().zip(&import.plan.targets) {
                        @let name = analysis.column_name(column, import.plan.has_header);
                        tr {
                            td.is-title data-label="Column" { (name) }
                            td.is-quiet.is-wrap data-label="Holds" { (holds(column)) }
                            td data-label="Becomes" {
                                (choice(column, target, &name, Some(fields).filter(|_| fits), may))
                                (kind(import, column, target, &name, fields, may))
                                (date_order(import, column, target, &name, fields, may))
                            }
                            td data-label="Guess" { (confidence(column, target)) }
                        }
                    }
                }
            }
        },
    )
}

fn holds(column: &Column) -> Markup {
    html! {
        @if column.samples.is_empty() { "nothing" }
        @else { (column.samples.join(" · ")) }
    }
}

fn choice(column: &Column, target: &Target, name: &str, fields: Option<&Registry>, may: bool) -> Markup {
    let mut options = vec![("ignore".to_owned(), "Do not import".to_owned())];
    options.extend(LeadField::ALL.iter().map(|field| (field.as_str().to_owned(), field.label().to_owned())));
    options.push((format!("custom:{}", column.key), format!("Custom field {}", column.key)));
    let others = fields.into_iter().flat_map(Registry::active).filter(|field| field.key != column.key);
    options.extend(others.map(|field| (format!("custom:{}", field.key), format!("Custom field {}", field.label))));
    // A plan made through the API may have keys of its own.
    let chosen = target.to_string();
    if let Target::Custom(key) = target
        && !options.iter().any(|(value, _)| *value == chosen)
    {
        options.push((chosen.clone(), format!("Custom field {key}")));
    }
    html! {
        (Field::select("target", format!("“{name}” becomes"), options).label_hidden().value(chosen).id(format!("target-{}", column.index)).disabled(!may))
    }
}

/// The type of a custom field; sent for every column, because a form tells the columns by their order. That of a field which
/// is there is not to be chosen.
fn kind(import: &Import, column: &Column, target: &Target, name: &str, fields: &Registry, may: bool) -> Markup {
    let known = |key: &str| fields.get(key).map(|field| Kind::from(field.kind).label());
    match target {
        Target::Custom(key) => match known(key) {
            Some(kind) => html! { (ui::hidden("kind", "")) p.muted { (kind) } },
            None => {
                let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind.label()));
                let chosen = import.plan.kind(key, column).as_str();
                html! { (Field::select("kind", format!("Type of “{name}”"), kinds).label_hidden().value(chosen).id(format!("kind-{}", column.index)).disabled(!may)) }
            }
        },
        Target::Ignore | Target::Field(_) => ui::hidden("kind", ""),
    }
}

/// Which of two numbers is the day, where the column does not tell.
fn date_order(import: &Import, column: &Column, target: &Target, name: &str, fields: &Registry, may: bool) -> Markup {
    let Target::Custom(key) = target else { return ui::hidden("date_order", "") };
    let kind = fields.get(key).map_or_else(|| import.plan.kind(key, column), |field| field.kind.into());
    if kind != Kind::Date || !column.ambiguous_dates {
        return ui::hidden("date_order", "");
    }
    let chosen = import.plan.date_order(key, column).as_str();
    let orders = DateOrder::CHOICES.map(|order| (order.as_str(), order.label()));
    html! {
        (Field::select("date_order", format!("Dates of “{name}”"), orders).label_hidden().value(chosen).id(format!("order-{}", column.index)).disabled(!may))
    }
}

fn confidence(column: &Column, target: &Target) -> Markup {
    if column.guess != *target {
        return ui::badge(Tone::Accent, "Chosen");
    }
    match (target, column.confidence) {
        (Target::Ignore, 90..) => ui::badge(Tone::Neutral, "Says nothing of a lead"),
        (Target::Ignore, _) => ui::badge(Tone::Neutral, "Empty"),
        (Target::Custom(_), _) => ui::badge(Tone::Neutral, &format!("Custom field: {}", column.kind.label().to_lowercase())),
        (Target::Field(_), 90..) => ui::badge(Tone::Success, &format!("Sure, {}%", column.confidence)),
        (Target::Field(_), 50..90) => ui::badge(Tone::Info, &format!("Likely, {}%", column.confidence)),
        (Target::Field(_), _) => ui::badge(Tone::Warning, &format!("Doubtful, {}%", column.confidence)),
    }
}
