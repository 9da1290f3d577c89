//! Time-based codes (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of skew either way, which
//! is what every authenticator app understands.

use jiff::Timestamp;
use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Algorithm, Builder, Totp, TotpError};

/// 160 bits, the length of the hash (RFC 4226, section 4).
pub(super) const SECRET_BYTES: usize = 20;

/// The generator behind `secret`; `account` and `issuer` are what the app shows.
pub(super) fn generator(secret: &[u8], account: &str, issuer: &str) -> Result<Totp, TotpError> {
    // A colon separates the two in the label.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(secret.to_vec())
        .with_account_name(plain(account))
        .with_issuer(Some(plain(issuer)))
        .build()
}

/// The time step that `code` belongs to, if it is one that counts at `now`.
pub(super) fn step(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<i64>, TotpError> {
    // Apps show the digits in two groups, and people type what they see.
    let digits: String = code.chars().filter(|char| !char.is_whitespace()).take(7).collect();
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let found = generator(secret, "", "")?.check(&digits, seconds);
    Ok(found.and_then(|step| i64::try_from(step).ok()))
}

/// `text` as a QR code in SVG. Colours by name: a `#` would end the data URL that clients make of it.
pub(super) fn qr_svg(text: &str) -> Option<String> {
    // Readers need four modules of white around it (ISO/IEC 18004).
    const BORDER: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let dark = (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + BORDER, y + BORDER)).collect();
    let side = size + 2 * BORDER;
    Some(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{0}" height="{0}" shape-rendering="crispEdges"><path fill="white" d="M0 0h{side}v{side}h-{side}z"/><path fill="black" d="{path}"/></svg>"#,
        side * 4
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(step(SECRET, code, at).unwrap(), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn one_step_of_skew_counts_and_two_do_not() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let code = "287082"; // of the second 59: step 1
        assert_eq!(step(SECRET, " 287 082 ", at(89)).unwrap(), Some(1));
        assert_eq!(step(SECRET, code, at(0)).unwrap(), Some(1));
        assert_eq!(step(SECRET, code, at(90)).unwrap(), None);
        for wrong in ["", "28708", "2870822", "+87082", "28708a", "２８７０８２"] {
            assert_eq!(step(SECRET, wrong, at(59)).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_names_issuer_and_account_and_fits_into_a_qr_code() {
        let uri = generator(SECRET, "ada@example.com", "Leadline: sales").unwrap().to_url().unwrap();
        assert!(uri.starts_with("otpauth://totp/Leadline%20%20sales:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        let svg = qr_svg(&uri).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && !svg.contains('#'));
    }
}
