//! The sandbox over real HTTP: it answers as Cognito does, errors included.

mod client;
mod sign_in;
