//! Tests of signing in to the sandbox, from the point of view of a person, a browser or an attacker.

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
#[cfg(unix)]
mod project_environment;
mod refusals;
mod token_endpoint;
mod ways;
