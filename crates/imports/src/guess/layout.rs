//! Exports of well-known programs, told by the columns that only they have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::plan::LeadField;

/// Whose export a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layout {
    Hubspot,
    Salesforce,
    Apollo,
    SalesNavigator,
    Linkedin,
    Outlook,
    Google,
}

/// What a column of a known layout is, where its name alone would mislead.
type Hint = (&'static str, Option<LeadField>);

/// What a layout is told by, and what its columns mean.
struct Known {
    layout: Layout,
    /// Names of columns, as compared; so many of them must be there.
    marks: &'static [&'static str],
    at_least: usize,
    hints: &'static [Hint],
}

impl Layout {
    /// The name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Salesforce => "salesforce",
            Self::Apollo => "apollo",
            Self::SalesNavigator => "sales_navigator",
            Self::Linkedin => "linkedin",
            Self::Outlook => "outlook",
            Self::Google => "google",
        }
    }

    /// As people call it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Hubspot => "a HubSpot export",
            Self::Salesforce => "a Salesforce export",
            Self::Apollo => "an Apollo export",
            Self::SalesNavigator => "a LinkedIn Sales Navigator export",
            Self::Linkedin => "a LinkedIn connections export",
            Self::Outlook => "an Outlook export",
            Self::Google => "a Google Contacts export",
        }
    }

    /// The layout that these names (as compared) are of.
    pub(super) fn of(names: &[String]) -> Option<Self> {
        let score = |known: &Known| known.marks.iter().filter(|mark| names.iter().any(|name| name == *mark)).count();
        let fitting = KNOWN.iter().map(|known| (score(known), known)).filter(|(score, known)| *score >= known.at_least);
        fitting.max_by_key(|(score, _)| *score).map(|(_, known)| known.layout)
    }

    /// What this layout means by a column: a field, or nothing that a lead has.
    pub(super) fn hint(self, name: &str) -> Option<Option<LeadField>> {
        let known = KNOWN.iter().find(|known| known.layout == self)?;
        known.hints.iter().find(|(hinted, _)| *hinted == name).map(|(_, field)| *field)
    }
}

const KNOWN: &[Known] = &[
    Known {
        layout: Layout::Hubspot,
        marks: &[
            "record id",
            "record id contact",
            "contact owner",
            "lifecycle stage",
            "associated company",
            "create date",
            "last activity date",
            "last modified date",
            "marketing contact status",
            "hubspot team",
            "associated company ids",
            "became a lead date",
            "original source",
            "hs object id",
        ],
        at_least: 3,
        hints: &[
            ("record id", Some(LeadField::ExternalId)),
            ("record id contact", Some(LeadField::ExternalId)),
            ("hs object id", Some(LeadField::ExternalId)),
            ("lifecycle stage", Some(LeadField::Status)),
            ("associated company", Some(LeadField::CompanyName)),
            ("original source", Some(LeadField::Source)),
        ],
    },
    Known {
        layout: Layout::Salesforce,
        marks: &[
            "lead id",
            "contact id",
            "account name",
            "company account",
            "lead source",
            "lead owner",
            "contact owner",
            "account owner",
            "mailing city",
            "mailing country",
            "mailing state province",
            "created date",
            "rating",
            "owner id",
            "is converted",
            "is deleted",
            "master record id",
            "system modstamp",
            "no of employees",
            "do not call",
            "email opt out",
            "has opted out of email",
        ],
        at_least: 3,
        hints: &[
            ("lead id", Some(LeadField::ExternalId)),
            ("contact id", Some(LeadField::ExternalId)),
            ("id", Some(LeadField::ExternalId)),
            ("company account", Some(LeadField::CompanyName)),
            ("account name", Some(LeadField::CompanyName)),
            ("no of employees", Some(LeadField::EmployeeCount)),
            ("is deleted", None),
            ("master record id", None),
            ("system modstamp", None),
        ],
    },
    Known {
        layout: Layout::Apollo,
        marks: &[
            "company name for emails",
            "email status",
            "# employees",
            "person linkedin url",
            "company linkedin url",
            "apollo contact id",
            "apollo account id",
            "primary email source",
            "email confidence",
            "seo description",
            "work direct phone",
            "corporate phone",
        ],
        at_least: 3,
        hints: &[
            ("company", Some(LeadField::CompanyName)),
            ("person linkedin url", Some(LeadField::LinkedinUrl)),
            ("apollo contact id", Some(LeadField::ExternalId)),
            ("company country", None),
            ("company city", None),
        ],
    },
    Known {
        layout: Layout::SalesNavigator,
        marks: &[
            "sales navigator url",
            "sales nav url",
            "sales navigator profile url",
            "default profile url",
            "linked in profile url",
            "current job",
            "duration in role",
            "duration in company",
            "title description",
            "company linkedin url",
            "company linked in url",
            "connection degree",
            "shared connections count",
            "matches filters",
            "years in position",
            "years in company",
            "past experience company name",
            "company location",
        ],
        at_least: 2,
        hints: &[
            ("default profile url", Some(LeadField::LinkedinUrl)),
            ("linked in profile url", Some(LeadField::LinkedinUrl)),
            ("linkedin url", Some(LeadField::LinkedinUrl)),
            ("current job", Some(LeadField::Title)),
            ("company website", Some(LeadField::CompanyDomain)),
            ("company url", None),
            ("matches filters", None),
            ("query", None),
            ("timestamp", None),
        ],
    },
    Known {
        layout: Layout::Linkedin,
        marks: &["connected on", "url", "email address", "position", "company"],
        at_least: 4,
        hints: &[("url", Some(LeadField::LinkedinUrl)), ("position", Some(LeadField::Title))],
    },
    Known {
        layout: Layout::Outlook,
        marks: &[
            "e mail address",
            "e mail type",
            "e mail display name",
            "business phone",
            "business fax",
            "business street",
            "business city",
            "business country region",
            "web page",
            "assistant s name",
            "assistant s phone",
            "anniversary",
            "company main phone",
            "car phone",
        ],
        at_least: 3,
        hints: &[
            ("e mail address", Some(LeadField::Email)),
            ("e mail type", None),
            ("e mail display name", None),
            ("business city", Some(LeadField::City)),
            ("business country region", Some(LeadField::Country)),
            ("categories", Some(LeadField::Tags)),
            ("web page", Some(LeadField::CompanyDomain)),
        ],
    },
    Known {
        layout: Layout::Google,
        marks: &[
            "e mail 1 value",
            "e mail 1 type",
            "e mail 1 label",
            "phone 1 value",
            "phone 1 label",
            "group membership",
            "yomi name",
            "phonetic first name",
            "file as",
            "organization name",
            "organization 1 name",
            "address 1 label",
            "name prefix",
            "photo",
        ],
        at_least: 3,
        hints: &[
            ("e mail 1 type", None),
            ("e mail 1 label", None),
            ("phone 1 type", None),
            ("phone 1 label", None),
            ("address 1 label", None),
            ("photo", None),
            ("file as", None),
            ("name", None),
            ("group membership", Some(LeadField::Tags)),
            ("labels", Some(LeadField::Tags)),
            ("website 1 value", Some(LeadField::CompanyDomain)),
            ("website 1 label", None),
        ],
    },
];
