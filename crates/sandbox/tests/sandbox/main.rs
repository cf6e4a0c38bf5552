//! Tests of the sandbox over real HTTP, and of its verifiers in process. The responses and errors must be those that
//! AWS documents.
//!
//! Requests are signed by the `aws-sigv4` crate, and ID tokens are verified by `openidconnect`. Neither shares code
//! with the sandbox.

mod api_gateway;
mod assume_role;
mod controls;
mod identity_pool;
mod misbehaving;
mod partitions;
mod plain_issuer;
mod sigv4;
mod sts;
mod support;
mod switches;
mod user_pool;
