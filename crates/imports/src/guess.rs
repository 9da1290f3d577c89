//! Guesses what a column is, from its name as the usual programs call it and from what it holds.

use kernel::EmailAddress;

use super::{
    analysis::{Column, PLACEHOLDER, one_line, sample},
    plan::{LeadField, Target},
    rejected_csv::{REASON, ROW},
};
use leads::model::{Status, company, parse_whole, phone};

/// Values looked at closely; of the others only what is cheap to know.
const LOOKED_AT: u64 = 1000;

/// What the values of a column have shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    filled: u64,
    looked_at: u64,
    pub(crate) placeholders: u64,
    not_numbers: u64,
    emails: u64,
    linkedin: u64,
    links: u64,
    domains: u64,
    phones: u64,
    whole: u64,
    statuses: u64,
    pub(crate) samples: Vec<String>,
}

impl Evidence {
    /// Takes in one cell.
    pub(crate) fn see(&mut self, cell: &str) {
        let text = cell.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if text == PLACEHOLDER {
            self.placeholders += 1;
            if self.samples.is_empty() {
                self.samples.push(PLACEHOLDER.to_owned());
            }
            return;
        }
        if !is_number(text) {
            self.not_numbers += 1;
        }
        if self.looked_at >= LOOKED_AT {
            return;
        }
        self.looked_at += 1;
        if self.samples.len() < 6 {
            let sample = sample(text);
            if !self.samples.contains(&sample) {
                self.samples.push(sample);
            }
        }
        let lower = text.to_ascii_lowercase();
        let link = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.");
        self.emails += u64::from(text.contains('@') && EmailAddress::parse(text).is_ok());
        self.linkedin += u64::from(lower.contains("linkedin.com/"));
        self.links += u64::from(link);
        self.domains += u64::from(link || (text.contains('.') && !text.contains([' ', '@']) && company::domain(text).is_ok()));
        self.phones += u64::from(
            (text.starts_with('+') || text.contains(['(', '-', ' ']))
                && phone(text).is_ok()
                && text.chars().filter(char::is_ascii_digit).count() > 6,
        );
        self.whole += u64::from(matches!(employees(text), Ok(Some(_))));
        self.statuses += u64::from(status(text).is_ok());
    }

    pub(crate) fn filled(&self) -> u64 {
        self.filled
    }

    /// Whether each value (a placeholder aside) is a number.
    pub(crate) fn is_numeric(&self, placeholder: bool) -> bool {
        self.not_numbers == 0 && self.filled > self.placeholders && (placeholder || self.placeholders == 0)
    }

    /// Most of the values looked at.
    fn mostly(&self, count: u64) -> bool {
        self.looked_at > 0 && count * 10 >= self.looked_at * 8
    }

    /// Whether what it holds speaks for (`Some(true)`), against, or neither for nor against a field.
    fn speaks_for(&self, field: LeadField) -> Option<bool> {
        if self.looked_at == 0 {
            return None;
        }
        match field {
            LeadField::Email => Some(self.emails * 2 >= self.looked_at),
            LeadField::LinkedinUrl => Some(self.linkedin * 2 >= self.looked_at),
            LeadField::CompanyDomain => Some(self.domains * 2 >= self.looked_at),
            LeadField::EmployeeCount | LeadField::AnnualRevenue => Some(self.mostly(self.whole)),
            LeadField::FirstName
            | LeadField::LastName
            | LeadField::FullName
            | LeadField::CompanyName
            | LeadField::City
            | LeadField::Country
            | LeadField::Title => {
                (self.mostly(self.emails) || self.mostly(self.links) || (self.not_numbers == 0 && self.looked_at > 2)).then_some(false)
            }
            LeadField::Phone => (self.mostly(self.emails) || self.mostly(self.links)).then_some(false),
            LeadField::Status => Some(self.statuses == self.looked_at),
            LeadField::Tags
            | LeadField::Source
            | LeadField::ExternalId
            | LeadField::Seniority
            | LeadField::Department
            | LeadField::Industry => None,
        }
    }
}

