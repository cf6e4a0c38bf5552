//! This machine's clock against the servers': measured from their answers, and kept for the next run.
//!
//! What is kept serves to sign the next request right and to tell a person. Whether something has expired is never
//! decided by it: records hold the earlier of the two times from the start ([`Offset::expiry`]).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Session;
use crate::clock::Offset;
use crate::error::Failure;
use crate::folder::Folder;
use crate::http::ClockOffset;

const FILE: &str = "clock";
const LARGEST: usize = 4096;
/// What was measured longer ago than this says nothing about today's clock.
const LIFE: TimeDelta = TimeDelta::days(1);

/// An offset as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptOffset {
    /// Whose clock it was measured against.
    pub host: String,
    /// How far that was from this machine's, in seconds: theirs less ours.
    seconds: i64,
    /// When, by this machine's clock.
    pub at: DateTime<Utc>,
}

impl KeptOffset {
    /// The offset.
    pub fn offset(&self) -> Offset {
        Offset::measured(TimeDelta::try_seconds(self.seconds).unwrap_or_default())
    }
}

/// As a person says it of this machine's clock: "2 h 5 min ahead of HOST's, measured 2026-11-23 10:00 UTC".
impl fmt::Display for KeptOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}'s, measured {}", self.offset(), self.host, self.at.format("%F %R UTC"))
    }
}

/// What was measured by an earlier run, if that says anything still.
fn kept(own: &Folder, now: DateTime<Utc>) -> Option<KeptOffset> {
    let kept: KeptOffset = serde_json::from_slice(&own.read(FILE, LARGEST).ok()??).ok()?;
    // One from the future was measured before the clock was put back.
    let age = now - kept.at;
    (age >= TimeDelta::zero() && age < LIFE && !kept.offset().is_none()).then_some(kept)
}

impl Session {
    /// What an earlier run measured, if that says anything still.
    pub fn kept_offset(&self) -> Option<KeptOffset> {
        kept(self.folder(), self.clock().now())
    }

    /// How far the servers' clock is from this machine's, as far as this run or an earlier one knows.
    pub fn offset(&self) -> Offset {
        let kept = || self.kept_offset().map(|kept| kept.offset());
        self.measured().map(|measured| measured.offset).or_else(kept).unwrap_or_default()
    }

    fn measured(&self) -> Option<ClockOffset> {
        self.http.clock_offset()
    }

    /// Keeps what this run has measured for the next one, and tells of a clock by which signatures are refused.
    pub fn note_clock(&self) {
        let Some(ClockOffset { host, offset }) = self.measured() else { return };
        let now = self.clock().now();
        let known = kept(self.folder(), now);
        if offset.is_harmful() {
            self.warn(&format!("this machine's clock is {offset} {host}'s: set it right"));
        }
        let outcome = match (offset.is_none(), known) {
            (true, None) => return,
            (true, Some(_)) => self.folder().remove(FILE),
            (false, Some(known)) if (known.offset().there(now) - offset.there(now)).abs() < TimeDelta::seconds(5) => {
                return;
            }
            (false, _) => {
                let seconds = (offset.there(now) - now).num_seconds();
                let kept = serde_json::to_vec(&KeptOffset { host, seconds, at: now });
                kept.map_err(anyhow::Error::from).and_then(|bytes| self.folder().replace(FILE, &bytes))
            }
        };
        // It only saves the next run a request that is refused.
        if let Err(error) = outcome {
            tracing::debug!(%error, "the clock's offset could not be kept");
        }
    }

    /// The same failure, and a wrong clock named as a likely cause of it.
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
