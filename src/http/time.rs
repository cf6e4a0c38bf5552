//! The offsets of servers' clocks, measured from the `Date` headers of answers.

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

use crate::clock::{Offset, http_date};

/// The offset of a server's clock from the clock of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockOffset {
    /// The host, with its port unless that is the scheme's default.
    pub host: String,
    /// The server's time minus the time of this machine, at the middle of the exchange. It is up to a second too small,
    /// since `Date` has whole seconds, and off by up to half the duration of the exchange.
    pub offset: Offset,
}

/// Returns the server's time from `Date`, or `None` if the header is missing or the answer comes from a cache (`Age`).
pub fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let is_stored = headers.contains_key(header::AGE);
    headers.get(header::DATE).filter(|_| !is_stored).and_then(|date| http_date(date.to_str().ok()?))
}

/// Computes the clock offset from the server's time and the times at which the request was sent and the answer
/// received.
pub fn offset(server: DateTime<Utc>, sent: DateTime<Utc>, received: DateTime<Utc>) -> Offset {
    Offset::measured(server - (sent + (received - sent) / 2))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn clock_offset_is_measured_from_the_middle_of_the_exchange() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        assert_eq!(offset(at(5), at(0), at(10)), Offset::default());
        assert_eq!(offset(at(3605), at(0), at(10)), Offset::measured(TimeDelta::hours(1)));
        assert_eq!(offset(at(-3600), at(0), at(0)), Offset::measured(-TimeDelta::hours(1)));
    }

    #[test]
    fn clock_offset_is_not_measured_from_cached_answers() {
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert!(server_time(&headers(&[date])).is_some());
        assert_eq!(server_time(&headers(&[date, ("age", "7")])), None);
        assert_eq!(server_time(&headers(&[date, ("age", "")])), None);
        assert_eq!(server_time(&headers(&[("date", "today")])), None);
        assert_eq!(server_time(&headers(&[])), None);
    }
}