/// A number that JSON can say in the same way.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    text.len() <= 15 && all_digits(whole) && !leading_zero && fraction.is_none_or(all_digits)
}

/// A number of employees: `250`, `1,200`, also `51-200` and `10,000+`, of which the lower end counts.
pub(crate) fn employees(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim().trim_end_matches(" employees").trim();
    let low = text
        .split_once(['-', '–'])
        .map_or(text, |(low, high)| if high.trim().starts_with(|c: char| c.is_ascii_digit()) { low } else { text });
    parse_whole(low.trim().trim_end_matches('+'))
}

/// A status by the words that the usual programs have for it. `0`, `no` and `false` (as in a column
/// `Converted`) say nothing.
pub(crate) fn status(text: &str) -> Result<Option<Status>, String> {
    let word = normal(text);
    Ok(Some(match word.as_str() {
        "" | "0" | "no" | "n" | "false" => return Ok(None),
        "new" | "open" | "open not contacted" | "cold" | "lead" | "subscriber" | "not contacted" | "uncontacted" => Status::New,
        "contacted" | "working" | "working contacted" | "attempted to contact" | "in progress" | "approaching" | "contact attempted" => {
            Status::Contacted
        }
        "replied" | "connected" | "responded" | "engaged" | "interested" => Status::Replied,
        "qualified"
        | "open deal"
        | "marketing qualified lead"
        | "sales qualified lead"
        | "marketingqualifiedlead"
        | "salesqualifiedlead"
        | "mql"
        | "sql"
        | "opportunity" => Status::Qualified,
        "converted" | "closed converted" | "closed won" | "won" | "customer" | "1" | "yes" | "y" | "true" => Status::Converted,
        "lost"
        | "closed not converted"
        | "closed lost"
        | "unqualified"
        | "disqualified"
        | "not interested"
        | "bad timing"
        | "do not contact" => Status::Lost,
        "unsubscribed" | "opted out" | "do not email" => Status::Unsubscribed,
        _ => {
            let shown: String = text.chars().take(40).collect();
            return Err(format!("{shown:?} is not a status: use new, contacted, replied, qualified, converted, lost or unsubscribed"));
        }
    }))
}

