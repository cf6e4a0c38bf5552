//! The sandbox's API and STS, and the SigV4 verifier below both, through their public API. Requests are signed by the
//! `aws-sigv4` crate, which the verifier knows nothing of.

mod gateway;
mod published;
mod refusals;
mod request;
mod signing;
mod sts;
mod tricky;
#[path = "../cli/request/cases.rs"]
#[expect(dead_code, reason = "only the URLs are used here")]
mod typed;
