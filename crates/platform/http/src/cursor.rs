use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{FieldError, Problem};

/// The place in a list after which the next page begins; opaque to whoever carries it.
pub struct Cursor;

impl Cursor {
    /// The text form of the last row's sort key.
    pub fn encode(key: &impl Serialize) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
    }

    /// Reads a cursor that [`Cursor::encode`] wrote.
    pub fn decode<K: DeserializeOwned>(text: &str) -> Result<K, Problem> {
        // PostgreSQL stores no NUL, so no row of ours has one in its key.
        let plain = |bytes: &Vec<u8>| !bytes.windows(6).any(|part| part == br"\u0000");
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .filter(plain)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(Self::invalid)
    }

    /// Says that a cursor is none of this list.
    pub fn invalid() -> Problem {
        Problem::invalid(vec![FieldError::new(
            "/cursor",
            "cursor.invalid",
            "is not a cursor of this list: pass next_cursor unchanged, with the same sort, or leave it out to begin again",
        )])
    }
}
