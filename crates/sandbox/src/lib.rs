//! A local Amazon Cognito for tests: a user pool with federated directories, an identity pool, STS, and an API behind
//! API Gateway's IAM authorizer.
//!
//! [`Sandbox::start`] runs all of them in this process, on loopback ports. [`Options`] and [`Switch`] set them up.
//! [`Misbehaviour`] and [`Refusal`] are their faults on request, and [`visitor`] signs people in without a browser.
//!
//! ```
//! use cogfed_sandbox::{Options, Sandbox, Switch};
//!
//! let mut options = Options { redirect_ports: vec![8400], ..Options::default() };
//! Switch::ClientSecret.apply(&mut options);
//! let sandbox = Sandbox::start(options)?;
//!
//! // The program under test needs these addresses and ids.
//! println!("{} {} {}", sandbox.domain_url(), sandbox.issuer(), sandbox.client_id());
//! println!("{} {}", sandbox.identity_pool_url(), sandbox.identity_pool_id());
//!
//! // Entra ID refuses the next sign-in of a person who is not assigned to the application.
//! sandbox.refuse("AADSTS50105", Some(1))?;
//!
//! assert_eq!(sandbox.count("authorize"), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Some parts work without a listener: the signature verifier in [`sigv4`], the API in [`api_gateway`], GetCallerIdentity
//! in [`sts`], and the choice of a role in [`roles`].
//!
//! The crate does not depend on cogfed. Its PKCE check, its token signatures and its SigV4 verifier are its own: a
//! fault in cogfed cannot hide behind the same fault here.

// Lints against code that panics, prints or exits. `expect` is allowed: its message says why it cannot fail.
#![warn(clippy::exit, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::print_stdout)]
#![warn(clippy::unreachable, clippy::unwrap_used)]
#![cfg_attr(not(test), warn(clippy::string_slice))]

mod active;
pub mod api_gateway;
mod clock;
mod control;
mod echo;
mod error;
mod handle;
mod iam;
mod id_token;
mod identity_pool;
pub mod issued;
mod jwt;
mod keys;
mod log;
mod misbehaviour;
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
mod switch;
mod token_endpoint;
mod user_pool;
pub mod visitor;
mod web;
mod world;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::Error;
pub use handle::Sandbox;
pub use log::Logged;
pub use misbehaviour::Misbehaviour;
pub use named::UnknownName;
pub use options::{Options, Rotation};
pub use partition::{Issuer, Partition};
pub use people::Person;
pub use pool_roles::PoolRoles;
pub use refusals::Refusal;
pub use switch::Switch;
pub use visitor::Visitor;

/// The README, whose examples run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
