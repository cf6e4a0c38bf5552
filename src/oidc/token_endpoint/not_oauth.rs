//! Answers of the token endpoint that are neither tokens nor an error of OAuth: the page of a proxy, of a web ACL, of a
//! captive portal, or of another server.

use crate::error::{Failure, Kind};

/// Returns the failure for such an answer of `host`. Its body is not quoted, because it may hold tokens.
pub fn failure(host: &str, answer: &http::Response<Vec<u8>>) -> Failure {
    let status = answer.status().as_u16();
    let message =
        format!("the token endpoint's answer is not the JSON that OAuth promises (status {status} from {host})");
    Failure::new(Kind::Network, message)
        .hint("check 'domain' (or 'issuer') in the profile, and that no proxy answers in its place")
}
