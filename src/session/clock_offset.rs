//! The offsets between the clocks of this machine and the servers, measured from answers and stored for later runs.
//!
//! An offset is kept for the host that it was measured at. The hosts of the issuer, the identity pool and STS tell the
//! time for every request; any other host, such as an API that is called, only for requests to itself, and only within
//! the life of the credentials. So no API can make cogfed sign requests to others for a time of its choice.
//!
//! The kept offset is used to sign the next request and to warn a person. It has no effect on expiry: a record already
//! holds the earlier of the two times ([`Offset::expiry`]).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Session;
use crate::clock::Offset;
use crate::error::Failure;
use crate::folder::{Folder, StateFile};
use crate::http::ClockOffset;
use crate::network::authority_of;
use crate::profile::{Issuer, Profile};

/// The folder for stored clock offsets, with one file per host.
const FOLDER: &str = "clocks";
/// The file in which pre-release builds stored the last measured offset of any host.
const EARLIER_FILE: &str = "clock";
/// The maximum size of a stored offset's file, in bytes.
const LARGEST: usize = 4096;
/// The age at which a stored measurement is no longer used.
const LIFE: TimeDelta = TimeDelta::days(1);
/// The minimum difference from the stored offset for a new one to be saved.
const CHANGE: TimeDelta = TimeDelta::seconds(5);

/// A stored clock offset of one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptOffset {
    /// The host whose clock was measured.
    pub host: String,
    /// The host's time minus this machine's, in seconds.
    seconds: i64,
    /// The time of the measurement, by this machine's clock.
    pub at: DateTime<Utc>,
}

impl KeptOffset {
    /// Returns the stored offset.
    pub fn offset(&self) -> Offset {
        Offset::measured(TimeDelta::try_seconds(self.seconds).unwrap_or_default())
    }
}

/// Describes the offset of this machine's clock, such as "2 h 5 min ahead of HOST's, measured 2026-11-23 10:00 UTC".
impl fmt::Display for KeptOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}'s, measured {}", self.offset(), self.host, self.at.format("%F %R UTC"))
    }
}

fn file(own: &Folder, host: &str) -> StateFile<KeptOffset> {
    StateFile::new(own.sub(FOLDER), host, LARGEST)
}

/// Returns the stored clock offset of `host`, or `None` if no offset was measured within the last day.
fn kept(own: &Folder, host: &str, now: DateTime<Utc>) -> Option<KeptOffset> {
    let earlier = || StateFile::<KeptOffset>::new(own.clone(), EARLIER_FILE, LARGEST).read();
    let kept = file(own, host).read().or_else(earlier).filter(|kept| kept.host == host)?;
    // A measurement in the future was made before the clock was set back.
    let age = now - kept.at;
    (age >= TimeDelta::zero() && age < LIFE).then_some(kept)
}

