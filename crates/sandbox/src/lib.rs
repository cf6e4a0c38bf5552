//! A local Cognito with its Azure directories and an IAM-protected API, for the demo, the tests and other people's CI.
//!
//! It uses no room that it is there to test: its PKCE check, its signatures and its SigV4 verification are its own, so
//! that a bug in cogfed cannot hide behind the same bug here.

// What can panic, and what prints or exits behind the caller's back. `expect` is allowed: its text says why it cannot
// fail.
#![warn(clippy::exit, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::print_stdout)]
#![warn(clippy::unreachable, clippy::unwrap_used)]
#![cfg_attr(not(test), warn(clippy::string_slice))]

mod active;
pub mod api_gateway;
mod clock;
mod control;
mod error;
mod handle;
mod iam;
mod id_token;
mod identity_pool;
pub mod issued;
mod jwt;
mod keys;
pub mod log;
pub mod misbehaviour;
mod named;
mod open_id_token;
pub mod options;
mod pages;
pub mod partition;
pub mod people;
mod plain_issuer;
pub mod pool_roles;
mod profile;
mod random;
pub mod refusals;
mod reply;
pub mod roles;
mod server;
mod sessions;
pub mod sigv4;
pub mod sts;
pub mod switch;
mod token_endpoint;
mod user_pool;
pub mod visitor;
mod web;
mod world;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::Error;
pub use handle::Sandbox;
pub use misbehaviour::Misbehaviour;
pub use named::UnknownName;
pub use options::{Options, Rotation};
pub use partition::{Issuer, Partition};
pub use people::Person;
pub use pool_roles::PoolRoles;
pub use refusals::Refusal;
pub use switch::Switch;
pub use visitor::Visitor;
