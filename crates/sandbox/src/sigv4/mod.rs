//! A verifier of AWS Signature Version 4, written from AWS's description
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>) and independent of
//! the signers that it checks.
//!
//! The path that it checks is normalised, as AWS demands of signers for every service but S3: without doubled slashes and
//! dot segments. So a signer that signs the path as it is sent, as Amplify does, is refused for a path that has them. A `+`
//! in a query is a plus sign, as in RFC 3986, not a space.
//!
//! AWS does not document the order of its checks. The order here is: form, signed headers, scope, clock, key, session
//! token, expiry, signature.

mod canonical;
mod presented;

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use ring::hmac;
use subtle::ConstantTimeEq;

pub use self::canonical::Wire;
use self::canonical::{Form, hex, hex_sha256};
use self::presented::{Presented, Scope};
use crate::issued::IssuedKey;

/// The only supported signing algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of every credential scope.
const TERMINATOR: &str = "aws4_request";
/// The format of times in SigV4, which is the basic format of ISO 8601.
const BASIC_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// The service, regions and time that a signature must match.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The service in the credential scope, such as `execute-api`. The forms of the path and of the body's hash depend on
    /// it.
    pub service: &'a str,
    /// The regions that the credential scope may name.
    pub regions: &'a [&'a str],
    /// The time of the service's clock.
    pub now: DateTime<Utc>,
    /// The maximum accepted difference between the signing time and the service's clock, in either direction. A
    /// presigned request may instead be as old as the lifetime that it states.
    pub window: TimeDelta,
}

/// The reason why the verifier refuses a request. `Display` has AWS's own wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The request has no signature.
    Unsigned,
    /// The signature is incomplete or malformed.
    Incomplete(String),
    /// The signature is for the wrong service, region or day, its time is outside the accepted range, or a required
    /// header is not signed.
    Invalid(String),
    /// The access key id is unknown, or the session token does not belong to this access key.
    UnknownKey,
    /// The credentials have expired.
    Expired,
    /// The signature does not match the request.
    Mismatch {
        /// The canonical request that the verifier computed. Like the answer of AWS, it contains the session token.
        canonical_request: String,
        /// The string to sign that the verifier computed.
        string_to_sign: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Unsigned => f.write_str("Missing Authentication Token"),
            Refused::Incomplete(message) | Refused::Invalid(message) => f.write_str(message),
            Refused::UnknownKey => f.write_str("The security token included in the request is invalid."),
            Refused::Expired => f.write_str("The security token included in the request is expired"),
            Refused::Mismatch { .. } => f.write_str(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        }
    }
}

/// Verifies the signature in the header or the query of `request`, and returns the credentials that signed the request.
///
/// # Errors
/// Returns [`Refused`] for the first check that fails.
pub fn verify(
    request: &Request<Bytes>,
    expected: &Expected<'_>,
    find_key: impl Fn(&str) -> Option<IssuedKey>,
) -> Result<IssuedKey, Refused> {
    verify_wire(&Wire::of(request), expected, find_key)
}

/// Verifies the signature of a request that is given in parts; otherwise like [`verify`].
///
/// # Errors
/// Fails like [`verify`].
pub fn verify_wire(
    wire: &Wire<'_>,
    expected: &Expected<'_>,
    find_key: impl Fn(&str) -> Option<IssuedKey>,
) -> Result<IssuedKey, Refused> {
    let presented = Presented::read(wire)?;
    check_signed_headers(wire, &presented.signed_headers)?;
    check_scope(&presented, expected)?;
    check_clock(&presented, expected)?;
    let body_hash = body_hash(wire, expected.service, presented.presigned)?;
    let key = find_key(&presented.access_key_id).ok_or(Refused::UnknownKey)?;
    // A key without a session token is a long-term key. A session token with such a key is as wrong as a temporary
    // key without its session token.
    let token = presented.session_token.as_deref().unwrap_or_default();
    if !same(token, &key.session_token) {
        return Err(Refused::UnknownKey);
    }
    if key.expires <= expected.now {
        return Err(Refused::Expired);
    }
    let form = Form { is_key: is_s3(expected.service), body_hash: &body_hash };
    let canonical_request = wire.canonical_request(&presented.signed_headers, presented.presigned, &form);
    let string_to_sign = string_to_sign(&presented, &canonical_request);
    if same(&signature(&key.secret_access_key, &presented.scope, &string_to_sign), &presented.signature) {
        return Ok(key);
    }
    let canonical_request = String::from_utf8_lossy(&canonical_request).into_owned();
    Err(Refused::Mismatch { canonical_request, string_to_sign })
}

/// Returns whether S3's signing rules for paths and bodies apply to `service`.
fn is_s3(service: &str) -> bool {
    ["s3", "s3-object-lambda", "s3-outposts", "s3express"].contains(&service)
}

