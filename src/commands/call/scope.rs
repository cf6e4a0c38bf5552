//! The service and region that `cogfed call` signs for.

use super::super::ProfileContext;
use crate::cli::Call;
use crate::error::{Failure, Kind};
use crate::request::{ApiRequest, Scope, region_of};

/// Returns the scope to sign for. The region comes from `--region`, else from the host's name, else from the profile.
pub fn scope(flags: &Call, request: &ApiRequest, context: &ProfileContext) -> anyhow::Result<Scope> {
    let of_profile = || context.profile.region.clone();
    let region = match flags.signature.region {
        Some(_) => of_profile(),
        None => region_of(request.host()).or_else(of_profile),
    };
    region.map(Scope::execute_api).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("the host {} does not tell its region", request.host()))
            .hint("give --region, or set 'region' in the profile")
            .into()
    })
}
