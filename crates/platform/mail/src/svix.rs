//! Signatures of webhooks in the Svix scheme (which is also the Standard Webhooks `v1` scheme), as
//! Resend uses it: HMAC-SHA256 over `id.timestamp.body` with the base64 part of a `whsec_` secret.
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How far the sender's clock and ours may be apart.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Why a webhook was not believed. Says nothing that helps a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SvixError {
    #[error("the signing secret must be `whsec_` followed by base64")]
    Secret,
    #[error("svix-timestamp is not a number of seconds since 1970")]
    Timestamp,
    #[error("svix-timestamp is too old")]
    TooOld,
    #[error("svix-timestamp is in the future")]
    TooNew,
    #[error("svix-signature does not match")]
    Signature,
}

/// Checks a delivery. `id`, `timestamp` and `signatures` are the values of the `svix-id`,
/// `svix-timestamp` and `svix-signature` headers, `body` the raw bytes of the request.
///
/// During a rotation of the secret `signatures` holds several, separated by spaces; one has to match.
pub fn verify(
    secret: &str,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<(), SvixError> {
    let seconds: i64 = timestamp.parse().map_err(|_| SvixError::Timestamp)?;
    let sent = Timestamp::from_second(seconds).map_err(|_| SvixError::Timestamp)?;
    let expected = mac(secret, id, timestamp, body)?;
    let mut matches = Choice::from(0);
    for signature in signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")) {
        if let Ok(given) = STANDARD.decode(signature) {
            matches |= given.ct_eq(&expected);
        }
    }
    if !bool::from(matches) {
        return Err(SvixError::Signature);
    }
    // Judged after the signature, so that only the holder of the secret learns about our clock.
    let age = now.duration_since(sent);
    if age > tolerance {
        return Err(SvixError::TooOld);
    }
    if age < -tolerance {
        return Err(SvixError::TooNew);
    }
    Ok(())
}

/// The `svix-signature` for a delivery, e.g. of a simulated provider.
pub fn sign(secret: &str, id: &str, timestamp: Timestamp, body: &[u8]) -> Result<String, SvixError> {
    let mac = mac(secret, id, &timestamp.as_second().to_string(), body)?;
    Ok(format!("v1,{}", STANDARD.encode(mac)))
}

fn mac(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Result<Vec<u8>, SvixError> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).map_err(|_| SvixError::Secret)?;
    if key.is_empty() {
        return Err(SvixError::Secret);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SvixError::Secret)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of the Svix documentation.
    const SECRET: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl";
    const ID: &str = "msg_loFOjxBNrRLzqYUf";
    const TIME: &str = "1731705121";
    const BODY: &[u8] = br#"{"event_type":"ping","data":{"success":true}}"#;
    const SIGNATURE: &str = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn known_vectors() {
        assert_eq!(sign(SECRET, ID, at(1_731_705_121), BODY).unwrap(), SIGNATURE);
        verify(SECRET, ID, TIME, SIGNATURE, BODY, at(1_731_705_121), TOLERANCE).unwrap();
        verify(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            br#"{"test": 2432232314}"#,
            at(1_614_265_330),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn one_of_several_signatures_suffices() {
        let now = at(1_731_705_121);
        let many = format!("v1,bm9ncmVhdA== v1a,xxxx garbage {SIGNATURE} v2,zzz");
        verify(SECRET, ID, TIME, &many, BODY, now, TOLERANCE).unwrap();
        for bad in ["", "v1,", "v2,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", "v1,bm9ncmVhdA=="] {
            assert_eq!(verify(SECRET, ID, TIME, bad, BODY, now, TOLERANCE), Err(SvixError::Signature), "{bad:?}");
        }
    }

    #[test]
    fn every_part_is_covered() {
        let now = at(1_731_705_121);
        assert_eq!(verify(SECRET, "msg_other", TIME, SIGNATURE, BODY, now, TOLERANCE), Err(SvixError::Signature));
        assert_eq!(verify(SECRET, ID, "1731705122", SIGNATURE, BODY, now, TOLERANCE), Err(SvixError::Signature));
        assert_eq!(verify(SECRET, ID, TIME, SIGNATURE, b"{}", now, TOLERANCE), Err(SvixError::Signature));
        assert_eq!(verify("whsec_AAAA", ID, TIME, SIGNATURE, BODY, now, TOLERANCE), Err(SvixError::Signature));
        assert_eq!(verify("whsec_!!", ID, TIME, SIGNATURE, BODY, now, TOLERANCE), Err(SvixError::Secret));
        assert_eq!(verify(SECRET, ID, "soon", SIGNATURE, BODY, now, TOLERANCE), Err(SvixError::Timestamp));
    }

    #[test]
    fn five_minutes_either_way() {
        for (offset, expected) in [(300, Ok(())), (301, Err(SvixError::TooOld)), (-300, Ok(())), (-301, Err(SvixError::TooNew))] {
            assert_eq!(verify(SECRET, ID, TIME, SIGNATURE, BODY, at(1_731_705_121 + offset), TOLERANCE), expected, "{offset}");
        }
    }
}