/// Returns the hosts whose clocks apply to all requests: the hosts of the issuer, the identity pool and STS.
fn hosts(profile: &Profile) -> Vec<String> {
    let of_issuer = match &profile.issuer {
        Issuer::UserPool(pool) => vec![&pool.endpoints.token, &pool.endpoints.jwks, &pool.endpoints.authorization],
        Issuer::Plain(issuer) => vec![&issuer.url, &issuer.discovery],
    };
    let urls = of_issuer.into_iter().chain([&profile.endpoints.identity_pool, &profile.endpoints.sts]);
    let mut hosts: Vec<String> = urls.filter_map(|url| authority_of(&Url::parse(url).ok()?)).collect();
    if let Issuer::Plain(issuer) = &profile.issuer {
        hosts.extend(issuer.hosts.iter().cloned());
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

impl Session {
    /// Returns the newest stored clock offset of any host of the profile, or `None` if no offset was measured within
    /// the last day.
    pub fn kept_offset(&self) -> Option<KeptOffset> {
        let (hosts, now) = (hosts(self.profile()), self.clock().now());
        let kept = hosts.iter().filter_map(|host| kept(self.folder(), host, now));
        kept.filter(|kept| !kept.offset().is_none()).max_by_key(|kept| kept.at)
    }

    /// Returns the clock offset that this run measured last at a host of the profile or, without such a measurement,
    /// the stored offset.
    pub fn offset(&self) -> Offset {
        let kept = || self.kept_offset().map(|kept| kept.offset());
        self.measured().map(|measured| measured.offset).or_else(kept).unwrap_or_default()
    }

    /// Returns the clock offset for signing a request to the API at `host` with credentials that remain valid for
    /// `life`. This is the API's own offset if an earlier request showed one, and otherwise the offset of the profile's
    /// hosts.
    pub fn offset_for(&self, host: &str, life: TimeDelta) -> Offset {
        let kept = || kept(self.folder(), host, self.clock().now()).map(|kept| kept.offset());
        let own = self.http.clock_offset_of(host).or_else(kept);
        own.filter(|own| self.may_use(*own, life)).unwrap_or_else(|| self.offset())
    }

    /// Returns whether signatures may use `own`, the clock offset of an API, with credentials that remain valid for
    /// `life`. A signature for a time at which the credentials do not live is of no use to anyone who is honest.
    pub fn may_use(&self, own: Offset, life: TimeDelta) -> bool {
        let now = self.clock().now();
        (own.there(now) - self.offset().there(now)).abs() <= life
    }

    fn measured(&self) -> Option<ClockOffset> {
        self.http.clock_offset_among(&hosts(self.profile()))
    }

    /// Stores the clock offset that this run measured at a host of the profile. Warns if it is so large that AWS
    /// refuses signatures.
    pub fn note_clock(&self) {
        let Some(ClockOffset { host, offset }) = self.measured() else { return };
        if offset.is_harmful() {
            self.warn(&format!("this machine's clock is {offset} {host}'s: set it right"));
        }
        for other in hosts(self.profile()).iter().filter(|other| **other != host) {
            self.forget_clock(other);
        }
        match offset.is_none() {
            true => self.forget_clock(&host),
            false => self.keep_clock(&host, offset),
        }
    }

    /// Stores the clock offset of the API at `host`, after the API has accepted a signature that was made with this
    /// offset.
    pub fn note_clock_of(&self, host: &str) {
        let Some(offset) = self.http.clock_offset_of(host) else { return };
        if hosts(self.profile()).iter().any(|own| own == host) {
            return self.note_clock();
        }
        match offset == self.offset() {
            true => self.forget_clock(host),
            false => {
                let differs = match self.measured().is_some() || self.kept_offset().is_some() {
                    true => format!("the clock of {host} differs from the {}'s", self.profile().issuer.described()),
                    false => format!("this machine's clock is {offset} {host}'s"),
                };
                self.warn(&format!("{differs}: requests to {host} are signed by its clock"));
                self.keep_clock(host, offset);
            }
        }
    }

    fn keep_clock(&self, host: &str, offset: Offset) {
        let now = self.clock().now();
        let is_known = |known: KeptOffset| (known.offset().there(now) - offset.there(now)).abs() < CHANGE;
        if kept(self.folder(), host, now).is_some_and(is_known) {
            return;
        }
        let seconds = (offset.there(now) - now).num_seconds();
        let kept = KeptOffset { host: host.to_owned(), seconds, at: now };
        // Without the file, the next run has one request refused, and then measures again.
        file(self.folder(), host).write_or_log(&kept, "the clock's offset could not be kept");
    }

    fn forget_clock(&self, host: &str) {
        if kept(self.folder(), host, self.clock().now()).is_none() {
            return;
        }
        file(self.folder(), host).remove_or_log("a wrong offset of the clock stays kept");
        let earlier = StateFile::<KeptOffset>::new(self.folder().clone(), EARLIER_FILE, LARGEST);
        if earlier.read().is_some_and(|kept| kept.host == host) {
            earlier.remove_or_log("a wrong offset of the clock stays kept");
        }
    }

    /// Adds a note about this machine's clock to `error` if the clock is so wrong that AWS refuses signatures.
    pub fn with_clock_named(&self, error: Failure) -> Failure {
        match self.measured() {
            Some(ClockOffset { host, offset }) if offset.is_harmful() => {
                let message = format!("{error} (this machine's clock is {offset} {host}'s)");
                let hint = error.hint.or_else(|| Some("set this machine's clock right".to_owned()));
                Failure { message, hint, ..error }
            }
            _ => error,
        }
    }
}
