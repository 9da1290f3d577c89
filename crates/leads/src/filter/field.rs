/// Declares the columns of one kind: the name in the filter language is the column's.
macro_rules! fields {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, which is the column's.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
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
    /// Columns that hold text.
    TextField {
        FirstName = "first_name", "First name";
        LastName = "last_name", "Last name";
        Email = "email", "E-mail";
        Phone = "phone", "Phone";
        Title = "title", "Job title";
        Seniority = "seniority", "Seniority";
        Department = "department", "Department";
        LinkedinUrl = "linkedin_url", "LinkedIn";
        CompanyName = "company_name", "Company";
        CompanyDomain = "company_domain", "Company domain";
        Industry = "industry", "Industry";
        Country = "country", "Country";
        City = "city", "City";
        Source = "source", "Source";
        ExternalId = "external_id", "External id";
    }
}

fields! {
    /// Columns that hold whole numbers.
    NumberField {
        Score = "score", "Score";
        EmployeeCount = "employee_count", "Employees";
        AnnualRevenue = "annual_revenue", "Annual revenue";
    }
}

fields! {
    /// Columns that hold times.
    DateField {
        CreatedAt = "created_at", "Created";
        UpdatedAt = "updated_at", "Updated";
        LastActivityAt = "last_activity_at", "Last activity";
    }
}
