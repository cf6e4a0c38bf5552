//! AWS itself: partitions and their hosts, identifiers and ARNs, the scope in a host's name, temporary credentials.

mod credentials;
pub mod hosts;
pub mod ids;
mod named_scope;
mod services;

pub use credentials::Credentials;
pub use named_scope::{NamedScope, named_scope};
