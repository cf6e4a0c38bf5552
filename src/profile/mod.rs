//! Profiles: what to sign in to, read from the configuration, overridden by flags and the environment, and checked.

pub mod check;
pub mod email;
mod file;
pub mod hosts;
mod issuer;
pub mod keys;
mod settings;

use chrono::TimeDelta;

pub use file::Configuration;
pub use issuer::{Issuer, PlainIssuer, ProviderEndpoints, UserPool};
pub use settings::{Setting, Settings, Source, Value};

use hosts::{Place, Service, partition};

use crate::error::{Failure, Kind};
use crate::http::CaBundle;
use crate::store::StoreKind;

/// The longest name of an identity provider, in characters
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html>).
const LONGEST_PROVIDER: usize = 32;

/// The longest scope, in bytes
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>).
const LONGEST_SCOPE: usize = 256;
/// The most scopes of an app client (the same page).
const MOST_SCOPES: usize = 50;
/// The most hosts of a list.
const MOST_HOSTS: usize = 100;
/// Keys that say something about a user pool.
const POOL_KEYS: &[&str] =
    &["domain", "identity_provider", "idp_identifier", "lang", "endpoints.user_pool", "endpoints.domain"];
/// Keys that say something about an issuer in a user pool's place.
const PLAIN_KEYS: &[&str] = &["issuer_hosts", "endpoints.issuer"];
/// The most profiles that a hint names.
const MOST_NAMED: usize = 8;
/// How long the sessions of the classic flow may last, in seconds. AWS's own least is 900, of which nothing would be left
/// to hand out: the SDKs renew what has less than a quarter of an hour
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
const SESSION_DURATION: std::ops::RangeInclusive<u64> = 1800..=43_200;
/// How long they last where nothing is said.
const DEFAULT_SESSION_DURATION: TimeDelta = TimeDelta::hours(1);

/// How environment variables are read: passed in, so that tests need not change their own.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the command line says about the profile.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// `--profile`.
    pub profile: Option<String>,
    /// Other flags, as pairs of key and value.
    pub flags: Vec<(&'static str, String)>,
}

/// One profile, checked: what to sign in to, how, and where its secrets are kept.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: String,
    /// Who signs people in.
    pub issuer: Issuer,
    /// The app client's id.
    pub client_id: String,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The identity pool's id; its prefix is a region, too.
    pub identity_pool_id: String,
    /// The issuer's name in the identity pool (the key of `Logins`), if that is not the token's own issuer.
    pub logins_key: Option<String>,
    /// The identity provider to go to at once, past the hosted UI's chooser.
    pub identity_provider: Option<String>,
    /// The same by one of the provider's identifiers, such as an email domain.
    pub idp_identifier: Option<String>,
    /// The domains of the email addresses of those who sign in here: `login --email` finds the profile by them.
    pub email_domains: Vec<String>,
    /// A name of the person's own for this sign-in, for two people at one provider.
    pub account: Option<String>,
    /// The name that the provider's page is to suggest.
    pub login_hint: Option<String>,
    /// Whether the provider shall ask again: `login`, `select_account`, `consent`.
    pub prompt: Option<String>,
    /// The language of the hosted UI.
    pub lang: Option<String>,
    /// The registered redirect URIs, in the order in which their ports are tried.
    pub redirect: Redirect,
    /// The command that opens the browser, if not the system's own.
    pub browser: Option<String>,
    /// Whether the sign-in page's address may be copied to the clipboard of the person's terminal.
    pub clipboard: bool,
    /// Whether `credential-process` may open a browser by itself.
    pub sign_in_on_demand: bool,
    /// For how long after the sign-in the refresh token works. Cognito never tells.
    pub refresh_token_validity: Option<TimeDelta>,
    /// For how long a rotated refresh token still works.
    pub refresh_grace: TimeDelta,
    /// The IAM role to ask for, in place of the one that the mapping gives.
    pub role_arn: Option<String>,
    /// How the identity pool is asked for credentials.
    pub flow: Flow,
    /// Where secrets are kept.
    pub store: StoreKind,
    /// The region of the APIs that `call` signs for.
    pub region: Option<String>,
    /// Where the hosted UI's logout may lead.
    pub logout_uri: Option<String>,
    /// Authorities to trust besides the system's. Not read before the first request over TLS.
    pub ca_bundle: Option<CaBundle>,
    /// Where AWS's services are.
    pub endpoints: Endpoints,
}

