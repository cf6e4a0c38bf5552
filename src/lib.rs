//! One sign-in for AWS behind Cognito federated to Azure AD.
//!
//! The story of one sign-in, room by room. [`commands`] turns a command line into a call to the rooms below.
//! [`profile`] holds what to sign in to. [`oidc`] sends the browser off, waits for it on loopback, swaps the code
//! for tokens and verifies them. [`store`] keeps them. [`session`] is the heart: it answers "credentials, please", from
//! the store, by renewal, or by reporting that a person has to sign in. [`identity_pool`] swaps an ID token for AWS
//! credentials, and [`role_mapping`] explains for which role. [`request`] signs one API request with them and sends it.
//!
//! Below all of them are [`http`] (the one client), [`aws`] (hosts, ids, ARNs), [`folder`] (private files and locks),
//! [`refusals`] (the meaning of the services' errors), [`network`], [`json`], [`secret`], [`clock`] and [`error`]. [`terminal`] is where people
//! read. [`sandbox`] is a local imitation of everything that is not here: no room uses it but its own commands and the
//! tests, and it uses none that it is there to test.
//!
//! In the repository, docs/ARCHITECTURE.md has the rooms by floors, a sign-in and a renewal step by step, and a table of what
//! to change where.

// Nothing may panic, print or exit, except for `main`. `expect` is allowed: its text says why it cannot fail.
#![warn(clippy::exit, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::print_stdout)]
#![warn(clippy::unreachable, clippy::unwrap_used)]
#![cfg_attr(not(test), warn(clippy::string_slice))]

pub mod aws;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod error;
pub mod folder;
pub mod http;
pub mod identity_pool;
pub mod json;
pub mod loopback;
pub mod network;
pub mod oidc;
pub mod process;
pub mod profile;
pub mod refusals;
pub mod request;
pub mod role_mapping;
pub mod secret;
pub mod session;
pub mod store;
pub mod terminal;

pub use cogfed_sandbox as sandbox;
