//! `cogfed status --report`: a support report without secrets.

use std::fmt::Display;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;

use super::super::roots;
use super::super::rows::line;
use super::super::{Attendance, Env, ProfileContext, configuration};
use crate::error::Failure;
use crate::profile::{Choice, Issuer, Profile, UserPool, keys::KEYS, select, settings};
use crate::session::Diagnosis;
use crate::session::record::{CredentialsRecord, TokensRecord};
use crate::terminal::shown;

/// Environment variables that change the behaviour of cogfed or of related tools, except for the variables that set
/// configuration keys.
const SHOWN: &[&str] = &[
    "COGFED_PROFILE",
    "COGFED_CONFIG",
    "AWS_PROFILE",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NO_PROXY",
    "no_proxy",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
    "WSL_DISTRO_NAME",
    "TERM",
    "NO_COLOR",
];
/// Environment variables whose values are secret or private. The report shows only that these variables are set.
const NAMED: &[&str] = &[
    "COGFED_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "SSH_TTY",
    "SSH_CONNECTION",
    "CI",
];
/// Environment variables with the URL of a proxy, which may contain a password.
const PROXIES: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The width of the column of names, in characters.
const NAMES: usize = 24;

/// Prints the support report. Errors while it gathers facts become part of it.
pub fn run(choice: &Choice, env: &mut Env) -> anyhow::Result<()> {
    let mut report = Report::default();
    report.title("cogfed");
    report.row("version", env!("CARGO_PKG_VERSION"));
    report.row("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    report.row("time", stamp(env.clock.now()));
    configured(&mut report, choice, env);
    match ProfileContext::new(env, choice, Attendance::Person) {
        Ok(context) => stored(&mut report, &context),
        Err(error) => report.fault("profile", error),
    }
    surroundings(&mut report, env);
    env.print(&report.0)
}

/// The text of the report: sections of rows, each with a name and a value.
#[derive(Default)]
struct Report(String);

impl Report {
    fn title(&mut self, title: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0 += &format!("{gap}[{}]\n", shown(title));
    }

    fn row(&mut self, name: &str, value: impl Display) {
        self.0 += &line(NAMES, name, &value.to_string());
    }

    fn fault(&mut self, name: &str, error: impl Into<Failure>) {
        self.row(name, format!("error: {}", person(&error.into().in_one_line().to_string())));
    }
}

fn configured(report: &mut Report, choice: &Choice, env: &Env) {
    report.title("configuration");
    let configuration = match configuration(env) {
        Ok(configuration) => configuration,
        Err(error) => return report.fault("file", error),
    };
    report.row("file", configuration.path.display());
    report.row("profiles", configuration.names().collect::<Vec<_>>().join(", "));
    // A wrong choice or setting is reported by the part that uses it.
    let Ok(name) = select(&configuration, choice, &env.variable) else { return };
    report.title(&format!("profile {name}"));
    let Ok(settings) = settings(&configuration, &name, choice, &env.variable) else { return };
    for (key, setting) in settings.shown() {
        report.row(key, format!("{}  ({})", person(&setting.value.to_string()), setting.source));
    }
}

fn stored(report: &mut Report, context: &ProfileContext) {
    let ProfileContext { profile, store, .. } = context;
    let folder = context.session().folder();
    derived(report, profile);
    report.title("store");
    report.row("kept in", store.describe());
    report.row("own folder", folder.path().display());
    let session = context.session();
    let began = Instant::now();
    let tokens = session.tokens();
    report.row("first answer after", format!("{} ms", began.elapsed().as_millis()));
    match &tokens {
        Ok(Some(tokens)) => sign_in(report, tokens, profile),
        Ok(None) => report.row("sign-in", "none"),
        Err(error) => report.row("sign-in", format!("error: {}", person(&format!("{error:#}")))),
    }
    match session.stored_credentials() {
        Ok(Some(credentials)) => handed_out(report, &credentials),
        Ok(None) => report.row("credentials", "none"),
        Err(error) => report.fault("credentials", error),
    }
    remembered(report, session.diagnosis(tokens.ok().flatten().as_ref()));
    let roots = roots::listed(session.extra_roots().as_ref().map(|roots| *roots));
    report.title("trust roots besides the system's");
    if roots.is_empty() {
        report.row("extra root", "none");
    }
    roots.iter().for_each(|root| report.row("extra root", person(root)));
}

/// Adds the URLs that are derived from the profile's settings.
fn derived(report: &mut Report, profile: &Profile) {
    report.row("issuers", profile.issuer.issuers().join(", "));
    match &profile.issuer {
        Issuer::UserPool(UserPool { endpoints, .. }) => {
            report.row("authorization endpoint", &endpoints.authorization);
            report.row("token endpoint", &endpoints.token);
            report.row("keys", &endpoints.jwks);
        }
        Issuer::Plain(issuer) => report.row("discovery document", &issuer.discovery),
    }
    report.row("identity pool endpoint", &profile.endpoints.identity_pool);
    report.row("STS endpoint", &profile.endpoints.sts);
}

fn sign_in(report: &mut Report, tokens: &TokensRecord, profile: &Profile) {
    let or_none = |time: Option<DateTime<Utc>>| time.map_or("not known".to_owned(), stamp);
    report.title("sign-in");
    report.row("person", person(&tokens.person));
    report.row("identity provider", tokens.provider.as_deref().unwrap_or("not named by the token"));
    report.row("issuer", &tokens.issuer);
    report.row("signed in", stamp(tokens.signed_in_at));
    report.row("ID token", format!("{} to {}", stamp(tokens.issued_at), stamp(tokens.expires_at)));
    report.row("refresh token", if tokens.refresh_token.is_some() { "there" } else { "none" });
    report.row("renewable until", or_none(tokens.renewable_until(profile)));
    report.row("app client's secret", if tokens.client_secret.is_some() { "there" } else { "none" });
    report.row("identity id", if tokens.identities.contains_key(&profile.identity_pool_id) { "known" } else { "none" });
    if let Some(ended) = &tokens.ended {
        report.row("ended", format!("noticed {}", stamp(ended.at)));
    }
}

fn handed_out(report: &mut Report, credentials: &CredentialsRecord) {
    report.title("credentials");
    report.row("role asked for", credentials.role_arn.as_deref().unwrap_or("none"));
    report.row("life", format!("{} to {}", stamp(credentials.issued_at), stamp(credentials.expires_at)));
}

fn remembered(report: &mut Report, diagnosis: Diagnosis) {
    report.title("on record");
    report.row("interrupted refresh", diagnosis.interrupted_at.map_or("none".to_owned(), stamp));
    match diagnosis.last_failure {
        Some((at, failure)) => {
            let Failure { kind, message, .. } = failure;
            let message = person(&message);
            report.row("last failed renewal", format!("{}, exit code {}: {message}", stamp(at), kind.exit_code()));
        }
        None => report.row("last failed renewal", "none"),
    }
    let holder = diagnosis.holder.map(|held| held.pid.map_or("a process".to_owned(), |pid| format!("process {pid}")));
    report.row("unanswered sign-in", diagnosis.unanswered_at.map_or("none".to_owned(), stamp));
    report.row("clock", diagnosis.clock.map_or("right, as far as known".to_owned(), |clock| clock.to_string()));
    report.row("lock", holder.map_or("free".to_owned(), |who| format!("held by {who}")));
}

fn surroundings(report: &mut Report, env: &Env) {
    report.title("environment");
    report.row("terminal", if env.terminal.is_attended() { "yes" } else { "no" });
    let of_keys = KEYS.iter().map(|key| key.variable());
    for name in SHOWN.iter().map(|name| (*name).to_owned()).chain(of_keys) {
        if let Some(value) = (env.variable)(&name) {
            report.row(&name, person(&value));
        }
    }
    for name in NAMED.iter().filter(|name| (env.variable)(name).is_some()) {
        report.row(name, "set");
    }
    for name in PROXIES {
        if let Some(value) = (env.variable)(name) {
            report.row(name, without_password(&value));
        }
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Shortens the part before the `@` of each email address to one letter. One letter is enough to tell two people apart.
/// The address may be percent-encoded.
fn person(text: &str) -> String {
    let local_part = |c: char| c.is_alphanumeric() || "._%+-!#$&'*/=?^`{|}~".contains(c);
    let mut rest = text;
    let mut masked = String::new();
    while let Some((at, sign)) = ["@", "%40"].into_iter().filter_map(|sign| Some((rest.find(sign)?, sign))).min() {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let start = before.trim_end_matches(local_part).len();
        let (kept, name) = before.split_at_checked(start).unwrap_or((before, ""));
        let quote = if name.starts_with('\'') { "'" } else { "" };
        masked += kept;
        masked += quote;
        masked.extend(name.chars().nth(quote.len()));
        masked += "…";
        masked += sign;
        rest = after.strip_prefix(sign).unwrap_or_default();
    }
    masked + rest
}

/// Returns the URL of a proxy without its user name and password.
fn without_password(proxy: &str) -> String {
    let whole = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    match Url::parse(&whole) {
        Ok(url) if url.host_str().is_some() => {
            let user = if url.username().is_empty() && url.password().is_none() { "" } else { "…@" };
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{user}{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        _ => "set, and not a URL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_shortens_names_in_email_addresses_to_one_letter() {
        for (text, masked) in [
            ("alice@corp.example", "a…@corp.example"),
            ("AzureAD_alice.b+c@corp.example", "A…@corp.example"),
            ("mail to: alice@corp.example, bob@x.example", "mail to: a…@corp.example, b…@x.example"),
            ("Ünal@x", "Ü…@x"),
            ("@x", "…@x"),
            ("a@b@c", "a…@b…@c"),
            ("nobody", "nobody"),
            ("", ""),
        ] {
            assert_eq!(person(text), masked, "{text}");
        }
    }

    #[test]
    fn report_shows_a_proxy_without_its_password() {
        for (proxy, shown) in [
            ("http://alice:s3cret@proxy.example:8080", "http://…@proxy.example:8080"),
            ("alice:s3cret@proxy.example:8080", "http://…@proxy.example:8080"),
            ("https://s3cret@proxy.example/s3cret?s3cret", "https://…@proxy.example"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("http://alice:s3%zz@ proxy", "set, and not a URL"),
            ("alice:s3cret@", "set, and not a URL"),
            ("mailto:s3cret", "set, and not a URL"),
        ] {
            assert_eq!(without_password(proxy), shown, "{proxy}");
        }
    }
}
