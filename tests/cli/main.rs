//! Whole commands of cogfed against the sandbox, as a person, a browser, a tool, a server or an attacker sees them.

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
