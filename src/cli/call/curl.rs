//! The options of curl that `cogfed call` does not have: those that it accepts and ignores, and advice for the others.
//!
//! A line of curl that was pasted from documentation either works, or fails with the one option that does not apply.

use clap::{Arg, ArgAction, Command};

/// The flags of `call` that may not be repeated: curl sends one request for each.
const ONCE: [&str; 3] = ["output", "upload_file", "url"];

/// The options that change nothing here: long name, short name, and true if a value follows.
const IGNORED: &[(&str, Option<char>, bool)] = &[
    ("no-buffer", Some('N'), false),
    ("globoff", Some('g'), false),
    ("progress-bar", Some('#'), false),
    ("no-progress-meter", None, false),
    ("disable", Some('q'), false),
    ("parallel", Some('Z'), false),
    ("ipv4", Some('4'), false),
    ("ipv6", Some('6'), false),
    ("http1.1", None, false),
    ("http2", None, false),
    ("tlsv1", Some('1'), false),
    ("tlsv1.0", None, false),
    ("tlsv1.1", None, false),
    ("tlsv1.2", None, false),
    ("ssl-reqd", None, false),
    ("no-alpn", None, false),
    ("no-npn", None, false),
    ("no-sessionid", None, false),
    ("no-keepalive", None, false),
    ("keepalive-time", None, true),
    ("tcp-nodelay", None, false),
    ("tcp-fastopen", None, false),
    ("fail-early", None, false),
    ("styled-output", None, false),
    ("no-styled-output", None, false),
    ("suppress-connect-headers", None, false),
    ("expect100-timeout", None, true),
    // cogfed speaks https to other machines, and an incomplete file never takes the place of -o's.
    ("proto", None, true),
    ("proto-redir", None, true),
    ("proto-default", None, true),
    ("remove-on-error", None, false),
    ("rate", None, true),
];

/// Makes `call` accept what curl accepts: the ignored options, and repeated flags, of which the last counts. That is
/// added only for parsing, so that help, man pages and completions do not name it.
pub fn as_in_curl(call: Command) -> Command {
    let is_single = |argument: &Arg| {
        matches!(argument.get_action(), ArgAction::Set | ArgAction::SetTrue) && !argument.is_positional()
    };
    let call = call.mut_args(|argument| {
        let id = argument.get_id().clone();
        match is_single(&argument) && !ONCE.contains(&id.as_str()) {
            true => argument.overrides_with(id),
            false => argument,
        }
    });
    call.args(IGNORED.iter().map(|(long, short, has_value)| {
        let action = if *has_value { ArgAction::Append } else { ArgAction::Count };
        let argument = Arg::new(*long).long(*long).action(action).allow_hyphen_values(*has_value).hide(true);
        match short {
            Some(short) => argument.short(*short),
            None => argument,
        }
    }))
}

const NO_LOGIN: &str = "leave it out: every request is signed with the profile's credentials";
const NO_TOKEN: &str =
    "leave it out: the signature takes the Authorization header; for an API that takes a token there, use curl";
const SIGNED: &str = "leave it out: every request is signed; --region and --service say for what, if the host does not";
const CERTIFICATES: &str =
    "certificates are always verified: name your company's authority in the profile's 'ca_bundle' or in AWS_CA_BUNDLE";
const AUTHORITIES: &str = "name the PEM file in the profile's 'ca_bundle' or in AWS_CA_BUNDLE";
const PROXY: &str =
    "name the proxy in the profile's 'proxy' or in HTTPS_PROXY, and the hosts to reach without it in NO_PROXY";
const COOKIES: &str = "cogfed keeps no cookies: -i shows those of the answer, and -b 'NAME=VALUE' sends one";
const TLS: &str = "leave it out: cogfed speaks TLS 1.2 and 1.3, with the ciphers of its TLS library";
const VERSIONS: &str = "leave it out: cogfed speaks HTTP/1.1";
const SYSTEM: &str = "leave it out: the operating system resolves names and chooses the route";
const ONLY_HTTPS: &str = "leave it out: cogfed sends HTTP requests only";
const NAMED_FILE: &str = "name the file with -o FILE, or take its name from the URL with -O";
const ON_STDERR: &str = "use -v for the heads of request and answer, and --debug for each step";
const SHELL: &str = "use the variables of the shell";

