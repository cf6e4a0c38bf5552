//! The Signature Version 4 verifier, against signatures that others computed.

mod published;
mod tricky;
