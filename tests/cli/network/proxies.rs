//! Tests of proxies: the choice of a proxy for each request, and the messages about failing proxies.

use cogfed_test_support::{Lab, PROFILE, Ran, WaitingLogin, free_ports};

use super::certificates::Authority;
use super::front::{Act, Front, answer};
use super::place::{Place, endpoint, named, point};
use super::tunnel::{Manner, Tunnel};

const HOST: &str = "auth.example";

/// Starts a token endpoint with TLS that refuses all codes.
fn token_endpoint(authority: &Authority) -> Front {
    Front::alone(answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#), Some(authority.server(&[HOST])))
}

/// A home folder with a profile whose token endpoint is reachable only through a proxy, and a CA bundle for that
/// endpoint.
struct Company {
    place: Place,
    front: Front,
    bundle: String,
}

impl Company {
    fn new() -> Self {
        let authority = Authority::new("The company's root");
        let place = Place::new(&format!("https://{HOST}"), "");
        let bundle = authority.write(place.home()).to_str().unwrap().to_owned();
        Self { front: token_endpoint(&authority), place, bundle }
    }

    fn tunnel(&self, manner: Manner) -> Tunnel {
        Tunnel::start(manner, &[(HOST, self.front.address())])
    }

    /// Runs a `login --debug` whose browser returns with a code.
    fn exchange(&self, proxy: &str, more: &[(&str, &str)]) -> Ran {
        let variables = [&[("HTTPS_PROXY", proxy), ("AWS_CA_BUNDLE", self.bundle.as_str())], more].concat();
        self.place
            .exchange_with(&["--debug", "login", "--no-browser", "--accept-roots", "--accept-endpoints"], &variables)
    }
}

#[test]
fn sign_in_works_through_an_authenticating_proxy() {
    let lab = Lab::new();
    let authority = Authority::new("The company's root");
    let tls = authority.server(&["pool.example", HOST, "identity.example"]);
    let front = |key| Front::of(endpoint(&lab, key), Some(tls.clone()));
    let (pool, domain, identity) = (front("user_pool"), front("domain"), front("identity_pool"));
    let hosts = [("pool.example", pool.address()), (HOST, domain.address()), ("identity.example", identity.address())];
    let tunnel = Tunnel::start(Manner::Password("j@corp:p:/#w\u{e9}"), &hosts);
    let before = endpoint(&lab, "domain");
    point(
        &lab,
        &[
            ("user_pool", "https://pool.example"),
            ("domain", &format!("https://{HOST}")),
            ("identity_pool", "https://identity.example"),
        ],
        "",
    );
    let bundle = authority.write(lab.home());
    let proxy = format!("http://j%40corp:p%3A%2F%23w%C3%A9@{}", tunnel.address());
    let run = |words: &[&str]| {
        let mut command = named(lab.command(words), &lab.config());
        command.env("HTTPS_PROXY", &proxy).env("AWS_CA_BUNDLE", &bundle);
        command
    };
    let waiting =
        WaitingLogin::of(run(&["login", "--no-browser", "--accept-roots", "--accept-endpoints"]).spawn().unwrap());
    // The browser reaches the domain directly.
    let url = waiting.url.replace(&format!("https://{HOST}"), &format!("http://{before}"));
    cogfed::sandbox::visitor::sign_in_as(&url, "alice").unwrap();
    waiting.end().good();
    let ran = Ran::from(run(&["credential-process", "--profile", PROFILE]).output().unwrap());
    assert!(ran.good().document()["AccessKeyId"].is_string());
    let heads = tunnel.heads();
    for (host, _) in hosts {
        assert!(heads.iter().any(|head| head.starts_with(&format!("CONNECT {host}:443 "))), "{host}: {heads:?}");
    }
    assert_eq!((domain.count("/oauth2/token"), pool.count("jwks.json")), (1, 1));
    assert_eq!(identity.count("POST / "), 2, "GetId and GetCredentialsForIdentity, by the AWS SDK");
}

#[test]
fn proxy_authentication_failure_hides_the_password() {
    let company = Company::new();
    let tunnel = company.tunnel(Manner::Password("me:canary-right"));
    let address = tunnel.address();

    let ran = company.exchange(&format!("http://{address}"), &[]).failed_with(5);
    let expected = format!("cannot reach {HOST}: the proxy {address} demands authentication");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("put user and password into HTTPS_PROXY"), "{}", ran.stderr);
    assert_eq!(tunnel.heads().len(), 1, "asked again");

    let ran = company.exchange(&format!("http://me:canary-wrong@{address}"), &[]).failed_with(5);
    let expected = format!("the proxy {address} does not accept the user and password in HTTPS_PROXY");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    assert_eq!((company.front.connections(), tunnel.heads().len()), (0, 2));

    let ran = company.exchange(&format!("http://me:canary-right@{address}"), &[]).failed_with(6);
    assert_eq!(company.front.count("/oauth2/token"), 1, "{}", ran.stderr);
    let encoded = tunnel.heads()[2].lines().find_map(|line| line.split_once("Basic ")).unwrap().1.to_owned();
    for secret in ["canary", &encoded] {
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
    assert!(ran.stderr.contains(&format!("via=\"{address}\"")), "the debug log names the proxy: {}", ran.stderr);
}

#[test]
fn proxy_failure_is_distinguished_from_the_host_behind_it() {
    let company = Company::new();
    let cases = [
        (Manner::Refuses("403 Forbidden"), "refused to connect to it", "NO_PROXY"),
        (Manner::Refuses("502 Bad Gateway"), "refused to connect to it", "NO_PROXY"),
        (Manner::Refuses("nonsense"), "refused to connect to it", "NO_PROXY"),
        (Manner::Closes, "broke off", "NO_PROXY"),
        (Manner::Silent, "did not connect to it in time", "NO_PROXY"),
    ];
    for (manner, what, hint) in cases {
        let tunnel = company.tunnel(manner);
        let ran = company.exchange(&format!("http://{}", tunnel.address()), &[]).failed_with(5);
        let expected = format!("cannot reach {HOST}: the proxy {} {what}", tunnel.address());
        assert!(ran.stderr.contains(&expected), "{expected}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
    let nobody = format!("127.0.0.1:{}", free_ports(1)[0]);
    let ran = company.exchange(&format!("http://me:canary@{nobody}"), &[]).failed_with(5);
    let expected = format!("cannot reach {HOST}: the proxy {nobody} cannot be reached: Connection refused");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("check HTTPS_PROXY") && !ran.stderr.contains("canary"), "{}", ran.stderr);
    assert_eq!(company.front.connections(), 0);
}

#[test]
fn https_proxy_is_reached_over_tls() {
    let authority = Authority::new("root");
    let company = Company::new();
    let tunnel = company.tunnel(Manner::Open);
    let outer = Authority::new("The proxy's root");
    let speaker = Front::relay(tunnel.address(), outer.server(&["localhost"]));
    let both = company.place.home().join("both.pem");
    std::fs::write(&both, std::fs::read_to_string(&company.bundle).unwrap() + &outer.pem).unwrap();
    let proxy = format!("https://localhost:{}", speaker.port());
    let ran = company.exchange(&proxy, &[("AWS_CA_BUNDLE", both.to_str().unwrap())]).failed_with(6);
    assert_eq!(company.front.count("/oauth2/token"), 1, "{}", ran.stderr);
    let only = authority.write(company.place.home());
    let ran = company.exchange(&proxy, &[("AWS_CA_BUNDLE", only.to_str().unwrap())]).failed_with(5);
    assert!(ran.stderr.contains("cannot be reached: its certificate is from an issuer"), "{}", ran.stderr);
}

#[test]
fn intercepted_tls_is_refused_unless_its_root_is_named() {
    let root = Authority::new("The inspecting proxy's root");
    let front = token_endpoint(&root);
    let tunnel = Tunnel::start(Manner::Open, &[(HOST, front.address())]);
    let proxy = format!("http://{}", tunnel.address());
    let domain = format!("https://{HOST}");
    let place = Place::new(&domain, "");
    let bundle = root.write(place.home());
    let bundle = bundle.to_str().unwrap();

    let ran = place.exchange(&[("HTTPS_PROXY", &proxy)]).failed_with(5);
    let expected = format!("cannot reach {HOST}: its certificate is from an issuer that this machine does not trust");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("AWS_CA_BUNDLE") && ran.stderr.contains("'ca_bundle'"), "{}", ran.stderr);
    assert_eq!(front.count(""), 0, "something was sent to somebody whom nobody vouches for");

    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        place.exchange(&[("HTTPS_PROXY", &proxy), (variable, bundle)]).failed_with(6);
    }
    Place::new(&domain, &format!("ca_bundle = '{bundle}'")).exchange(&[("HTTPS_PROXY", &proxy)]).failed_with(6);
    let home = Place::new(&domain, "ca_bundle = '~/authority.pem'");
    root.write(home.home());
    home.exchange(&[("HTTPS_PROXY", &proxy)]).failed_with(6);
    assert_eq!(front.count("/oauth2/token"), 4);
}

