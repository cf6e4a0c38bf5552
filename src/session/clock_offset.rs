//! The offset between this machine's clock and the servers', measured from their answers and kept for the next run.
//!
//! The kept offset is used to sign the next request and to warn a person. It has no effect on expiry: a record already
//! holds the earlier of the two times ([`Offset::expiry`]).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Session;
use crate::clock::Offset;
use crate::error::Failure;
use crate::folder::{Folder, StateFile};
use crate::http::ClockOffset;

const FILE: &str = "clock";
/// The largest file that is read, in bytes.
const LARGEST: usize = 4096;
/// The age after which a measurement no longer counts.
const LIFE: TimeDelta = TimeDelta::days(1);

/// A stored offset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptOffset {
    /// The host whose clock it was measured against.
    pub host: String,
    /// The host's time minus this machine's, in seconds.
    seconds: i64,
    /// The time of the measurement, by this machine's clock.
    pub at: DateTime<Utc>,
}

impl KeptOffset {
    /// Returns the offset.
    pub fn offset(&self) -> Offset {
        Offset::measured(TimeDelta::try_seconds(self.seconds).unwrap_or_default())
    }
}

/// Describes this machine's clock: "2 h 5 min ahead of HOST's, measured 2026-11-23 10:00 UTC".
impl fmt::Display for KeptOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}'s, measured {}", self.offset(), self.host, self.at.format("%F %R UTC"))
    }
}

fn file(own: &Folder) -> StateFile<KeptOffset> {
    StateFile::new(own.clone(), FILE, LARGEST)
}

/// Returns the offset that an earlier run measured, if it is less than a day old.
fn kept(own: &Folder, now: DateTime<Utc>) -> Option<KeptOffset> {
    let kept = file(own).read()?;
    // A measurement in the future was made before the clock was set back.
    let age = now - kept.at;
    (age >= TimeDelta::zero() && age < LIFE && !kept.offset().is_none()).then_some(kept)
}

impl Session {
    /// Returns the offset that an earlier run measured, if it is less than a day old.
    pub fn kept_offset(&self) -> Option<KeptOffset> {
        kept(self.folder(), self.clock().now())
    }

    /// Returns the offset that this run measured, or else the kept one.
    pub fn offset(&self) -> Offset {
        let kept = || self.kept_offset().map(|kept| kept.offset());
        self.measured().map(|measured| measured.offset).or_else(kept).unwrap_or_default()
    }

    fn measured(&self) -> Option<ClockOffset> {
        self.http.clock_offset()
    }

    /// Saves the offset that this run measured, for use in the next run. Warns if it is so large that AWS refuses
    /// signatures.
    pub fn note_clock(&self) {
        let Some(ClockOffset { host, offset }) = self.measured() else { return };
        let now = self.clock().now();
        let known = kept(self.folder(), now);
        if offset.is_harmful() {
            self.warn(&format!("this machine's clock is {offset} {host}'s: set it right"));
        }
        match (offset.is_none(), known) {
            (true, None) => {}
            (true, Some(_)) => file(self.folder()).remove_or_log("a wrong offset of the clock stays kept"),
            (false, Some(known)) if (known.offset().there(now) - offset.there(now)).abs() < TimeDelta::seconds(5) => {}
            (false, _) => {
                let seconds = (offset.there(now) - now).num_seconds();
                let kept = KeptOffset { host, seconds, at: now };
                // Without the file, the next run has one request refused, and then measures again.
                file(self.folder()).write_or_log(&kept, "the clock's offset could not be kept");
            }
        }
    }

    /// Names this machine's wrong clock as a likely cause of `error`, if AWS refuses signatures because of it.
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
