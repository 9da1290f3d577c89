//! The invented world: organisations, their people, and who their leads work for.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    random::{Random, Weighted},
    words::{self, COMPANY_FIRST, COMPANY_FORM, COMPANY_SECOND, COUNTRIES, DOMAIN_ENDS, FIRST_NAMES, INDUSTRIES, LAST_NAMES},
};

pub(crate) const ORGANISATIONS: usize = 20;
const COMPANIES: usize = 60_000;
/// Leads come in files: so many at once to one organisation.
const FILE: usize = 1_000;
const DAY: u64 = 86_400_000;
/// How far back the first lead is.
const DAYS: u64 = 900;

pub(crate) struct Company {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) industry: &'static str,
    pub(crate) employees: i64,
    pub(crate) revenue: i64,
    pub(crate) country: &'static str,
    pub(crate) city: &'static str,
}

pub(crate) struct Organisation {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) members: Vec<Member>,
    /// Companies that it knows already, and the accounts they are.
    pub(crate) accounts: HashMap<usize, (Uuid, u64)>,
}

pub(crate) struct Member {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) email: String,
}

pub(crate) struct Lead {
    pub(crate) organisation: usize,
    pub(crate) id: Uuid,
    pub(crate) account: Uuid,
    pub(crate) company: usize,
    pub(crate) owner: Option<Uuid>,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) email: Option<String>,
    pub(crate) phone: String,
    pub(crate) title: String,
    pub(crate) seniority: &'static str,
    pub(crate) department: &'static str,
    pub(crate) linkedin: String,
    pub(crate) status: &'static str,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) source: &'static str,
    pub(crate) custom: String,
    pub(crate) score: i64,
    pub(crate) reasons: String,
    /// Milliseconds since 1970, as are the others.
    pub(crate) created: u64,
    pub(crate) active: Option<u64>,
    pub(crate) updated: u64,
}

pub(crate) struct World {
    pub(crate) companies: Vec<Company>,
    pub(crate) organisations: Vec<Organisation>,
    random: Random,
    start: u64,
    count: usize,
    made: usize,
    /// The organisation of the file being read.
    current: usize,
    draw: Draws,
}

/// The distributions, summed up once.
struct Draws {
    organisation: Weighted,
    company: Weighted,
    first_name: Weighted,
    last_name: Weighted,
    seniority: Weighted,
    department: Weighted,
    status: Weighted,
    source: Weighted,
    tag: Weighted,
}

impl World {
    /// A world of `count` leads whose newest is of `until`.
    pub(crate) fn new(count: usize, until: u64) -> Self {
        let mut random = Random::new(0x1ead_11e0);
        let start = until.saturating_sub(DAYS * DAY);
        let companies = companies(&mut random);
        let organisations = (0..ORGANISATIONS).map(|index| organisation(index, start, &mut random)).collect();
        let second = |table: &[(&str, f64)]| Weighted::new(table.iter().map(|row| row.1));
        // The first has half of all leads, the others share the rest unevenly.
        let small: Vec<f64> = (1..ORGANISATIONS).map(|rank| (rank as f64).powf(-0.8)).collect();
        let sum: f64 = small.iter().sum();
        let draw = Draws {
            organisation: Weighted::new(small.iter().map(|weight| weight / sum)),
            company: Weighted::zipf(COMPANIES, 10.0, 0.7),
            first_name: Weighted::zipf(FIRST_NAMES.len(), 3.0, 0.5),
            last_name: Weighted::zipf(LAST_NAMES.len(), 3.0, 0.6),
            seniority: Weighted::new(words::SENIORITIES.iter().map(|row| row.1)),
            department: second(words::DEPARTMENTS),
            status: second(words::STATUSES),
            source: second(words::SOURCES),
            tag: Weighted::zipf(words::TAGS.len(), 1.0, 0.8),
        };
        Self { companies, organisations, random, start, count, made: 0, current: 0, draw }
    }

