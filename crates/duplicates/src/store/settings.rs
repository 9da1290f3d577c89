use db::{DbError, TenantTx};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Calibration;

/// What an organisation wants, and what its decisions have taught.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct Settings {
    /// Clusters below this probability are not shown: 0.5 to 0.999.
    pub(crate) show_from: f64,
    /// Whether clusters are merged without being asked about.
    pub(crate) automatic: bool,
    /// The probability from which they are: 0.9 to 0.9999. Of those merged, at least this share is right if the model is.
    pub(crate) automatic_from: f64,
    /// What decisions have taught: log-odds become slope * odds + intercept.
    pub(crate) calibration: Calibration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { show_from: 0.8, automatic: false, automatic_from: 0.995, calibration: Calibration::default() }
    }
}

impl Settings {
    /// The bits from which a cluster is shown.
    pub(crate) fn show_bits(&self) -> f64 {
        self.calibration.bits_for(self.show_from)
    }

    /// The bits from which it is merged automatically.
    pub(crate) fn automatic_bits(&self) -> f64 {
        self.calibration.bits_for(self.automatic_from)
    }
}

/// The organisation's settings; the defaults where it has none of its own.
pub(crate) async fn get(tx: &TenantTx) -> Result<Settings, DbError> {
    let row = tx
        .query_opt("SELECT show_from, automatic, automatic_from, slope, intercept FROM duplicate_settings WHERE org_id = $1", &[&tx.org()])
        .await?;
    let Some(row) = row else { return Ok(Settings::default()) };
    Ok(Settings {
        show_from: row.try_get(0)?,
        automatic: row.try_get(1)?,
        automatic_from: row.try_get(2)?,
        calibration: Calibration { slope: row.try_get(3)?, intercept: row.try_get(4)? },
    })
}

pub(crate) async fn put(tx: &TenantTx, settings: &Settings, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO duplicate_settings (org_id, show_from, automatic, automatic_from, slope, intercept, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (org_id) DO UPDATE SET show_from = excluded.show_from, automatic = excluded.automatic,
           automatic_from = excluded.automatic_from, slope = excluded.slope, intercept = excluded.intercept, updated_at = excluded.updated_at",
        &[
            &tx.org(),
            &settings.show_from,
            &settings.automatic,
            &settings.automatic_from,
            &settings.calibration.slope,
            &settings.calibration.intercept,
            &now,
        ],
    )
    .await?;
    Ok(())
}
