//! The inputs of `roles --explain`: files, standard input, the sign-in, or the service.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{Env, ProfileContext};
use crate::cli::Roles;
use crate::error::{Failure, Kind};
use crate::identity_pool::PoolConfig;
use crate::identity_pool::administration::Administrator;
use crate::oidc::{Invalid, json_object, unverified_claims};
use crate::role_mapping::{IdentityPoolRoles, LARGEST};
use crate::secret::Secret;

/// The largest file of claims, in bytes: cogfed accepts no larger ID token.
const LARGEST_CLAIMS: usize = 64 * 1024;

/// A person's claims, and the scopes of their tokens if known.
pub struct Claims {
    pub claims: Map<String, Value>,
    pub scopes_given: Option<String>,
}

/// Returns the claims in the file that the flags name, else those of the sign-in.
pub fn claims(flags: &Roles, context: Option<&ProfileContext>, env: &mut Env) -> anyhow::Result<Claims> {
    let scope = |claims: &Map<String, Value>| claims.get("scope").and_then(Value::as_str).map(str::to_owned);
    if let Some(path) = &flags.claims {
        let claims = of_file(path, env)?;
        return Ok(Claims { scopes_given: scope(&claims), claims });
    }
    let session = context.ok_or_else(|| Failure::new(Kind::Usage, "no claims: name a file of them"))?.session();
    let tokens = session.tokens()?.ok_or_else(|| session.nobody_signed_in())?;
    let claims = unverified_claims(&tokens.id_token).map_err(|invalid| {
        let message = format!("the stored ID token cannot be read: {}", reason(invalid));
        Failure::new(Kind::Store, message).hint(format!("run '{} --force'", session.profile().login_command()))
    })?;
    // Not every issuer's access token is a JWT.
    let scopes_given = unverified_claims(&tokens.access_token).ok().as_ref().and_then(scope);
    Ok(Claims { claims, scopes_given })
}

fn of_file(path: &Path, env: &mut Env) -> Result<Map<String, Value>, Failure> {
    let name = named(path);
    let fault = |what: &str| {
        Failure::new(Kind::Usage, format!("{name}: {what}"))
            .hint("--claims takes a JSON object of claims, each there once, or an ID token")
    };
    let bytes = Secret::new(String::from_utf8(read(path, LARGEST_CLAIMS, env)?).map_err(|_| fault("it is not text"))?);
    let text = bytes.expose().trim();
    match text.starts_with('{') {
        true => json_object(text.as_bytes())
            .ok_or_else(|| fault("it is not a JSON object in which each name is there once")),
        false => unverified_claims(&Secret::new(text)).map_err(|invalid| fault(&reason(invalid))),
    }
}

fn reason(invalid: Invalid) -> String {
    match invalid {
        Invalid::Token(why) => why,
        Invalid::UnknownKey => "its key is not known".to_owned(),
    }
}

/// Returns the role mapping in the file at `path`.
pub fn mapping_of(path: &Path, env: &mut Env) -> Result<IdentityPoolRoles, Failure> {
    IdentityPoolRoles::read(&read(path, LARGEST, env)?, &named(path))
}

/// Returns the role mapping in the file that the flags name, else the one that the service returns to an administrator.
pub fn mapping(flags: &Roles, context: Option<&ProfileContext>, env: &mut Env) -> anyhow::Result<IdentityPoolRoles> {
    if let Some(path) = &flags.mapping {
        return Ok(mapping_of(path, env)?);
    }
    let no_mapping = || Failure::new(Kind::Usage, "no role mapping: name a file with one");
    let context = context.ok_or_else(no_mapping)?;
    let pool = &context.profile.identity_pool_id;
    let administrator = Administrator::from_variables(&env.variable).ok_or_else(|| {
        let message = format!("no role mapping: no AWS credentials of an administrator are set to ask {pool} with");
        Failure::new(Kind::Usage, message).hint(format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or have an administrator run 'aws cognito-identity get-identity-pool-roles --identity-pool-id {pool}' and give the answer to --mapping"
        ))
    })?;
    let time = context.session().offset().there(context.clock.now());
    context
        .wait_for(async { Ok(administrator.pool_roles(&PoolConfig::of(&context.profile), &context.http, time).await?) })
}

/// Returns the content of a file or of standard input, up to `largest` bytes.
fn read(path: &Path, largest: usize, env: &mut Env) -> Result<Vec<u8>, Failure> {
    let name = named(path);
    let unreadable = |error: std::io::Error| Failure::new(Kind::Usage, format!("cannot read {name}: {error}"));
    let from: &mut dyn Read = match path == Path::new("-") {
        true => &mut env.input,
        false => &mut File::open(path).map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    from.take(largest as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() > largest {
        true => Err(Failure::new(Kind::Usage, format!("{name}: it has more than {largest} bytes"))),
        false => Ok(bytes),
    }
}

fn named(path: &Path) -> String {
    match path == Path::new("-") {
        true => "the standard input".to_owned(),
        false => path.display().to_string(),
    }
}
