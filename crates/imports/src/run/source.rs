use std::{fs::File, io, path::PathBuf};

use db::Scope;
use http_kit::App;
use leads::custom_fields::{self, Registry};

use super::file_of;
use crate::{
    ImportError,
    analysis::{Analysis, Place},
    model::Import,
    plan::Plan,
    reader::Reader,
};

/// A stored file, and how its rows are read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) analysis: Analysis,
    pub(crate) plan: Plan,
    /// The custom fields that there are, and those that the import makes.
    pub(crate) fields: Registry,
}

impl Source {
    /// That of an import, as it is planned now.
    pub(crate) async fn of(app: &App, scope: &Scope, import: &Import) -> Result<Self, ImportError> {
        let known = custom_fields::read(&app.db, scope).await?;
        Ok(Self {
            path: file_of(app, scope.org(), import.id),
            fields: custom_fields::planned(&known, &import.plan.custom_fields(&import.analysis), app.clock.now()),
            analysis: import.analysis.clone(),
            plan: import.plan.clone(),
        })
    }

    /// Where the rows begin.
    pub(crate) fn beginning(&self) -> Place {
        self.plan.beginning(&self.analysis)
    }

    /// A reader of the rows from a place on.
    pub(crate) fn open(&self, from: Place) -> io::Result<Reader<File>> {
        let reader = Reader::new(File::open(&self.path)?, self.analysis.separator(), from.offset, from.row)?;
        Ok(reader.expecting(self.analysis.width, self.analysis.broken_at))
    }
}