/// How an ID token becomes credentials
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The identity pool assumes a role that it chooses, and hands out credentials for an hour.
    Enhanced,
    /// The identity pool vouches for the person, and STS lets them assume [`Profile::role_arn`], which is there then.
    Classic {
        /// How long the credentials are to last.
        duration: TimeDelta,
    },
}

/// The loopback redirect URIs of the app client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `localhost`, `127.0.0.1` or `[::1]`, as registered.
    pub host: String,
    /// The ports in the order in which they are tried.
    pub ports: Vec<u16>,
    /// The path, as registered.
    pub path: String,
}

impl Redirect {
    /// The redirect URI at `port`, to the letter.
    pub fn uri(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host, self.path)
    }
}

/// Where AWS's services are: at AWS's own hosts, or those of a sandbox, an emulator or a private link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The identity pools' service.
    pub identity_pool: String,
    /// Whether that is AWS's own host for the region, to which any sign-in's ID token may go.
    pub identity_pool_is_aws: bool,
    /// The Security Token Service.
    pub sts: String,
    /// Whether that is AWS's own host for the identity pool's region.
    pub sts_is_aws: bool,
}

impl Profile {
    /// The profile that the command line, `COGFED_PROFILE` or the configuration's `default_profile` names, or the only
    /// one there is: read and checked.
    ///
    /// # Errors
    /// [`Kind::Usage`], naming the place and the fault.
    pub fn load(choice: &Choice, variables: Variables) -> Result<Self, Failure> {
        let configuration = Configuration::read(&Configuration::path(variables)?)?;
        let name = select(&configuration, choice, variables)?;
        Self::from_settings(&name, &settings(&configuration, &name, choice, variables)?)
    }

    /// Checks the settings of one profile.
    ///
    /// # Errors
    /// [`Kind::Usage`] for the first value that is missing or wrong, with its place.
    pub fn from_settings(name: &str, settings: &Settings) -> Result<Self, Failure> {
        let of = Checked { profile: name, settings };
        let is_fips = of.flag("fips");
        let issuer = of.issuer(is_fips)?;
        let client_id = of.required("client_id", check::client_id)?;
        let identity_pool_id = of.required("identity_pool_id", check::identity_pool_id)?;
        let identity_provider = of.text("identity_provider", |text| check::name(text, LONGEST_PROVIDER))?;
        let idp_identifier = of.text("idp_identifier", |text| check::name(text, 40))?;
        if identity_provider.is_some() && idp_identifier.is_some() {
            return Err(of.fault("idp_identifier", "give 'identity_provider' or 'idp_identifier', not both"));
        }
        of.one_partition(&identity_pool_id)?;
        let redirect = Redirect {
            host: of.required("redirect_host", check::redirect_host)?,
            ports: of.ports()?,
            path: of.required("redirect_path", check::redirect_path)?,
        };
        Ok(Self {
            name: name.to_owned(),
            scopes: of.scopes()?,
            logins_key: of.text("logins_key", check::logins_key)?,
            identity_provider,
            idp_identifier,
            email_domains: of.hosts("email_domains", check::host)?,
            account: of.text("account", |text| check::name(text, 64))?,
            login_hint: of.text("login_hint", |text| check::name(text, 256))?,
            prompt: of.text("prompt", |text| check::one_of(text, &["login", "select_account", "consent"]))?,
            lang: of.text("lang", |text| check::name(text, 16))?,
            redirect,
            browser: of.text("browser", |text| check::name(text, 1024))?,
            clipboard: of.flag("clipboard"),
            sign_in_on_demand: of.flag("sign_in_on_demand"),
            refresh_token_validity: of.seconds("refresh_token_validity", 3600, 315_360_000)?,
            refresh_grace: of.seconds("refresh_grace", 0, 60)?.unwrap_or_default(),
            role_arn: of.text("role_arn", check::role_arn)?,
            flow: of.flow()?,
            store: of.store()?,
            region: of.text("region", check::region)?,
            logout_uri: of.text("logout_uri", |text| check::web_url(text).map(|_| text.to_owned()))?,
            ca_bundle: of.ca_bundle()?,
            endpoints: of.endpoints(&identity_pool_id, is_fips)?,
            issuer,
            client_id,
            identity_pool_id,
        })
    }

    /// Who is meant by a sign-in, for the names of stored items: `account`, else the identity provider, else its
    /// identifier, else `default`.
    pub fn who(&self) -> &str {
        [&self.account, &self.identity_provider, &self.idp_identifier]
            .into_iter()
            .find_map(|name| name.as_deref())
            .unwrap_or("default")
    }

