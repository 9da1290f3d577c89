//! The fields that a filter can name, each with the column that answers.

/// Declares the fields of one kind: the name in the filter language, the column, the words for people.
macro_rules! fields {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal, $column:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the filter language.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The column, of the table that the type stands for.
            pub const fn column(self) -> &'static str {
                match self { $(Self::$variant => $column,)+ }
            }

            /// As people read it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            pub(crate) fn of(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    /// Columns of a lead that hold text.
    TextField {
        FirstName = "first_name", "first_name", "First name";
        LastName = "last_name", "last_name", "Last name";
        Email = "email", "email", "E-mail";
        Phone = "phone", "phone", "Phone";
        Title = "title", "title", "Job title";
        Seniority = "seniority", "seniority", "Seniority";
        Department = "department", "department", "Department";
        LinkedinUrl = "linkedin_url", "linkedin_url", "LinkedIn";
        CompanyName = "company_name", "company_name", "Company";
        CompanyDomain = "company_domain", "company_domain", "Company domain";
        Industry = "industry", "industry", "Industry";
        Country = "country", "country", "Country";
        City = "city", "city", "City";
        Source = "source", "source", "Source";
        ExternalId = "external_id", "external_id", "External id";
    }
}

fields! {
    /// Columns of a lead that hold whole numbers.
    NumberField {
        Score = "score", "score", "Score";
        EmployeeCount = "employee_count", "employee_count", "Employees";
        AnnualRevenue = "annual_revenue", "annual_revenue", "Annual revenue";
    }
}

fields! {
    /// Columns of a lead that hold times.
    DateField {
        CreatedAt = "created_at", "created_at", "Created";
        UpdatedAt = "updated_at", "updated_at", "Updated";
        LastActivityAt = "last_activity_at", "last_activity_at", "Last activity";
    }
}

fields! {
    /// Columns of the lead's account that hold text.
    AccountText {
        Name = "account.name", "name", "Account name";
        Domain = "account.domain", "domain", "Account domain";
        Industry = "account.industry", "industry", "Account industry";
        Country = "account.country", "country", "Account country";
        City = "account.city", "city", "Account city";
    }
}

fields! {
    /// Columns of the lead's account that hold whole numbers.
    AccountNumber {
        EmployeeCount = "account.employee_count", "employee_count", "Account employees";
        AnnualRevenue = "account.annual_revenue", "annual_revenue", "Account revenue";
    }
}

fields! {
    /// How often something happened with a lead's mail. Machines are not counted.
    EngagementCount {
        Sends = "engagement.sends", "sends", "Mails sent";
        Opens = "engagement.opens", "opens", "Mails opened";
        Clicks = "engagement.clicks", "clicks", "Links clicked";
        Replies = "engagement.replies", "replies", "Replies";
        Bounces = "engagement.bounces", "bounces", "Bounces";
    }
}

fields! {
    /// When it happened last.
    EngagementDate {
        LastContacted = "engagement.last_contacted", "last_sent_at", "Last contacted";
        LastOpened = "engagement.last_opened", "last_opened_at", "Last opened";
        LastClicked = "engagement.last_clicked", "last_clicked_at", "Last clicked";
        LastReplied = "engagement.last_replied", "last_replied_at", "Last replied";
        LastBounced = "engagement.last_bounced", "last_bounced_at", "Last bounced";
    }
}
