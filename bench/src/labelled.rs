//! Leads of whom it is known which are one person.

use duplicates::model::Facts;

use crate::{random::Random, words};

/// A lead and who it is.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Records of one person have one number.
    pub(crate) person: usize,
    pub(crate) facts: Facts,
    /// What was done to it; empty: it is as the person is.
    pub(crate) spoilt: &'static str,
}

/// Short forms as people use them; deliberately not the table of the detector.
const SHORT: &[(&str, &str)] = &[
    ("Robert", "Bob"),
    ("William", "Bill"),
    ("Elizabeth", "Liz"),
    ("Michael", "Mike"),
    ("James", "Jim"),
    ("Thomas", "Tom"),
    ("Richard", "Rick"),
    ("Daniel", "Dan"),
    ("Jennifer", "Jen"),
    ("Katherine", "Kate"),
    ("Alexander", "Alex"),
    ("Anthony", "Tony"),
    ("Christopher", "Chris"),
    ("Matthew", "Matt"),
    ("Andrew", "Andy"),
    ("Joseph", "Joe"),
    ("David", "Dave"),
    ("Patricia", "Trish"),
    ("Rebecca", "Becky"),
    ("Samuel", "Sam"),
    ("Benjamin", "Ben"),
    ("Nicholas", "Nick"),
    ("Susan", "Sue"),
    ("Stephen", "Steve"),
    ("Theodora", "Dora"),
    ("Guillermo", "Memo"),
];
const ACCENTED: &[(&str, &str, &str)] = &[
    ("Jürgen", "Müller", "Mueller"),
    ("Björn", "Schröder", "Schroeder"),
    ("José", "Muñoz", "Munoz"),
    ("Søren", "Jørgensen", "Jorgensen"),
    ("Łukasz", "Wałęsa", "Walesa"),
    ("Иван", "Петров", "Petrov"),
    ("Дмитрий", "Иванов", "Ivanov"),
    ("Zoë", "Brontë", "Bronte"),
];
const LATIN: &[(&str, &str)] = &[
    ("Jürgen", "Juergen"),
    ("Björn", "Bjoern"),
    ("José", "Jose"),
    ("Søren", "Soren"),
    ("Łukasz", "Lukasz"),
    ("Иван", "Ivan"),
    ("Дмитрий", "Dmitriy"),
    ("Zoë", "Zoe"),
];
const TITLES: &[&str] =
    &["CEO", "VP Sales", "Head of Marketing", "Account Executive", "Software Engineer", "Operations Manager", "Buyer", "CFO"];
const CITIES: &[(&str, &str)] =
    &[("Denver", "US"), ("Austin", "US"), ("Leeds", "GB"), ("Hamburg", "DE"), ("Lyon", "FR"), ("Utrecht", "NL")];
const PRIVATE: &[&str] = &["gmail.com", "outlook.com", "yahoo.com", "gmx.de"];
const INBOXES: &[&str] = &["info", "sales", "office", "contact", "hello", "support"];

struct Company {
    name: String,
    domain: String,
    switchboard: String,
    city: (&'static str, &'static str),
}

struct Maker {
    random: Random,
    companies: Vec<Company>,
    records: Vec<Record>,
    people: usize,
    addresses: std::collections::HashSet<String>,
}

/// `leads` records from `seed`: the same for ever.
pub(crate) fn make(leads: usize, seed: u64) -> Vec<Record> {
    let mut random = Random::new(seed);
    let companies = (0..(leads / 12).max(3)).map(|n| company(&mut random, n)).collect();
    let mut maker =
        Maker { random, companies, records: Vec::with_capacity(leads + 8), people: 0, addresses: std::collections::HashSet::new() };
    while maker.records.len() < leads {
        maker.add();
    }
    maker.records.truncate(leads);
    // Duplicates do not stand beside each other.
    for at in (1..maker.records.len()).rev() {
        let other = maker.random.below(at + 1);
        maker.records.swap(at, other);
    }
    maker.records
}

fn company(random: &mut Random, n: usize) -> Company {
    let (first, second) = (random.pick(words::COMPANY_FIRST), random.pick(words::COMPANY_SECOND));
    let form = random.pick(words::COMPANY_FORM);
    // Most names of companies are their own; a few are not.
    let name = if random.chance(0.9) { format!("{first} {second} {n} {form}") } else { format!("{first} {second} {form}") };
    let domain = format!("{}{}{n}.{}", first.to_lowercase(), second.to_lowercase(), random.pick(words::DOMAIN_ENDS));
    let city = CITIES.get(random.below(CITIES.len())).copied().unwrap_or(("Denver", "US"));
    Company { name, domain, switchboard: number(random), city }
}

fn number(random: &mut Random) -> String {
    format!("+1 {} 555 {:04}{}", 200 + random.below(700), random.below(10_000), random.below(10))
}

