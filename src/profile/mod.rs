//! Profiles from the configuration, each of which describes one kind of sign-in. Flags and the environment override
//! them, and each is checked.

pub mod check;
mod checked;
mod elsewhere;
pub mod email;
mod file;
mod issuer;
pub mod keys;
mod location;
mod missing;
mod settings;
mod sign_in_name;

use chrono::TimeDelta;

pub use elsewhere::Elsewhere;
pub use file::Configuration;
pub use issuer::{Issuer, PlainIssuer, ProviderEndpoints, UserPool};
pub use location::{Chooser, Location};
pub use settings::{Override, Setting, Settings, Source, Value};
pub use sign_in_name::{NamedBy, SignInName};

use checked::Checked;
use missing::no_profiles;

use crate::aws::ids;
use crate::error::{Failure, Kind, quoted};
use crate::http::ProxyChoice;
use crate::network::CaBundle;
use crate::store;

/// The maximum length of an identity provider's name, in characters
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html>).
const LONGEST_PROVIDER: usize = 32;

/// The maximum number of profiles that a hint lists.
const MOST_NAMED: usize = 8;

/// A function that reads an environment variable. It is passed in, so that tests do not change their own environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The profile and the overrides that the command line requests.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The value of `--profile`.
    pub profile: Option<String>,
    /// The settings from flags, which take precedence over those of the profile.
    pub flags: Vec<Override>,
}

/// The checked settings of one profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name of the profile in the configuration.
    pub name: String,
    /// The issuer of the ID tokens.
    pub issuer: Issuer,
    /// The app client's id.
    pub client_id: String,
    /// The scopes to request.
    pub scopes: Vec<String>,
    /// The identity pool's id. Its prefix is a region.
    pub identity_pool_id: String,
    /// The name under which the identity pool knows the issuer (a key of `Logins`), if this name differs from the
    /// token's `iss`.
    pub logins_key: Option<String>,
    /// The identity provider to which the user pool redirects at once, without showing its own sign-in page.
    pub identity_provider: Option<String>,
    /// An identifier of the identity provider, such as an email domain, that is sent instead of the provider's name.
    pub idp_identifier: Option<String>,
    /// The domains of email addresses for which `login --email` chooses this profile.
    pub email_domains: Vec<String>,
    /// The name under which the sign-in is stored.
    pub sign_in_name: SignInName,
    /// The user name to prefill on the identity provider's sign-in page.
    pub login_hint: Option<String>,
    /// The OIDC `prompt` parameter, which overrides an existing session: `login`, `select_account` or `consent`.
    pub prompt: Option<String>,
    /// The language of the hosted UI.
    pub lang: Option<String>,
    /// The registered redirect URIs, in the order in which their ports are tried.
    pub redirect: Redirect,
    /// The command that opens the browser; `None` for the default browser of the system.
    pub browser: Option<BrowserCommand>,
    /// True if the sign-in URL may be copied to the clipboard of the person's terminal.
    pub clipboard: bool,
    /// True if `credential-process` may open a browser to sign in.
    pub sign_in_on_demand: bool,
    /// The lifetime of a refresh token, counted from the sign-in. Cognito does not report it.
    pub refresh_token_validity: Option<TimeDelta>,
    /// The time for which an old refresh token still works after its rotation.
    pub refresh_grace: TimeDelta,
    /// The ARN of the IAM role to request; `None` lets the role mapping choose.
    pub role_arn: Option<String>,
    /// The identity pool flow that exchanges the ID token for credentials.
    pub flow: Flow,
    /// The store for the tokens and credentials.
    pub store: store::Choice,
    /// The AWS region of the APIs for which `call` signs requests.
    pub region: Option<String>,
    /// The base URL of the API, without a final slash. `call` sends a path to it.
    pub api: Option<String>,
    /// The page to which the hosted UI redirects after logout.
    pub logout_uri: Option<String>,
    /// The root certificates to trust in addition to the system's. Read at the first request over TLS.
    pub ca_bundle: Option<CaBundle>,
    /// The proxy for HTTPS requests. `None` leaves it to the environment.
    pub proxy: Option<ProxyChoice>,
    /// The endpoints of the identity pools' service and of STS.
    pub endpoints: Endpoints,
    /// The endpoints that the person has to accept, because they neither belong to AWS nor are on loopback.
    pub elsewhere: Vec<Elsewhere>,
}

