//! The request log, which contains no secrets, and the number of requests per endpoint.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The maximum number of requests in the log. The counts include older ones, too.
const KEPT: usize = 10_000;

/// A request that the sandbox has handled.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// The time of the request, by the sandbox's clock.
    pub at: DateTime<Utc>,
    /// The endpoint's name: `token.refresh`, `identity.get_id` and so on.
    pub endpoint: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path; the query is left out, since it may contain a code or a state.
    pub path: String,
    /// The HTTP status of the response; `None` if the sandbox sent none.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: VecDeque<Logged>,
    counts: BTreeMap<&'static str, u64>,
}

/// The log of requests to all listeners except the control endpoint.
#[derive(Debug, Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    /// Adds a request to the log.
    pub fn add(&self, logged: Logged) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.counts.entry(logged.endpoint).or_default() += 1;
        if inner.requests.len() == KEPT {
            inner.requests.pop_front();
        }
        inner.requests.push_back(logged);
    }

    /// Returns the logged requests, oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).requests.iter().cloned().collect()
    }

    /// Returns the number of requests for each endpoint.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counts.clone()
    }

    /// Clears the logged requests and the counts.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }
}