/// Returns the body hash for the canonical request: the body's SHA-256 hash in hexadecimal, or `UNSIGNED-PAYLOAD`. S3,
/// OpenSearch Serverless (`aoss`) and VPC Lattice demand it in `x-amz-content-sha256`, and accept `UNSIGNED-PAYLOAD`
/// instead of a hash. VPC Lattice accepts only `UNSIGNED-PAYLOAD`.
fn body_hash(wire: &Wire<'_>, service: &str, presigned: bool) -> Result<String, Refused> {
    const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
    let (computed, is_lattice) = (hex_sha256(wire.body), service == "vpc-lattice-svcs");
    let is_demanded = is_s3(service) || is_lattice || service == "aoss";
    match wire.header_text("x-amz-content-sha256") {
        None if is_s3(service) && presigned => Ok(UNSIGNED.into()),
        None if is_demanded => {
            Err(Refused::Invalid("Missing required header for this request: x-amz-content-sha256".into()))
        }
        None => Ok(computed),
        Some(sent) if sent == UNSIGNED && is_demanded => Ok(sent),
        Some(sent) if sent == computed && !is_lattice => Ok(sent),
        Some(_) => {
            Err(Refused::Invalid("The provided 'x-amz-content-sha256' header does not match what was computed.".into()))
        }
    }
}

/// Checks that the host and every `x-amz-*` header are signed. Anyone on the network path could change unsigned
/// headers.
fn check_signed_headers(wire: &Wire<'_>, signed_headers: &str) -> Result<(), Refused> {
    let signed = |name: &str| signed_headers.split(';').any(|signed| signed == name);
    if !wire.has_header("host") || !signed("host") {
        return Err(Refused::Invalid(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into(),
        ));
    }
    let mut names = wire.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    match names.find(|name| name.starts_with("x-amz-") && !signed(name)) {
        Some(name) => Err(Refused::Invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."))),
        None => Ok(()),
    }
}

fn check_scope(presented: &Presented, expected: &Expected<'_>) -> Result<(), Refused> {
    let Scope { date, region, service, terminator } = &presented.scope;
    let timestamp = basic(presented.time);
    let fault = if terminator != TERMINATOR {
        format!("Credential should be scoped with a valid terminator: '{TERMINATOR}', got '{terminator}'.")
    } else if service != expected.service {
        format!("Credential should be scoped to correct service: '{}'.", expected.service)
    } else if !expected.regions.contains(&region.as_str()) {
        format!("Credential should be scoped to a valid Region, not '{region}'.")
    } else if let day = presented.time.format("%Y%m%d").to_string()
        && *date != day
    {
        format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != \
             '{day}', from '{timestamp}'."
        )
    } else {
        return Ok(());
    };
    Err(Refused::Invalid(fault))
}

fn check_clock(presented: &Presented, expected: &Expected<'_>) -> Result<(), Refused> {
    let (time, now) = (presented.time, expected.now);
    let life = presented.life.unwrap_or(expected.window);
    let fault = if now - time > life {
        let (limit, life) = (basic(now - life), in_words(life));
        format!("Signature expired: {} is now earlier than {limit} ({} - {life})", basic(time), basic(now))
    } else if time - now > expected.window {
        let (limit, window) = (basic(now + expected.window), in_words(expected.window));
        format!("Signature not yet current: {} is still later than {limit} ({} + {window})", basic(time), basic(now))
    } else {
        return Ok(());
    };
    Err(Refused::Invalid(fault))
}

/// Formats a duration in AWS's style, such as `5 min.`. A duration that is not a whole number of minutes is given in
/// seconds.
fn in_words(delta: TimeDelta) -> String {
    match delta.num_seconds() {
        seconds if seconds % 60 == 0 => format!("{} min.", seconds / 60),
        seconds => format!("{seconds} s."),
    }
}

fn basic(time: DateTime<Utc>) -> String {
    time.format(BASIC_FORMAT).to_string()
}

fn string_to_sign(presented: &Presented, canonical_request: &[u8]) -> String {
    let Scope { date, region, service, terminator } = &presented.scope;
    let (time, hash) = (basic(presented.time), hex_sha256(canonical_request));
    format!("{ALGORITHM}\n{time}\n{date}/{region}/{service}/{terminator}\n{hash}")
}

fn signature(secret_access_key: &str, scope: &Scope, string_to_sign: &str) -> String {
    let parts = [&scope.date, &scope.region, &scope.service, &scope.terminator];
    let signing_key = parts.iter().fold(format!("AWS4{secret_access_key}").into_bytes(), |key, part| mac(&key, part));
    hex(&mac(&signing_key, string_to_sign))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// Returns whether two strings are equal, in constant time.
fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