/// Names of columns by field, as HubSpot, Salesforce, Apollo, LinkedIn, Outlook, Google Contacts and
/// people write them, best first.
const NAMES: &[(LeadField, &[&str])] = &[
    (
        LeadField::Email,
        &[
            "email",
            "e mail",
            "email address",
            "e mail address",
            "work email",
            "business email",
            "primary email",
            "email 1",
            "e mail 1 value",
            "email 1 value",
            "e mail adresse",
            "emailadresse",
            "mail",
            "contact email",
            "lead email",
            "person email",
            "correo electronico",
            "correo",
            "adresse e mail",
            "courriel",
            "e mail 1",
            "personal email",
            "email work",
            "secondary email",
        ],
    ),
    (
        LeadField::FirstName,
        &[
            "first name",
            "firstname",
            "given name",
            "forename",
            "vorname",
            "prenom",
            "prénom",
            "nombre",
            "nome",
            "contact first name",
            "first",
        ],
    ),
    (
        LeadField::LastName,
        &[
            "last name",
            "lastname",
            "surname",
            "family name",
            "nachname",
            "familienname",
            "nom de famille",
            "apellido",
            "apellidos",
            "cognome",
            "contact last name",
            "last",
            "nom",
        ],
    ),
    (
        LeadField::FullName,
        &[
            "full name",
            "fullname",
            "name",
            "contact name",
            "lead name",
            "contact",
            "display name",
            "person",
            "ansprechpartner",
            "nom complet",
            "nombre completo",
            "vollständiger name",
        ],
    ),
    (
        LeadField::Phone,
        &[
            "phone",
            "phone number",
            "business phone",
            "work phone",
            "work direct phone",
            "corporate phone",
            "direct phone",
            "primary phone",
            "phone 1 value",
            "telephone",
            "telephone number",
            "tel",
            "telefon",
            "telefonnummer",
            "téléphone",
            "teléfono",
            "telefono",
            "office phone",
            "company phone",
            "mobile",
            "mobile phone",
            "mobile number",
            "cell",
            "cell phone",
            "mobil",
            "handy",
            "home phone",
            "contact phone",
            "phone 1",
        ],
    ),
    (
        LeadField::Title,
        &[
            "title",
            "job title",
            "jobtitle",
            "position",
            "role",
            "occupation",
            "job",
            "berufsbezeichnung",
            "stellenbezeichnung",
            "funktion",
            "organization 1 title",
            "organization title",
            "headline",
            "cargo",
            "fonction",
            "poste",
        ],
    ),
    (LeadField::Seniority, &["seniority", "seniority level", "management level", "job level"]),
    (
        LeadField::Department,
        &[
            "department",
            "departments",
            "abteilung",
            "job function",
            "organization department",
            "function",
            "organization 1 department",
            "departamento",
        ],
    ),
    (
        LeadField::LinkedinUrl,
        &[
            "linkedin url",
            "linkedin",
            "linkedin profile",
            "person linkedin url",
            "linkedin profile url",
            "linkedin link",
            "linkedin contact profile url",
            "profile url",
            "linkedin bio",
        ],
    ),
    (
        LeadField::CompanyName,
        &[
            "company",
            "company name",
            "account name",
            "account",
            "organization",
            "organisation",
            "organization name",
            "organisation name",
            "organization 1 name",
            "employer",
            "business",
            "firma",
            "unternehmen",
            "entreprise",
            "société",
            "empresa",
            "azienda",
            "current company",
            "companyname",
            "associated company",
        ],
    ),
    (
        LeadField::CompanyDomain,
        &[
            "company domain",
            "company domain name",
            "domain",
            "website",
            "company website",
            "website url",
            "web site",
            "web page",
            "business web page",
            "homepage",
            "webseite",
            "url",
            "account website",
            "domain name",
            "company url",
        ],
    ),
    (LeadField::Industry, &["industry", "company industry", "sector", "branche", "vertical", "secteur", "industria", "account industry"]),
    (
        LeadField::EmployeeCount,
        &[
            "employees",
            "# employees",
            "employee count",
            "number of employees",
            "no of employees",
            "no. of employees",
            "num employees",
            "company size",
            "headcount",
            "mitarbeiter",
            "mitarbeiterzahl",
            "anzahl mitarbeiter",
            "size",
            "staff",
            "effectif",
            "empleados",
            "company headcount",
            "employees count",
        ],
    ),
    (
        LeadField::AnnualRevenue,
        &["annual revenue", "revenue", "company revenue", "umsatz", "jahresumsatz", "annual turnover", "turnover", "chiffre d affaires"],
    ),
    (
        LeadField::Country,
        &[
            "country",
            "country region",
            "country code",
            "land",
            "pays",
            "país",
            "pais",
            "paese",
            "business country region",
            "address country",
            "mailing country",
            "billing country",
            "company country",
            "address 1 country",
            "nation",
            "person country",
            "country name",
        ],
    ),
    (
        LeadField::City,
        &[
            "city",
            "town",
            "stadt",
            "ort",
            "ville",
            "ciudad",
            "città",
            "citta",
            "business city",
            "mailing city",
            "billing city",
            "company city",
            "address 1 city",
            "person city",
            "location city",
        ],
    ),
    (
        LeadField::Status,
        &["status", "lead status", "converted", "is converted", "lifecycle stage", "lead stage", "contact status", "lead state"],
    ),
    (LeadField::Tags, &["tags", "tag", "labels", "label", "group membership", "categories", "schlagworte", "lists"]),
    (
        LeadField::Source,
        &["lead source", "source", "original source", "quelle", "herkunft", "origin", "utm source", "acquisition source", "lead origin"],
    ),
    (
        LeadField::ExternalId,
        &[
            "external id",
            "externalid",
            "record id",
            "prospect id",
            "lead id",
            "contact id",
            "id",
            "crm id",
            "customer id",
            "record id contact",
            "apollo contact id",
            "person id",
            "uuid",
            "guid",
            "lead number",
        ],
    ),
];

