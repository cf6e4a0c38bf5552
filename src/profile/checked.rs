//! The checks of a profile's settings, one configuration key after the other. Each failure names the place of its
//! value.

use chrono::TimeDelta;

use super::keys::{self, Entry, Key};
use super::{BrowserCommand, Endpoints, Flow, Settings, Source, check};
use crate::aws::hosts::{Place, Service, partition};
use crate::aws::ids;
use crate::error::{Failure, Kind, quoted};
use crate::folder::user_folders;
use crate::network::CaBundle;
use crate::store;

/// The maximum length of a scope, in bytes
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>).
const LONGEST_SCOPE: usize = 256;
/// The maximum number of scopes of an app client. The source is the same AWS documentation as for [`LONGEST_SCOPE`].
const MOST_SCOPES: usize = 50;
/// The maximum number of hosts in a configuration value.
const MOST_HOSTS: usize = 100;
/// The allowed lifetimes for credentials from the classic flow, in seconds. AWS's own minimum of 900 would be useless:
/// the SDKs renew credentials with less than 15 minutes left
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
const SESSION_DURATION: std::ops::RangeInclusive<u64> = 1800..=43_200;
/// The default lifetime of credentials from the classic flow.
const DEFAULT_SESSION_DURATION: TimeDelta = TimeDelta::hours(1);

/// The settings of one profile before they are checked and converted to a [`Profile`](super::Profile).
pub(super) struct Checked<'a> {
    pub profile: &'a str,
    pub settings: &'a Settings,
}

