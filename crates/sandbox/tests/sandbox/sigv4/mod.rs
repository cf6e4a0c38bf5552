//! The Signature Version 4 verifier, against signatures by other implementations.

mod published;
mod tricky;
