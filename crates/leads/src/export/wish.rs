//! What somebody wants to take out.

use db::{DbError, Scope};
use http_kit::{App, FieldError, Problem};
use jiff::Timestamp;
use kernel::LeadId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::columns;
use crate::{
    actions::bulk::{Target, size},
    custom_fields,
    filter::{self, FilterError},
    model::Lead,
    store,
    store::grid::{self, ListQuery, Sort},
    views::Column,
};

/// How many leads can be named one by one.
const MOST_IDS: usize = 10_000;
/// Leads read at once.
const PAGE: i64 = 2000;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// RFC 4180. Cells that a spreadsheet would run as a formula are disarmed with a leading `'`.
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Excel.
    Xlsx,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "" | "csv" => Ok(Self::Csv),
            "ndjson" => Ok(Self::Ndjson),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(FieldError::new("/format", "format.unknown", "The format is csv, ndjson or xlsx")),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
        }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What a request says.
#[derive(Debug, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) ids: &'a [LeadId],
    pub(crate) filter: &'a str,
    pub(crate) q: &'a str,
    pub(crate) sort: &'a str,
    pub(crate) columns: &'a [String],
    pub(crate) format: &'a str,
    /// Whether a CSV begins with the mark by which Excel knows UTF-8.
    pub(crate) mark: bool,
}

/// Which leads, in which order, with which columns, as what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) target: Target,
    sort: String,
    columns: String,
    pub(crate) format: Format,
    pub(crate) mark: bool,
}

impl Wish {
    /// Reads a request; names what is wrong with it.
    pub(crate) async fn read(app: &App, scope: &Scope, asked: &Asked<'_>) -> Result<Self, Problem> {
        let invalid = |error: FieldError| Problem::invalid(vec![error]);
        let target = if asked.ids.is_empty() {
            Target::Matching { filter: filter::read(app, scope, asked.filter).await?, q: asked.q.trim().chars().take(200).collect() }
        } else if asked.ids.len() > MOST_IDS {
            return Err(Problem::field("/id", "id.too_many", format!("Name up to {MOST_IDS} leads, or use a filter")));
        } else {
            let mut ids = asked.ids.to_vec();
            ids.sort_unstable_by_key(|id| id.uuid());
            ids.dedup();
            Target::Ids(ids)
        };
        let sort = Sort::parse(asked.sort).map_err(invalid)?;
        let names = || asked.columns.iter().flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
        if let Some(stranger) = names().find(|name| Column::parse(name).is_none()) {
            return Err(invalid(FieldError::new("/columns", "columns.unknown", format!("There is no column {stranger:?}"))));
        }
        let mut columns = Column::list(asked.columns);
        if columns.is_empty() {
            columns = columns::usual(&custom_fields::read(&app.db, scope).await?);
        }
        Ok(Self {
            target,
            sort: sort.to_string(),
            columns: Column::join(&columns),
            format: Format::parse(asked.format).map_err(invalid)?,
            mark: asked.mark,
        })
    }

    /// The wish as a job finds it, which has kept it for a while.
    pub(super) async fn looked_up(self, app: &App, scope: &Scope) -> Result<Result<Self, FilterError>, DbError> {
        Ok(self.target.looked_up(app, scope).await?.map(|target| Self { target, ..self }))
    }

    /// The columns, in their order.
    pub(crate) fn columns(&self) -> Vec<Column> {
        Column::list(&[self.columns.as_str()])
    }

    /// How many leads it means now.
    pub(crate) async fn count(&self, app: &App, scope: &Scope, now: Timestamp) -> Result<i64, DbError> {
        size(app, scope, &self.target, now).await
    }

    /// `leads-2026-01-05.csv`.
    pub(crate) fn file_name(&self, now: Timestamp) -> String {
        format!("leads-{}.{}", now.strftime("%Y-%m-%d"), self.format.name())
    }
}

/// Where reading has come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    cursor: Option<String>,
    taken: usize,
}

/// The next leads of the wish and the place after them; `None` instead of a place at the end. Each page is a statement of its
/// own by key: a connection held over a slow download would hold the event log's readers back.
pub(crate) async fn next(app: &App, scope: &Scope, wish: &Wish, place: Place) -> Result<(Vec<Lead>, Option<Place>), Problem> {
    match &wish.target {
        Target::Ids(ids) => {
            let page = usize::try_from(PAGE).unwrap_or_default();
            let chosen: Vec<LeadId> = ids.iter().skip(place.taken).take(page).copied().collect();
            let tx = app.db.tenant(scope).await?;
            let leads = store::get_many(&tx, &chosen).await?;
            tx.commit().await?;
            let taken = place.taken + chosen.len();
            Ok((leads, (taken < ids.len()).then_some(Place { taken, ..place })))
        }
        Target::Matching { filter, q } => {
            let sort = Sort::parse(&wish.sort).map_err(|error| Problem::invalid(vec![error]))?;
            let query =
                ListQuery { filter: filter.clone(), q: q.clone(), sort, limit: PAGE, cursor: place.cursor, count: false, lean: false };
            let page = grid::list(app, scope, &query).await?;
            Ok((page.rows, page.next.map(|cursor| Place { cursor: Some(cursor), taken: 0 })))
        }
    }
}
