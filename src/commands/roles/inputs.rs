//! The inputs of `roles --explain`: files, standard input, the stored sign-in, or AWS.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{Env, ProfileContext};
use crate::cli::Roles;
use crate::error::{Failure, Kind};
use crate::identity_pool::PoolConfig;
use crate::identity_pool::administration::Administrator;
use crate::oidc::{Invalid, unverified_claims};
use crate::role_mapping::handed_over::{self, HandedOver, NotClaims};
use crate::role_mapping::{IdentityPoolRoles, LARGEST};
use crate::secret::Secret;
use crate::text;

/// The maximum size of a set of claims, in bytes. It is also the maximum size of an ID token that cogfed accepts.
const LARGEST_CLAIMS: usize = 64 * 1024;
/// The maximum size of a file with claims, in bytes. A token response with up to three tokens is smaller.
const LARGEST_ANSWER: usize = 4 * LARGEST_CLAIMS;

/// A person's claims and, if known, the scopes of the person's tokens.
pub struct Claims {
    pub claims: Map<String, Value>,
    pub scopes_given: Option<String>,
}

/// Returns the claims in the file that `--claims` names or, without that flag, the claims of the stored sign-in.
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
    Ok(Claims { claims, scopes_given: tokens.scope })
}

fn of_file(path: &Path, env: &mut Env) -> Result<Map<String, Value>, Failure> {
    let name = named(path);
    let not_claims = |not: NotClaims| Failure::new(Kind::Usage, format!("{name}: {not}")).hint(not.instead);
    let text = Secret::new(text(path, LARGEST_ANSWER, env)?);
    match handed_over::claims(text.expose()).map_err(not_claims)? {
        // A document around an ID token has more in it than the token.
        HandedOver::Claims(_) if text.expose().len() > LARGEST_CLAIMS => Err(too_large(&name, LARGEST_CLAIMS)),
        HandedOver::Claims(claims) => Ok(claims),
        HandedOver::IdToken(token) => {
            let claims = unverified_claims(&token).map_err(|invalid| {
                let message = format!("{name}: it has an ID token that cannot be read: {}", reason(invalid));
                Failure::new(Kind::Usage, message).hint("copy the whole token, from 'eyJ' to its end")
            })?;
            handed_over::of_id_token(claims).map_err(not_claims)
        }
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
    IdentityPoolRoles::read(&text(path, LARGEST, env)?, &named(path))
}

/// Returns the role mapping in the file that `--mapping` names. Without that flag, asks AWS for the mapping with an
/// administrator's credentials.
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
    // The administrator's session token goes there, too.
    context.session().may_ask_aws()?;
    let time = context.session().offset().there(context.clock.now());
    context
        .wait_for(async { Ok(administrator.pool_roles(&PoolConfig::of(&context.profile), &context.http, time).await?) })
}

/// Returns the text of a file or of standard input. The text must be UTF-8 and at most `largest` bytes long.
fn text(path: &Path, largest: usize, env: &mut Env) -> Result<String, Failure> {
    let name = named(path);
    let unreadable = |error: std::io::Error| Failure::new(Kind::Usage, format!("cannot read {name}: {error}"));
    let from: &mut dyn Read = match path == Path::new("-") {
        true => &mut env.input,
        false => &mut File::open(path).map_err(unreadable)?,
    };
    // UTF-16 takes up to twice the bytes of UTF-8, and two for its mark.
    let most = 2 * largest as u64 + 3;
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 == most {
        return Err(too_large(&name, largest));
    }
    let text = text::decoded(bytes).map_err(|not| Failure::new(Kind::Usage, format!("{name}: {not}")))?;
    if text.len() > largest { Err(too_large(&name, largest)) } else { Ok(text) }
}

fn too_large(name: &str, largest: usize) -> Failure {
    Failure::new(Kind::Usage, format!("{name}: it has more than {largest} bytes"))
}

fn named(path: &Path) -> String {
    match path == Path::new("-") {
        true => "the standard input".to_owned(),
        false => path.display().to_string(),
    }
}
