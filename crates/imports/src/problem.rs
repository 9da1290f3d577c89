use std::io;

use db::DbError;
use http_kit::{Problem, ProblemKind};

/// The most that one file may have.
pub const MAX_FILE: u64 = 512 * 1024 * 1024;

/// Why a file cannot be imported at all. The words are for the person who sent it.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("The file is empty. Choose the file again, or export it again.")]
    Empty,
    #[error(
        "This is {0}, not a table that can be imported. Open it in the program it comes from, save it as CSV (UTF-8) or .xlsx, and upload that."
    )]
    NotText(&'static str),
    /// A ZIP or gzip archive that cannot be taken apart.
    #[error("{0}")]
    Archive(String),
    /// An Excel workbook that cannot be read.
    #[error("{0}")]
    Workbook(String),
    #[error("The file unpacks to {0}. Unpack it yourself and upload the table in it.")]
    Bomb(String),
    #[error("The file has column names and no rows under them, so there is nothing to import. Export it again with its rows.")]
    NoRows,
    #[error(
        "No separator (comma, semicolon, tab or |) was found between columns, and the one column holds nothing that a lead is known by. Is it a CSV file?"
    )]
    NotATable,
    #[error("The file has {0} columns; at most {max} can be imported. Leave out the ones that are not needed.", max = super::reader::MAX_COLUMNS)]
    TooManyColumns(usize),
    #[error("The first row cannot be read: {0}. Correct it and upload the file again.")]
    Header(String),
    #[error("The file is larger than 512 MB. Split it and import the parts one after the other.")]
    TooLarge,
    #[error("The upload ended before the file was complete. Nothing was imported; try again.")]
    Interrupted,
    #[error("The request holds no file. Choose one and upload it.")]
    Missing,
    #[error("the file could not be stored or read: {0}")]
    Io(#[from] io::Error),
}

impl FileProblem {
    const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::NotText(_) | Self::NotATable => "file.not_csv",
            Self::Archive(_) => "file.archive",
            Self::Workbook(_) => "file.workbook",
            Self::Bomb(_) => "file.unpacks_too_large",
            Self::NoRows => "file.no_rows",
            Self::TooManyColumns(_) => "file.too_many_columns",
            Self::Header(_) => "file.header_unreadable",
            Self::TooLarge => "file.too_large",
            Self::Interrupted => "file.interrupted",
            Self::Missing => "file.missing",
            Self::Io(_) => "file.io",
        }
    }
}

impl From<FileProblem> for Problem {
    fn from(problem: FileProblem) -> Self {
        match problem {
            FileProblem::Io(error) => Self::internal(&error),
            FileProblem::TooLarge => Self::new(ProblemKind::TooLarge, problem.to_string()),
            FileProblem::Interrupted => Self::bad_request(problem.to_string()),
            FileProblem::Empty
            | FileProblem::NotText(_)
            | FileProblem::Archive(_)
            | FileProblem::Workbook(_)
            | FileProblem::Bomb(_)
            | FileProblem::NoRows
            | FileProblem::NotATable
            | FileProblem::TooManyColumns(_)
            | FileProblem::Header(_)
            | FileProblem::Missing => Self::field("/file", problem.code(), problem.to_string()),
        }
    }
}

/// Why an import did not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileProblem),
    #[error("there is no such import")]
    NotFound,
    /// Its state does not allow it.
    #[error("{0}")]
    State(String),
    /// The plan does not fit the file.
    #[error("{detail}")]
    Plan { field: String, detail: String },
    #[error("another worker has taken this import over")]
    Overtaken,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ImportError {
    pub(crate) fn plan(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Plan { field: field.into(), detail: detail.into() }
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::File(FileProblem::Io(error))
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::File(problem) => problem.into(),
            ImportError::NotFound => Self::not_found(),
            ImportError::State(why) => Self::conflict(why),
            ImportError::Plan { field, detail } => Self::field(format!("/{field}"), format!("{field}.invalid"), detail),
            ImportError::Overtaken => Self::conflict("Another process is working on this import."),
            ImportError::Db(error) => error.into(),
        }
    }
}