    fn lead(&mut self) -> Option<Lead> {
        let n = self.made;
        if n.is_multiple_of(FILE) {
            // Every other file is the great organisation's: exactly half.
            self.current = if (n / FILE).is_multiple_of(2) { 0 } else { 1 + self.draw.organisation.draw(&mut self.random) };
        }
        self.made += 1;
        let r = &mut self.random;
        let created = self.start + (DAYS * DAY * n as u64) / self.count as u64;
        let index = self.draw.company.draw(r);
        let company = self.companies.get(index)?;
        let organisation = self.organisations.get_mut(self.current)?;
        let (account, _) = *organisation.accounts.entry(index).or_insert_with(|| (r.uuid_v7(created), created));
        let first_name = FIRST_NAMES.get(self.draw.first_name.draw(r)).copied()?;
        let last_name = LAST_NAMES.get(self.draw.last_name.draw(r)).copied()?;
        let (seniority, _, seniority_points) = *words::SENIORITIES.get(self.draw.seniority.draw(r))?;
        let (department, _) = *words::DEPARTMENTS.get(self.draw.department.draw(r))?;
        let (status, _) = *words::STATUSES.get(self.draw.status.draw(r))?;
        let (source, _) = *words::SOURCES.get(self.draw.source.draw(r))?;
        let handle: String = format!("{first_name}.{last_name}").chars().filter_map(plain).collect();
        let email = (!r.chance(0.04)).then(|| format!("{handle}.{n}@{}", company.domain));
        let phone =
            if r.chance(0.35) { String::new() } else { format!("+{} {} {:07}", 1 + r.below(90), 100 + r.below(900), r.below(10_000_000)) };
        let linkedin = if r.chance(0.25) { String::new() } else { format!("https://www.linkedin.com/in/{handle}-{n}") };
        let engaged = (r.gamma2(12.0) as i64).min(100 - seniority_points);
        let reasons = serde_json::json!([
            {"reason": format!("Seniority: {seniority}"), "points": seniority_points},
            {"reason": format!("{} employees in {}", company.employees, company.industry), "points": engaged},
        ])
        .to_string();
        let mut tags = Vec::new();
        let wanted = match r.unit() {
            u if u < 0.35 => 0,
            u if u < 0.65 => 1,
            u if u < 0.85 => 2,
            _ => 4,
        };
        for _ in 0..wanted {
            let tag = words::TAGS.get(self.draw.tag.draw(r)).copied()?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let owner =
            if r.chance(0.2) { None } else { organisation.members.get(r.below(organisation.members.len())).map(|member| member.id) };
        let custom = if r.chance(0.3) {
            serde_json::json!({"budget": r.log_normal(10.0, 1.0) as i64, "crm": r.pick(&["hubspot", "salesforce", "pipedrive", "none"])})
                .to_string()
        } else {
            "{}".to_owned()
        };
        let end = self.start + DAYS * DAY;
        let active = (status != "new").then(|| created + (r.unit() * end.saturating_sub(created) as f64) as u64);
        Some(Lead {
            organisation: self.current,
            id: r.uuid_v7(created),
            account,
            company: index,
            owner,
            first_name,
            last_name,
            email,
            phone,
            title: words::title(seniority, department),
            seniority,
            department,
            linkedin,
            status,
            tags,
            source,
            custom,
            score: seniority_points + engaged,
            reasons,
            created,
            active,
            updated: active.unwrap_or(created),
        })
    }
}

impl Iterator for World {
    type Item = Lead;
    fn next(&mut self) -> Option<Lead> {
        if self.made < self.count { self.lead() } else { None }
    }
}

/// The letter as an address has it.
fn plain(letter: char) -> Option<char> {
    match letter {
        'é' | 'è' | 'ë' => Some('e'),
        'ü' => Some('u'),
        'ø' => Some('o'),
        'í' => Some('i'),
        'á' | 'ã' => Some('a'),
        '.' => Some('.'),
        other => other.is_ascii_alphabetic().then(|| other.to_ascii_lowercase()),
    }
}

fn companies(random: &mut Random) -> Vec<Company> {
    let countries = Weighted::new(COUNTRIES.iter().map(|row| row.1));
    let industries = Weighted::new(INDUSTRIES.iter().map(|row| row.1));
    (0..COMPANIES)
        .filter_map(|index| {
            let (first, second) = (random.pick(COMPANY_FIRST), random.pick(COMPANY_SECOND));
            let name = if random.chance(0.7) {
                format!("{first} {second} {}", random.pick(COMPANY_FORM))
            } else {
                format!("{first}{} {second}", random.pick(COMPANY_FIRST).to_lowercase())
            };
            let (country, _, cities) = *COUNTRIES.get(countries.draw(random))?;
            let city = cities.get((random.unit() * random.unit() * cities.len() as f64) as usize).copied()?;
            let employees = (random.log_normal(4.6, 1.7) as i64).clamp(1, 250_000);
            Some(Company {
                domain: format!("{}{}{index}.{}", first.to_lowercase(), second.to_lowercase(), random.pick(DOMAIN_ENDS)),
                name,
                industry: INDUSTRIES.get(industries.draw(random))?.0,
                employees,
                revenue: (employees as f64 * random.log_normal(11.6, 0.6)) as i64,
                country,
                city,
            })
        })
        .collect()
}

fn organisation(index: usize, start: u64, random: &mut Random) -> Organisation {
    let size = if index == 0 { 25 } else { 10 };
    let members = (0..size)
        .map(|number| Member {
            id: random.uuid_v7(start),
            name: format!("{} {}", random.pick(FIRST_NAMES), random.pick(LAST_NAMES)),
            email: format!("member{number}@organisation{index}.example"),
        })
        .collect();
    Organisation {
        id: random.uuid_v7(start + index as u64),
        name: format!("Bench organisation {}", index + 1),
        members,
        accounts: HashMap::new(),
    }
}
