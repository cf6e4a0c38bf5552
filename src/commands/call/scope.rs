//! The service and the region that `cogfed call` signs requests for.

use super::super::{Env, ProfileContext};
use crate::aws::{NamedScope, ids, named_scope};
use crate::cli::Call;
use crate::error::{Failure, Kind, quoted};
use crate::request::{ApiRequest, EXECUTE_API, Scope, lacks_api_id, sign_host};

/// The environment variables with which AWS's tools set a region; the first non-empty variable counts.
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Returns the scope to sign for, and warns if the request goes through a VPC endpoint without naming an API.
///
/// The service comes from `--service`, else from the host's name. The region comes from `--region`, else from the
/// host's name, the profile, the environment, and at last from the identity pool. The environment only chooses the
/// region of a signature, so a wrong one ends in a refusal.
///
/// # Errors
/// [`Kind::Usage`] if a flag or a variable is wrong, or the host is AWS's and tells no service.
pub fn scope(flags: &Call, request: &ApiRequest, context: &ProfileContext, env: &Env) -> anyhow::Result<Scope> {
    let flags = (&flags.signature, flags.output.verbose);
    let host = flags.0.sign_host.as_deref().map(sign_host).transpose()?;
    let signed_host = host.as_deref().unwrap_or(request.host());
    let named = named_scope(signed_host);
    let service = service(flags.0.service.as_deref(), &named, signed_host)?;
    let (region, source) = match (&flags.0.region, named.region()) {
        (Some(_), _) => (context.profile.region.clone().unwrap_or_default(), "--region".to_owned()),
        (None, Some(region)) => (region.to_owned(), "the host".to_owned()),
        (None, None) => region_elsewhere(context, env)?,
    };
    tracing::debug!(service, region, source, "scope of the signature");
    if flags.1 {
        env.terminal.say(&format!("signing for service '{service}' in region '{region}' (from {source})"));
    }
    let scope = Scope { service, region, host };
    if lacks_api_id(request, &scope) {
        env.terminal.warn("the URL's host is a VPC endpoint's and names no API");
        env.terminal.hint("add -H 'x-apigw-api-id: API', with the API's id");
    }
    Ok(scope)
}

/// Returns the signing name of the service, from the flag `--service` or from the host's name.
fn service(flag: Option<&str>, named: &NamedScope, host: &str) -> Result<String, Failure> {
    if let Some(name) = flag {
        let is_name =
            (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        return match is_name {
            true => Ok(name.to_owned()),
            false => Err(Failure::new(Kind::Usage, format!("'{}' is not a service's name", quoted(name)))
                .hint("give the name in the service's IAM actions, as in lambda:InvokeFunctionUrl: --service lambda")),
        };
    }
    match named {
        NamedScope::Own => Ok(EXECUTE_API.to_owned()),
        NamedScope::Service { service, .. } => Ok((*service).to_owned()),
        NamedScope::Unknown { .. } => Err(Failure::new(
            Kind::Usage,
            format!("'{host}' is a host of AWS's, and cogfed does not know the service behind it"),
        )
        .hint("name the service by --service, such as execute-api, lambda or es")),
        NamedScope::MultiRegion => Err(Failure::new(
            Kind::Usage,
            format!("'{host}' takes signatures for several regions (SigV4A), which cogfed does not make"),
        )
        .hint("use a bucket or an access point in one region")),
    }
}

/// Returns the region for a host whose name contains no region, and the source of that region, for messages.
fn region_elsewhere(context: &ProfileContext, env: &Env) -> Result<(String, String), Failure> {
    if let Some(region) = &context.profile.region {
        return Ok((region.clone(), "the profile".to_owned()));
    }
    let set = REGION_VARIABLES.iter().find_map(|name| {
        let value = (env.variable)(name).filter(|value| !value.is_empty())?;
        Some((*name, value))
    });
    match set {
        Some((name, value)) => match ids::region(&value) {
            Ok(region) => Ok((region, name.to_owned())),
            Err(fault) => Err(Failure::new(Kind::Usage, format!("{name}: {fault}"))
                .hint("correct it, give --region, or set 'region' in the profile")),
        },
        None => {
            let region = context.profile.identity_pool_id.split(':').next().unwrap_or_default();
            Ok((region.to_owned(), "the identity pool".to_owned()))
        }
    }
}
