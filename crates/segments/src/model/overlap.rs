use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How two segments share their leads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Overlap {
    /// In both.
    pub(crate) both: i64,
    /// In the first only.
    pub(crate) only_a: i64,
    /// In the second only.
    pub(crate) only_b: i64,
}

impl Overlap {
    pub(crate) fn of(a: i64, b: i64, both: i64) -> Self {
        Self { both, only_a: a - both, only_b: b - both }
    }
}
