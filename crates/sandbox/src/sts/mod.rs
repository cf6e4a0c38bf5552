//! The sandbox's Security Token Service (STS), with the operations GetCallerIdentity, AssumeRole and
//! AssumeRoleWithWebIdentity.

mod assume_role;
mod caller_identity;
mod constraints;
mod protocol;
mod web_identity;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;

pub use self::caller_identity::answer;
pub(crate) use self::protocol::refusal;
use self::protocol::{VERSION, parameter};
use crate::echo;
use crate::reply::Reply;
use crate::world::World;

/// Answers a request to STS.
pub(crate) fn reply(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    if let Some(reply) = echo::by_sts(world, request, "sts.echo") {
        return reply;
    }
    let version = parameter(request, "Version");
    match parameter(request, "Action").filter(|_| version.as_deref() == Some(VERSION)).as_deref() {
        Some("AssumeRole") => Reply::answer("sts.assume_role", assume_role::answer(world, now, request)),
        Some("AssumeRoleWithWebIdentity") => {
            Reply::answer("sts.assume_role_with_web_identity", web_identity::answer(world, now, request))
        }
        action => {
            let endpoint = if action == Some("GetCallerIdentity") { "sts.caller_identity" } else { "sts.other" };
            Reply::answer(endpoint, answer(now, &world.issued, world.options.partition.region(), request))
        }
    }
}
