//! Tests that run whole commands of cogfed against a sandbox.

mod call;
mod command_line;
mod configuration;
mod flows;
mod issuer;
mod login;
#[cfg(unix)]
mod malformed;
mod network;
#[cfg(unix)]
mod records;
mod refusals;
mod request;
mod roles;
mod sandbox;
mod session;
mod sign_out;
