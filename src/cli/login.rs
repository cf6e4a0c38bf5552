//! `cogfed login`: its flags and the sections of its help.

use clap::Args;

use super::ProfileFlag;

/// Sign in, in the browser
///
/// Opens the user pool's sign-in page and waits on a loopback port until the browser comes back. The tokens are
/// verified and kept in the store. If there is a working sign-in already, it is renewed and no browser is opened.
///
/// Over SSH, in a container, in a CI job and without a display no browser is opened. The page's address is shown then,
/// and copied by the terminal where it can; a browser elsewhere comes back by a forwarded port, or the address that it
/// ended on is pasted at the prompt.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Login {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Go to this identity provider at once, past the chooser
    #[arg(long, value_name = "NAME")]
    pub identity_provider: Option<String>,
    /// Find the profile by your email address, and suggest the address to the identity provider
    ///
    /// It is the profile whose email_domains, or idp_identifier, name the address's domain. In one that names no identity
    /// provider, the user pool finds it by the domain.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "identity_provider")]
    pub email: Option<String>,
    /// Print the URL and wait, without opening a browser
    ///
    /// This is how it goes anyway where no browser can be. The other way round, a browser named by the profile's key
    /// browser, by COGFED_BROWSER or by BROWSER is opened anywhere.
    #[arg(long)]
    pub no_browser: bool,
    /// Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile's ca_bundle adds, without asking
    ///
    /// By default login shows each root that neither the system has nor an administrator installed, and asks. Without
    /// a terminal it exits with status 2 instead. The answer is kept with the sign-in.
    #[arg(long)]
    pub accept_roots: bool,
    /// How long to wait for the sign-in, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one
    #[arg(short, long)]
    pub force: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed login --profile internal
        sign in with a profile that is not the default
  cogfed login --email you@corp.example
        with the profile for addresses of that domain (email_domains)
  cogfed login --identity-provider AzureB2C
        go to another identity provider than the profile's
  cogfed login --no-browser
        print the URL only; open it in a browser on this machine, or in another
        one's and paste the address that it ended on
  cogfed login --accept-roots
        trust the company's root in AWS_CA_BUNDLE, in a script
  cogfed login --force
        sign in as somebody else, or after a role was given

WITHOUT A BROWSER
  Over SSH, in a container, in a CI job and without a display, the URL is shown,
  and copied by the terminal (OSC 52) unless the profile says clipboard = false
  or COGFED_CLIPBOARD is false. It may be opened on any machine. The browser
  comes back to localhost there, and the ssh command that cogfed shows, run on
  that machine, leads it here.

  Or the browser says that it cannot reach localhost: then copy the whole
  address out of its address bar, and paste it at cogfed's prompt.

  On WSL the browser of Windows is opened, by wslview or rundll32.exe. In an
  editor's terminal on another machine it is what the editor put into BROWSER.

TRUST ROOTS
  A root in AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or ca_bundle can let
  somebody read the tokens. login shows each one that neither the system has nor
  an administrator installed (a file that only root can change), and asks. Until
  then no other command sends a token under it, and exits with status 3.

EXIT STATUS
  0    signed in
  1    a trust root was not accepted
  2    the command line or the configuration is wrong, or a trust root needs
       --accept-roots
  3    nobody signed in in time
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by cogfed
  7    every callback port is taken, or a lock is held
  130  interrupted by Ctrl-C
";
