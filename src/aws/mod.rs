//! AWS itself: partitions and their hosts, identifiers and ARNs, regions, temporary credentials.

mod credentials;
pub mod hosts;
pub mod ids;
mod region;

pub use credentials::Credentials;
pub use region::region_of;
