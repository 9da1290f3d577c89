use http_kit::{Cursor, Problem};
use kernel::TeamId;
use serde::Deserialize;

use crate::store::colleagues::{After, Search, TeamOf};

/// Whom the page shows.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    pub(super) q: String,
    pub(super) role: String,
    /// A team's id, or `none`.
    pub(super) team: String,
    /// `on` or `off`.
    pub(super) factor: String,
    pub(super) cursor: String,
}

impl Query {
    /// As the store searches. A word that nothing is called filters nothing.
    pub(super) fn search(&self) -> Search {
        Search {
            q: self.q.clone(),
            role: Some(self.role.clone()).filter(|role| !role.is_empty()),
            team: if self.team == "none" { Some(TeamOf::None) } else { self.team.parse::<TeamId>().ok().map(TeamOf::Team) },
            has_second_factor: match self.factor.as_str() {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
        }
    }

    pub(super) fn after(&self) -> Result<Option<After>, Problem> {
        (!self.cursor.is_empty()).then(|| Cursor::decode(&self.cursor)).transpose()
    }

    pub(super) fn is_filtered(&self) -> bool {
        [&self.q, &self.role, &self.team, &self.factor].iter().any(|text| !text.is_empty())
    }

    /// The page's address with another cursor.
    pub(super) fn at(&self, cursor: &str) -> String {
        let parameters = [("q", &*self.q), ("role", &*self.role), ("team", &*self.team), ("factor", &*self.factor), ("cursor", cursor)];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in parameters.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { "/settings/team".to_owned() } else { format!("/settings/team?{query}") }
    }
}
