//! The client that `cogfed call` reaches the API with, from its flags.

use super::super::ProfileContext;
use crate::cli::ConnectionFlags;
use crate::http::{ApiChoices, ApiClient};

/// Returns the client that the flags ask for.
pub fn client(flags: &ConnectionFlags, context: &ProfileContext) -> ApiClient {
    let connect_timeout = flags.connect_timeout;
    context.http.api(ApiChoices { connect_timeout, ..ApiChoices::default() })
}
