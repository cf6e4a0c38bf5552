//! The sign-in, the command line and `call`, driven as a person, a browser or an attacker would, against the sandbox.

mod call;
mod call_output;
mod cases;
mod command_line;
mod config;
mod connections;
mod exits;
mod headless;
mod listener;
mod ports;
mod refusals;
mod sign_out;
mod token_endpoint;
mod ways;
