//! The signature in a request's `Authorization` header, or in its query (presigned).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use ring::digest::{SHA256, digest};

use crate::sigv4::canonical::Wire;
use crate::sigv4::{ALGORITHM, BASIC_FORMAT, Refused};

/// The maximum lifetime of a presigned request, in seconds: one week.
const LONGEST_LIFE: i64 = 604_800;

/// A signature as the request contains it, parsed but not verified.
#[derive(Debug)]
pub(super) struct Presented {
    pub access_key_id: String,
    pub scope: Scope,
    pub signed_headers: String,
    pub signature: String,
    /// The signing time that the request states.
    pub time: DateTime<Utc>,
    pub session_token: Option<String>,
    /// True if the signature is in the query, not in a header.
    pub presigned: bool,
    /// The lifetime that a presigned request states, if there is one.
    pub life: Option<TimeDelta>,
}

/// The four parts of a SigV4 credential scope.
#[derive(Debug)]
pub(super) struct Scope {
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
}

impl Presented {
    /// Reads the signature from the `Authorization` header or, if there is none, from the query.
    pub(super) fn read(wire: &Wire<'_>) -> Result<Self, Refused> {
        if let Some(header) = wire.header_text("authorization") {
            return Self::from_header(wire, &header);
        }
        let signing = |name: &[u8]| matches!(name, b"X-Amz-Algorithm" | b"X-Amz-Credential" | b"X-Amz-Signature");
        if wire.query_pairs().any(|(name, _)| signing(&name)) { Self::from_query(wire) } else { Err(Refused::Unsigned) }
    }

    fn from_header(wire: &Wire<'_>, header: &str) -> Result<Self, Refused> {
        if header.is_empty() {
            return Err(Refused::Incomplete("Authorization header cannot be empty: ''.".into()));
        }
        let fingerprint = BASE64_STANDARD.encode(digest(&SHA256, header.as_bytes()));
        let (algorithm, rest) = header.split_once(' ').unwrap_or(("", header));
        let mut pairs = Vec::new();
        for part in rest.split(',') {
            pairs.push(part.trim().split_once('=').ok_or_else(|| {
                Refused::Incomplete(format!(
                    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and \
                     encoded with Base64): '{fingerprint}'."
                ))
            })?);
        }
        if algorithm.starts_with("AWS4-") && algorithm != ALGORITHM {
            return Err(Refused::Incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let only = |name: &str| only_value(pairs.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value));
        let [credential, signature, signed_headers] = ["Credential", "Signature", "SignedHeaders"].map(only);
        let date = wire.header_text("x-amz-date").or_else(|| wire.header_text("date"));
        let (Some(credential), Some(signature), Some(signed_headers), Some(date), ALGORITHM) =
            (credential, signature, signed_headers, &date, algorithm)
        else {
            let values = [credential, signature, signed_headers].map(|value| value.filter(|_| algorithm == ALGORITHM));
            return Err(incomplete(values, date.is_some(), &fingerprint));
        };
        let (access_key_id, scope) = read_credential(credential)?;
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: signed_headers.into(),
            signature: signature.into(),
            time: read_date(date)?,
            session_token: wire.header_text("x-amz-security-token"),
            presigned: false,
            life: None,
        })
    }

    fn from_query(wire: &Wire<'_>) -> Result<Self, Refused> {
        let pairs: Vec<(Vec<u8>, String)> =
            wire.query_pairs().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect();
        let only = |name: &str| {
            only_value(pairs.iter().filter(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.as_str()))
        };
        let names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
        let values = names.map(only);
        let [Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date)] = values else {
            let missing = names.iter().zip(values).filter(|(_, value)| value.is_none());
            let sentences = missing.map(|(name, _)| format!("AWS query-string parameters must include '{name}'. "));
            let sentences: String = sentences.collect();
            return Err(Refused::Incomplete(format!("{sentences}Re-examine the query-string parameters.")));
        };
        if algorithm != ALGORITHM {
            return Err(Refused::Incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let life = match pairs.iter().any(|(name, _)| name == b"X-Amz-Expires") {
            true => Some(read_life(only("X-Amz-Expires").unwrap_or_default())?),
            false => None,
        };
        let (access_key_id, scope) = read_credential(credential)?;
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: signed_headers.into(),
            signature: signature.into(),
            time: read_date(date)?,
            session_token: only("X-Amz-Security-Token")
                .map(str::to_owned)
                .or_else(|| wire.header_text("x-amz-security-token")),
            presigned: true,
            life,
        })
    }
}

/// Returns an error that names each missing part of an incomplete `Authorization` header. A header with another scheme
/// lacks everything.
fn incomplete(values: [Option<&str>; 3], has_date: bool, fingerprint: &str) -> Refused {
    let lacking = ["Credential", "Signature", "SignedHeaders"].iter().zip(values).filter(|(_, value)| value.is_none());
    let mut sentences: Vec<String> =
        lacking.map(|(name, _)| format!("Authorization header requires '{name}' parameter.")).collect();
    if !has_date {
        sentences.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into());
    }
    sentences.push(format!("(Hashed with SHA-256 and encoded with Base64) Authorization={fingerprint}"));
    Refused::Incomplete(sentences.join(" "))
}

/// Returns the only value, or `None` if there are no values or several. With several it would be unclear which one
/// counts.
fn only_value<'v>(mut values: impl Iterator<Item = &'v str>) -> Option<&'v str> {
    let first = values.next()?;
    if values.next().is_none() { Some(first) } else { None }
}

fn read_credential(credential: &str) -> Result<(String, Scope), Refused> {
    match *credential.split('/').collect::<Vec<_>>() {
        [access_key_id, date, region, service, terminator] => Ok((
            access_key_id.into(),
            Scope { date: date.into(), region: region.into(), service: service.into(), terminator: terminator.into() },
        )),
        _ => Err(Refused::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        ))),
    }
}

/// Parses a time in the basic format of ISO 8601, or in the format of the header `Date`.
fn read_date(date: &str) -> Result<DateTime<Utc>, Refused> {
    // chrono would also accept spaces in place of leading zeros.
    let basic = date.len() == 16 && date.bytes().all(|byte| byte.is_ascii_digit() || b"TZ".contains(&byte));
    let basic = NaiveDateTime::parse_from_str(date, BASIC_FORMAT).ok().filter(|_| basic).map(|time| time.and_utc());
    basic.or_else(|| DateTime::parse_from_rfc2822(date).ok().map(Into::into)).ok_or_else(|| {
        Refused::Incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

fn read_life(seconds: &str) -> Result<TimeDelta, Refused> {
    let seconds = Some(seconds).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = seconds.and_then(|text| text.parse::<i64>().ok()).filter(|life| (1..=LONGEST_LIFE).contains(life));
    seconds
        .and_then(TimeDelta::try_seconds)
        .ok_or_else(|| Refused::Incomplete(format!("X-Amz-Expires must be between 1 and {LONGEST_LIFE} seconds")))
}
