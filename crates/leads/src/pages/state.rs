//! What the address of the grid says: which view, which leads, in which order, with which columns.

use http_kit::Problem;
use kernel::ViewId;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    filter::{self, Condition, Filter, Node},
    store::grid::Sort,
    views::{Column, SavedView, store::Habits},
};

/// How long the searched words may be.
const MAX_WORDS: usize = 200;

/// What stands behind the question mark.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    /// `view_…`, or `all` for none where somebody's grid opens with one.
    pub(crate) view: String,
    /// Not empty: nothing is taken from the view but its name, all that counts is here.
    pub(crate) edited: String,
    pub(crate) filter: Option<String>,
    pub(crate) q: Option<String>,
    pub(crate) sort: Option<String>,
    pub(crate) columns: Vec<String>,
}

impl Query {
    /// The view that is asked for.
    pub(crate) fn wanted(&self) -> Option<ViewId> {
        self.view.parse().ok()
    }

    /// Whether it asks for nothing: then it is the person's default view.
    pub(crate) fn is_silent(&self) -> bool {
        let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        self.view.is_empty() && !said(&self.filter) && !said(&self.q) && !said(&self.sort) && self.columns.is_empty()
    }
}

/// What the page is made of, and every link on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// The view that it began with.
    pub(crate) view: Option<SavedView>,
    /// Whether the bare address leads to a default view instead of all leads.
    has_default: bool,
    pub(crate) filter: Filter,
    pub(crate) q: String,
    pub(crate) sort: Sort,
    /// The columns that the address or the view names; none: the person's own.
    pub(crate) columns: Vec<Column>,
}

