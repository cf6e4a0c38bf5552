//! Malformed inputs at every edge: made from good ones by a seeded generator, so that each run sees the same.
//!
//! Whatever comes: an exit code that the man page lists, one short line and the next step on the standard error,
//! nothing on the standard output but a whole document, no panic, no control character, nothing lost from the store.

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
