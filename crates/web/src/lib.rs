//! The application as one HTTP service: the slices' routers merged, the order of the layers, the
//! live stream, the API's document and reader. Wiring and what belongs to no slice; no rules.

mod demo;
mod docs;
mod health;
mod layers;
mod live;

use axum::Router;
use http_kit::{App, Problem, ProblemKind, RouteRecord, Routes};
use jobs::Registry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;

pub use demo::{DEMO_LEADS, write_demo_csv};

fn pages() -> Routes {
    Routes::new()
        .get("/healthz", health::alive)
        .get("/readyz", health::ready)
        .get("/assets/{*path}", http_kit::serve_asset)
        .get("/live", live::stream)
        .get("/docs", docs::reader)
        .get("/api/v1/openapi.json", docs::document)
        .post("/demo-data", demo::load)
        .merge(identity::pages())
        .merge(federation::pages())
        .merge(supabase::routes())
        .merge(audit::pages())
        .merge(leads::pages())
        .merge(imports::pages())
        .merge(segments::pages())
        .merge(duplicates::pages())
        .merge(activities::pages())
        .merge(intelligence::pages())
        .merge(outreach::pages())
        .merge(insights::pages())
}

fn api() -> (Router<App>, OpenApi) {
    let (router, mut document) = utoipa_axum::router::OpenApiRouter::with_openapi(docs::preamble())
        .merge(identity::api())
        .merge(audit::api())
        .merge(leads::api())
        .merge(imports::api())
        .merge(segments::api())
        .merge(duplicates::api())
        .merge(activities::api())
        .merge(intelligence::api())
        .merge(outreach::api())
        .merge(insights::api())
        .split_for_parts();
    document.servers = None;
    (router, document)
}

/// The whole application as a service.
pub fn router(app: App) -> Router {
    let (pages, _) = pages().into_parts();
    let (api, _) = api();
    let routes = pages
        .merge(api)
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(ProblemKind::MethodNotAllowed, "This address does not answer that method."));
    layers::around(routes, app.clone()).with_state(app)
}

/// Every route there is, for the test that tries each as a stranger and as a neighbour.
pub fn route_list() -> Vec<RouteRecord> {
    let (_, mut records) = pages().into_parts();
    let (_, document) = api();
    for (path, item) in document.paths.paths {
        let methods = [("GET", item.get), ("POST", item.post), ("PUT", item.put), ("PATCH", item.patch), ("DELETE", item.delete)];
        records.extend(
            methods.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| RouteRecord { path: path.clone(), method }),
        );
    }
    records.sort();
    records
}

/// The API's OpenAPI 3.1 document.
pub fn openapi() -> OpenApi {
    api().1
}

/// Every kind of background job.
pub fn jobs() -> Registry<App> {
    let registry = identity::jobs(Registry::default());
    let registry = federation::jobs(registry);
    let registry = audit::jobs(registry);
    let registry = activities::jobs(duplicates::jobs(segments::jobs(imports::jobs(leads::jobs(registry)))));
    let registry = intelligence::jobs(registry);
    let registry = outreach::jobs(registry);
    demo::jobs(registry)
}

/// What the later slices show on a lead's page; put into `App`'s extensions.
pub fn lead_panels() -> leads::LeadPanels {
    leads::LeadPanels { main: vec![activities::panel], side: vec![duplicates::panel, segments::panel] }
}

/// Starts everything that keeps derived data up to date with the event log.
pub fn projections(app: &App, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
    let mut tasks = audit::projections(app, stop.clone());
    tasks.extend(duplicates::projections(app, stop.clone()));
    tasks.extend(intelligence::projections(app, stop.clone()));
    tasks.extend(insights::projections(app, stop.clone()));
    tasks
}
