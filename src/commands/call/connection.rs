//! The HTTP clients of `cogfed call`, built from its flags: one for the API, and one for the targets of redirects.

use super::super::ProfileContext;
use crate::cli::Call;
use crate::error::{Failure, Kind};
use crate::http::{ApiChoices, ApiClient, Detour};

/// Returns the client for the API.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if a flag is wrong.
pub fn client(flags: &Call, context: &ProfileContext) -> Result<ApiClient, Failure> {
    client_for_others(flags, context)
}

/// Returns the client for redirects from the API to other origins.
///
/// # Errors
/// As for [`client`].
pub fn client_for_others(flags: &Call, context: &ProfileContext) -> Result<ApiClient, Failure> {
    let wrong = |flag: &str, fault: String| Failure::new(Kind::Usage, format!("{flag}: {fault}"));
    let mut detours = Vec::new();
    for text in &flags.connection.connect_to {
        detours.push(Detour::connect_to(text).map_err(|fault| wrong("--connect-to", fault))?);
    }
    for text in &flags.connection.resolve {
        detours.push(Detour::resolve(text).map_err(|fault| wrong("--resolve", fault))?);
    }
    let choices = ApiChoices {
        connect_timeout: flags.connection.connect_timeout,
        decompresses: flags.request.compressed,
        detours,
    };
    Ok(context.http.api(choices))
}
