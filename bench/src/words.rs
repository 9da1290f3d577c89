//! What invented people and companies are made of. Names of the common kind, put together at random: nobody is meant.

pub(crate) const FIRST_NAMES: &[&str] = &[
    "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William", "Barbara", "Richard", "Susan",
    "Joseph", "Jessica", "Thomas", "Sarah", "Charles", "Karen", "Daniel", "Nancy", "Matthew", "Lisa", "Anthony", "Betty", "Mark", "Margaret",
    "Steven", "Ashley", "Andrew", "Emily", "Paul", "Donna", "Joshua", "Michelle", "Kevin", "Carol", "Brian", "Amanda", "Lukas", "Hannah", "Leon",
    "Mia", "Finn", "Emma", "Jonas", "Lena", "Pierre", "Camille", "Louis", "Chloé", "Hugo", "Manon", "Giulia", "Marco", "Luca", "Sofia", "Carlos",
    "Lucía", "Javier", "Carmen", "Diego", "Valentina", "Rahul", "Priya", "Arjun", "Ananya", "Wei", "Jing", "Hiroshi", "Yuki", "Kenji", "Ahmed",
    "Fatima", "Omar", "João", "Ana", "Pedro", "Beatriz", "Lars", "Ingrid", "Sven", "Astrid", "Piotr", "Agnieszka", "Zoë", "Søren",
];

pub(crate) const LAST_NAMES: &[&str] = &[
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez", "Lopez", "Wilson",
    "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson", "White", "Harris", "Clark", "Lewis", "Robinson",
    "Walker", "Young", "Allen", "King", "Wright", "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green", "Adams", "Nelson", "Baker", "Hall",
    "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker",
    "Schulz", "Hoffmann", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Neumann", "Dubois", "Moreau", "Laurent", "Lefèvre", "Bertrand", "Roux",
    "Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "Romano", "Colombo", "Kowalski", "Nowak", "Sharma", "Patel", "Singh", "Kumar", "Gupta",
    "Reddy", "Wang", "Zhang", "Chen", "Liu", "Tanaka", "Suzuki", "Sato", "Silva", "Santos", "Oliveira", "Souza", "Costa", "Pereira", "Andersson",
    "Johansson", "Karlsson", "Nilsson", "Larsen", "Hansen", "O'Brien", "Murphy", "Kelly", "Walsh", "Hussain", "Khan", "Haddad", "Okafor",
    "Mensah", "Novák", "Horvat", "Popescu", "Petrov", "Jansen", "de Vries", "Bakker", "Visser", "Peeters",
];

pub(crate) const COMPANY_FIRST: &[&str] = &[
    "Acme", "Blue", "North", "Bright", "Cloud", "Data", "Next", "Prime", "Urban", "Silver", "Green", "Global", "Summit", "Vertex", "Quantum",
    "Pioneer", "Atlas", "Nova", "Delta", "Orbit", "Harbor", "Cedar", "Falcon", "Iron", "Lumen", "Pixel", "Rapid", "Solar", "Terra", "Zenith",
    "Apex", "Beacon", "Cobalt", "Crest", "Echo", "Ember", "Fusion", "Granite", "Helix", "Indigo", "Juniper", "Keystone", "Lattice", "Magnet",
    "Nimbus", "Onyx", "Paragon", "Quartz", "River", "Sierra", "Titan", "Union", "Velocity", "Willow", "Xenon", "Zephyr", "Alpine", "Boreal",
];

pub(crate) const COMPANY_SECOND: &[&str] = &[
    "Systems", "Logistics", "Analytics", "Health", "Software", "Foods", "Energy", "Partners", "Labs", "Robotics", "Capital", "Media", "Networks",
    "Dynamics", "Industries", "Solutions", "Materials", "Pharma", "Motors", "Retail", "Security", "Consulting", "Studios", "Insurance", "Payments",
    "Aerospace", "Textiles", "Mobility", "Learning", "Biotech",
];

pub(crate) const COMPANY_FORM: &[&str] = &["Inc", "LLC", "GmbH", "Ltd", "SA", "Group", "BV", "AG", "Co", "Corp"];
pub(crate) const DOMAIN_ENDS: &[&str] = &["com", "com", "com", "io", "de", "co.uk", "net"];

