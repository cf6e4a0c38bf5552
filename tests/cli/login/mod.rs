//! The sign-in, driven as a person, a browser or an attacker would drive it, against the sandbox.

mod answers;
mod cases;
mod connections;
mod email;
mod exits;
mod headless;
mod listener;
#[cfg(unix)]
mod openers;
mod outcome;
mod ports;
mod preflight;
mod refusals;
mod token_endpoint;
mod ways;