impl Checked<'_> {
    /// Returns the failure for an invalid value of `key`. Its message includes the place where the value was set.
    pub fn fault(&self, key: impl Into<Entry>, fault: impl AsRef<str>) -> Failure {
        let message = format!("{}: {}", self.place(key.into()), fault.as_ref());
        Failure::new(Kind::Usage, message)
    }

    /// Returns the origin of a key's value, for messages. It names the source, the profile and the key.
    fn place(&self, key: Entry) -> String {
        let source = self.settings.setting(key).map_or(String::new(), |setting| format!("{}: ", setting.source));
        format!("{source}profile '{}': {}", self.profile, key.name)
    }

    pub fn text<T>(&self, key: Key<String>, check: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
        let text = self.settings.value(key);
        text.map(|text| check(text).map_err(|fault| self.fault(key, fault))).transpose()
    }

    pub fn required<T>(&self, key: Key<String>, check: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        self.text(key, check)?.ok_or_else(|| self.missing(key))
    }

    pub fn missing(&self, key: impl Into<Entry>) -> Failure {
        self.all_missing(&[key.into()])
    }

    fn all_missing(&self, keys: &[Entry]) -> Failure {
        let names: Vec<String> = keys.iter().map(|key| format!("'{}'", key.name)).collect();
        let (missing, them) = match names.as_slice() {
            [others @ .., last] if !others.is_empty() => (format!("{} and {last} are", others.join(", ")), "them"),
            names => (format!("{} is", names.concat()), "it"),
        };
        Failure::new(Kind::Usage, format!("profile '{}': {missing} missing", self.profile))
            .hint(format!("add {them} to [profile.{}]; 'cogfed help' shows a whole profile", self.profile))
    }

    /// Checks that all required keys are set; the failure names all that are missing.
    pub fn none_missing(&self) -> Result<(), Failure> {
        let is_there = |key: &Entry| self.settings.setting(*key).is_some();
        let mut needed = vec![keys::USER_POOL_ID, keys::CLIENT_ID, keys::DOMAIN, keys::IDENTITY_POOL_ID];
        if is_there(&keys::ISSUER.entry()) && !is_there(&keys::USER_POOL_ID.entry()) {
            needed = vec![keys::CLIENT_ID, keys::IDENTITY_POOL_ID];
        }
        let missing: Vec<Entry> = needed.into_iter().map(Key::entry).filter(|key| !is_there(key)).collect();
        if missing.is_empty() { Ok(()) } else { Err(self.all_missing(&missing)) }
    }

    pub fn flag(&self, key: Key<bool>) -> bool {
        self.settings.value(key).copied().unwrap_or_default()
    }

    pub fn seconds(&self, key: Key<u64>, from: u64, to: u64) -> Result<Option<TimeDelta>, Failure> {
        let Some(number) = self.settings.value(key) else { return Ok(None) };
        let number = check::within(*number, from, to).map_err(|fault| self.fault(key, fault + " (seconds)"))?;
        Ok(i64::try_from(number).ok().and_then(TimeDelta::try_seconds))
    }

    pub fn ports(&self) -> Result<Vec<u16>, Failure> {
        let numbers = self.settings.value(keys::REDIRECT_PORTS).map(Vec::as_slice).unwrap_or_default();
        check::ports(numbers).map_err(|fault| self.fault(keys::REDIRECT_PORTS, fault))
    }

    pub fn scopes(&self) -> Result<Vec<String>, Failure> {
        let Some(scopes) = self.settings.value(keys::SCOPES) else {
            return Err(self.fault(keys::SCOPES, "give at least 'openid'"));
        };
        // RFC 6749, section 3.3: scope-token
        let token = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        let is_odd = |scope: &&String| !(1..=LONGEST_SCOPE).contains(&scope.len()) || !scope.chars().all(token);
        if let Some(odd) = scopes.iter().find(is_odd) {
            return Err(self.fault(keys::SCOPES, format!("'{}' is not a scope", quoted(odd))));
        }
        if scopes.len() > MOST_SCOPES {
            return Err(self.fault(keys::SCOPES, format!("{} are too many: give at most {MOST_SCOPES}", scopes.len())));
        }
        match scopes.iter().any(|scope| scope == "openid") {
            true => Ok(scopes.clone()),
            false => Err(self.fault(keys::SCOPES, "'openid' is missing: without it there is no ID token")),
        }
    }

    pub fn ca_bundle(&self) -> Result<Option<CaBundle>, Failure> {
        let path = self.text(keys::CA_BUNDLE, |text| check::file(text, user_folders::home().map(|home| home.path)))?;
        Ok(path.map(|path| CaBundle { path, named_by: self.place(keys::CA_BUNDLE.entry()) }))
    }

    pub fn browser(&self) -> Result<Option<BrowserCommand>, Failure> {
        let text = self.text(keys::BROWSER, |text| check::name(text, 1024))?;
        let source = self.settings.setting(keys::BROWSER).map(|setting| &setting.source);
        let variable = matches!(source, Some(Source::Environment(_))).then_some("COGFED_BROWSER");
        Ok(text.map(|text| BrowserCommand { text, variable }))
    }

    pub fn store(&self) -> Result<store::Choice, Failure> {
        let kind = self.required(keys::STORE, |text| {
            check::one_of(text, &["keyring", "kernel", "file"])?.parse().map_err(|failure: Failure| failure.message)
        })?;
        let is_pinned =
            self.settings.setting(keys::STORE).is_some_and(|setting| matches!(setting.source, Source::File(..)));
        Ok(store::Choice { kind, is_pinned, is_sharing_accepted: self.flag(keys::SHARED_KEYRING) })
    }

    pub fn flow(&self) -> Result<Flow, Failure> {
        let flow = self.required(keys::FLOW, |text| check::one_of(text, &["enhanced", "classic"]))?;
        let has_duration = self.settings.value(keys::SESSION_DURATION).is_some();
        if flow == "enhanced" {
            return match has_duration {
                true => {
                    let fault = "the enhanced flow's credentials last one hour, fixed by AWS";
                    Err(self
                        .fault(keys::SESSION_DURATION, fault)
                        .hint("the classic flow's may last longer: flow = \"classic\""))
                }
                false => Ok(Flow::Enhanced),
            };
        }
        let role = self.settings.setting(keys::ROLE_ARN);
        if role.is_some_and(|role| matches!(role.source, Source::Environment(_))) {
            // The identity pool checks a role of the enhanced flow. STS gives any role whose trust policy names the pool,
            // a stranger's account included.
            let fault = "the classic flow takes its role from the profile or from --role, not from the environment";
            return Err(self.fault(keys::ROLE_ARN, fault).hint(format!("add it to [profile.{}]", self.profile)));
        }
        if role.is_none() {
            let hint = format!("add it to [profile.{}], or set flow = \"enhanced\"", self.profile);
            return Err(self.fault(keys::FLOW, "'role_arn' is missing: the classic flow asks for one role").hint(hint));
        }
        let (from, to) = (*SESSION_DURATION.start(), *SESSION_DURATION.end());
        let duration = self.seconds(keys::SESSION_DURATION, from, to)?.unwrap_or(DEFAULT_SESSION_DURATION);
        Ok(Flow::Classic { duration })
    }

    /// Returns the hosts in the value of `key`, after checking each host with `check`.
    pub fn hosts(
        &self,
        key: Key<Vec<String>>,
        check: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Vec<String>, Failure> {
        let hosts = self.settings.value(key).map(Vec::as_slice).unwrap_or_default();
        if hosts.len() > MOST_HOSTS {
            return Err(self.fault(key, format!("{} are too many: give at most {MOST_HOSTS}", hosts.len())));
        }
        hosts.iter().map(|host| check(host).map_err(|fault| self.fault(key, fault))).collect()
    }

    /// Checks that all settings of the profile belong to the same AWS partition. Credentials, roles and tokens of one
    /// are invalid in another.
    pub fn one_partition(&self, identity_pool_id: &str) -> Result<(), Failure> {
        let of = |id: &str| partition(id.split(['_', ':']).next().unwrap_or_default()).name.to_owned();
        let own = of(identity_pool_id);
        let named_by = |arn: String| arn.split(':').nth(1).unwrap_or_default().to_owned();
        let others = [
            (keys::USER_POOL_ID, self.text(keys::USER_POOL_ID, |id| Ok(of(id)))?),
            (keys::ROLE_ARN, self.text(keys::ROLE_ARN, ids::role_arn)?.map(named_by)),
            (keys::REGION, self.text(keys::REGION, ids::region)?.map(|region| of(&region))),
        ];
        match others.into_iter().find(|(_, name)| name.as_ref().is_some_and(|name| *name != own)) {
            Some((key, Some(name))) => {
                Err(self.fault(key, format!("it is in the partition {name}, and the identity pool in {own}")))
            }
            _ => Ok(()),
        }
    }

    pub fn endpoints(&self, identity_pool_id: &str, is_fips: bool) -> Result<Endpoints, Failure> {
        let place = Place { region: identity_pool_id.split(':').next().unwrap_or_default(), is_fips };
        let at = |service: Service, key: Key<String>| -> Result<(String, bool), Failure> {
            let own = place.url(service).map_err(|fault| self.fault(keys::IDENTITY_POOL_ID, fault));
            match self.text(key, check::endpoint)? {
                Some(given) => {
                    let is_aws = own.is_ok_and(|own| own == given);
                    Ok((given, is_aws))
                }
                None => Ok((own?, true)),
            }
        };
        let (identity_pool, identity_pool_is_aws) = at(Service::IdentityPool, keys::ENDPOINTS_IDENTITY_POOL)?;
        let (sts, sts_is_aws) = at(Service::Sts, keys::ENDPOINTS_STS)?;
        Ok(Endpoints { identity_pool, identity_pool_is_aws, sts, sts_is_aws })
    }
}
