//! Tests of the public API of the module `request`: signing, sending, and explaining refusals.

mod botocore;
mod cases;
mod gateway;
mod refusals;
mod services;
mod wire;