    /// The same profile by another identity provider, for one sign-in. It is kept under the same name, so that whatever
    /// uses the profile finds it.
    ///
    /// # Errors
    /// [`Kind::Usage`] if that is no name.
    pub fn by_provider(self, provider: &str) -> Result<Self, Failure> {
        let provider = check::name(provider, LONGEST_PROVIDER)
            .map_err(|fault| Failure::new(Kind::Usage, format!("--identity-provider: {fault}")))?;
        let account = Some(self.who().to_owned());
        Ok(Self { account, identity_provider: Some(provider), idp_identifier: None, ..self })
    }

    /// The region of the identity pool.
    pub fn identity_pool_region(&self) -> &str {
        self.identity_pool_id.split(':').next().unwrap_or_default()
    }

    /// Whether credentials come by the classic flow.
    pub fn is_classic(&self) -> bool {
        matches!(self.flow, Flow::Classic { .. })
    }

    /// The twelve digits of the AWS account, where the profile's role tells.
    pub fn account_id(&self) -> Option<&str> {
        self.role_arn.as_deref()?.split(':').nth(4)
    }

    /// The command that signs in to this profile, for hints.
    pub fn login_command(&self) -> String {
        format!("cogfed login --profile {}", self.name)
    }
}

/// The name of the profile in force.
///
/// # Errors
/// [`Kind::Usage`] if none is named and there is not exactly one, or the named one is not there.
pub fn select(configuration: &Configuration, choice: &Choice, variables: Variables) -> Result<String, Failure> {
    let path = configuration.path.display();
    let chosen = choice
        .profile
        .clone()
        .or_else(|| variables("COGFED_PROFILE").filter(|name| !name.is_empty()))
        .or_else(|| configuration.default_profile().map(str::to_owned));
    let names: Vec<&str> = configuration.names().collect();
    match (chosen, names.as_slice()) {
        (Some(name), names) if names.contains(&name.as_str()) => Ok(name),
        (Some(name), []) => {
            let message = format!("no profile '{}': {path} has no profiles", check::quoted(&name));
            Err(Failure::new(Kind::Usage, message)
                .hint("see 'cogfed help' for a profile to start from, or try 'cogfed demo'"))
        }
        (Some(name), names) => {
            let hint = match keys::nearest(&name, names.iter().copied()) {
                Some(meant) => format!("did you mean '{meant}'?"),
                None => format!("there are: {}", listed(names)),
            };
            Err(Failure::new(Kind::Usage, format!("no profile '{}' in {path}", check::quoted(&name))).hint(hint))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Err(Failure::new(Kind::Usage, format!("no profile: {path} has none"))
            .hint("see 'cogfed help' for a profile to start from, or try 'cogfed demo'")),
        (None, names) => Err(Failure::new(Kind::Usage, "which profile?")
            .hint(format!("use --profile with one of: {}, or set default_profile in {path}", listed(names)))),
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST_NAMED) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// All layers of one profile, on top of one another.
///
/// # Errors
/// [`Kind::Usage`] if a flag or an environment variable has the wrong shape.
pub fn settings(
    configuration: &Configuration,
    name: &str,
    choice: &Choice,
    variables: Variables,
) -> Result<Settings, Failure> {
    let empty = Default::default();
    Settings::layered(&choice.flags, variables, configuration.profile(name).unwrap_or(&empty))
}

/// The settings of one profile on their way to being a [`Profile`].
struct Checked<'a> {
    profile: &'a str,
    settings: &'a Settings,
}

impl Checked<'_> {
    fn fault(&self, key: &str, fault: impl AsRef<str>) -> Failure {
        let place = self.settings.get(key).map_or(String::new(), |setting| format!("{}: ", setting.source));
        Failure::new(Kind::Usage, format!("{place}profile '{}': {key}: {}", self.profile, fault.as_ref()))
    }

    fn text<T>(&self, key: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
        match self.settings.get(key).map(|setting| &setting.value) {
            Some(Value::Text(text)) => check(text).map(Some).map_err(|fault| self.fault(key, fault)),
            _ => Ok(None),
        }
    }

    fn required<T>(&self, key: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        self.text(key, check)?.ok_or_else(|| self.missing(key))
    }

    fn missing(&self, key: &str) -> Failure {
        Failure::new(Kind::Usage, format!("profile '{}': '{key}' is missing", self.profile))
            .hint(format!("add it to [profile.{}]; 'cogfed help' shows a whole profile", self.profile))
    }

    fn flag(&self, key: &str) -> bool {
        matches!(self.settings.get(key).map(|setting| &setting.value), Some(Value::Flag(true)))
    }

    fn seconds(&self, key: &str, from: u64, to: u64) -> Result<Option<TimeDelta>, Failure> {
        let Some(Value::Number(number)) = self.settings.get(key).map(|setting| &setting.value) else { return Ok(None) };
        let number = check::within(*number, from, to).map_err(|fault| self.fault(key, fault + " (seconds)"))?;
        Ok(i64::try_from(number).ok().and_then(TimeDelta::try_seconds))
    }

    fn ports(&self) -> Result<Vec<u16>, Failure> {
        match self.settings.get("redirect_ports").map(|setting| &setting.value) {
            Some(Value::Numbers(numbers)) => check::ports(numbers).map_err(|fault| self.fault("redirect_ports", fault)),
            _ => Err(self.fault("redirect_ports", "give at least one port")),
        }
    }

    fn scopes(&self) -> Result<Vec<String>, Failure> {
        let Some(Value::List(scopes)) = self.settings.get("scopes").map(|setting| &setting.value) else {
            return Err(self.fault("scopes", "give at least 'openid'"));
        };
        // RFC 6749, section 3.3: scope-token
        let token = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        let is_odd = |scope: &&String| !(1..=LONGEST_SCOPE).contains(&scope.len()) || !scope.chars().all(token);
        if let Some(odd) = scopes.iter().find(is_odd) {
            return Err(self.fault("scopes", format!("'{}' is not a scope", check::quoted(odd))));
        }
        if scopes.len() > MOST_SCOPES {
            return Err(self.fault("scopes", format!("{} are too many: give at most {MOST_SCOPES}", scopes.len())));
        }
        match scopes.iter().any(|scope| scope == "openid") {
            true => Ok(scopes.clone()),
            false => Err(self.fault("scopes", "'openid' is missing: without it there is no ID token")),
        }
    }

    fn ca_bundle(&self) -> Result<Option<CaBundle>, Failure> {
        let Some(path) = self.text("ca_bundle", |text| check::file(text, dirs::home_dir()))? else { return Ok(None) };
        let place = self.settings.get("ca_bundle").map_or(String::new(), |setting| format!("{}: ", setting.source));
        Ok(Some(CaBundle { path, named_by: format!("{place}profile '{}': ca_bundle", self.profile) }))
    }

    fn store(&self) -> Result<StoreKind, Failure> {
        self.required("store", |text| {
            check::one_of(text, &["keyring", "kernel", "file"])?.parse().map_err(|failure: Failure| failure.message)
        })
    }

    fn flow(&self) -> Result<Flow, Failure> {
        let flow = self.required("flow", |text| check::one_of(text, &["enhanced", "classic"]))?;
        let has_duration = self.settings.get("session_duration").is_some();
        if flow == "enhanced" {
            return match has_duration {
                true => {
                    let fault = "the enhanced flow's credentials last one hour, fixed by AWS";
                    Err(self
                        .fault("session_duration", fault)
                        .hint("the classic flow's may last longer: flow = \"classic\""))
                }
                false => Ok(Flow::Enhanced),
            };
        }
        if self.settings.get("role_arn").is_none() {
            let hint = format!("add it to [profile.{}], or set flow = \"enhanced\"", self.profile);
            return Err(self.fault("flow", "'role_arn' is missing: the classic flow asks for one role").hint(hint));
        }
        let (from, to) = (*SESSION_DURATION.start(), *SESSION_DURATION.end());
        let duration = self.seconds("session_duration", from, to)?.unwrap_or(DEFAULT_SESSION_DURATION);
        Ok(Flow::Classic { duration })
    }

    /// The user pool, or the plain issuer in its place; keys of the other kind are refused.
    fn issuer(&self, is_fips: bool) -> Result<Issuer, Failure> {
        let is_there = |key: &&&str| self.settings.get(key).is_some();
        let Some(id) = self.text("user_pool_id", check::user_pool_id)? else {
            let Some(url) = self.text("issuer", check::issuer)? else {
                return Err(self.missing("user_pool_id"));
            };
            return match POOL_KEYS.iter().find(is_there) {
                Some(key) => Err(self.fault(key, "it is a user pool's, and this profile names an issuer in its place")),
                None => Ok(Issuer::Plain(self.plain_issuer(url)?)),
            };
        };
        if let Some(key) = PLAIN_KEYS.iter().find(is_there) {
            return Err(self.fault(key, "it is for an issuer in the place of a user pool, and 'user_pool_id' is there"));
        }
        Ok(Issuer::UserPool(self.user_pool(id, is_fips)?))
    }

    fn plain_issuer(&self, url: String) -> Result<PlainIssuer, Failure> {
        let base = self.text("endpoints.issuer", check::endpoint)?;
        let base = base.as_deref().unwrap_or(&url).trim_end_matches('/');
        let discovery = format!("{base}/.well-known/openid-configuration");
        Ok(PlainIssuer { discovery, hosts: self.hosts("issuer_hosts", check::authority)?, url })
    }

    fn user_pool(&self, id: String, is_fips: bool) -> Result<UserPool, Failure> {
        let place = Place { region: id.split('_').next().unwrap_or_default(), is_fips };
        let own = place.url(Service::UserPool).map_err(|fault| self.fault("user_pool_id", fault));
        let given = self.text("endpoints.user_pool", check::endpoint)?;
        let base = given.map_or(own, Ok)?;
        let domain = self.required("domain", check::host)?;
        place.check_domain(&domain).map_err(|fault| self.fault("domain", fault))?;
        let domain = self.text("endpoints.domain", check::endpoint)?.unwrap_or_else(|| format!("https://{domain}"));
        let issuers = match self.text("issuer", check::endpoint)? {
            Some(issuer) => vec![issuer],
            None => place.issuers(&id),
        };
        let endpoints = ProviderEndpoints {
            authorization: format!("{domain}/oauth2/authorize"),
            token: format!("{domain}/oauth2/token"),
            revocation: Some(format!("{domain}/oauth2/revoke")),
            logout: Some(format!("{domain}/logout")),
            jwks: format!("{base}/{id}/.well-known/jwks.json"),
            answers_name_issuer: false,
        };
        Ok(UserPool { id, issuers, endpoints })
    }

    /// A list of hosts.
    fn hosts(&self, key: &str, check: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, Failure> {
        let Some(Value::List(hosts)) = self.settings.get(key).map(|setting| &setting.value) else {
            return Ok(Vec::new());
        };
        if hosts.len() > MOST_HOSTS {
            return Err(self.fault(key, format!("{} are too many: give at most {MOST_HOSTS}", hosts.len())));
        }
        hosts.iter().map(|host| check(host).map_err(|fault| self.fault(key, fault))).collect()
    }

    /// No partition's credentials, roles or tokens are good in another.
    fn one_partition(&self, identity_pool_id: &str) -> Result<(), Failure> {
        let of = |id: &str| partition(id.split(['_', ':']).next().unwrap_or_default()).name.to_owned();
        let own = of(identity_pool_id);
        let named_by = |arn: String| arn.split(':').nth(1).unwrap_or_default().to_owned();
        let others = [
            ("user_pool_id", self.text("user_pool_id", |id| Ok(of(id)))?),
            ("role_arn", self.text("role_arn", check::role_arn)?.map(named_by)),
            ("region", self.text("region", check::region)?.map(|region| of(&region))),
        ];
        match others.into_iter().find(|(_, name)| name.as_ref().is_some_and(|name| *name != own)) {
            Some((key, Some(name))) => {
                Err(self.fault(key, format!("it is in the partition {name}, and the identity pool in {own}")))
            }
            _ => Ok(()),
        }
    }

    fn endpoints(&self, identity_pool_id: &str, is_fips: bool) -> Result<Endpoints, Failure> {
        let place = Place { region: identity_pool_id.split(':').next().unwrap_or_default(), is_fips };
        let at = |service: Service, key: &str| -> Result<(String, bool), Failure> {
            let own = place.url(service).map_err(|fault| self.fault("identity_pool_id", fault));
            match self.text(key, check::endpoint)? {
                Some(given) => {
                    let is_aws = own.is_ok_and(|own| own == given);
                    Ok((given, is_aws))
                }
                None => Ok((own?, true)),
            }
        };
        let (identity_pool, identity_pool_is_aws) = at(Service::IdentityPool, "endpoints.identity_pool")?;
        let (sts, sts_is_aws) = at(Service::Sts, "endpoints.sts")?;
        Ok(Endpoints { identity_pool, identity_pool_is_aws, sts, sts_is_aws })
    }
}

#[cfg(test)]
pub(crate) mod tests;
