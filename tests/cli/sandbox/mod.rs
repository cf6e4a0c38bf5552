//! `cogfed sandbox`, the profile that the sandbox writes for cogfed, and `cogfed demo`.

mod command;
mod demo;
mod profile;
