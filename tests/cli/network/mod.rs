//! Company networks: proxies, trust roots, deadlines and retries, with the program and real TLS.

mod bundles;
mod certificates;
mod clock;
mod front;
mod place;
mod proxies;
mod retries;
mod stalls;
mod tls;
mod tunnel;
