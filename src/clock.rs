//! A source of the time that tests can replace, and the offset between the clocks of this machine and a server.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The minimum clock offset that counts; smaller offsets are ignored. A smaller one may be an error of measurement: a
/// `Date` has whole seconds, and an exchange takes time.
const NOTICEABLE: TimeDelta = TimeDelta::minutes(1);
/// The maximum difference that AWS accepts between a signature's time and AWS's own clock, in either direction
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
pub const SIGNATURE_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// Returns the current time, in UTC.
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

/// A clock whose time changes only when the caller moves it. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Creates a clock that shows `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock forward by `by`, or back if `by` is negative.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The difference between the clocks of a server and this machine (server minus machine), measured from an HTTP
/// response.
///
/// It is used to sign requests, and to read the times in the answer that it was measured from. It never prolongs the
/// life of anything stored: see [`Offset::expiry`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset(TimeDelta);

impl Offset {
    /// Creates an offset from a measured difference: the server's time minus this machine's time. Less than a minute
    /// counts as no offset.
    pub fn measured(theirs_less_ours: TimeDelta) -> Self {
        if theirs_less_ours.abs() < NOTICEABLE { Self::default() } else { Self(theirs_less_ours) }
    }

    /// Returns whether the offset is zero, because none was measured or the measured offset is too small to count.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Returns whether the offset is so large that AWS refuses requests signed with this machine's time.
    pub fn is_harmful(self) -> bool {
        self.0.abs() >= SIGNATURE_TOLERANCE
    }

    /// Converts a time on this machine's clock to the same moment on the server's clock.
    pub fn there(self, ours: DateTime<Utc>) -> DateTime<Utc> {
        ours.checked_add_signed(self.0).unwrap_or(ours)
    }

    /// Converts a time on the server's clock to the same moment on this machine's clock.
    pub fn here(self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        theirs.checked_sub_signed(self.0).unwrap_or(theirs)
    }

    /// Converts `theirs`, an expiry time on the server's clock, to the time on this machine's clock at which the item
    /// counts as expired. It is expired once this machine's clock or the server's says so: a later correction of the
    /// clock must not prolong its life.
    pub fn expiry(self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        theirs.min(self.here(theirs))
    }
}

/// Parses an IMF-fixdate (RFC 9110, section 5.6.7), the only date format that servers may send.
pub fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    text.ends_with("GMT").then(|| DateTime::parse_from_rfc2822(text).ok())?.map(|time| time.to_utc())
}

/// Formats a duration in its two largest units, such as "1 hour 15 minutes". Empty below one second.
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

/// Formats the offset as words that precede a server's name, such as "2 h 5 min ahead of".
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
    fn clock_offset_converts_times_and_never_postpones_an_expiry() {
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
    fn clock_offset_counts_from_one_minute_and_harms_from_five() {
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
    fn clock_offset_describes_this_machines_clock() {
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
