//! A file out of a multipart body, straight onto the disk.

use axum::extract::{Multipart, multipart::Field};
use http::{HeaderMap, header};
use http_kit::App;
use kernel::{Actor, OrgId};

use super::{
    FileProblem, MAX_FILE,
    actions::{Arriving, Kept},
    model::Import,
};

/// What is read of a file that is too large, so that the sender hears the answer instead of a broken connection.
const DRAINED: u64 = 8 * MAX_FILE;

/// What a multipart body may have around its file.
const AROUND: u64 = 64 * 1024;

/// Stores the part called `file` and reads it once. It is gone again unless it is kept.
pub(crate) async fn receive(
    app: &App,
    org: OrgId,
    actor: Actor,
    headers: &HeaderMap,
    mut body: Multipart,
) -> Result<(Import, Kept), FileProblem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_FILE + AROUND) {
        if let Ok(Some(mut field)) = body.next_field().await {
            drain(&mut field).await;
        }
        return Err(FileProblem::TooLarge);
    }
    while let Some(mut field) = body.next_field().await.map_err(|_| FileProblem::Interrupted)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut arriving = Arriving::begin(app, org).await?;
        while let Some(piece) = field.chunk().await.map_err(|_| FileProblem::Interrupted)? {
            if let Err(problem) = arriving.write(&piece).await {
                if matches!(problem, FileProblem::TooLarge) {
                    drain(&mut field).await;
                }
                return Err(problem);
            }
        }
        if name.is_empty() && arriving.is_empty() {
            return Err(FileProblem::Missing);
        }
        drop(field);
        // The rest of the body is read too: an upload that breaks off after its file is broken.
        while body.next_field().await.map_err(|_| FileProblem::Interrupted)?.is_some() {}
        return arriving.complete(app, actor, &name).await;
    }
    Err(FileProblem::Missing)
}

async fn drain(field: &mut Field<'_>) {
    let mut drained = 0;
    while let Ok(Some(piece)) = field.chunk().await {
        drained += piece.len() as u64;
        if drained > DRAINED {
            return;
        }
    }
}
