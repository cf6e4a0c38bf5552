//! The request of `cogfed call`, from its flags.

use super::super::Env;
use crate::cli::Call;
use crate::request::{ApiRequest, Data, RequestInput, parse_header, read_data};

/// Builds the request. Reads files and standard input as the flags demand.
pub fn request(flags: &Call, env: &mut Env) -> anyhow::Result<ApiRequest> {
    let pieces = |texts: &[String], binary| texts.iter().map(|text| Data::parse(text, binary)).collect::<Vec<_>>();
    let data = [pieces(&flags.request.data, false), pieces(&flags.request.data_binary, true)].concat();
    let (request, notes) = ApiRequest::build(RequestInput {
        method: flags.request.method.clone(),
        url: flags.request.url.clone(),
        headers: flags.request.headers.iter().map(|header| parse_header(header)).collect::<Result<_, _>>()?,
        body: read_data(&data, &mut env.input)?,
        json: flags.request.json,
    })?;
    if flags.output.verbose {
        notes.iter().for_each(|note| env.terminal.say(&note.to_string()));
    }
    Ok(request)
}
