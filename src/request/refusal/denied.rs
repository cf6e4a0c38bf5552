//! The denied action in an answer of AWS's, and the role that it is denied to.

use super::{Context, quoted, shortened_path};
use crate::request::sign::EXECUTE_API;

/// A denied action, and the role that it is denied to.
pub(super) struct Denied {
    pub(super) role: String,
    pub(super) resource: String,
    pub(super) action: String,
    pub(super) is_anonymous: bool,
}

/// Reads `User: ARN is not authorized to perform: ACTION[ on resource: ARN][ because …][ with an explicit deny …]`.
pub(super) fn denied(message: &str, context: &Context) -> Denied {
    let Context { request, profile, scope, .. } = context;
    let called = || format!("{} {} at '{}'", request.method(), shortened_path(request), request.host());
    let own_action = || match scope.service.as_str() {
        EXECUTE_API => format!("{EXECUTE_API}:Invoke"),
        service => quoted(service),
    };
    let pieces = message.split_once("User: ").and_then(|(_, rest)| rest.split_once(" is not authorized to perform: "));
    let Some((user, rest)) = pieces else {
        return Denied {
            role: format!("of profile '{profile}'"),
            resource: called(),
            action: own_action(),
            is_anonymous: false,
        };
    };
    let mut words = rest.split(' ');
    // Some services put the resource into quotation marks.
    let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    let action = bare(words.next().unwrap_or_default());
    let resource = rest.split_once(" on resource: ").and_then(|(_, rest)| rest.split(' ').next()).map(bare);
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let role = user.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(user);
    Denied {
        role: quoted(role.trim_matches(['"', '\''])),
        resource: resource.map_or_else(called, |resource| quoted(&resource)),
        action: quoted(&action),
        is_anonymous: user == "anonymous",
    }
}