fn ascii(text: &str) -> String {
    let text = LATIN.iter().find(|(native, _)| *native == text).map_or(text, |(_, latin)| latin);
    let text = ACCENTED.iter().find(|(_, native, _)| *native == text).map_or(text, |(_, _, latin)| latin);
    text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

fn address(random: &mut Random, first: &str, last: &str) -> String {
    let (first, last) = (ascii(first), ascii(last));
    let initial: String = first.chars().take(1).collect();
    match random.below(10) {
        0..=5 => format!("{first}.{last}"),
        6..=7 => format!("{initial}{last}"),
        8 => first,
        _ => format!("{first}_{last}{}", random.below(99)),
    }
}

impl Maker {
    /// A person, their doubles, and now and then somebody who looks like them.
    fn add(&mut self) {
        let company = self.random.below(self.companies.len());
        let (first, last) = self.name();
        let facts = self.person(&first, &last, company);
        let person = self.next();
        if self.random.chance(0.11) {
            for _ in 0..(1 + self.random.below(2) * self.random.below(2)) {
                let (facts, spoilt) = self.spoil(&facts);
                self.push(person, facts, spoilt);
            }
        }
        if self.random.chance(0.03) {
            self.look_alike(&facts, company);
        }
        self.push(person, facts, "");
    }

    /// No two leads have one address.
    fn push(&mut self, person: usize, mut facts: Facts, spoilt: &'static str) {
        if !facts.email.is_empty() && !self.addresses.insert(facts.email.clone()) {
            facts.email = String::new();
        }
        self.records.push(Record { person, facts, spoilt });
    }

    fn next(&mut self) -> usize {
        self.people += 1;
        self.people
    }

    fn name(&mut self) -> (String, String) {
        if self.random.chance(0.03) {
            let (first, last, _) = ACCENTED.get(self.random.below(ACCENTED.len())).copied().unwrap_or(("Zoë", "Brontë", ""));
            return (first.to_owned(), last.to_owned());
        }
        if self.random.chance(0.15) {
            let (first, _) = SHORT.get(self.random.below(SHORT.len())).copied().unwrap_or(("Robert", "Bob"));
            // Frequent names: a hundred pairs of them.
            let last = if self.random.chance(0.2) { "Smith" } else { self.random.pick(words::LAST_NAMES) };
            return (first.to_owned(), last.to_owned());
        }
        (self.random.pick(words::FIRST_NAMES).to_owned(), self.surname())
    }

    /// Real lists have tens of thousands of last names: two known ones make another one.
    fn surname(&mut self) -> String {
        let one = self.random.pick(words::LAST_NAMES);
        if self.random.chance(0.5) {
            return one.to_owned();
        }
        let other = self.random.pick(words::LAST_NAMES).to_lowercase();
        let cut: String = one.chars().take(4).collect();
        format!("{cut}{}", other.chars().skip(1).collect::<String>())
    }

    fn person(&mut self, first: &str, last: &str, company: usize) -> Facts {
        let Some(at) = self.companies.get(company) else { return Facts::default() };
        let random = &mut self.random;
        let local = address(random, first, last);
        let email = match random.below(20) {
            0..=1 => String::new(),
            2..=3 => format!("{local}@{}", random.pick(PRIVATE)),
            _ => format!("{local}@{}", at.domain),
        };
        let phone = match random.below(10) {
            0..=3 => String::new(),
            4..=6 => at.switchboard.clone(),
            _ => number(random),
        };
        let linkedin_url = if random.chance(0.35) {
            format!("https://www.linkedin.com/in/{}-{}-{:06x}", ascii(first), ascii(last), random.below(0xff_ffff))
        } else {
            String::new()
        };
        Facts {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            company_domain: if email.ends_with(&at.domain) || random.chance(0.5) { at.domain.clone() } else { String::new() },
            email,
            phone,
            linkedin_url,
            company_name: at.name.clone(),
            external_id: String::new(),
            title: random.pick(TITLES).to_owned(),
            city: at.city.0.to_owned(),
            country: at.city.1.to_owned(),
        }
    }

    /// The record of the same person in another list.
    fn spoil(&mut self, facts: &Facts) -> (Facts, &'static str) {
        let mut double = facts.clone();
        // What another list does not know.
        if self.random.chance(0.35) {
            double.linkedin_url = String::new();
        }
        if self.random.chance(0.3) {
            double.phone = String::new();
        }
        if self.random.chance(0.3) {
            double.title = self.random.pick(TITLES).to_owned();
        }
        double.phone = if self.random.chance(0.5) { double.phone.replace("+1 ", "").replace(' ', "-") } else { double.phone };
        if self.random.chance(0.4) {
            double.company_name = double.company_name.rsplit_once(' ').map_or_else(String::new, |(name, _)| name.to_uppercase());
        }
        // Two leads never have one address: the double has another one, or none.
        let local = double.email.split('@').next().unwrap_or_default().to_owned();
        let host = double.email.split('@').nth(1).unwrap_or_default().to_owned();
        let random = &mut self.random;
        double.email = match random.below(10) {
            _ if local.is_empty() => format!("{}@{}", address(random, &facts.first_name, &facts.last_name), facts.company_domain),
            0..=2 => String::new(),
            3 => format!("{local}+{}@{host}", random.pick(&["news", "crm", "event"])),
            4 if host == "gmail.com" => {
                format!("{}.{}@{host}", local.chars().take(2).collect::<String>(), local.chars().skip(2).collect::<String>())
            }
            4..=5 => format!("{local}@{}.{host}", random.pick(&["mail", "eu", "us", "corp"])),
            6 => format!("{local}@{}", random.pick(PRIVATE)),
            _ => format!("{}@{host}", address(random, &facts.first_name, &facts.last_name)),
        };
        if double.email.ends_with('@') || double.email == facts.email {
            double.email = String::new();
        }
        let spoilt = match self.random.below(12) {
            0 => {
                double.last_name = typo(&mut self.random, &double.last_name);
                "typo in last name"
            }
            1 => {
                double.first_name = typo(&mut self.random, &double.first_name);
                "typo in first name"
            }
            2 => {
                std::mem::swap(&mut double.first_name, &mut double.last_name);
                "swapped"
            }
            3 => {
                double.first_name = double.first_name.chars().take(1).chain(['.']).collect();
                "initial"
            }
            4 => {
                double.first_name = format!("{} {}", double.first_name, double.last_name);
                double.last_name = String::new();
                "one field"
            }
            5 | 6 => {
                let other = self.random.below(self.companies.len());
                if let Some(company) = self.companies.get(other) {
                    double.company_name.clone_from(&company.name);
                    double.company_domain.clone_from(&company.domain);
                    double.email = format!("{}@{}", if local.is_empty() { "me" } else { &local }, company.domain);
                    // A mobile number and a profile move along, a switchboard does not.
                    double.linkedin_url.clone_from(&facts.linkedin_url);
                    double.city = company.city.0.to_owned();
                    double.country = company.city.1.to_owned();
                }
                "moved"
            }
            7 => {
                double.company_domain = String::new();
                double.company_name = String::new();
                "no company"
            }
            _ => "",
        };
        if let Some((_, short)) = SHORT.iter().find(|(full, _)| *full == double.first_name)
            && self.random.chance(0.5)
        {
            double.first_name = (*short).to_owned();
        }
        if let Some((_, _, latin)) = ACCENTED.iter().find(|(_, native, _)| *native == double.last_name)
            && self.random.chance(0.7)
        {
            double.last_name = (*latin).to_owned();
            double.first_name =
                LATIN.iter().find(|(native, _)| *native == double.first_name).map_or(double.first_name, |(_, latin)| (*latin).to_owned());
        }
        if self.random.chance(0.1) {
            double.first_name = double.first_name.to_uppercase();
            double.last_name = double.last_name.to_uppercase();
        }
        (double, spoilt)
    }

    /// Somebody else who has much in common.
    fn look_alike(&mut self, facts: &Facts, company: usize) {
        let kind = self.random.below(10);
        let first = self.random.pick(words::FIRST_NAMES).to_owned();
        let (other_first, other_last) = self.name();
        let host = facts.email.split('@').nth(1).unwrap_or("nowhere.example").to_owned();
        let person = self.next();
        let (mut other, spoilt) = match kind {
            // A family in one company.
            0..=2 => (self.person(&first, &facts.last_name, company), "family"),
            // Two of one name in one company, each with everything of their own.
            3 => {
                let mut other = self.person(&facts.first_name, &facts.last_name, company);
                other.email =
                    format!("{}{}@{host}", address(&mut self.random, &facts.first_name, &facts.last_name), 2 + self.random.below(8));
                other.phone = number(&mut self.random);
                (other, "namesake in the company")
            }
            // One name in two companies.
            4..=6 => {
                let elsewhere = self.random.below(self.companies.len());
                (self.person(&facts.first_name, &facts.last_name, elsewhere), "namesake")
            }
            // One inbox.
            _ => {
                let mut other = self.person(&other_first, &other_last, company);
                let inbox = self.random.pick(INBOXES);
                other.email = format!("{inbox}+{}@{}", self.random.below(1000), host);
                other.phone.clone_from(&facts.phone);
                (other, "shared inbox")
            }
        };
        if other.email == facts.email {
            other.email = String::new();
        }
        if other.first_name == facts.first_name && spoilt == "family" {
            other.first_name = format!("{}son", other.first_name);
        }
        self.push(person, other, spoilt);
    }
}

/// One slip: a letter left out, doubled, exchanged, or two turned around.
fn typo(random: &mut Random, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 4 {
        return text.to_owned();
    }
    let at = 1 + random.below(letters.len() - 2);
    match random.below(4) {
        0 => {
            letters.remove(at);
        }
        1 => {
            if let Some(letter) = letters.get(at).copied() {
                letters.insert(at, letter);
            }
        }
        2 => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = char::from(b'a' + u8::try_from(random.below(26)).unwrap_or_default());
            }
        }
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}
