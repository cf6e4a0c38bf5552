//! Tests of sign-ins that cannot succeed. Before the browser opens, `login` names the cause and the remedy.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use cogfed::sandbox::{Misbehaviour, Options, visitor};
use cogfed_test_support::{Answer, Lab, Ran, Server, free_ports};

/// The time limit for failures that `login` must report without waiting.
const AT_ONCE: Duration = Duration::from_secs(3);
/// The additional time that a test allows on a busy machine.
const SLACK: Duration = Duration::from_secs(8);

/// Runs `login`, and checks that it fails at once with this status and these words and that no browser opens.
#[track_caller]
fn named(lab: &Lab, status: i32, words: &[&str]) -> Ran {
    let opened = lab.home().join("opened");
    let began = Instant::now();
    let mut command = lab.command(&["login", "--accept-endpoints", "--config", lab.config().to_str().expect("UTF-8")]);
    command.env("COGFED_BROWSER", format!("/usr/bin/touch {}", opened.display()));
    let ran = Ran::from(command.output().expect("cogfed runs")).failed_with(status);
    assert!(began.elapsed() < AT_ONCE + SLACK, "{:?}", began.elapsed());
    assert!(!opened.exists() && !ran.stderr.contains("waiting up to"), "a browser was opened: {}", ran.stderr);
    ran.one_error_and_hint();
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is not in: {}", ran.stderr);
    }
    lab.run(&["status", "--config", lab.config().to_str().expect("UTF-8")]).failed_with(3);
    ran
}

/// Sets another URL for one of the profile's endpoints.
fn move_endpoint(lab: &Lab, key: &str, url: &str) {
    let text = std::fs::read_to_string(lab.config()).expect("a configuration");
    let start = format!("{key} = \"");
    let (head, endpoints) = text.split_once("endpoints]\n").expect("a section of endpoints");
    let moved = endpoints.lines().map(|line| match line.starts_with(&start) {
        true => format!("{start}{url}\"\n"),
        false => format!("{line}\n"),
    });
    std::fs::write(lab.config(), format!("{head}endpoints]\n{}", moved.collect::<String>())).expect("it is written");
}

fn closed() -> String {
    format!("http://127.0.0.1:{}", free_ports(1)[0])
}

#[test]
fn unknown_user_pool_is_named_before_the_browser() {
    let lab = Lab::new();
    lab.configure_with("user_pool_id = 'eu-west-1_Mistyped1'");
    named(&lab, 6, &["does not know the user pool 'eu-west-1_Mistyped1'", "check 'user_pool_id' in profile 'lab'"]);
    assert_eq!(lab.sandbox.count("authorize"), 0);
}

#[test]
fn unknown_app_client_is_named_before_the_browser() {
    for unknown_client_page in [false, true] {
        let lab = Lab::with(Options { unknown_client_page, ..Options::default() });
        lab.configure_with("client_id = 'mistyped0client0id0000000'");
        named(
            &lab,
            6,
            &["does not accept the app client 'mistyped0client0id0000000'", "check 'client_id' and 'domain'"],
        );
    }
}

#[test]
fn unregistered_port_is_named_before_the_browser() {
    let lab = Lab::new();
    let ports = free_ports(2);
    lab.configure_with(&format!("redirect_ports = {ports:?}"));
    let uri = format!("http://localhost:{}/callback is not a callback URL of the app client", ports[0]);
    named(&lab, 6, &[&uri, "redirect_mismatch", &format!("({}, {})", ports[0], ports[1])]);
    assert_eq!(lab.sandbox.count("error"), 0, "the redirect was followed");
}

#[test]
fn domain_that_cannot_be_found_is_named_before_the_browser() {
    let lab = Lab::new();
    move_endpoint(&lab, "domain", "https://mistyped.invalid");
    named(&lab, 5, &["the user pool's domain cannot be found", "mistyped.invalid", "check 'domain' in profile 'lab'"]);
}

#[test]
fn servers_that_refuse_connections_are_named_before_the_browser() {
    for (key, what) in [("user_pool", "the user pool does not answer"), ("domain", "the user pool's domain does not")] {
        let lab = Lab::new();
        move_endpoint(&lab, key, &closed());
        named(&lab, 5, &[what, "Connection refused", "check the network"]);
    }
}

#[test]
fn missing_signing_keys_are_named_before_the_browser() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::Jwks500], ..Options::default() });
    named(&lab, 5, &["signing keys: status 500"]);
}

/// The profile has only the four required ids, and the test runs without a network.
#[test]
#[cfg(target_os = "linux")]
fn missing_network_is_named_before_the_browser() {
    let lab = Lab::new();
    std::fs::write(
        lab.config(),
        "[profile.lab]\nuser_pool_id = 'eu-west-1_AbC123xyz'\nclient_id = '3n4b5urk1ft4fl3mg5e62d9ado'\nstore = 'file'\n\
         domain = 'corp.auth.eu-west-1.amazoncognito.com'\n\
         identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'\n",
    )
    .expect("it is written");
    let login = lab.command(&["login"]);
    let mut alone = std::process::Command::new("unshare");
    alone.args(["-rn", "sh", "-c", "ip link set lo up || exit 99; exec \"$@\"", "sh"]).arg(login.get_program());
    alone.arg("login").env_clear().envs(login.get_envs().filter_map(|(name, value)| Some((name, value?))));
    alone.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let began = Instant::now();
    let ran = match alone.output() {
        Ok(output) if output.status.code() != Some(99) => Ran::from(output).failed_with(5),
        _ => {
            return cogfed_test_support::skip_anywhere(
                "a network namespace needs unshare, ip, and a kernel that lets us",
            );
        }
    };
    assert!(began.elapsed() < AT_ONCE + SLACK, "{:?}", began.elapsed());
    let host = "cannot reach cognito-idp.eu-west-1.amazonaws.com";
    for word in ["the user pool does not answer", host, "check the network"] {
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    }
}

