//! Tests that malformed input of any kind never makes cogfed crash or misbehave. A seeded generator derives them from
//! valid ones, so that each run tests the same inputs.
//!
//! Every run must exit with a documented code, and print one short error line and its hint to standard error. Standard
//! output gets a whole document or nothing. There is no panic and no control character, and the store loses nothing.

mod advisories;
mod answers;
mod callback;
mod command_line;
mod configuration;
mod desk;
mod issuer;
mod mutations;
mod roles;
mod state_files;
mod stored;
