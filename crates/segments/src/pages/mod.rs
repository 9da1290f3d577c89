//! The screens of segments, and what a lead's page says of them.

mod change;
mod choose;
mod definition;
mod form;
mod list;
mod new;
mod overlap;
mod panel;
mod show;
mod work;

use http_kit::Routes;

pub use panel::panel;

/// As many leads as a list lets select one by one.
const MOST_SELECTED: usize = 5000;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/segments", list::show)
        .post("/segments", new::create)
        .get("/segments/new", new::show)
        .post("/segments/choose", choose::show)
        .post("/segments/members", choose::submit)
        .get("/segments/jobs/{job}", work::show)
        .post("/segments/jobs/{job}/stop", work::stop)
        .get("/segments/{id}", show::show)
        .get("/segments/{id}/edit", form::edit)
        .post("/segments/{id}/edit", form::save)
        .post("/segments/{id}/members", change::members)
        .post("/segments/{id}/duplicate", change::duplicate)
        .post("/segments/{id}/archive", change::archive)
        .post("/segments/{id}/restore", change::restore)
        .post("/segments/{id}/delete", change::delete)
        .get("/segments/{id}/overlap", overlap::show)
        .post("/segments/{id}/overlap", overlap::start)
}

/// An address with the parameters that have a value.
fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// What is wrong with the filter, wherever in it.
fn filter_error(problem: &http_kit::Problem) -> Option<String> {
    problem.errors.iter().find(|error| error.pointer.starts_with("/filter")).map(|error| error.detail.clone())
}

/// `1,204 leads`, or `10,000+ leads` where counting stopped.
fn leads_of(total: http_kit::Total) -> String {
    if total.exact { ui::plural(total.value, "lead", "leads") } else { format!("{}+ leads", ui::number(total.value)) }
}
