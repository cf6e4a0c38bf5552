//! The rules for repeating a request, and the pause before a repeat.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use ring::rand::{SecureRandom, SystemRandom};

use crate::clock::http_date;

/// The maximum number of attempts in all, if repeats are safe.
pub const ATTEMPTS: u32 = 3;
/// The maximum wait that a server can impose with `Retry-After`.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// The maximum pause before the second attempt; this limit doubles with each later attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Returns the wait that `Retry-After` demands in seconds or as a date (RFC 9110, section 10.2.3), at most
/// [`LONGEST_WAIT`]; `None` without a valid header. A date is compared with the answer's own `Date`, so that a wrong
/// clock here does no harm. Without a `Date`, it is compared with `now`.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number with too many digits is a long wait as well.
        return Some(text.parse().map_or(LONGEST_WAIT, Duration::from_secs).min(LONGEST_WAIT));
    }
    let until = http_date(text)?;
    let now = headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or(now);
    Some((until - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

/// Returns whether a status means an overload or a temporary failure of the server.
pub fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// Returns the pause after attempt number `attempt`, counted from 1. Its upper limit doubles with each attempt. The
/// pause is random, between half that limit and the limit, so that clients that failed together do not return together.
pub fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE * 2u32.saturating_pow(attempt.saturating_sub(1).min(4));
    let mut dice = [0];
    // Without random numbers, the pause is the longest one.
    let share = SystemRandom::new().fill(&mut dice).map_or(255, |()| u32::from(dice[0]));
    longest / 2 + longest / 2 * share / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry_after_: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry_after_.parse().unwrap());
        date.map(|date| headers.insert(header::DATE, date.parse().unwrap()));
        let now = http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            (" 120 ", Some(120)),
            ("300", Some(300)),
            ("86400", Some(300)),
            ("99999999999999999999999999", Some(300)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2026 07:27:30 GMT", Some(0)),
            ("Wed, 21 Oct 2099 07:28:00 GMT", Some(300)),
            ("2026-10-21T07:28:30Z", None),
        ] {
            assert_eq!(wait(text, None), expected, "{text}");
        }
        // This machine's clock is an hour behind the server's.
        assert_eq!(wait("Wed, 21 Oct 2026 08:28:10 GMT", Some("Wed, 21 Oct 2026 08:28:00 GMT")), Some(10));
    }

    #[test]
    fn retry_pauses_double_and_vary() {
        for (attempt, longest) in [(1, 200), (2, 400), (3, 800), (40, 3200)] {
            for _ in 0..50 {
                let pause = pause(attempt).as_millis();
                assert!((longest / 2..=longest).contains(&pause), "{attempt}: {pause} ms");
            }
        }
        let pauses: std::collections::BTreeSet<_> = (0..50).map(|_| pause(3)).collect();
        assert!(pauses.len() > 10);
    }
}