/// A command that opens the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserCommand {
    /// The command: a program and its arguments, in which `%s` is the URL. `$BROWSER` may list several.
    pub text: String,
    /// The environment variable that names the command; `None` if the profile does.
    pub variable: Option<&'static str>,
}

/// The identity pool flow that exchanges an ID token for credentials
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The enhanced flow: the identity pool assumes the requested role or a role of its own choice. The credentials are
    /// valid for an hour.
    Enhanced,
    /// The classic flow: the identity pool issues an OpenID token. STS exchanges that token for credentials of
    /// [`Profile::role_arn`].
    Classic {
        /// The requested lifetime of the credentials.
        duration: TimeDelta,
    },
}

/// A role to request, and the flow that issues its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The ARN of the role; `None` lets the identity pool choose.
    pub arn: Option<String>,
    /// The flow that issues the credentials. The classic one needs an ARN.
    pub flow: Flow,
}

impl Role {
    /// Returns whether STS issues the credentials, by the classic flow.
    pub fn is_classic(&self) -> bool {
        matches!(self.flow, Flow::Classic { .. })
    }

    /// Returns the 12-digit id of the role's AWS account, or `None` if the role's ARN is unknown.
    pub fn account_id(&self) -> Option<&str> {
        self.arn.as_deref()?.split(':').nth(4)
    }
}

/// The loopback redirect URIs of the app client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The registered host: `localhost`, `127.0.0.1` or `[::1]`.
    pub host: String,
    /// The ports in the order in which they are tried.
    pub ports: Vec<u16>,
    /// The registered path.
    pub path: String,
}

impl Redirect {
    /// Returns the redirect URI for `port`, exactly as registered.
    pub fn uri(&self, port: u16) -> String {
        self.address(port, &self.path)
    }

    /// Returns the URL of another path at the redirect host and `port`. It starts with a slash.
    pub fn address(&self, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", self.host)
    }
}

/// The endpoints of AWS services. They are hosts of AWS, of a sandbox, of an emulator or of AWS PrivateLink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The endpoint of the Cognito identity pools service.
    pub identity_pool: String,
    /// True if `identity_pool` is the AWS host for the region. The ID token of any sign-in may be sent to that host.
    pub identity_pool_is_aws: bool,
    /// The endpoint of the Security Token Service.
    pub sts: String,
    /// True if `sts` is AWS's own host for the identity pool's region.
    pub sts_is_aws: bool,
}

impl Profile {
    /// Loads and checks the profile from the command line, `COGFED_PROFILE` or `default_profile`, or the only profile.
    ///
    /// # Errors
    /// [`Kind::Usage`], with the place and the fault.
    pub fn load(choice: &Choice, variables: Variables) -> Result<Self, Failure> {
        let configuration = Configuration::read(&Location::find(None, variables)?)?;
        Self::of(&configuration, &select(&configuration, choice, variables)?, choice, variables)
    }

    /// Loads and checks the profile `name` of a configuration.
    ///
    /// # Errors
    /// As [`Profile::from_settings`]. Also if an environment variable chose the configuration, and the profile names an
    /// endpoint that a person would have to accept: whoever sets the variable must not choose where tokens go.
    pub fn of(
        configuration: &Configuration,
        name: &str,
        choice: &Choice,
        variables: Variables,
    ) -> Result<Self, Failure> {
        let profile = Self::from_settings(name, &settings(configuration, name, choice, variables)?)?;
        if let Some(Elsewhere { key, host }) = profile.elsewhere.first()
            && let Some(variable) = configuration.chosen_by()
        {
            let path = configuration.path.display();
            let message = format!(
                "{path}: profile '{name}': {key}: {host} is neither AWS's nor on this machine, and {variable} chose the file"
            );
            return Err(Failure::new(Kind::Usage, message)
                .hint(format!("if you trust the file, name it yourself: --config {path}")));
        }
        Ok(profile)
    }

