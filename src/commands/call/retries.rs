//! `--retry`: the rules by which `cogfed call` repeats a request if a repeat is safe.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};

use crate::cli::ConnectionFlags;
use crate::http::retry::{self, LONGEST_WAIT, is_passing, retry_after};
use crate::request::{Answer, Lost, Stage};

/// The state of `--retry`: the number of repeats so far, and the time of the first attempt.
pub struct Retries<'a> {
    flags: &'a ConnectionFlags,
    began: Instant,
    /// The number of repeats so far.
    pub made: u32,
}

/// A repeat that is due.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The reason for the repeat, as text for the person.
    pub why: String,
    /// The pause before the repeat.
    pub pause: Duration,
}

impl<'a> Retries<'a> {
    pub fn new(flags: &'a ConnectionFlags) -> Self {
        Self { flags, began: Instant::now(), made: 0 }
    }

    /// Returns the next repeat after the `outcome` of a request with `method`, or `None` if no further repeat is
    /// allowed.
    ///
    /// Any request may be repeated if nothing was sent, and after a 429 or a 503 with `Retry-After`, with which the API
    /// says that it did not carry it out. After a lost answer and other temporary failures, only an idempotent one may
    /// (RFC 9110, section 9.2.2). An answer behind redirects says nothing of the request itself, which the API carried out
    /// before it redirected.
    pub fn next(&mut self, outcome: Result<&Answer, &Lost>, method: &Method, now: DateTime<Utc>) -> Option<Repeat> {
        if self.made >= self.flags.retry {
            return None;
        }
        let (why, wait) = match outcome {
            Ok(answer) if answer.redirects > 0 && !method.is_idempotent() => return None,
            Ok(answer) => {
                let (status, wait) = (answer.status(), retry_after(answer.headers(), now));
                if !may_repeat(status, wait.is_some(), method) {
                    return None;
                }
                (format!("the API answered with status {}", status.as_u16()), wait)
            }
            Err(Lost { stage: Stage::Final, .. }) => return None,
            Err(Lost { stage: Stage::Sent, .. }) if !method.is_idempotent() => return None,
            Err(lost) => (lost.failure.message.clone(), None),
        };
        // `retry_after` caps the wait. To come back earlier than the API asked for would not obey it.
        let wait = wait.unwrap_or_default();
        let usual = || retry::pause(self.made + 1) * 5;
        let pause = ConnectionFlags::unless_zero(self.flags.retry_delay).unwrap_or_else(usual).max(wait);
        let most = ConnectionFlags::unless_zero(self.flags.retry_max_time);
        let has_time = most.is_none_or(|most| self.began.elapsed() + pause <= most);
        if wait >= LONGEST_WAIT || !has_time {
            return None;
        }
        self.made += 1;
        Some(Repeat { why: format!("{why} (attempt {} of {})", self.made, self.flags.retry.saturating_add(1)), pause })
    }
}

/// Returns whether a request with `method` may be repeated after an answer with `status`.
fn may_repeat(status: StatusCode, has_retry_after: bool, method: &Method) -> bool {
    match status.as_u16() {
        429 => true,
        503 if has_retry_after => true,
        _ => method.is_idempotent() && (status == StatusCode::REQUEST_TIMEOUT || is_passing(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_repeats_only_where_that_is_safe() {
        for (status, retry_after, get, post) in [
            (200, false, false, false),
            (403, true, false, false),
            (408, false, true, false),
            (429, false, true, true),
            (500, false, true, false),
            (501, true, false, false),
            (502, true, true, false),
            (503, false, true, false),
            (503, true, true, true),
            (504, false, true, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
                assert_eq!(may_repeat(status, retry_after, &method), get, "{method} {status}");
            }
            for method in [Method::POST, Method::PATCH, Method::from_bytes(b"LINK").unwrap()] {
                assert_eq!(may_repeat(status, retry_after, &method), post, "{method} {status}");
            }
        }
    }
}
