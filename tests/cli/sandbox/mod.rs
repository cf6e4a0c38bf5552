//! `cogfed sandbox`, and the profile that the sandbox writes for cogfed.

mod command;
mod profile;
