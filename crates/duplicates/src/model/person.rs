//! What a lead says about who they are, in the form in which it is compared.

use kernel::LeadId;
use leads::model::company::is_free_mail;

use super::text;

/// Mailboxes of a function and not of a person: whoever shares one is nobody's double for it.
const SHARED: &[&str] = &[
    "abuse",
    "accounts",
    "admin",
    "anfrage",
    "billing",
    "booking",
    "buchhaltung",
    "careers",
    "contact",
    "contacto",
    "contatti",
    "einkauf",
    "enquiries",
    "finance",
    "hallo",
    "hello",
    "help",
    "helpdesk",
    "hr",
    "info",
    "invoice",
    "invoices",
    "it",
    "jobs",
    "kontakt",
    "mail",
    "mailbox",
    "marketing",
    "news",
    "newsletter",
    "noreply",
    "office",
    "order",
    "orders",
    "post",
    "postmaster",
    "press",
    "privacy",
    "purchasing",
    "reception",
    "sales",
    "secretary",
    "service",
    "shop",
    "support",
    "team",
    "vendas",
    "ventas",
    "vertrieb",
    "verkauf",
    "webmaster",
    "welcome",
];

/// The facts of a lead as they are stored.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: String,
    pub linkedin_url: String,
    pub company_name: String,
    pub company_domain: String,
    pub external_id: String,
    pub title: String,
    pub city: String,
    /// ISO 3166-1 alpha-2 where recognised.
    pub country: String,
}

/// An e-mail address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    /// Without what stands behind a plus, and without dots where the host ignores them.
    pub(crate) local: String,
    /// What the owner of the host has registered.
    pub(crate) domain: String,
    pub(crate) is_private_host: bool,
    /// Of a function: info@, sales@.
    pub(crate) is_shared: bool,
}

/// A lead, ready to be compared.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: LeadId,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) mailbox: Option<Mailbox>,
    /// The last nine digits, so that a country's code matters no more than a zero in its place.
    pub(crate) phone: String,
    pub(crate) linkedin: String,
    /// Without legal form and spaces.
    pub(crate) company: String,
    /// What the company has registered; empty for private mailboxes.
    pub(crate) domain: String,
    pub(crate) external_id: String,
    pub(crate) title: String,
    pub(crate) city: String,
    pub(crate) country: String,
}

impl Mailbox {
    /// Gmail ignores dots, many hosts what stands behind a plus; sub-domains of one company are one host.
    pub(crate) fn parse(email: &str) -> Option<Self> {
        let (local, host) = email.trim().rsplit_once('@')?;
        let (local, host) = (local.to_lowercase(), host.to_lowercase());
        let local = local.split_once('+').map_or(local.as_str(), |(before, _)| before).to_owned();
        let host = if host == "googlemail.com" { "gmail.com" } else { &host };
        let is_private_host = is_free_mail(host);
        let local = if host == "gmail.com" { local.replace('.', "") } else { local };
        if local.is_empty() {
            return None;
        }
        let word = local.trim_end_matches(|c: char| c.is_ascii_digit()).split(['.', '-', '_']).next().unwrap_or_default();
        let is_shared = SHARED.contains(&word) || SHARED.contains(&local.as_str());
        Some(Self { local, domain: text::registrable(host).to_owned(), is_private_host, is_shared })
    }
}

impl Person {
    /// Reads a lead's facts.
    pub fn new(id: LeadId, facts: &Facts) -> Self {
        let (given, family) = names(&facts.first_name, &facts.last_name);
        let mailbox = Mailbox::parse(&facts.email);
        let stated = text::registrable(facts.company_domain.trim_start_matches("www.")).to_lowercase();
        let domain = match &mailbox {
            _ if !stated.is_empty() && !is_free_mail(&stated) => stated,
            Some(mailbox) if !mailbox.is_private_host => mailbox.domain.clone(),
            _ => String::new(),
        };
        Self {
            id,
            given,
            family,
            mailbox,
            phone: phone(&facts.phone),
            linkedin: linkedin(&facts.linkedin_url),
            company: text::company(&facts.company_name),
            domain,
            external_id: text::words(&facts.external_id).concat().trim_start_matches('0').to_owned(),
            title: text::words(&facts.title).join(" "),
            city: text::words(&facts.city).concat(),
            country: facts.country.trim().to_lowercase(),
        }
    }