pub(crate) const INDUSTRIES: &[(&str, f64)] = &[
    ("Software", 22.0), ("Financial Services", 12.0), ("Manufacturing", 11.0), ("Healthcare", 10.0), ("Retail", 9.0), ("Professional Services", 8.0),
    ("Logistics", 6.0), ("Education", 5.0), ("Energy", 4.0), ("Media", 4.0), ("Telecommunications", 3.0), ("Real Estate", 3.0), ("Hospitality", 2.0),
    ("Public Sector", 1.0),
];

/// ISO 3166 code, weight, cities (the first are the likelier ones).
pub(crate) const COUNTRIES: &[(&str, f64, &[&str])] = &[
    ("US", 420.0, &["New York", "San Francisco", "Austin", "Chicago", "Boston", "Seattle", "Atlanta", "Denver"]),
    ("GB", 110.0, &["London", "Manchester", "Bristol", "Leeds"]),
    ("DE", 90.0, &["Berlin", "München", "Hamburg", "Köln"]),
    ("FR", 60.0, &["Paris", "Lyon", "Nantes"]),
    ("CA", 55.0, &["Toronto", "Vancouver", "Montréal"]),
    ("IN", 50.0, &["Bengaluru", "Mumbai", "Pune"]),
    ("NL", 35.0, &["Amsterdam", "Rotterdam"]),
    ("AU", 30.0, &["Sydney", "Melbourne"]),
    ("ES", 28.0, &["Madrid", "Barcelona"]),
    ("IT", 25.0, &["Milano", "Roma"]),
    ("SE", 20.0, &["Stockholm", "Göteborg"]),
    ("BR", 18.0, &["São Paulo", "Rio de Janeiro"]),
    ("PL", 15.0, &["Warszawa", "Kraków"]),
    ("CH", 12.0, &["Zürich", "Genève"]),
    ("SG", 10.0, &["Singapore"]),
    ("JP", 8.0, &["Tokyo", "Osaka"]),
    ("IE", 6.0, &["Dublin"]),
    ("AT", 5.0, &["Wien"]),
    ("DK", 2.0, &["København"]),
    ("NO", 1.0, &["Oslo"]),
];

/// Name, weight, what a score gives for it.
pub(crate) const SENIORITIES: &[(&str, f64, i64)] =
    &[("entry", 30.0, 0), ("senior", 26.0, 6), ("manager", 22.0, 12), ("director", 12.0, 20), ("vp", 6.0, 26), ("c_level", 4.0, 30)];

pub(crate) const DEPARTMENTS: &[(&str, f64)] = &[
    ("Engineering", 24.0), ("Sales", 20.0), ("Marketing", 14.0), ("Operations", 13.0), ("Finance", 10.0), ("IT", 9.0), ("Human Resources", 6.0),
    ("Legal", 4.0),
];

pub(crate) const STATUSES: &[(&str, f64)] =
    &[("new", 50.0), ("contacted", 24.0), ("replied", 7.0), ("qualified", 8.0), ("converted", 3.0), ("lost", 6.0), ("unsubscribed", 2.0)];

pub(crate) const SOURCES: &[(&str, f64)] =
    &[("import", 50.0), ("linkedin", 20.0), ("web_form", 12.0), ("api", 8.0), ("event", 6.0), ("referral", 4.0)];

/// The likelier ones first.
pub(crate) const TAGS: &[&str] = &[
    "saas", "enterprise", "smb", "webinar", "q1", "q2", "q3", "q4", "abm", "priority", "emea", "apac", "trial", "renewal", "partner", "conference",
    "churn-risk", "champion", "vip", "do-not-call",
];

pub(crate) fn title(seniority: &str, department: &str) -> String {
    match seniority {
        "c_level" => match department {
            "Engineering" => "Chief Technology Officer",
            "Sales" => "Chief Revenue Officer",
            "Marketing" => "Chief Marketing Officer",
            "Operations" => "Chief Operating Officer",
            "Finance" => "Chief Financial Officer",
            "IT" => "Chief Information Officer",
            "Legal" => "General Counsel",
            _ => "Chief People Officer",
        }
        .to_owned(),
        "vp" => format!("VP {department}"),
        "director" => format!("Director of {department}"),
        "manager" => format!("{department} Manager"),
        "senior" => format!("Senior {department} Lead"),
        _ => format!("{department} Specialist"),
    }
}
