//! The sandbox over real HTTP: it answers as Cognito does, errors included.

mod administrator;
mod api;
mod classic;
mod client;
mod controls;
mod identity;
mod mapping;
mod misbehaving;
mod partitions;
mod people;
mod plain_issuer;
mod sign_in;
mod sign_out;
mod signed;
#[path = "../sandbox_api/signing.rs"]
#[expect(dead_code, reason = "only the signer is used here")]
mod signing;
mod switches;
mod tokens;
