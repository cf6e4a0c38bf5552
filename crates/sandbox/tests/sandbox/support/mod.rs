//! The tests' own client, and requests signed by a second implementation.

pub mod client;
pub mod signed;
pub mod signing;
