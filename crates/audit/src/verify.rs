//! Checks an exported log: without this server, and without trust in whoever kept the file.

use std::io::{self, BufRead};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet},
};
use kernel::OrgId;

use crate::{
    entry::{Entry, Fault, Link},
    export::{SEAL_TYPE, Seal, SealLine},
};

/// An entry is a few hundred bytes; a line beyond this is none.
const LONGEST_LINE: u64 = 4 << 20;

/// The public keys that a seal may be signed with.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<Jwk>);

impl KeySet {
    /// From a JWK set (RFC 7517), such as `/.well-known/jwks.json` of the installation that exported.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str::<JwkSet>(json).map(|set| Self(set.keys)).map_err(|error| format!("this is not a JWK set: {error}"))
    }
}

/// What was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub seal: Seal,
    /// Which key signed it.
    pub key: String,
}

/// What is wrong with a file, and where.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("line {line} (after entry {after}) is neither an entry nor a seal: {why}")]
    Unreadable { line: u64, after: i64, why: String },
    #[error("line {line}: {fault}")]
    Chain { line: u64, fault: Fault },
    #[error("line {line}: entry {no} is not in its place, which is line {belongs}")]
    Moved { line: u64, no: i64, belongs: u64 },
    #[error("the seal at the end is missing, so nothing says that entry {last} is the last one")]
    NoSeal { last: i64 },
    #[error("line {line} comes after the seal")]
    BehindSeal { line: u64 },
    #[error("the seal is not signed by a key that we were given (its key is {key}): {why}")]
    Signature { key: String, why: String },
    #[error("the seal says something else than its signature")]
    SealChanged,
    #[error("entry {no} is missing: the seal counts {count} entries up to {last}")]
    Truncated { no: i64, count: i64, last: i64 },
    #[error("entry {no} is missing, with which the sealed export begins")]
    Beheaded { no: i64 },
    #[error("the seal belongs to another export: {0}")]
    AnotherExport(String),
}

/// Walks the file from its first line to its seal, a line in memory at a time.
pub fn verify(mut file: impl BufRead, keys: &KeySet) -> Result<Verified, VerifyError> {
    let mut walk = Walk::default();
    let mut text = Vec::new();
    for line in 1.. {
        if !next_line(&mut file, &mut text)? {
            break;
        }
        if let Err(error) = walk.line(line, text.trim_ascii()) {
            return Err(explained(error, &mut file)?);
        }
    }
    let Some(sealed) = &walk.sealed else { return Err(VerifyError::NoSeal { last: walk.link.no }) };
    check(sealed, &walk, keys)
}

fn next_line(file: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    text.clear();
    Ok(io::Read::take(file, LONGEST_LINE).read_until(b'\n', text)? > 0)
}

/// An entry that is missing where it should be may come later: then it was moved, not removed.
fn explained(error: VerifyError, file: &mut impl BufRead) -> io::Result<VerifyError> {
    let VerifyError::Chain { line, fault: Fault::Missing { no } } = error else { return Ok(error) };
    let mut text = Vec::new();
    let mut seen = line;
    while next_line(file, &mut text)? {
        seen += 1;
        if serde_json::from_slice::<Entry>(text.trim_ascii()).is_ok_and(|entry| entry.no == no) {
            return Ok(VerifyError::Moved { line: seen, no, belongs: line });
        }
    }
    Ok(VerifyError::Chain { line, fault: Fault::Missing { no } })
}

struct Walk {
    link: Link,
    org: Option<OrgId>,
    /// The number of the first entry, and the one before it as that entry has it.
    first: Option<i64>,
    sealed: Option<SealLine>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { link: Link::beginning(), org: None, first: None, sealed: None }
    }
}

impl Walk {
    fn line(&mut self, line: u64, text: &[u8]) -> Result<(), VerifyError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.sealed.is_some() {
            return Err(VerifyError::BehindSeal { line });
        }
        if text.starts_with(b"{\"seal\"") {
            let sealed = serde_json::from_slice(text).map_err(|error| self.unreadable(line, &error))?;
            self.sealed = Some(sealed);
            return Ok(());
        }
        let entry: Entry = serde_json::from_slice(text).map_err(|error| self.unreadable(line, &error))?;
        if *self.org.get_or_insert(entry.org) != entry.org {
            return Err(VerifyError::Chain { line, fault: Fault::Foreign { no: entry.no } });
        }
        if self.first.is_none() {
            // An export may begin in the middle; its seal says where, and only number 1 follows nothing.
            self.first = Some(entry.no);
            if entry.no > 1 {
                self.link = Link { no: entry.no - 1, hash: entry.previous_hash.clone() };
            }
        }
        self.link.follow(&entry).map_err(|fault| VerifyError::Chain { line, fault })
    }

    fn unreadable(&self, line: u64, error: &serde_json::Error) -> VerifyError {
        VerifyError::Unreadable { line, after: self.link.no, why: error.to_string() }
    }
}

fn check(sealed: &SealLine, walk: &Walk, keys: &KeySet) -> Result<Verified, VerifyError> {
    let (seal, key) = open(&sealed.jws, keys)?;
    if seal != sealed.seal {
        return Err(VerifyError::SealChanged);
    }
    if let Some(org) = walk.org.filter(|org| *org != seal.org) {
        return Err(VerifyError::AnotherExport(format!("it is of {}, the entries are of {org}", seal.org)));
    }
    let Some(first) = walk.first else {
        return if seal.count == 0 { Ok(Verified { seal, key }) } else { Err(truncated(&seal, seal.first_no)) };
    };
    let last = walk.link.no;
    if seal.count == 0 || first < seal.first_no || last > seal.last_no {
        return Err(VerifyError::AnotherExport(format!(
            "it counts entries {} to {}, the file has {first} to {last}",
            seal.first_no, seal.last_no
        )));
    }
    if first > seal.first_no {
        return Err(VerifyError::Beheaded { no: seal.first_no });
    }
    if last < seal.last_no {
        return Err(truncated(&seal, last + 1));
    }
    if walk.link.hash != seal.head_hash {
        return Err(VerifyError::AnotherExport(format!("entry {last} has another hash than the one it was sealed with")));
    }
    Ok(Verified { seal, key })
}

const fn truncated(seal: &Seal, no: i64) -> VerifyError {
    VerifyError::Truncated { no, count: seal.count, last: seal.last_no }
}

/// What a seal's signature covers. The key is looked up among those given, the algorithm is ours to choose.
fn open(jws: &str, keys: &KeySet) -> Result<(Seal, String), VerifyError> {
    let refused = |key: &str, why: String| VerifyError::Signature { key: key.to_owned(), why };
    let header = decode_header(jws).map_err(|error| refused("unknown", error.to_string()))?;
    let kid = header.kid.clone().unwrap_or_default();
    if header.typ.as_deref() != Some(SEAL_TYPE) {
        return Err(refused(&kid, "it is not the signature of an audit export".to_owned()));
    }
    let known = keys.0.iter().find(|key| key.common.key_id.as_deref() == Some(kid.as_str()));
    let key = known.ok_or_else(|| refused(&kid, "pass the JWK set of the installation that exported the file with --jwks".to_owned()))?;
    let key = DecodingKey::from_jwk(key).map_err(|error| refused(&kid, error.to_string()))?;
    let mut checks = Validation::new(Algorithm::ES256);
    checks.set_required_spec_claims::<&str>(&[]);
    checks.validate_exp = false;
    checks.validate_aud = false;
    let seal = decode::<Seal>(jws, &key, &checks).map_err(|error| refused(&kid, error.to_string()))?.claims;
    Ok((seal, kid))
}
