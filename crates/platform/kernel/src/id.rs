use bytes::BytesMut;
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// A text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id of the form {prefix}_ followed by 32 hexadecimal digits")]
pub struct InvalidId {
    prefix: &'static str,
    text: String,
}

/// What all typed ids share.
pub trait TypedId: Copy {
    /// What the text form starts with; also the subject's type in the event log.
    const PREFIX: &'static str;
    /// The bare value.
    fn uuid(self) -> Uuid;
}

/// Declares ids that cannot be mixed up: a UUIDv7 inside (so that they sort by creation),
/// `prefix_<32 hex digits>` outside, `uuid` in SQL.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id, greater than all earlier ones of this process.
            #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare value.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| InvalidId { prefix: $prefix, text: text.chars().take(80).collect() })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
                self.0.to_sql(ty, out)
            }
            fn accepts(ty: &Type) -> bool {
                <Uuid as ToSql>::accepts(ty)
            }
            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Uuid::from_sql(ty, raw).map(Self)
            }
            fn accepts(ty: &Type) -> bool {
                <Uuid as FromSql>::accepts(ty)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .description(Some(concat!("`", $prefix, "_` and a UUIDv7 in 32 hexadecimal digits")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

ids! {
    /// An organisation: the tenant.
    OrgId = "org";
    /// A person who signs in.
    UserId = "user";
    /// One signed-in browser or client.
    SessionId = "sess";
    /// A program's key to the API.
    ApiKeyId = "key";
    /// People of an organisation who work together.
    TeamId = "team";
    /// A place in an organisation that waits for somebody.
    InvitationId = "inv";
    /// An organisation's own identity provider.
    ConnectionId = "sso";
    /// A second factor.
    FactorId = "factor";
    /// A person who may buy.
    LeadId = "lead";
    /// The company a lead works for.
    AccountId = "acct";
    /// One file brought in.
    ImportId = "imp";
    /// What a piece of work has changed, to be undone.
    ChangeSetId = "change";
    /// A file of leads on its way out.
    ExportId = "export";
    /// A named group of leads.
    SegmentId = "segment";
    /// What somebody wrote down about a lead.
    NoteId = "note";
    /// What somebody is to do about a lead.
    TaskId = "task";
    /// A filter, sort and columns under a name.
    ViewId = "view";
    /// Leads that may be the same person.
    ClusterId = "cluster";
    /// A reusable e-mail text.
    TemplateId = "tmpl";
    /// A sequence of e-mails over an audience.
    CampaignId = "camp";
    /// One e-mail of a campaign's sequence.
    StepId = "step";
    /// One row of the send ledger: this step of this campaign to this lead.
    SendId = "send";
    /// A message in the mail catcher.
    MessageId = "msg";
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_as_text_and_json_and_refuse_another_kind() {
        let id = LeadId::new();
        let text = id.to_string();
        assert!(text.starts_with("lead_"));
        assert_eq!(text.parse::<LeadId>().unwrap(), id);
        assert_eq!(serde_json::from_str::<LeadId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        assert!(text.replace("lead_", "acct_").parse::<LeadId>().is_err());
        assert!("lead_123".parse::<LeadId>().is_err());
        assert!("acct_1".parse::<AccountId>().unwrap_err().to_string().contains("acct_"));
    }
}
