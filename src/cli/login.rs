//! `cogfed login`: its flags and the sections of its help.

use clap::Args;

use super::ProfileFlag;

/// Sign in with your browser
///
/// Checks the store, the user pool, its domain and the callback URL, then opens the sign-in page and waits on a loopback
/// port until the browser returns. The tokens are verified and kept in the store. A sign-in that still works is renewed
/// without a browser.
///
/// Then asks the identity pool for AWS credentials, and shows your role, its AWS account and the next command.
///
/// Over SSH, in a container, in a CI job and without a display, no browser is opened. cogfed then shows the URL, and
/// copies it to the clipboard if the terminal can. A browser elsewhere returns through a forwarded port, or you paste
/// the address that it ends on.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Login {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Go straight to this identity provider, without the chooser
    #[arg(long, value_name = "NAME")]
    pub identity_provider: Option<String>,
    /// Find the profile by your email address, and suggest the address to the identity provider
    ///
    /// That is the profile whose email_domains or idp_identifier contain the domain of the address. If the profile names
    /// no identity provider, the user pool finds it by the domain.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "identity_provider")]
    pub email: Option<String>,
    /// Print the URL and wait, without opening a browser
    ///
    /// This is the default where no browser can be opened. A browser named by the profile's key browser, by
    /// COGFED_BROWSER or by BROWSER is always opened.
    #[arg(long)]
    pub no_browser: bool,
    /// Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile's ca_bundle adds, without asking
    ///
    /// By default login shows each root that neither the system has nor an administrator installed, and asks. Without
    /// a terminal it exits with status 2 instead. The answer is kept with the sign-in.
    #[arg(long)]
    pub accept_roots: bool,
    /// Send tokens to endpoints of the profile that are neither AWS's nor on this machine, without asking
    ///
    /// By default login shows their hosts, and asks. Without a terminal it exits with status 2 instead. The answer is
    /// kept with the sign-in.
    #[arg(long)]
    pub accept_endpoints: bool,
    /// How long to wait for the sign-in, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Sign in again even if the current sign-in works, and delete the credentials made from it
    #[arg(short, long)]
    pub force: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed login --profile internal
        sign in with a profile that is not the default
  cogfed login --email you@corp.example
        use the profile for addresses of that domain (email_domains)
  cogfed login --identity-provider AzureB2C
        use another identity provider than the profile's
  cogfed login --no-browser
        only print the URL; open it on this machine, or on another one and paste
        the address that the browser ends on
  cogfed login --accept-roots
        trust the company's root in AWS_CA_BUNDLE, in a script
  cogfed login --force
        sign in as another person, or after you were given a role

WITHOUT A BROWSER
  Over SSH, in a container, in a CI job and without a display, cogfed shows the
  URL. The terminal copies it to the clipboard (OSC 52), unless the profile has
  clipboard = false or COGFED_CLIPBOARD is false. Open it on any machine. The
  browser returns to localhost on that machine; the ssh command that cogfed
  shows forwards the port from there.

  Without that command, the browser cannot reach localhost. Copy the whole
  address from its address bar, and paste it at cogfed's prompt.

  On WSL the browser of Windows is opened, by wslview or rundll32.exe. In the
  terminal of a remote editor, cogfed uses the command that the editor puts into
  BROWSER.

TRUST ROOTS
  A root in AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or ca_bundle can let
  others read the tokens. login shows each one that neither the system has nor
  an administrator installed (a file that only root can change), and asks. Until
  then no other command sends a token under it, and exits with status 3.

ENDPOINTS
  The profile's endpoints may be those of a private link, or of an attacker who
  wants the tokens. login shows each host that is neither AWS's nor on this
  machine, and asks; until then no other command sends a token to any of them,
  and exits with status 3. A configuration that an environment variable names
  may have no such endpoints: name it with --config.

EXIT STATUS
  0    signed in
  1    a trust root or an endpoint was not accepted; or another fault, such as a
       state folder that cannot be written to
  2    the command line or the configuration is wrong, or a trust root needs
       --accept-roots, or an endpoint --accept-endpoints
  3    nobody signed in before the timeout
  4    the store failed
  5    the network failed
  6    refused: by the user pool, by the identity provider or by cogfed; or you
       are signed in, but the identity pool gives you no AWS credentials
  7    every callback port is taken, or a lock is held
  130  interrupted by Ctrl-C
";
