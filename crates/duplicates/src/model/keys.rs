//! Blocking: which leads are compared at all.
//!
//! Two leads are compared if they share a key. Each key is narrow enough that only few leads have it, and each
//! forgives another kind of difference: one of them a typing error in the first name, another one in the
//! last name, another a new employer. A key that more than [`MOST`] leads share tells nothing (a switchboard, John
//! Smith) and is passed over.

use super::{nicknames::canonical, person::Person, text};

/// Leads with one key beyond which it compares nobody.
pub const MOST: usize = 40;

/// A key's hash, and what kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub i64);

/// FNV-1a (Fowler, Noll, Vo): the same for ever, because the hashes are stored.
fn hash(kind: u8, parts: &[&str]) -> Key {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut byte = |byte: u8| state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    byte(kind);
    for part in parts {
        part.bytes().for_each(&mut byte);
        byte(0);
    }
    Key(state.cast_signed())
}

/// The full name, in either order, by the full form of the first name.
pub fn name_key(person: &Person) -> Option<Key> {
    if person.given.is_empty() || person.family.is_empty() {
        return None;
    }
    let (given, family) =
        (text::without_umlaut_spelling(canonical(&person.given)), text::without_umlaut_spelling(canonical(&person.family)));
    let (one, other) = if given < family { (given, family) } else { (family, given) };
    Some(hash(b'n', &[&one, &other]))
}

/// The telephone number.
pub fn phone_key(person: &Person) -> Option<Key> {
    (!person.phone.is_empty()).then(|| hash(b'p', &[&person.phone]))
}

/// Every key of a lead, sorted, each once.
pub fn keys(person: &Person) -> Vec<Key> {
    let mut keys = Vec::with_capacity(8);
    keys.extend(name_key(person));
    keys.extend(phone_key(person));
    if let Some(mailbox) = person.mailbox.as_ref().filter(|mailbox| !mailbox.is_shared) {
        keys.push(hash(b'm', &[&mailbox.local, &mailbox.domain]));
        // Whoever changes employers often keeps the left part of the address.
        let is_telling = mailbox.local.len() >= 6 && mailbox.local.contains(|c: char| !c.is_alphabetic());
        if is_telling {
            keys.push(hash(b'o', &[&mailbox.local]));
        }
    }
    if !person.linkedin.is_empty() {
        keys.push(hash(b'l', &[&person.linkedin]));
    }
    if !person.external_id.is_empty() {
        keys.push(hash(b'x', &[&person.external_id]));
    }
    let company = person.company_word();
    if !company.is_empty() {
        if !person.family.is_empty() {
            keys.push(hash(b'c', &[&company, &text::soundex(&text::without_umlaut_spelling(&person.family))]));
        }
        if person.given.len() > 1 {
            keys.push(hash(b'f', &[&company, canonical(&person.given)]));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}