    /// The company's name without spaces, told by its domain if there is one: `acme` of acme.com.
    pub(crate) fn company_word(&self) -> String {
        match self.domain.split_once('.') {
            Some((label, _)) => label.replace('-', ""),
            None => self.company.clone(),
        }
    }
}

/// Whether an address is that of a function: info@, sales@.
pub(crate) fn is_shared_address(email: &str) -> bool {
    Mailbox::parse(email).is_some_and(|mailbox| mailbox.is_shared)
}

/// Given and family name. All of a name in one field is taken apart; `Byron, Ada` is turned around.
fn names(first: &str, last: &str) -> (String, String) {
    let (first, last) = match (first.split_once(','), last.trim().is_empty()) {
        (Some((family, given)), true) => (given, family),
        _ => (first, last),
    };
    let (mut given, mut family) = (text::name_words(first), text::name_words(last));
    if family.is_empty() && given.len() > 1 {
        family.extend(given.pop());
    }
    if given.is_empty() && family.len() > 1 {
        given.push(family.remove(0));
    }
    // Middle names come and go from one list to the next: the first one counts.
    (given.into_iter().next().unwrap_or_default(), family.concat())
}

/// At least seven digits, and not one digit only.
fn phone(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let distinct = digits.iter().any(|digit| Some(digit) != digits.first());
    if digits.len() < 7 || !distinct {
        return String::new();
    }
    digits.iter().skip(digits.len().saturating_sub(9)).collect()
}

/// The part of a profile's address that names the person.
fn linkedin(url: &str) -> String {
    let lower = url.to_lowercase();
    let Some((_, after)) = lower.split_once("linkedin.com/") else { return String::new() };
    let mut parts = after.split(['/', '?', '#']).filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some("in" | "pub"), Some(slug)) => slug.to_owned(),
        (Some("sales"), Some(_)) => parts.next().map(|lead| format!("sales/{lead}")).unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(email: &str) -> (String, String, bool) {
        let mailbox = Mailbox::parse(email).unwrap();
        (mailbox.local, mailbox.domain, mailbox.is_shared)
    }

    #[test]
    fn an_address_is_one_mailbox_in_every_spelling() {
        assert_eq!(mailbox("Ada.Byron+news@GoogleMail.com"), ("adabyron".to_owned(), "gmail.com".to_owned(), false));
        assert_eq!(mailbox("ada@eu.mail.acme.co.uk"), ("ada".to_owned(), "acme.co.uk".to_owned(), false));
        assert!(mailbox("sales2@acme.com").2 && mailbox("info.de@acme.com").2 && !mailbox("ira@acme.com").2);
        assert!(Mailbox::parse("nobody").is_none() && Mailbox::parse("+x@acme.com").is_none());
    }

    #[test]
    fn names_are_found_in_whichever_field_they_stand() {
        for (first, last) in
            [("Ada", "Byron"), ("Ada Augusta", "Byron"), ("Ada Byron", ""), ("Byron, Ada", ""), ("", "Ada Byron"), ("Dr. Ada", "BYRON")]
        {
            assert_eq!(names(first, last), ("ada".to_owned(), "byron".to_owned()), "{first:?} {last:?}");
        }
    }

    #[test]
    fn numbers_and_profiles_are_normalised() {
        assert_eq!(phone("+49 (0)30 1234-567"), phone("030 1234567"));
        assert_eq!((phone("12345"), phone("0000000000")), (String::new(), String::new()));
        assert_eq!(linkedin("https://de.linkedin.com/in/Ada-Byron/?trk=x"), "ada-byron");
        assert_eq!(linkedin("https://www.linkedin.com/company/acme"), "");
    }
}
