//! A URL typed after `cogfed call GET`.

use cogfed::aws::{NamedScope, named_scope};
use cogfed::error::Failure;
use cogfed::request::{ApiRequest, Note, RequestInput, Scope, sign};
use url::{Host, Url};

use crate::given::{assert_presentable, credentials, is_plain, now};

/// Checks that the signed URL is the one that is sent, does not change when built again, and names the typed host.
pub fn run(data: &[u8]) {
    let Ok(given) = std::str::from_utf8(data) else { return };
    let (request, _) = match built(given) {
        Ok(built) => built,
        Err(error) => return assert_presentable(&error),
    };
    let signed =
        sign(&request, &credentials(), &Scope::execute_api("eu-west-1"), now()).expect("what is built can be signed");
    let uri = signed.as_http().uri();
    let wire = uri.to_string();
    assert!(is_plain(&wire) && wire.is_ascii() && !wire.contains([' ', '"', '<', '>', '\\', '#']), "{wire:?}");
    let url: Url = wire.parse().expect("a URL");
    assert_eq!(url.as_str(), wire, "no parser on the way rewrites it");
    assert_is_safe(&url, given);
    assert_eq!(signed.as_http().headers()["host"], request.host());
    assert_eq!(uri.authority().map(|authority| authority.as_str()), Some(request.host()));
    assert!(uri.path().split('/').all(|part| part != "." && part != ".."), "{wire}");
    assert!(!uri.query().unwrap_or_default().contains(['+', ';']), "{wire}");
    let (again, notes) = built(&wire).expect("its own form is good");
    assert_eq!(again.path(), request.path());
    let again = sign(&again, &credentials(), &Scope::execute_api("eu-west-1"), now()).expect("signable");
    assert_eq!(again.as_http().uri(), uri, "its own form stays as it is");
    // A dollar sign stays as it is, so a placeholder is noted again.
    assert!(notes.iter().all(|note| matches!(note, Note::Placeholder(_))), "{wire}: {notes:?}");
    // The region of a global service is not in its host's name.
    const GLOBAL: [&str; 8] = [
        "us-east-1",
        "us-gov-west-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-isoe-west-1",
        "us-isof-south-1",
    ];
    if let NamedScope::Service { region: Some(region), .. } = named_scope(request.host()) {
        assert!(
            request.host().contains(&region) || GLOBAL.contains(&region.as_str()),
            "{region} of {}",
            request.host()
        );
    }
}

fn built(url: &str) -> Result<(ApiRequest, Vec<Note>), Failure> {
    ApiRequest::build(RequestInput { method: "GET".into(), url: url.to_owned(), ..RequestInput::default() })
}

fn assert_is_safe(url: &Url, given: &str) {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => panic!("no host: {url}"),
    };
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    // A browser's parser and ours agree on the host, regardless of the slashes, question marks and hashes.
    let theirs = Url::parse(given.trim()).unwrap_or_else(|error| panic!("{given}: {error}"));
    assert_eq!((theirs.host(), theirs.port_or_known_default()), (url.host(), url.port_or_known_default()), "{given}");
}
