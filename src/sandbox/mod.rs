//! A local Cognito with its Azure directories and an IAM-protected API, for the demo, the tests and other people's CI.
//!
//! It uses no room that it is there to test: its PKCE check, its signatures and its SigV4 verification are its own, so
//! that a bug in cogfed cannot hide behind the same bug here.

pub mod api_gateway;
pub mod issued;
pub mod sigv4;
pub mod sts;
