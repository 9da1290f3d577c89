use events::{NewEvent, Subject, append, changes};
use garde::Validate;
use http_kit::{App, FieldError, Problem, ProblemKind};
use identity::{Can, SettingsWrite};
use serde_json::{Value, json};

use super::rescore;
use crate::{model::Weights, store};

/// Puts `weights` in force and enqueues the rescoring, in one transaction. `seen` is the version
/// that the person changed: another in force means that a colleague was quicker.
/// Weights that are in force already change nothing.
pub(crate) async fn save(app: &App, viewer: &Can<SettingsWrite>, weights: Weights, seen: Option<i32>) -> Result<store::Model, Problem> {
    let weights = weights.tidy();
    check(&weights)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = store::model(&tx).await?;
    if seen.is_some_and(|seen| seen != before.version) {
        return Err(changed_meanwhile());
    }
    if before.weights == weights {
        return Ok(before);
    }
    let (version, now) = (before.version + 1, app.clock.now());
    store::insert_model(&tx, version, &weights, now, viewer.user_id)
        .await
        .map_err(|error| if error.is_unique_violation() { changed_meanwhile() } else { error.into() })?;
    let mut payload = changes(&json!(before.weights), &json!(weights));
    payload.insert("version".to_owned(), json!(version));
    let event = NewEvent {
        kind: "scoring.changed",
        subject: Subject::of(viewer.org_id),
        actor: viewer.actor(),
        at: now,
        payload: Value::Object(payload),
    };
    append(&tx, &[event]).await?;
    rescore::enqueue(&tx).await?;
    let after = store::model(&tx).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(after)
}

/// Names each field that is out of its bounds.
pub(crate) fn check(weights: &Weights) -> Result<(), Problem> {
    weights.validate().map_err(|report| {
        let error = |(path, error): &(garde::Path, garde::Error)| {
            let name = path.to_string();
            let name = name.rsplit('.').next().unwrap_or_default().to_owned();
            FieldError::new(format!("/{name}"), format!("{name}.invalid"), error.message().to_owned())
        };
        Problem::invalid(report.iter().map(error).collect())
    })
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        ProblemKind::PreconditionFailed,
        "Somebody else changed the scoring model meanwhile. Nothing was saved: load the page again and make your change on theirs.",
    )
}
