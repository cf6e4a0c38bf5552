//! Tests of the Signature Version 4 verifier with signatures from other implementations.

mod published;
mod tricky;
