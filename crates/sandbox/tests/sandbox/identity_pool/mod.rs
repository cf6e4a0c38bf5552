//! The identity pool: identities, roles, and both flows.

mod administrator;
mod classic;
mod identity;
mod mapping;