    /// Creates a profile from its settings, after checking them.
    ///
    /// # Errors
    /// [`Kind::Usage`] for all keys that are missing, or for the first value that is wrong, with its place.
    pub fn from_settings(name: &str, settings: &Settings) -> Result<Self, Failure> {
        let of = Checked { profile: name, settings };
        of.none_missing()?;
        let is_fips = of.flag(keys::FIPS);
        let issuer = of.issuer(is_fips)?;
        let client_id = of.required(keys::CLIENT_ID, ids::client_id)?;
        let identity_pool_id = of.required(keys::IDENTITY_POOL_ID, ids::identity_pool_id)?;
        let identity_provider = of.text(keys::IDENTITY_PROVIDER, |text| check::name(text, LONGEST_PROVIDER))?;
        let idp_identifier = of.text(keys::IDP_IDENTIFIER, |text| check::name(text, 40))?;
        if identity_provider.is_some() && idp_identifier.is_some() {
            return Err(of.fault(keys::IDP_IDENTIFIER, "give 'identity_provider' or 'idp_identifier', not both"));
        }
        of.one_partition(&identity_pool_id)?;
        let account = of.text(keys::ACCOUNT, |text| check::name(text, 64))?;
        let sign_in_name = SignInName::of(account, identity_provider.as_ref(), idp_identifier.as_ref());
        let redirect = Redirect {
            host: of.required(keys::REDIRECT_HOST, check::redirect_host)?,
            ports: of.ports()?,
            path: of.required(keys::REDIRECT_PATH, check::redirect_path)?,
        };
        let endpoints = of.endpoints(&identity_pool_id, is_fips)?;
        Ok(Self {
            name: name.to_owned(),
            scopes: of.scopes()?,
            logins_key: of.text(keys::LOGINS_KEY, ids::logins_key)?,
            identity_provider,
            idp_identifier,
            email_domains: of.hosts(keys::EMAIL_DOMAINS, check::host)?,
            sign_in_name,
            login_hint: of.text(keys::LOGIN_HINT, |text| check::name(text, 256))?,
            prompt: of.text(keys::PROMPT, |text| check::one_of(text, &["login", "select_account", "consent"]))?,
            lang: of.text(keys::LANG, |text| check::name(text, 16))?,
            redirect,
            browser: of.browser()?,
            clipboard: of.flag(keys::CLIPBOARD),
            sign_in_on_demand: of.flag(keys::SIGN_IN_ON_DEMAND),
            refresh_token_validity: of.seconds(keys::REFRESH_TOKEN_VALIDITY, 3600, 315_360_000)?,
            refresh_grace: of.seconds(keys::REFRESH_GRACE, 0, 60)?.unwrap_or_default(),
            role_arn: of.text(keys::ROLE_ARN, ids::role_arn)?,
            flow: of.flow()?,
            store: of.store()?,
            region: of.text(keys::REGION, ids::region)?,
            api: of.text(keys::API, check::endpoint)?,
            logout_uri: of.text(keys::LOGOUT_URI, |text| check::web_url(text).map(|_| text.to_owned()))?,
            ca_bundle: of.ca_bundle()?,
            proxy: of.text(keys::PROXY, ProxyChoice::parse)?,
            elsewhere: of.elsewhere(&issuer, &endpoints, is_fips)?,
            endpoints,
            issuer,
            client_id,
            identity_pool_id,
        })
    }

    /// Returns the name under which the sign-in is stored, without the configuration key that sets the name; see
    /// [`SignInName`].
    pub fn who(&self) -> &str {
        &self.sign_in_name.name
    }

