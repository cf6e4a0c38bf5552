//! The public API of the `request` room: signing, sending, and explaining a refusal.

mod botocore;
mod cases;
mod gateway;
mod refusals;
mod wire;
