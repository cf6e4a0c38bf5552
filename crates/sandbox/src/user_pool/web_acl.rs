//! A simulated web ACL of AWS WAF in front of the user pool's domain. AWS WAF's managed rules, such as
//! EC2MetaDataSSRF_QUERYARGUMENTS, take a loopback address in a query for an attack, and so refuse each sign-in of a
//! native application.

use bytes::Bytes;
use http::Request;
use url::{Host, Url};

use crate::misbehaviour::Misbehaviour;
use crate::web::query;
use crate::world::World;

/// Returns whether the web ACL blocks a request because a query parameter is a loopback URL.
pub fn refuses(world: &World, request: &Request<Bytes>) -> bool {
    query(request).values().any(is_on_loopback) && world.active.due(Misbehaviour::WebAcl)
}

fn is_on_loopback(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}
