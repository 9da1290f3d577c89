use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append, changes};
use http_kit::{FieldError, Problem};
use jiff::Timestamp;
use kernel::Actor;
use serde_json::{Value, json};

use super::merge_all;
use crate::{
    model::Calibration,
    store::{self, settings::Settings},
};

/// Puts the thresholds and the switch in force. Switched on, whatever is sure enough is merged.
pub(crate) async fn change_settings(tx: &TenantTx, to: Settings, actor: Actor, now: Timestamp) -> Result<Settings, Problem> {
    let mut errors = Vec::new();
    if !(0.5..=0.999).contains(&to.show_from) {
        errors.push(FieldError::new("/show_from", "show_from.out_of_range", "Show from 50 % to 99.9 %"));
    }
    if !(0.9..=0.9999).contains(&to.automatic_from) {
        errors.push(FieldError::new("/automatic_from", "automatic_from.out_of_range", "Merge automatically from 90 % to 99.99 %"));
    }
    if errors.is_empty() && to.automatic_from < to.show_from {
        errors.push(FieldError::new(
            "/automatic_from",
            "automatic_from.too_low",
            "What is merged automatically must be at least as sure as what is shown",
        ));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    store::lock(tx).await?;
    let before = store::settings::get(tx).await?;
    let after = Settings { calibration: before.calibration, ..to };
    if before == after {
        return Ok(after);
    }
    store::settings::put(tx, &after, now).await?;
    let payload = Value::Object(changes(&json!(before), &json!(after)));
    append(tx, &[NewEvent { kind: "duplicates.settings_changed", subject: Subject::of(tx.org()), actor, at: now, payload }]).await?;
    if before.show_bits() != after.show_bits() {
        // Clusters are held together by what is shown.
        super::scan::start(tx, actor, now).await?;
    }
    if after.automatic {
        merge_all::enqueue_automatic(tx).await?;
    }
    Ok(after)
}

/// Fits the correction to the decisions made so far.
pub(crate) async fn learn(tx: &TenantTx, now: Timestamp) -> Result<(), DbError> {
    let before = store::settings::get(tx).await?;
    let calibration = Calibration::learn(&store::pairs::decisions(tx).await?);
    if calibration == before.calibration {
        return Ok(());
    }
    store::settings::put(tx, &Settings { calibration, ..before }, now).await
}
