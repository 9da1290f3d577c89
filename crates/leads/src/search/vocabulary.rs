//! Which terms of the organisation's vocabulary hold the searched words.

use db::{Db, DbError, Path, Scope};

use crate::filter::Params;

/// Terms read of one set. A word with more narrows too little to be worth it.
const MOST_TERMS: i64 = 1_000;

/// Terms times leads up to which the index is asked for any of the terms: it looks at each of them for each lead.
const MOST_WORK: i64 = 3_000_000;

/// Terms to look up: those that match all patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Companies, all other terms, or either.
    pub(crate) company: Option<bool>,
    pub(crate) patterns: Vec<String>,
}

/// Terms that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) keys: Vec<i64>,
    /// How many leads have one of them, roughly: as of the last count.
    pub(crate) about: i64,
    /// There are more than were read.
    pub(crate) cut: bool,
}

impl Terms {
    /// Whether the index of terms should be asked for them.
    pub(crate) fn narrow(&self) -> bool {
        let terms = i64::try_from(self.keys.len()).unwrap_or(i64::MAX);
        !self.cut && terms.saturating_mul(self.about) <= MOST_WORK
    }
}

/// Looks all sets up, in one round trip and in their order; each only if for one of its `needs` all of these others are there.
pub(crate) async fn look_up(db: &Db, scope: &Scope, wanted: &[Wanted], needs: &[Vec<Vec<usize>>]) -> Result<Vec<Terms>, DbError> {
    let mut found = vec![Terms::default(); wanted.len()];
    if wanted.is_empty() {
        return Ok(found);
    }
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(scope.org()));
    let mut sets: Vec<String> = Vec::new();
    for (number, set) in wanted.iter().enumerate() {
        let patterns: Vec<String> =
            set.patterns.iter().map(|pattern| format!(" AND t.term LIKE {}::text", p.push(pattern.clone()))).collect();
        let patterns = patterns.concat();
        let needed = needs.get(number).map(|needs| if_found(needs)).unwrap_or_default();
        // Companies and other terms have an index each.
        let halves: &[&str] = match set.company {
            Some(true) => &["t.company"],
            Some(false) => &["NOT t.company"],
            None => &["t.company", "NOT t.company"],
        };
        let halves: Vec<String> = halves
            .iter()
            .map(|half| {
                format!(
                    "(SELECT t.key, t.leads FROM lead_term_rows t WHERE t.org_id = {org} AND {half}{patterns}{needed} LIMIT {})",
                    MOST_TERMS + 1
                )
            })
            .collect();
        sets.push(format!("s{number} AS MATERIALIZED ({})", halves.join(" UNION ALL ")));
    }
    let told: Vec<String> = (0..wanted.len())
        .map(|number| {
            format!("SELECT {number}, coalesce(array_agg(s.key), '{{}}'), coalesce(sum(greatest(s.leads, 1)), 0)::bigint, count(*) FROM s{number} s")
        })
        .collect();
    let sql = format!("WITH {} {}", ordered(sets, needs).join(", "), told.join(" UNION ALL "));
    // Trigrams find whatever has three letters on end; for shorter pieces the whole vocabulary is read, and how is for the planner.
    let rows = if wanted.iter().flat_map(|set| &set.patterns).all(|pattern| has_trigram(pattern)) {
        db.read_by(Path::CollectionOnly, scope, (&sql, &p.refs()), None).await?.0
    } else {
        db.read_planned(scope, &sql, &p.refs()).await?
    };
    for row in rows {
        let number: i32 = row.try_get(0)?;
        let count: i64 = row.try_get(3)?;
        if let Some(terms) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) {
            *terms = Terms { keys: row.try_get(1)?, about: row.try_get(2)?, cut: count > MOST_TERMS };
        }
    }
    Ok(found)
}

/// That one of these groups of sets is there as a whole.
fn if_found(needs: &[Vec<usize>]) -> String {
    if needs.is_empty() {
        return String::new();
    }
    let groups: Vec<String> = needs
        .iter()
        .map(|group| group.iter().map(|set| format!("EXISTS (SELECT FROM s{set})")).collect::<Vec<_>>().join(" AND "))
        .collect();
    format!(" AND ({})", groups.join(" OR "))
}

/// Those that others need before those.
fn ordered(sets: Vec<String>, needs: &[Vec<Vec<usize>>]) -> Vec<String> {
    let (first, then): (Vec<_>, Vec<_>) = sets.into_iter().enumerate().partition(|(at, _)| needs.get(*at).is_none_or(Vec::is_empty));
    first.into_iter().chain(then).map(|(_, set)| set).collect()
}

/// Whether an index of trigrams can tell it.
pub(super) fn has_trigram(pattern: &str) -> bool {
    pattern.split(|c: char| !c.is_alphanumeric()).any(|run| run.chars().count() >= 3)
}
