//! The log as a file: one entry a line, and at the end a seal that says how many there were.

use axum::body::{Body, Bytes};
use db::{DbError, Scope};
use events::{NewEvent, Subject, append};
use futures_util::stream;
use http::{HeaderValue, header};
use http_kit::{App, Problem};
use identity::{AuditRead, Can, Engine};
use jiff::Timestamp;
use kernel::OrgId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{entry::Link, store};

/// The `typ` of the seal's JWS (RFC 7515): no other token of ours has it.
pub const SEAL_TYPE: &str = "leadline-audit-seal";

/// Entries held at once.
const CHUNK: i64 = 1_000;

/// What the last line of an export vouches for, and is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    pub org: OrgId,
    /// The number of the first entry in the file.
    pub first_no: i64,
    pub last_no: i64,
    pub count: i64,
    /// The hash of the last entry; 64 zeros when there is none.
    pub head_hash: String,
    pub exported_at: Timestamp,
}

/// The last line of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealLine {
    pub(crate) seal: Seal,
    /// The same object as a JWS in compact form: ES256 by this installation's key.
    pub(crate) jws: String,
}

enum At {
    After(i64),
    Seal,
    End,
}

/// Streams the whole log, from the entry behind number `after`. The head is read first, so what is
/// appended meanwhile is in the next export.
pub(crate) async fn download(app: App, viewer: &Can<AuditRead>, after: i64) -> Result<axum::response::Response, Problem> {
    viewer.require_fresh(&app)?;
    let scope = viewer.scope.clone();
    let tx = app.db.tenant(&scope).await?;
    let head = store::own_head(&tx).await?;
    if after < 0 || after > head.no {
        let detail = format!("There is no entry {after}: the log ends at {}. Leave it out to get all of it.", head.no);
        return Err(Problem::field("/after", "after.unknown", detail));
    }
    let now = app.clock.now();
    let count = head.no - after;
    let payload = json!({ "count": count, "last_no": head.no });
    let event = NewEvent { kind: "audit.exported", subject: Subject::of(viewer.org_id), actor: viewer.actor(), at: now, payload };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    let seal = Seal { org: viewer.org_id, first_no: after + 1, last_no: head.no, count, head_hash: head.hash.clone(), exported_at: now };
    let name = format!("attachment; filename=\"audit-{}.ndjson\"", now.strftime("%Y-%m-%d"));
    let pieces = stream::try_unfold(At::After(after), move |at| {
        let (app, scope, head, seal) = (app.clone(), scope.clone(), head.clone(), seal.clone());
        async move { piece(&app, &scope, &head, &seal, at).await.map_err(std::io::Error::other) }
    });
    let mut response = axum::response::Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

async fn piece(app: &App, scope: &Scope, head: &Link, seal: &Seal, at: At) -> Result<Option<(Bytes, At)>, String> {
    let after = match at {
        At::End => return Ok(None),
        At::Seal => {
            let engine = Engine::of(app).map_err(|problem| problem.detail)?;
            let jws = engine.seal(SEAL_TYPE, seal).map_err(|problem| problem.detail)?;
            return Ok(Some((line(&SealLine { seal: seal.clone(), jws })?.into(), At::End)));
        }
        At::After(no) => no,
    };
    let entries = async {
        let tx = app.db.tenant(scope).await?;
        let entries = store::walk(&tx, after, head.no, CHUNK).await?;
        tx.commit().await?;
        Ok(entries)
    };
    let entries = entries.await.map_err(|error: DbError| error.to_string())?;
    // A gap is exported as it is: whoever checks the file must find it.
    let Some(last) = entries.last() else { return Ok(Some((Bytes::new(), At::Seal))) };
    let next = At::After(last.no);
    let mut text = String::new();
    for entry in &entries {
        text.push_str(&line(entry)?);
    }
    Ok(Some((text.into(), next)))
}

fn line(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map(|text| text + "\n").map_err(|error| error.to_string())
}
