use axum::{Router, handler::Handler, routing};
use http::Method;

use crate::App;

/// One route, as the test knows it that tries each as a stranger and as a neighbour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteRecord {
    pub path: String,
    pub method: &'static str,
}

/// A router that remembers what was put into it, so that no route can escape the golden list.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    records: Vec<RouteRecord>,
}

impl Routes {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers GET (and HEAD).
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.add(path, "GET", routing::get(handler))
    }

    /// Answers POST.
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.add(path, "POST", routing::post(handler))
    }

    /// Answers a method with a router that may have layers of its own, such as a larger body limit.
    #[must_use]
    pub fn route(self, method: &Method, path: &str, router: routing::MethodRouter<App>) -> Self {
        let name = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            _ => "OTHER",
        };
        self.add(path, name, router)
    }

    /// Both routers' routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self.router = self.router.merge(other.router);
        self
    }

    /// The router, and what is in it.
    pub fn into_parts(self) -> (Router<App>, Vec<RouteRecord>) {
        (self.router, self.records)
    }

    fn add(mut self, path: &str, method: &'static str, router: routing::MethodRouter<App>) -> Self {
        self.records.push(RouteRecord { path: path.to_owned(), method });
        self.router = self.router.route(path, router);
        self
    }
}
