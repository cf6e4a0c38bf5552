//! HTTP servers on both loopback addresses. The servers limit size and time, and check the `Host` header and the peer.
//!
//! Other users of the machine can connect, and so can any web page through the browser. The content of the answers
//! comes from a [`Handler`].

mod bind;
mod holder;
mod host;
mod peer;
mod server;

pub use bind::Port;
pub use holder::{Holder, holder_of};
pub use host::is_addressed_to;
pub use peer::{Ends, Stranger, check_peer};
pub use server::{Fault, Handler, Request, Server};