    /// Returns the profile with another identity provider, for a single sign-in. The other provider does not change the
    /// name under which the sign-in is stored, so that later commands find it.
    ///
    /// # Errors
    /// [`Kind::Usage`] if this is not a name, or the profile has no user pool: only a user pool has identity providers.
    pub fn by_provider(self, provider: &str) -> Result<Self, Failure> {
        let fault = |fault: String| Failure::new(Kind::Usage, format!("--identity-provider: {fault}"));
        if self.issuer.user_pool().is_none() {
            return Err(fault(format!("profile '{}' names an issuer in the place of a user pool", self.name)));
        }
        let provider = check::name(provider, LONGEST_PROVIDER).map_err(fault)?;
        Ok(Self { identity_provider: Some(provider), idp_identifier: None, ..self })
    }

    /// Returns whether the profile uses the classic flow.
    pub fn is_classic(&self) -> bool {
        matches!(self.flow, Flow::Classic { .. })
    }

    /// Returns the role that the profile requests, together with the flow that issues the role's credentials.
    pub fn role(&self) -> Role {
        Role { arn: self.role_arn.clone(), flow: self.flow }
    }

    /// Returns the 12-digit id of the role's AWS account, or `None` if the profile names no role.
    pub fn account_id(&self) -> Option<&str> {
        self.role_arn.as_deref()?.split(':').nth(4)
    }

    /// Returns a warning if the profile probably contains a mistake that AWS does not reject, and `None` otherwise.
    pub fn doubt(&self) -> Option<String> {
        let (user_pool, region) = (self.issuer.user_pool()?.region(), self.identity_pool_id.split(':').next()?);
        (user_pool != region).then(|| {
            format!("profile '{}': the user pool is in {user_pool} and the identity pool in {region}", self.name)
        })
    }

    /// Returns the command that signs in to this profile, for hints.
    pub fn login_command(&self) -> String {
        login_command(&self.name)
    }
}

/// Returns the command that signs in to `profile`, for hints.
pub fn login_command(profile: &str) -> String {
    format!("cogfed login --profile {profile}")
}

/// Returns the name of the profile to use.
///
/// # Errors
/// [`Kind::Usage`] if the named profile does not exist, or none is named and there is not exactly one.
pub fn select(configuration: &Configuration, choice: &Choice, variables: Variables) -> Result<String, Failure> {
    let path = configuration.path.display();
    let chosen = choice
        .profile
        .clone()
        .or_else(|| variables("COGFED_PROFILE").filter(|name| !name.is_empty()))
        .or_else(|| configuration.default_profile().map(str::to_owned));
    let names: Vec<&str> = configuration.names().collect();
    match (chosen, names.as_slice()) {
        (Some(name), _) if name.starts_with(char::is_whitespace) => {
            Err(Failure::new(Kind::Usage, format!("no profile '{}': its name begins with a blank", quoted(&name)))
                .hint("put no quotes around the flag and the name together: -p NAME"))
        }
        (Some(name), names) if names.contains(&name.as_str()) => Ok(name),
        (Some(name), []) => Err(no_profiles(configuration, &format!("no profile '{}'", quoted(&name)))),
        (Some(name), names) => {
            let hint = match keys::nearest(&name, names.iter().copied()) {
                Some(meant) => format!("did you mean '{meant}'?"),
                None => format!("there are: {}", listed(names)),
            };
            Err(Failure::new(Kind::Usage, format!("no profile '{}' in {path}", quoted(&name))).hint(hint))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Err(no_profiles(configuration, "no profile")),
        (None, names) => Err(Failure::new(Kind::Usage, "which profile?")
            .hint(format!("use --profile with one of: {}, or set default_profile in {path}", listed(names)))),
    }
}

/// Formats the first few names, followed by the number of the others.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST_NAMED) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// Returns the settings of the profile `name`, after applying flags, environment variables and defaults.
///
/// # Errors
/// [`Kind::Usage`] if the profile is not readable, or a flag or an environment variable has the wrong shape.
pub fn settings(
    configuration: &Configuration,
    name: &str,
    choice: &Choice,
    variables: Variables,
) -> Result<Settings, Failure> {
    let empty = Settings::default();
    Settings::layered(&choice.flags, variables, configuration.profile(name).transpose()?.unwrap_or(&empty))
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
