//! The sandbox over real HTTP: it answers as Cognito does, errors included.

mod api;
mod client;
mod controls;
mod identity;
mod misbehaving;
mod people;
mod plain_issuer;
mod sign_in;
mod sign_out;
mod switches;
mod tokens;