impl State {
    /// Reads an address, and says what of it could not be read: the page shows the rest.
    pub(crate) fn read(query: &Query, habits: &Habits) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let wanted = if query.is_silent() { habits.default_view } else { query.wanted() };
        let view = wanted.and_then(|id| habits.tabs.iter().find(|view| view.id == id).cloned());
        if view.is_none() && !query.view.is_empty() && query.view != "all" {
            problems.push(Problem::field(
                "/view",
                "view.unknown",
                "This view is not there any more, or it is somebody's own. These are all leads",
            ));
        }
        let base = view.as_ref().filter(|_| query.edited.is_empty());
        let mut filter = base.map(|view| view.read_filter()).transpose().unwrap_or_else(|error| {
            problems.push(Problem::invalid(vec![error]));
            None
        });
        if let Some(text) = &query.filter {
            filter = Filter::parse(text).map_err(|error| problems.push(Problem::from(error))).ok();
        }
        let mut sort = base.map(SavedView::read_sort);
        if let Some(text) = &query.sort {
            sort = Sort::parse(text).map_err(|error| problems.push(Problem::invalid(vec![error]))).ok();
        }
        let named =
            if query.columns.is_empty() { base.map(|view| view.columns.clone()).unwrap_or_default() } else { query.columns.clone() };
        let words = query.q.clone().or_else(|| base.map(|view| view.q.clone())).unwrap_or_default();
        let state = Self {
            has_default: habits.default_view.is_some(),
            filter: filter.unwrap_or_default(),
            q: words.trim().chars().take(MAX_WORDS).collect(),
            sort: sort.unwrap_or_default(),
            columns: Column::list(&named),
            view,
        };
        (state, problems)
    }

    pub(crate) fn with_filter(&self, filter: Filter) -> Self {
        Self { filter, ..self.clone() }
    }

    /// With the parts that `about` finds replaced by one condition.
    pub(crate) fn replacing(&self, about: impl Fn(&Node) -> bool, condition: Option<Condition>) -> Self {
        let mut parts: Vec<Node> = self.filter.parts().iter().filter(|part| !about(part)).cloned().collect();
        parts.extend(condition.map(Node::If));
        self.with_filter(Filter { root: Node::All(parts) })
    }

    /// The same leads in another order.
    pub(crate) fn sorted(&self, sort: Sort) -> Self {
        Self { sort, ..self.clone() }
    }

    /// The same with other columns.
    pub(crate) fn with_columns(&self, columns: Vec<Column>) -> Self {
        Self { columns, ..self.clone() }
    }

    /// Neither narrowed nor searched: the same columns and order, of all leads.
    pub(crate) fn cleared(&self) -> Self {
        Self { view: None, filter: Filter::default(), q: String::new(), ..self.clone() }
    }

    /// Not searched, but narrowed as before.
    pub(crate) fn without_words(&self) -> Self {
        Self { q: String::new(), ..self.clone() }
    }

    /// Whether all leads are meant.
    pub(crate) fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.q.is_empty()
    }

    /// Whether it differs from the view it began with.
    pub(crate) fn is_changed(&self) -> bool {
        self.view.as_ref().is_some_and(|view| {
            // By its parts: an address does not tell a condition from a group of one.
            let same_filter = view.read_filter().is_ok_and(|filter| filter.parts() == self.filter.parts());
            !same_filter || view.q != self.q || view.read_sort() != self.sort || view.columns != self.columns_named()
        })
    }

    /// Whether there is anything worth keeping under a name.
    pub(crate) fn is_remarkable(&self) -> bool {
        self.view.is_none() && (!self.is_everything() || self.sort != Sort::default() || !self.columns.is_empty())
    }

    fn columns_named(&self) -> Vec<String> {
        self.columns.iter().map(Column::to_string).collect()
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(view) = &self.view {
            pairs.push(("view", view.id.to_string()));
            if !self.is_changed() {
                return pairs;
            }
            pairs.push(("edited", "1".to_owned()));
        }
        pairs.extend(self.own_pairs());
        if pairs.is_empty() && self.has_default {
            pairs.push(("view", "all".to_owned()));
        }
        pairs
    }

    /// What counts, whatever the view says.
    fn own_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.filter.is_empty() {
            pairs.push(("filter", self.filter.to_address()));
        }
        if !self.q.is_empty() {
            pairs.push(("q", self.q.clone()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.to_string()));
        }
        if !self.columns.is_empty() {
            pairs.push(("columns", Column::join(&self.columns)));
        }
        pairs
    }

    /// The address of the first page.
    pub(crate) fn href(&self) -> String {
        self.href_of("/leads", None)
    }

    /// The address of the page at `cursor`.
    pub(crate) fn href_at(&self, cursor: Option<&str>) -> String {
        self.href_of("/leads", cursor)
    }

    /// The same state at another page that reads it.
    pub(crate) fn href_of(&self, path: &str, cursor: Option<&str>) -> String {
        let mut pairs = self.pairs();
        pairs.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        if pairs.is_empty() {
            return path.to_owned();
        }
        // A filter keeps its parentheses and commas: whoever is sent the address can read it.
        let said = pairs.into_iter().map(|(name, value)| match name {
            "filter" => format!("filter={}", filter::encode(&value)),
            name => url::form_urlencoded::Serializer::new(String::new()).append_pair(name, &value).finish(),
        });
        format!("{path}?{}", said.collect::<Vec<_>>().join("&"))
    }

    /// Everything that matches as a filter alone.
    pub(crate) fn whole_filter(&self) -> Filter {
        let words = Some(self.q.clone()).filter(|words| !words.is_empty());
        words.map_or_else(|| self.filter.clone(), |words| self.filter.clone().and(Condition::Search(words)))
    }

    /// The same as fields of a form. All of it is said: a form drops what is empty, which must not bring back what the
    /// view had there.
    pub(crate) fn hidden(&self) -> Markup {
        self.hidden_without("")
    }

    /// The same without one of them, for the form that asks for it.
    pub(crate) fn hidden_without(&self, asked: &str) -> Markup {
        let view = self.view.as_ref().map(|view| view.id.to_string()).or_else(|| self.has_default.then(|| "all".to_owned()));
        html! {
            @if let Some(view) = view { (ui::hidden("view", &view)) (ui::hidden("edited", "1")) }
            @for (name, value) in self.own_pairs() { @if name != asked { (ui::hidden(name, &value)) } }
        }
    }

    /// Which leads are meant, for a form that acts on them, and where to go back to.
    pub(crate) fn meant(&self) -> Markup {
        html! {
            (ui::hidden("filter", &if self.filter.is_empty() { String::new() } else { self.filter.to_json() }))
            (ui::hidden("q", &self.q))
            (ui::hidden("sort", &self.sort.to_string()))
            (ui::hidden("back", &self.href()))
        }
    }
}
