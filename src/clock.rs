//! What time it is, as something that is passed in: tests hold it still, or move it. And how far this machine's clock is
//! from those of the servers, which a laptop that has slept, or was set by hand, has to know.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Offsets below this are as good as none: a `Date` counts whole seconds, and an exchange takes its time.
const NOTICEABLE: TimeDelta = TimeDelta::minutes(1);
/// By how much the time of a signature may differ from AWS's clock, either way
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
pub const SIGNATURE_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// This machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands where it was put until it is moved: shared by all its clones.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that shows `now` from now on.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock on, or back if `by` is negative.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the servers' clock is from this machine's: theirs less ours, as measured from an answer.
///
/// It serves to sign requests, and to read the times in the very answer that it was measured by. Nothing that is kept
/// lives longer for it than this machine's own clock allows: see [`Offset::expiry`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset(TimeDelta);

impl Offset {
    /// The offset that was measured; none where it is less than a minute.
    pub fn measured(theirs_less_ours: TimeDelta) -> Self {
        if theirs_less_ours.abs() < NOTICEABLE { Self::default() } else { Self(theirs_less_ours) }
    }

    /// Whether the clocks agree, as far as that can be told.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether requests that are signed by this machine's clock are refused.
    pub fn is_harmful(self) -> bool {
        self.0.abs() >= SIGNATURE_TOLERANCE
    }

    /// What the servers' clock shows when this machine's shows `ours`.
    pub fn there(self, ours: DateTime<Utc>) -> DateTime<Utc> {
        ours.checked_add_signed(self.0).unwrap_or(ours)
    }

    /// What this machine's clock shows when the servers' shows `theirs`.
    pub fn here(self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        theirs.checked_sub_signed(self.0).unwrap_or(theirs)
    }

    /// When something that expires at `theirs` is to be taken for expired here: by this machine's clock or by the
    /// servers', whichever comes first. The clock may be put right at any time, and what was noted must not live longer
    /// for it.
    pub fn expiry(self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        theirs.min(self.here(theirs))
    }
}

/// Reads the one form of a date that servers may send, IMF-fixdate (RFC 9110, section 5.6.7).
pub fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    text.ends_with("GMT").then(|| DateTime::parse_from_rfc2822(text).ok())?.map(|time| time.to_utc())
}

/// Formats a length of time in full words, in its two largest units: "1 hour 15 minutes". Nothing for less than a second.
pub fn in_words(length: TimeDelta) -> String {
    let units = [
        ("day", length.num_days()),
        ("hour", length.num_hours() % 24),
        ("minute", length.num_minutes() % 60),
        ("second", length.num_seconds() % 60),
    ];
    let shown = units.iter().skip_while(|(_, count)| *count == 0).take(2).filter(|(_, count)| *count > 0);
    let shown: Vec<String> =
        shown.map(|(unit, count)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    shown.join(" ")
}

/// As a person says it of this machine's clock, before the name of the other: "2 h 5 min ahead of".
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, direction) = (self.0.abs(), if self.0 < TimeDelta::zero() { "ahead of" } else { "behind" });
        match (size.num_days(), size.num_hours() % 24, size.num_minutes() % 60) {
            (0, 0, minutes) => write!(f, "{minutes} min {direction}"),
            (0, hours, minutes) => write!(f, "{hours} h {minutes} min {direction}"),
            (days, hours, _) => write!(f, "{days} d {hours} h {direction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_moves_times_and_prolongs_none() {
        let noon = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let hours = TimeDelta::hours;
        let (ahead, behind) = (Offset::measured(hours(-2)), Offset::measured(hours(2)));
        assert_eq!((ahead.there(noon), ahead.here(noon)), (noon - hours(2), noon + hours(2)));
        assert_eq!((behind.there(noon), behind.here(noon)), (noon + hours(2), noon - hours(2)));
        assert_eq!((ahead.expiry(noon), behind.expiry(noon)), (noon, noon - hours(2)));
        let absurd = Offset::measured(TimeDelta::MAX);
        assert_eq!((absurd.there(noon), absurd.here(noon), absurd.expiry(noon)), (noon, noon, noon));
    }

    #[test]
    fn what_is_less_than_a_minute_is_no_offset_and_five_minutes_do_harm() {
        for (seconds, is_none, is_harmful) in
            [(0, true, false), (59, true, false), (60, false, false), (299, false, false), (300, false, true)]
        {
            for seconds in [seconds, -seconds] {
                let offset = Offset::measured(TimeDelta::seconds(seconds));
                assert_eq!((offset.is_none(), offset.is_harmful()), (is_none, is_harmful), "{seconds}");
            }
        }
    }

    #[test]
    fn an_offset_is_said_of_this_machine() {
        for (seconds, said) in [
            (-7500, "2 h 5 min ahead of"),
            (7500, "2 h 5 min behind"),
            (-60, "1 min ahead of"),
            (3600, "1 h 0 min behind"),
            (86_400 * 3 + 7200, "3 d 2 h behind"),
        ] {
            assert_eq!(Offset::measured(TimeDelta::seconds(seconds)).to_string(), said);
        }
    }
}
