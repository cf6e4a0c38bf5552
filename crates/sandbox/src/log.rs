//! What was asked of the sandbox, without any of the secrets, and how often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Older requests than this many are forgotten; the counters are not.
const KEPT: usize = 10_000;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// When it came, by the sandbox's clock.
    pub at: DateTime<Utc>,
    /// `token.refresh`, `identity.get_id` and so on.
    pub endpoint: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query: that may hold a code or a state.
    pub path: String,
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: VecDeque<Logged>,
    counts: BTreeMap<&'static str, u64>,
}

/// The log of all listeners but the control's.
#[derive(Debug, Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    /// Notes a request.
    pub fn add(&self, logged: Logged) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.counts.entry(logged.endpoint).or_default() += 1;
        if inner.requests.len() == KEPT {
            inner.requests.pop_front();
        }
        inner.requests.push_back(logged);
    }

    /// The requests so far, the oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).requests.iter().cloned().collect()
    }

    /// How many requests each endpoint has had.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counts.clone()
    }

    /// Forgets all requests and counts.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }
}
