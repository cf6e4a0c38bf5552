//! The signing keys of an issuer (RFC 7517). They are public, and cached in cogfed's own folder for a day.

mod set;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id_token::{self, Expected, IdTokenClaims, Invalid};
use crate::error::{Failure, Kind};
use crate::folder::{Folder, StateFile};
use crate::http::Http;
use crate::json;
use crate::secret::Secret;

pub use set::{KeySet, key_set};

/// The age at which cached keys are fetched again.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// The minimum pause between two fetches of the keys because of unknown key ids. It prevents forged tokens from making
/// cogfed flood the issuer.
const REFETCH_AFTER: TimeDelta = TimeDelta::minutes(5);

/// The maximum size of the cache file, in bytes.
const LARGEST: usize = 256 * 1024;

/// The contents of the cache file: a key set, the URL of the key set, and the time of the fetch.
#[derive(Serialize, Deserialize)]
struct CachedKeys {
    fetched_at: DateTime<Utc>,
    url: String,
    keys: Value,
}

/// The signing keys of one issuer, fetched from its URL and cached.
pub struct Keys<'a> {
    http: &'a Http,
    folder: &'a Folder,
    url: &'a str,
}

impl<'a> Keys<'a> {
    /// Creates a handle for the key set at `url`, which is cached in `folder`.
    pub fn new(http: &'a Http, folder: &'a Folder, url: &'a str) -> Self {
        Self { http, folder, url }
    }

    /// Verifies an ID token with the issuer's keys. Fetches the keys again if the token's key is unknown, at most once
    /// in five minutes.
    ///
    /// # Errors
    /// [`Kind::Refused`] if the token is not valid, [`Kind::Network`] if the keys cannot be fetched.
    pub async fn verify(&self, token: &Secret, expected: &Expected<'_>) -> Result<IdTokenClaims, Failure> {
        let kept = self.kept(expected.now);
        let fresh_enough = kept.as_ref().is_some_and(|kept| expected.now - kept.fetched_at < REFETCH_AFTER);
        if let Some(kept) = kept {
            match id_token::verify(token, &key_set(&kept.keys)?, expected) {
                Err(Invalid::UnknownKey) if !fresh_enough => {}
                other => return other.map_err(|invalid| refused(invalid, expected.described())),
            }
        }
        let keys = self.fetch(expected.now, expected.described()).await?;
        id_token::verify(token, &key_set(&keys)?, expected).map_err(|invalid| refused(invalid, expected.described()))
    }

    fn file(&self) -> StateFile<CachedKeys> {
        StateFile::new(self.folder.sub("keys"), self.url, LARGEST)
    }

    fn kept(&self, now: DateTime<Utc>) -> Option<CachedKeys> {
        let kept = self.file().read()?;
        let age = now - kept.fetched_at;
        (kept.url == self.url && key_set(&kept.keys).is_ok() && age >= TimeDelta::zero() && age < LIFE).then_some(kept)
    }

    async fn fetch(&self, now: DateTime<Utc>, described: &str) -> Result<Value, Failure> {
        let answer = self.http.send_repeatable(self.request(described)?).await?;
        self.keep(&answer, now, described)
    }

    /// Returns whether the cache contains keys that are less than a day old.
    pub fn are_kept(&self, now: DateTime<Utc>) -> bool {
        self.kept(now).is_some()
    }

    /// Returns the HTTP request that fetches the keys.
    ///
    /// # Errors
    /// [`Kind::Usage`] if their address is not a URL.
    pub fn request(&self, described: &str) -> Result<http::Request<Vec<u8>>, Failure> {
        let request = http::Request::get(self.url).header(http::header::ACCEPT, "application/json").body(Vec::new());
        request.map_err(|error| {
            Failure::new(Kind::Usage, format!("the address of the {described}'s keys is not a URL: {error}"))
        })
    }

    /// Caches the key set in `answer`, and returns it.
    ///
    /// # Errors
    /// [`Kind::Network`] if the answer has no keys.
    pub fn keep(
        &self,
        answer: &http::Response<Vec<u8>>,
        now: DateTime<Utc>,
        described: &str,
    ) -> Result<Value, Failure> {
        let unusable = |what: String| {
            Failure::new(Kind::Network, format!("cannot get the {described}'s signing keys: {what}"))
                .hint("check user_pool_id and endpoints.user_pool (or issuer and endpoints.issuer) in the profile")
                .after(self.http.retry_after(answer))
        };
        if answer.status() != http::StatusCode::OK {
            return Err(unusable(format!("status {}", answer.status().as_u16())));
        }
        let keys = json::value(answer.body())
            .ok_or_else(|| unusable("it is not JSON in which each name is there once".into()))?;
        key_set(&keys)?;
        let kept = CachedKeys { fetched_at: now, url: self.url.to_owned(), keys };
        // An error is only logged, because the copy only saves a request. A folder that is not writable is reported
        // when it matters.
        self.file().write_or_log(&kept, "the signing keys could not be kept");
        Ok(kept.keys)
    }
}

fn refused(invalid: Invalid, described: &str) -> Failure {
    let what = match invalid {
        Invalid::UnknownKey => format!("it is signed by a key that the {described} does not publish"),
        Invalid::Token(what) => what,
    };
    Failure::new(Kind::Refused, format!("the ID token is not accepted: {what}"))
        .hint(format!("try again; if it happens again, tell the administrator of the {described}"))
}

#[cfg(test)]
mod tests;
