//! The `request` room by its public API: what it sends and signs, and how it explains a refusal.

mod botocore;
mod cases;
mod gateway;
mod refusals;
mod wire;
