//! The AssumeRole operation of STS, with which a tool uses the credentials of one role to assume a second role
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
//!
//! It ignores session policies, session tags and multi-factor codes. AWS does not document the order of its checks. The
//! order here is: signature, parameters, the role and its trust policy, the duration.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Request, Response, StatusCode};

use crate::issued::IssuedKey;
use crate::sts::caller_identity::caller;
use crate::sts::constraints::{Constraints, EXTERNAL_IDS, SESSION_NAMES, check_role_arn};
use crate::sts::protocol::{Fault, VERSION, bad_request, escape, parameter, respond};
use crate::world::World;
use crate::{iam, random};

/// The maximum lifetime, in seconds, of credentials from role chaining, in which the session of one role assumes
/// another role (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>).
const LONGEST_CHAINED: i64 = 3600;

/// The validated parameters of an AssumeRole request.
struct Input {
    role_arn: String,
    session_name: String,
    external_id: Option<String>,
    /// The requested lifetime of the credentials, in seconds.
    duration: i64,
}

/// Answers an AssumeRole request that has its parameters in a form body or in the query.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    respond(|request_id| {
        let caller = caller(now, &world.issued, world.options.partition.region(), request)?;
        let input = Input::read(request)?;
        let key = assumed(world, now, &input, &caller)?;
        let document = document(&key, request_id);
        world.issued.tidy(now);
        world.issued.insert(key);
        Ok(document)
    })
}

impl Input {
    fn read(request: &Request<Bytes>) -> Result<Self, Fault> {
        let [role_arn, session_name, external_id, duration] =
            ["RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds"]
                .map(|name| parameter(request, name).map(|value| value.into_owned()));
        let mut constraints = Constraints::default();
        constraints.text("roleArn", role_arn.as_deref(), 20, 2048, None);
        constraints.text("roleSessionName", session_name.as_deref(), 2, 64, Some(SESSION_NAMES));
        if let Some(external_id) = &external_id {
            constraints.text("externalId", Some(external_id), 2, 1224, Some(EXTERNAL_IDS));
        }
        let duration = constraints.duration(duration.as_deref());
        constraints.verdict()?;
        let (Some(role_arn), Some(session_name)) = (role_arn, session_name) else {
            return Err(bad_request("ValidationError", "a parameter is missing"));
        };
        check_role_arn(&role_arn)?;
        Ok(Self { role_arn, session_name, external_id, duration })
    }
}

/// Returns credentials for the requested role, or an error if the role's trust policy does not allow the caller or the
/// external id. A role that does not exist gets the same error message, as at AWS.
fn assumed(world: &World, now: DateTime<Utc>, input: &Input, caller: &IssuedKey) -> Result<IssuedKey, Fault> {
    let partition = world.options.partition;
    let is_trusted = |role: &iam::Role| match caller.is_user() {
        true => !role.trusts.is_empty(),
        false => role.trusts.iter().any(|name| partition.role_arn(name) == caller.role_arn),
    };
    let fits = |role: &iam::Role| role.external_id.is_none() || role.external_id == input.external_id.as_deref();
    let role = iam::find(partition, &input.role_arn).filter(|role| is_trusted(role) && fits(role));
    let role = role.ok_or_else(|| {
        let (user, resource) = (caller.caller_arn(), &input.role_arn);
        let message = format!("User: {user} is not authorized to perform: sts:AssumeRole on resource: {resource}");
        Fault(StatusCode::FORBIDDEN, "AccessDenied", message)
    })?;
    if !caller.is_user() && input.duration > LONGEST_CHAINED {
        let limit = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(bad_request("ValidationError", limit));
    }
    if role.longest_session < input.duration {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(bad_request("ValidationError", message));
    }
    Ok(IssuedKey {
        access_key_id: format!("ASIASANDBOX{}", random::upper_alphanumeric(9)),
        secret_access_key: world.giving_out(format!("sandbox/{}", random::alphanumeric(32))),
        session_token: world.giving_out(format!("sandbox//{}==", random::alphanumeric(600))),
        expires: now + TimeDelta::seconds(input.duration),
        role_arn: input.role_arn.clone(),
        session_name: input.session_name.clone(),
        // The person's identity id does not go along with an assumed role.
        identity_pool_id: String::new(),
        identity_id: String::new(),
        authentication_provider: String::new(),
        username: input.session_name.clone(),
    })
}

fn document(key: &IssuedKey, request_id: &str) -> String {
    let [arn, role_id] = [key.caller_arn(), key.user_id()].map(|text| escape(&text));
    let IssuedKey { access_key_id, secret_access_key, session_token, .. } = key;
    let expiration = key.expires.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\n  <AssumeRoleResult>\n    \
         <AssumedRoleUser>\n      <AssumedRoleId>{role_id}</AssumedRoleId>\n      <Arn>{arn}</Arn>\n    \
         </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>{access_key_id}</AccessKeyId>\n      \
         <SecretAccessKey>{secret_access_key}</SecretAccessKey>\n      <SessionToken>{session_token}</SessionToken>\n      \
         <Expiration>{expiration}</Expiration>\n    </Credentials>\n  </AssumeRoleResult>\n  <ResponseMetadata>\n    \
         <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</AssumeRoleResponse>\n"
    )
}