#[test]
fn each_proxy_variable_counts_and_no_proxy_exempts() {
    let company = Company::new();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let tunnel = company.tunnel(Manner::Open);
        let address = tunnel.address().to_string();
        let run = |more: &[(&str, &str)]| {
            let own = [(name, address.as_str()), ("AWS_CA_BUNDLE", company.bundle.as_str())];
            company.place.exchange(&[&own, more].concat())
        };
        run(&[]).failed_with(6);
        assert_eq!(tunnel.heads().len(), 2, "{name}: the authorization endpoint and the token endpoint");
        // Only the proxy can resolve the host name.
        let ran = run(&[("NO_PROXY", "localhost,.example:443")]).failed_with(5);
        assert!(ran.stderr.contains(&format!("cannot reach {HOST}: ")), "{}", ran.stderr);
        assert_eq!(tunnel.heads().len(), 2, "{name} was used for a host in NO_PROXY");
        run(&[("NO_PROXY", ".example:8443")]).failed_with(6);
        assert_eq!(tunnel.heads().len(), 4, "{name}");
    }
}

#[test]
fn malformed_proxy_is_an_error() {
    let company = Company::new();
    for proxy in ["http://me:canary@:x", "http://me:can#ary@proxy:3128", "socks6://proxy:1080"] {
        let ran = company.exchange(proxy, &[]).failed_with(2);
        assert!(ran.stderr.contains("error: HTTPS_PROXY "), "{}", ran.stderr);
        assert!(!ran.stderr.contains("canary") && !ran.stderr.contains("can#ary"), "{}", ran.stderr);
    }
}

#[test]
fn loopback_is_never_proxied() {
    let authority = Authority::new("root");
    let tls = authority.server(&["localhost", "127.0.0.1", "::1"]);
    let front = Front::alone(answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#), Some(tls));
    let plain = Front::alone(Act::Close, None);
    let tunnel = Tunnel::start(Manner::Open, &[]);
    let proxy = format!("http://{}", tunnel.address());
    let port = front.port();
    for domain in [format!("https://localhost:{port}"), format!("https://127.0.0.1:{port}")] {
        let place = Place::new(&domain, "");
        let bundle = authority.write(place.home());
        place.exchange(&[("ALL_PROXY", &proxy), ("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(6);
    }
    Place::new(&format!("http://{}", plain.address()), "").exchange(&[("ALL_PROXY", &proxy)]).failed_with(5);
    assert_eq!((tunnel.heads().len(), front.count("/oauth2/token"), plain.count("/oauth2/token")), (0, 2, 1));
}