/// Options of curl with the way in which cogfed does the same.
const ADVICE: &[(&[&str], &str)] = &[
    (&["-u", "--user", "--basic", "--digest", "--anyauth"], NO_LOGIN),
    (&["-n", "--netrc", "--netrc-file", "--netrc-optional", "--login-options"], NO_LOGIN),
    (&["--negotiate", "--ntlm", "--ntlm-wb", "--krb", "--delegation", "--service-name"], NO_LOGIN),
    (&["--oauth2-bearer"], NO_TOKEN),
    (&["--aws-sigv4"], SIGNED),
    (&["-k", "--insecure", "--ssl", "--ssl-no-revoke", "--cert-status"], CERTIFICATES),
    (&["--cacert", "--capath", "--ca-native", "--crlfile", "--pinnedpubkey"], AUTHORITIES),
    (&["-x", "--proxy", "-U", "--proxy-user", "--noproxy", "--preproxy", "--proxytunnel"], PROXY),
    (&["--proxy1.0", "--proxy-header"], PROXY),
    (&["--socks4", "--socks4a", "--socks5", "--socks5-hostname"], "set ALL_PROXY=socks5h://HOST:PORT"),
    (&["--proxy-cacert", "--proxy-insecure", "--proxy-cert", "--proxy-key", "--proxy-basic", "--proxy-ntlm"], PROXY),
    (&["-c", "--cookie-jar", "-j", "--junk-session-cookies"], COOKIES),
    (&["-K"], "write the options on the command line: cogfed reads no configuration of curl"),
    (&["-2", "-3", "--sslv2", "--sslv3", "--tlsv1.3", "--tls-max", "--ciphers", "--tls13-ciphers", "--curves"], TLS),
    (
        &["-0", "--http1.0", "--http0.9", "--http2-prior-knowledge", "--http3", "--http3-only", "--alt-svc", "--hsts"],
        VERSIONS,
    ),
    (
        &[
            "--interface",
            "--local-port",
            "--dns-servers",
            "--dns-interface",
            "--doh-url",
            "--happy-eyeballs-timeout-ms",
        ],
        SYSTEM,
    ),
    (&["--unix-socket", "--abstract-unix-socket"], "leave it out: signed requests go over TCP only"),
    (&["--location-trusted"], "use -L: it follows without the signature, which no other host may get"),
    (&["--post301", "--post302", "--post303"], "use -L"),
    (&["-C", "--continue-at"], "use -r START- and append: >>FILE"),
    (&["-J", "--remote-header-name", "--remote-name-all", "--no-clobber"], NAMED_FILE),
    (&["-R", "--remote-time", "--xattr"], "leave it out: the file has the time at which it is written"),
    (&["-z", "--time-cond"], "use -H 'If-Modified-Since: DATE'"),
    (&["--etag-compare", "--etag-save"], "use -H 'If-None-Match: ETAG'; -i shows the answer's ETag"),
    (&["--trace", "--trace-ascii", "--trace-time", "--trace-ids", "--trace-config", "--stderr"], ON_STDERR),
    (&["-:", "--next"], "run cogfed call once for each request"),
    (&["--limit-rate", "-Y", "--speed-limit", "-y", "--speed-time"], "use --max-time to bound the whole transfer"),
    (&["--max-filesize"], "leave it out: an answer is written as it arrives, whatever its size"),
    (&["--path-as-is"], "leave it out: dot segments in the path are resolved, and all else is sent as given"),
    (&["--retry-all-errors"], "leave it out: --retry repeats a request after every failure that allows it"),
    (&["--crlf"], "leave it out: a body is sent as it is"),
    (&["--request-target"], "write the path into the URL: it is sent as given"),
    (&["--tr-encoding", "--raw"], "use --compressed for a compressed answer"),
    (&["--libcurl"], "use --curl, which prints the equivalent line of curl"),
    (&["--variable", "--expand-data", "--expand-header", "--expand-url"], SHELL),
    (&["--cert-type", "--key-type", "--pass", "--engine"], "leave it out: --cert and --key name PEM files"),
    (&["-a", "--append", "-l", "--list-only", "-B", "--use-ascii", "-Q", "--quote", "-P", "--ftp-port"], ONLY_HTTPS),
    (&["-M", "--manual"], "run 'cogfed help call'"),
    (&["--form-escape"], "leave it out: names and file names of a form are always escaped as by browsers"),
];

/// Returns the way in which cogfed does what an option of curl does, if `option` is one that `call` does not have.
pub fn advice_on(option: &str) -> Option<&'static str> {
    ADVICE.iter().find(|(options, _)| options.contains(&option)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_of_call_is_ignored_or_advised_against() {
        let call = crate::cli::command().find_subcommand("call").expect("a verb").clone();
        let own: Vec<String> = call
            .get_arguments()
            .flat_map(|argument| {
                let long =
                    argument.get_long_and_visible_aliases().into_iter().flatten().map(|long| format!("--{long}"));
                long.chain(argument.get_short().map(|short| format!("-{short}"))).collect::<Vec<_>>()
            })
            .collect();
        assert!(own.contains(&"--data-raw".to_owned()) && own.contains(&"-X".to_owned()), "{own:?}");
        for option in ADVICE.iter().flat_map(|(options, _)| *options) {
            assert!(!own.contains(&(*option).to_owned()), "{option}");
            assert!(!IGNORED.iter().any(|(long, ..)| *option == format!("--{long}")), "{option}");
        }
        for (long, short, _) in IGNORED {
            assert!(!own.contains(&format!("--{long}")), "{long}");
            assert!(short.is_none_or(|short| !own.contains(&format!("-{short}"))), "{long}");
        }
    }
}
