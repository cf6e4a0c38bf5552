//! Tests of the identity pool: identities, roles, and both authentication flows.

mod administrator;
mod classic;
mod identity;
mod mapping;
