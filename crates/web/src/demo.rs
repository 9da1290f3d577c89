//! Demo data: invented people at invented companies, brought in the way a file is.

use std::path::PathBuf;

use axum::{extract::State, response::Response};
use http_kit::{App, Flash, Problem, redirect};
use identity::{Can, LeadsImport};
use jobs::{Failure, Job, Options, Outcome, Registry, Run};
use kernel::{Actor, UserId, Uuid};
use serde::{Deserialize, Serialize};

/// How many leads the demo has.
pub const DEMO_LEADS: usize = 500;

const FIRST: [&str; 25] = [
    "Ada", "Bruno", "Chloe", "Dmitri", "Elena", "Farah", "Goran", "Hana", "Ivan", "Jana", "Kofi", "Lena", "Mateo", "Nadia", "Oscar",
    "Priya", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Wanda", "Yusuf", "Zoe",
];
const LAST: [&str; 23] = [
    "Almeida", "Becker", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Horvat", "Ivanova", "Jansen", "Kowalski", "Larsen",
    "Moreau", "Novak", "Okafor", "Petrov", "Rossi", "Silva", "Tanaka", "Ueda", "Virtanen", "Weber", "Yilmaz",
];
const TITLE: [(&str, &str, &str); 9] = [
    ("Chief Executive Officer", "c_level", "Management"),
    ("VP Sales", "vp", "Sales"),
    ("Head of Marketing", "director", "Marketing"),
    ("Director of Operations", "director", "Operations"),
    ("Sales Manager", "manager", "Sales"),
    ("Marketing Manager", "manager", "Marketing"),
    ("Senior Engineer", "senior", "Engineering"),
    ("Account Executive", "senior", "Sales"),
    ("Office Assistant", "entry", "Administration"),
];
const COMPANY: [(&str, &str, i32); 16] = [
    ("Northwind Robotics", "Manufacturing", 420),
    ("Harbour Analytics", "Software", 85),
    ("Lumen Logistics", "Logistics", 1300),
    ("Copperfield Energy", "Energy", 5200),
    ("Bluebird Health", "Healthcare", 260),
    ("Granite Insurance", "Insurance", 2100),
    ("Meadow Foods", "Food", 640),
    ("Quartz Software", "Software", 38),
    ("Sable Consulting", "Consulting", 120),
    ("Tidewater Bank", "Finance", 3900),
    ("Vertex Telecom", "Telecommunications", 980),
    ("Willow Education", "Education", 70),
    ("Onyx Security", "Software", 150),
    ("Pinecrest Realty", "Real estate", 45),
    ("Redwood Retail", "Retail", 7400),
    ("Summit Travel", "Travel", 210),
];
const PLACE: [(&str, &str); 8] = [
    ("US", "Denver"),
    ("DE", "Hamburg"),
    ("GB", "Leeds"),
    ("FR", "Lyon"),
    ("ES", "Valencia"),
    ("NL", "Utrecht"),
    ("SE", "Uppsala"),
    ("US", "Austin"),
];

fn pick<T>(list: &[T], n: usize) -> Option<&T> {
    list.get(n % list.len().max(1))
}

/// Writes the demo's leads as a CSV file. The same every time, at addresses that never receive
/// mail (`.example`, RFC 2606), so loading them twice changes nothing.
pub fn write_demo_csv() -> String {
    let mut csv = String::from(
        "First name,Last name,Email,Title,Seniority,Department,Company,Website,Industry,Employees,Annual revenue,Country,City,Phone,LinkedIn,Tags\n",
    );
    for n in 0..DEMO_LEADS {
        let parts = (
            pick(&FIRST, n),
            pick(&LAST, n * 7 + n / 25),
            pick(&TITLE, n * 5 + n / 9),
            pick(&COMPANY, n * 11 + n / 16),
            pick(&PLACE, n * 3 + n / 8),
        );
        let (Some(first), Some(last), Some((title, seniority, department)), Some((company, industry, size)), Some((country, city))) = parts
        else {
            continue;
        };
        let domain = format!("{}.example", company.to_lowercase().replace(' ', "-"));
        // One in nine has no address, as in life: they can be called, not mailed.
        let email = if n % 9 == 8 { String::new() } else { format!("{}.{}{n}@{domain}", first.to_lowercase(), last.to_lowercase()) };
        let phone = if n % 3 == 0 { format!("+1 555 {:04}", 100 + n) } else { String::new() };
        let linkedin = if n % 2 == 0 {
            format!("https://www.linkedin.com/in/{}-{}-{n}", first.to_lowercase(), last.to_lowercase())
        } else {
            String::new()
        };
        let tags = if n % 4 == 0 { "demo;event" } else { "demo" };
        let revenue = i64::from(*size) * 145_000;
        csv.push_str(&format!(
            "{first},{last},{email},{title},{seniority},{department},{company},{domain},{industry},{size},{revenue},{country},{city},{phone},{linkedin},{tags}\n"
        ));
    }
    csv
}

/// Loads the demo's leads into one organisation.
#[derive(Debug, Serialize, Deserialize)]
struct LoadDemo {
    user: Option<UserId>,
}

impl Job for LoadDemo {
    const KIND: &'static str = "web.load_demo";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let org = cx.org()?;
        let path = demo_file(&cx.state, org.uuid()).await.map_err(|error| Failure::retry(format!("the demo file: {error}")))?;
        let actor = self.user.map_or(Actor::System, Actor::User);
        let imported = imports::import_file(&cx.state, &cx.scope()?, actor, &path, |_| {}, |_| {}).await;
        if let Some(dir) = path.parent() {
            let _ = tokio::fs::remove_dir_all(dir).await; // written anew by the next run
        }
        imported.map_err(|error| Failure::retry(error.to_string()))?;
        cx.state.feed.nudge();
        Ok(Outcome::Done)
    }
}

/// In a directory of the organisation's own: the file's name becomes the leads' source, which people read.
async fn demo_file(app: &App, org: Uuid) -> std::io::Result<PathBuf> {
    let dir = app.config.data_dir.join("demo").join(org.simple().to_string());
    tokio::fs::create_dir_all(&dir).await?;
    let path = dir.join("demo-leads.csv");
    tokio::fs::write(&path, write_demo_csv()).await?;
    Ok(path)
}

/// `POST /demo-data`: from the first page of a fresh organisation.
pub(crate) async fn load(State(app): State<App>, viewer: Can<LeadsImport>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let key = format!("demo:{}", viewer.org_id);
    jobs::enqueue(&tx, &LoadDemo { user: Some(viewer.user_id) }, Options::unique(key)).await?;
    tx.commit().await?;
    Ok(redirect("/leads", Some(Flash::success(format!("{DEMO_LEADS} demo leads are on their way.")))))
}

/// This crate's jobs.
pub(crate) fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<LoadDemo>()
}
