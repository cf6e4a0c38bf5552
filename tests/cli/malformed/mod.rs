//! Malformed inputs at every edge, made from good ones by a seeded generator, so that each run sees the same.
//!
//! Every run must exit with a documented code and print one short line and the next step to standard error. Standard
//! output gets a whole document or nothing. There is no panic, no control character, and nothing lost from the store.

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
