//! The HTTP client of the sandbox's tests, and requests signed by an independent SigV4 implementation.

pub mod client;
pub mod signed;
pub mod signing;
