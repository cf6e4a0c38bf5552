//! Facts about AWS: partitions and their hosts, identifiers and ARNs, the signing scope in a host's name, and temporary
//! credentials.

mod credentials;
pub mod hosts;
pub mod ids;
mod named_scope;
mod services;

pub use credentials::Credentials;
pub use named_scope::{NamedScope, named_scope, unfilled_word};
