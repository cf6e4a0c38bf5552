//! The sandbox's API and STS, and the SigV4 verifier below both, through their public API. Requests are signed by the
//! `aws-sigv4` crate, which the verifier knows nothing of.

mod gateway;
mod published;
mod refusals;
mod signing;
mod sts;
mod tricky;