/// A name as it is compared: lower case, single spaces, punctuation gone.
fn normal(name: &str) -> String {
    let mut spaced = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        // `firstName` is `first name`.
        if c.is_uppercase() && before_lower {
            spaced.push(' ');
        }
        before_lower = c.is_lowercase();
        if c == '#' || c.is_alphanumeric() {
            spaced.extend(c.to_lowercase());
        } else {
            spaced.push(' ');
        }
    }
    one_line(&spaced)
}

/// Whether a first row holds values instead of names.
pub(crate) fn looks_like_data(header: &[String]) -> bool {
    let filled = header.iter().filter(|cell| !cell.is_empty()).count();
    let number = |cell: &&String| is_number(cell) || phone(cell).is_ok_and(|phone| !phone.is_empty());
    let numbers = header.iter().filter(number).count();
    let addresses = header.iter().any(|cell| {
        let lower = cell.to_ascii_lowercase();
        EmailAddress::parse(cell).is_ok() || lower.starts_with("http://") || lower.starts_with("https://")
    });
    addresses || (filled > 0 && numbers * 2 > filled)
}

/// Writes a guess and its confidence into each column. A field is given to one column only.
pub(crate) fn guess(columns: &mut [Column], evidence: &[Evidence], header_is_data: bool) {
    let mut candidates: Vec<(u8, usize, usize, LeadField)> = Vec::new();
    for (index, (column, evidence)) in columns.iter().zip(evidence).enumerate() {
        let name = normal(&column.name);
        if !header_is_data {
            for (field, names) in NAMES {
                let Some(rank) = names.iter().position(|known| *known == name) else { continue };
                let sure = match evidence.speaks_for(*field) {
                    Some(true) => 99,
                    None => 90,
                    // The name says so and the values do not: shown as doubtful where each bad value is
                    // refused clearly, not guessed where a whole file would be.
                    Some(false)
                        if matches!(
                            field,
                            LeadField::Status | LeadField::EmployeeCount | LeadField::AnnualRevenue | LeadField::CompanyDomain
                        ) =>
                    {
                        continue;
                    }
                    Some(false) => 30,
                };
                candidates.push((sure, rank, index, *field));
            }
        }
        for (found, field, sure) in [
            (evidence.mostly(evidence.emails), LeadField::Email, 75),
            (evidence.mostly(evidence.linkedin), LeadField::LinkedinUrl, 75),
            (evidence.mostly(evidence.phones) && column.name.to_lowercase().contains("phone"), LeadField::Phone, 60),
            (header_is_data && evidence.mostly(evidence.phones), LeadField::Phone, 50),
        ] {
            if found {
                candidates.push((sure, usize::MAX, index, field));
            }
        }
    }
    candidates.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut given: Vec<LeadField> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for (sure, _, index, field) in candidates {
        let Some(column) = columns.get_mut(index).filter(|_| !given.contains(&field) && !done.contains(&index)) else { continue };
        column.guess = Target::Field(field);
        column.confidence = sure;
        given.push(field);
        done.push(index);
    }
    // A column without any value has nothing to import, nor have the two that a download of rejected rows adds.
    for (column, evidence) in columns.iter_mut().zip(evidence) {
        let ours = column.name == ROW || column.name == REASON;
        if ours || (evidence.filled == 0 && matches!(column.guess, Target::Custom(_))) {
            column.guess = Target::Ignore;
        }
    }
}
