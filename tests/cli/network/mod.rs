//! Tests of company networks: proxies, trust roots, deadlines and retries, with the real program and real TLS.

mod bundles;
pub mod certificates;
mod clock;
mod company;
mod domain;
mod elsewhere;
mod encodings;
pub mod front;
mod place;
mod proxies;
mod relays;
mod retries;
mod roots;
mod shown_roots;
pub mod socks;
mod stalls;
mod tls;
pub mod tunnel;
