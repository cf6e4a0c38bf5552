//! Tests of `cogfed sandbox`, of the profile that it writes, and of `cogfed demo`.

mod command;
mod demo;
mod profile;