#[test]
fn network_that_does_not_answer_fails_after_fifteen_seconds() {
    let lab = Lab::new();
    // The system accepts connections for the listener, and nobody answers them.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    move_endpoint(&lab, "domain", &format!("https://{}", silent.local_addr().expect("an address")));
    let began = Instant::now();
    let ran = lab.run(&["login"]).failed_with(5);
    assert!(began.elapsed() < Duration::from_secs(15) + SLACK, "{:?}", began.elapsed());
    assert!(ran.stderr.contains("the user pool's domain does not answer"), "{}", ran.stderr);
}

#[test]
fn store_that_cannot_be_written_is_named_before_the_browser() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.folder().path()).expect("a folder");
    std::fs::write(lab.folder().path().join("store"), "a file in the place of the folder").expect("it is written");
    let began = Instant::now();
    let ran = lab.run(&["login"]);
    assert!(began.elapsed() < AT_ONCE + SLACK, "{:?}", began.elapsed());
    assert_ne!(ran.status, 0);
    assert!(ran.stderr.contains("store") && !ran.stderr.contains("waiting up to"), "{}", ran.stderr);
    assert_eq!(lab.sandbox.count("authorize"), 0);
}

#[test]
fn trying_the_store_leaves_nothing_behind() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    assert!(lab.items("probe").is_empty());
    lab.complete(waiting);
    assert!(lab.items("probe").is_empty() && lab.items("tokens").len() == 1);
}

#[test]
fn authorization_endpoint_is_asked_once_with_throw_away_values() {
    let lab = Lab::new();
    let (seen, requests) = std::sync::mpsc::channel();
    let endpoint = Server::of_requests(move |request| {
        seen.send(request).expect("the test waits");
        let headers = vec![("location".to_owned(), "/login".to_owned())];
        Answer { status: 302, headers, body: Vec::new() }
    });
    move_endpoint(&lab, "domain", &endpoint.url());
    let waiting = lab.begin_login(&[]);
    let browser: url::Url = waiting.url.parse().expect("a URL");
    waiting.kill();
    let requests: Vec<_> = requests.try_iter().collect();
    assert_eq!(requests.len(), 1, "asked once, and the redirect is not followed: {requests:?}");
    let target = requests[0].line().split(' ').nth(1).expect("a target").to_owned();
    let asked = browser.join(&target).expect("a URL");
    let value = |url: &url::Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    for name in ["client_id", "redirect_uri", "scope", "response_type"] {
        assert!(value(&asked, name).is_some() && value(&asked, name) == value(&browser, name), "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert!(value(&asked, name).is_some() && value(&asked, name) != value(&browser, name), "{name}");
    }
    assert_eq!(value(&asked, "identity_provider"), None, "no identity provider is asked");
    assert!(requests[0].header("cookie").is_none());
}

#[test]
fn firewall_of_the_user_pool_is_named_and_the_sign_in_goes_on() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::WebAcl], ..Options::default() });
    let ran = lab.begin_login(&["--timeout", "1"]).end().failed_with(3);
    let (before, after) = ran.stderr.split_once("waiting up to").expect("a wait");
    for text in [before, after] {
        assert!(
            text.contains("EC2MetaDataSSRF_QUERYARGUMENTS") && text.contains("GenericRFI_QUERYARGUMENTS"),
            "{text}"
        );
    }
    assert!(!after.contains("redirect_mismatch"), "the cause is known: {after}");
    lab.sandbox.behave();
    let waiting = lab.begin_login(&[]);
    visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    waiting.end().good();
}

#[test]
fn hint_for_nobody_asks_what_the_page_said() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&["--timeout", "1"]);
    let uri = waiting.redirect_uri();
    let ran = waiting.end().failed_with(3);
    for word in ["nobody signed in within 1 s", "redirect_mismatch", uri.as_str(), "403", "Login pages unavailable"] {
        assert!(ran.stderr.contains(word), "'{word}' is not in: {}", ran.stderr);
    }
}

#[test]
fn hint_for_nobody_asks_no_page_when_the_browser_came_back() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&["--timeout", "3"]);
    let port = waiting.port();
    let form = format!("code=abc&state={}", waiting.state());
    cogfed_test_support::http::send_form(port, "POST", "/callback", &form);
    let ran = waiting.end().failed_with(3);
    assert!(ran.stderr.contains("hint: ") && !ran.stderr.contains("redirect_mismatch"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the warning above says why"), "{}", ran.stderr);
}
