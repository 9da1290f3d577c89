use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{UserId, ViewId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Column;
use crate::{filter::Filter, store::grid::Sort};

/// How long a view's name may be.
const MAX_NAME: usize = 60;
/// How many columns one may show.
const MAX_COLUMNS: usize = 40;
/// How long the searched words may be: as in the grid.
pub(crate) const MAX_WORDS: usize = 200;

/// A question about leads under a name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SavedView {
    pub id: ViewId,
    pub name: String,
    /// Shared with everybody in the organisation; otherwise yours alone.
    pub shared: bool,
    /// Who made it; `null` once they have left.
    pub made_by: Option<UserId>,
    /// In the filter language. It may have become unreadable, when what it asked for is gone.
    #[schema(value_type = Filter)]
    pub filter: Value,
    /// Words that must all occur.
    pub q: String,
    /// As in `?sort=`; empty: by score.
    pub sort: String,
    /// Names of columns; none: those that the reader is used to.
    pub columns: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; the `ETag`.
    pub version: i32,
}

/// A view as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ViewDraft {
    /// 1 to 60 characters; each name once among the shared views and once among yours.
    pub name: String,
    /// Whether everybody in the organisation has it.
    pub shared: bool,
    pub filter: Filter,
    pub q: String,
    #[schema(example = "-score")]
    pub sort: String,
    #[schema(example = json!(["company", "status", "custom.region"]))]
    pub columns: Vec<String>,
}

impl ViewDraft {
    /// Normalised, or everything that is wrong with it.
    pub(super) fn check(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong =
            |field: &str, code: &str, why: String| errors.push(FieldError::new(format!("/{field}"), format!("{field}.{code}"), why));
        self.name = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.name.chars().count() {
            0 => wrong("name", "required", "Give the view a name".to_owned()),
            1..=MAX_NAME => {}
            length => wrong("name", "too_long", format!("The name has {length} characters; {MAX_NAME} fit")),
        }
        self.q = self.q.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.q.chars().count() > MAX_WORDS {
            wrong("q", "too_long", format!("The searched words have more than {MAX_WORDS} characters"));
        }
        match Sort::parse(&self.sort) {
            Ok(sort) => self.sort = sort.to_string(),
            Err(error) => wrong("sort", "unknown", error.detail),
        }
        if let Some(unknown) = self.columns.iter().find(|name| Column::parse(name).is_none()) {
            let unknown: String = unknown.chars().take(80).collect();
            wrong("columns", "unknown", format!("There is no column {unknown:?}: name a field of leads, or custom.KEY for a custom field"));
        } else {
            let columns = Column::list(&self.columns);
            if columns.len() > MAX_COLUMNS {
                wrong("columns", "too_many", format!("A view shows at most {MAX_COLUMNS} columns; these are {}", columns.len()));
            }
            self.columns = columns.iter().map(Column::to_string).collect();
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

impl SavedView {
    /// The filter, if it can still be read.
    pub fn read_filter(&self) -> Result<Filter, FieldError> {
        Filter::parse_json(&self.filter.to_string())
            .map_err(|error| FieldError::new("/filter", "filter.unreadable", http_kit::Problem::from(error).detail))
    }

    /// The order, or the usual one if there is none of that name any more.
    pub fn read_sort(&self) -> Sort {
        Sort::parse(&self.sort).unwrap_or_default()
    }

    /// What can be changed, as a draft.
    pub(super) fn draft(&self) -> Value {
        serde_json::json!({
            "name": self.name, "shared": self.shared, "filter": self.filter, "q": self.q, "sort": self.sort, "columns": self.columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_normalised_and_everything_wrong_is_named() {
        let draft = ViewDraft {
            name: " Hot  leads ".to_owned(),
            q: " a  b ".to_owned(),
            columns: vec!["status".to_owned(); 2],
            ..ViewDraft::default()
        };
        let checked = draft.check().unwrap();
        assert_eq!((checked.name.as_str(), checked.q.as_str(), checked.sort.as_str()), ("Hot leads", "a b", "-score"));
        assert_eq!(checked.columns, ["status"]);
        let wrong = ViewDraft { sort: "shoe".to_owned(), columns: vec!["shoe".to_owned()], q: "x".repeat(201), ..ViewDraft::default() };
        let pointers: Vec<String> = wrong.check().unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/name", "/q", "/sort", "/columns"]);
    }
}
