//! One sign-in for AWS behind Cognito federated to Azure AD.
//!
//! One sign-in, room by room; a room is a top-level module. [`cli`] reads the command line, and [`commands`] turns it
//! into a call to the rooms below. [`profile`] has the user pool, app client and identity pool to use. [`oidc`] opens
//! the browser, receives the code on a [`loopback`] server, exchanges it for tokens and verifies them. [`store`] keeps
//! the tokens. [`session`] is the heart: it gives out credentials from the store or by renewal, or reports that a
//! person has to sign in. [`identity_pool`] exchanges an ID token for AWS credentials, and [`role_mapping`] explains
//! which role they are for. [`request`] signs one API request with them and sends it.
//!
//! These rooms share some others: [`http`] is the one client, [`aws`] has hosts, ids and ARNs, and [`folder`] has private
//! files and locks. [`refusals`] explains the services' errors, and [`terminal`] prints messages for people. At the bottom
//! are [`network`], [`json`], [`secret`], [`clock`], [`error`] and [`process`] (core dumps, debug log, signals).
//!
//! [`sandbox`] is a local imitation of the services, for tests and the demo. It uses no room. Of the rooms, only [`cli`]
//! and [`commands`] use it.
//!
//! In the repository, docs/ARCHITECTURE.md lists the rooms by floor and describes a sign-in and a renewal step by step. It
//! also names the files to edit for common changes.

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
pub mod text;

pub use cogfed_sandbox as sandbox;
