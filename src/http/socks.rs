//! Failures of SOCKS proxies (RFC 1928) in plain words.
//!
//! The error types are private to hyper-util and reqwest, so their texts are compared. `tests/cli/network/socks.rs` fails
//! if one of them changes.

use super::fault::Cause;
use super::proxy::Proxy;

/// Returns the cause of a connection that failed at a SOCKS proxy. `texts` are the texts of the error and of those below
/// it. Returns `None` if the proxy connected, or if the failure has nothing to do with SOCKS.
pub(super) fn cause(proxy: &Proxy, texts: impl Iterator<Item = String>, is_timeout: bool) -> Option<Cause> {
    if !proxy.is_socks() {
        return None;
    }
    let (name, named_by) = (proxy.name(), proxy.named_by);
    let ask = || {
        format!(
            "ask the administrator of the proxy; if the host needs none, name it in NO_PROXY (the proxy is set by {named_by})"
        )
    };
    let mut texts = texts;
    let fault = texts.find_map(|text| match text.as_str() {
        "error resolving for socks proxy" => Some(text),
        text => text.strip_prefix("SOCKS error: ").map(str::to_owned),
    });
    let Some(fault) = fault else {
        return is_timeout
            .then(|| Cause::passing_with(format!("the proxy {name} did not connect to it in time"), ask()));
    };
    Some(match fault.as_str() {
        "error resolving for socks proxy" => Cause::passing_with(
            "its name is not known on this machine",
            format!("let the proxy look it up: write socks5h:// in {named_by}"),
        ),
        "failed to create underlying connection" => Cause::passing_with(
            format!("the proxy {name} cannot be reached"),
            format!("check {named_by} and the network; for ssh -D, check that ssh is running"),
        ),
        "credentials not accepted" => Cause::lasting(
            format!("the proxy {name} does not accept the user and password in {named_by}"),
            "correct them; unusual characters have to be percent-encoded",
        ),
        "server does not support user/pass authentication" if proxy.with_user.is_none() => Cause::lasting(
            format!("the proxy {name} demands authentication"),
            format!("put user and password into {named_by}, as in {}://USER:PASSWORD@{name}", proxy.url.scheme()),
        ),
        "server does not support user/pass authentication" | "server implements authentication incorrectly" => {
            Cause::lasting(
                format!("the proxy {name} takes no user and password"),
                format!("leave them out of {named_by}"),
            )
        }
        "IPV6 is not supported" => Cause::lasting(
            format!("the proxy {name} speaks SOCKS 4, which knows no IPv6 addresses"),
            format!("write socks5:// in {named_by}, if the proxy speaks it"),
        ),
        "io error during SOCKS handshake" | "failed parsing server response" => {
            Cause::passing_with(format!("the proxy {name} broke off, or speaks another protocol"), ask())
        }
        reported => Cause::passing_with(format!("the proxy {name} did not connect to it: {reported}"), ask()),
    })
}
