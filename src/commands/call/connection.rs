//! The HTTP clients of `cogfed call`, built from its flags: one for the API, and one for the targets of redirects.

use std::path::{Path, PathBuf};

use super::super::{Env, ProfileContext};
use crate::cli::{Call, ConnectionFlags};
use crate::error::{Failure, Kind, quoted};
use crate::http::{ApiChoices, ApiClient, ClientCertificate, Detour};

/// Returns the client for the API. It presents the client certificate of `--cert`.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if a flag or a file is wrong.
pub fn client(flags: &Call, env: &Env, context: &ProfileContext) -> Result<ApiClient, Failure> {
    let certificate = certificate(&flags.connection, env)?;
    Ok(context.http.api(ApiChoices { certificate, ..choices(flags)? }))
}

/// Returns the client for redirects from the API to another origin. It presents no certificate.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if a flag is wrong.
pub fn client_for_others(flags: &Call, context: &ProfileContext) -> Result<ApiClient, Failure> {
    Ok(context.http.api(choices(flags)?))
}

fn choices(flags: &Call) -> Result<ApiChoices, Failure> {
    let wrong = |flag: &str, fault: String| Failure::new(Kind::Usage, format!("{flag}: {fault}"));
    let mut detours = Vec::new();
    for text in &flags.connection.connect_to {
        detours.push(Detour::connect_to(text).map_err(|fault| wrong("--connect-to", fault))?);
    }
    for text in &flags.connection.resolve {
        detours.push(Detour::resolve(text).map_err(|fault| wrong("--resolve", fault))?);
    }
    // The head that --head asks for is shown as it arrives.
    let decompresses = flags.request.compressed && !flags.request.head;
    let usual = ApiChoices::default();
    let given = ConnectionFlags::unless_zero(Some(flags.connection.connect_timeout));
    let connect_timeout = given.unwrap_or(usual.connect_timeout);
    Ok(ApiChoices { connect_timeout, decompresses, detours, ..usual })
}

/// Reads the client certificate that `--cert` names, or returns `None` without `--cert`. Warns if other users can read
/// the certificate's private key.
fn certificate(flags: &ConnectionFlags, env: &Env) -> Result<Option<ClientCertificate>, Failure> {
    let Some(text) = &flags.cert else { return Ok(None) };
    let file = without_password(text);
    let key = flags.key.as_deref();
    let certificate = ClientCertificate::read(&file, key)?;
    let key = key.unwrap_or(&file);
    if others_can_read(key) {
        let key = quoted(&key.to_string_lossy());
        env.terminal.warn(&format!("other users can read the private key in '{key}'"));
        env.terminal.hint(&format!("chmod 600 '{key}'"));
    }
    Ok(Some(certificate))
}

/// Returns the flags about the connection as curl has them. `--location` is not among them, because curl would send the
/// session token to the target of a redirect.
pub fn curl_words(flags: &ConnectionFlags) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    if let Some(text) = &flags.cert {
        // For curl, the first ':' that is not escaped begins the password.
        let file = without_password(text).to_string_lossy().into_owned();
        add("--cert", if cfg!(windows) { file } else { file.replace('\\', r"\\").replace(':', r"\:") });
    }
    if let Some(key) = &flags.key {
        add("--key", key.to_string_lossy().into_owned());
    }
    flags.connect_to.iter().for_each(|text| add("--connect-to", text.clone()));
    flags.resolve.iter().for_each(|text| add("--resolve", text.clone()));
    words
}

/// Returns the path `FILE` from an argument of the form `FILE` or `FILE:PASSWORD`. The password is not used: an
/// encrypted key is refused. As in curl, the first colon begins the password, except in the longer name of a file that
/// exists.
fn without_password(text: &str) -> PathBuf {
    let is_drive =
        |at: usize| cfg!(windows) && at == 1 && text.get(2..).is_some_and(|rest| rest.starts_with(['\\', '/']));
    let colons = text.match_indices(':').map(|(at, _)| at).filter(|at| *at > 0 && !is_drive(*at));
    let files: Vec<&str> = colons.filter_map(|at| text.get(..at)).collect();
    let mut longest_first = [text].into_iter().chain(files.iter().rev().copied());
    let existing = longest_first.find(|file| Path::new(file).is_file());
    existing.or(files.first().copied()).unwrap_or(text).into()
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}
