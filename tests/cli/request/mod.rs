//! The request room by its public API: what it sends, what it signs, how it explains a refusal.

mod botocore;
mod cases;
mod gateway;
mod refusals;
mod wire;
