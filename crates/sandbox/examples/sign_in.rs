//! A Cognito sign-in against the sandbox, from the browser to a signed API call.
//!
//! The example speaks plain HTTP, so that each request of the flow is visible. A program under test would use its own
//! OAuth client and the AWS SDK, and would need only the sandbox's addresses.
//!
//! ```console
//! $ cargo run -p cogfed-sandbox --example sign_in
//! ```

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cogfed_sandbox::{Options, Sandbox, visitor};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The fixed PKCE code verifier of this example. A real client generates 32 random bytes for each sign-in. This is the
/// verifier of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const STATE: &str = "a-random-state";
const REGION: &str = "eu-west-1";

fn main() -> Result<()> {
    let orders = sign_in_and_call("alice")?;
    println!("{orders:#}");
    Ok(())
}

/// Signs in as `person`, gets AWS credentials, and returns the orders from the API.
fn sign_in_and_call(person: &str) -> Result<Value> {
    // The client's callback listener. Its port is registered with the app client, as it would be at Cognito.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let sandbox = Sandbox::start(Options { redirect_ports: vec![port], ..Options::default() })?;
    let redirect_uri = format!("http://localhost:{port}/callback");

    let code = authorization_code(&sandbox, listener, &redirect_uri, person)?;
    let id_token = id_token(&sandbox, &redirect_uri, &code)?;
    let credentials = credentials(&sandbox, &id_token)?;
    let orders = call(&format!("{}/orders", sandbox.api_url()), &credentials)?;

    // The sandbox counts its requests, so that a test can assert on them.
    assert_eq!((sandbox.count("token.code"), sandbox.count("identity.get_credentials")), (1, 1));
    Ok(orders)
}

/// Signs in as `person` through the hosted UI, and returns the authorization code that the callback listener receives.
fn authorization_code(sandbox: &Sandbox, listener: TcpListener, redirect_uri: &str, person: &str) -> Result<String> {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", sandbox.client_id()),
        ("redirect_uri", redirect_uri),
        ("scope", "openid profile"),
        ("state", STATE),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let authorization_url = format!("{}/oauth2/authorize?{query}", sandbox.domain_url());
    let callback = thread::spawn(move || callback(&listener).map_err(|error| error.to_string()));
    // The visitor replaces a person at a browser: it follows the links, clicks on the person, and follows the redirect.
    visitor::sign_in_as(&authorization_url, person)?;
    let url = callback.join().map_err(|_| "the listener panicked")??;
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if parameter("state").as_deref() != Some(STATE) {
        return Err("the callback has another state".into());
    }
    parameter("code").ok_or_else(|| "the callback has no code".into())
}

/// Answers one request to the callback listener and returns the requested URL.
fn callback(listener: &TcpListener) -> Result<Url> {
    let (stream, _) = listener.accept()?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).ok_or("not a request")?.to_owned();
    while reader.read_line(&mut line)? > 2 {}
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(Url::parse("http://localhost/")?.join(&target)?)
}

/// Exchanges the authorization code for an ID token at the token endpoint. A real client then verifies the ID token
/// with the issuer's keys.
fn id_token(sandbox: &Sandbox, redirect_uri: &str, code: &str) -> Result<String> {
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("client_id", sandbox.client_id()),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ]);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let tokens = exchange("POST", &format!("{}/oauth2/token", sandbox.domain_url()), &headers, &body)?;
    Ok(text(&tokens, "/id_token")?.to_owned())
}

/// Exchanges the ID token for AWS credentials by calling GetId and then GetCredentialsForIdentity.
fn credentials(sandbox: &Sandbox, id_token: &str) -> Result<Credentials> {
    let provider = sandbox.issuer().replace("https://", "");
    let logins = json!({ provider: id_token });
    let ask = |operation: &str, input: Value| {
        let target = format!("AWSCognitoIdentityService.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        exchange("POST", &format!("{}/", sandbox.identity_pool_url()), &headers, &input.to_string())
    };
    let identity = ask("GetId", json!({ "IdentityPoolId": sandbox.identity_pool_id(), "Logins": logins }))?;
    let identity_id = text(&identity, "/IdentityId")?;
    let answer = ask("GetCredentialsForIdentity", json!({ "IdentityId": identity_id, "Logins": logins }))?;
    let part = |name: &str| text(&answer, &format!("/Credentials/{name}")).map(ToOwned::to_owned);
    Ok(Credentials::new(part("AccessKeyId")?, part("SecretKey")?, Some(part("SessionToken")?), None, "sandbox"))
}

/// Signs a GET request to `url` with Signature Version 4, sends it, and returns the JSON response.
fn call(url: &str, credentials: &Credentials) -> Result<Value> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("execute-api")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signable = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b""))?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    let headers: Vec<(&str, &str)> = instructions.headers().collect();
    exchange("GET", url, &headers, "")
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn text<'v>(document: &'v Value, pointer: &str) -> Result<&'v str> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| format!("no {pointer} in {document}").into())
}

/// Sends one HTTP request and returns the JSON body of its response.
fn exchange(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Value> {
    let url = Url::parse(url)?;
    let host = url.authority();
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "{method} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", url.path())?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("{url} answered {head}\n\n{body}").into());
    }
    Ok(serde_json::from_str(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_lists_the_orders() {
        let orders = sign_in_and_call("alice").unwrap();
        assert_eq!(orders["orders"].as_array().map(Vec::len), Some(3), "{orders}");
    }

    #[test]
    fn person_without_a_role_is_refused() {
        let refused = sign_in_and_call("dave").unwrap_err().to_string();
        assert!(refused.contains("is not authorized to perform: execute-api:Invoke"), "{refused}");
    }
}
