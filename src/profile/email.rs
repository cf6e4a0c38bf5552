//! The choice of a profile by an email address. It serves user pools whose employees and customers use different
//! identity providers.

use super::{Choice, Configuration, Profile, Variables, check, keys, listed, select};
use crate::error::{Failure, Kind, quoted};

/// The maximum length of an email address, in bytes (RFC 5321, section 4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

/// Returns the domain of an email address, in lower case.
fn domain_of(address: &str) -> Result<String, Failure> {
    let fault = || {
        let shown = quoted(address);
        Failure::new(Kind::Usage, format!("--email: '{shown}' is not an email address, as in you@corp.example"))
    };
    let (name, domain) = address.rsplit_once('@').ok_or_else(fault)?;
    let is_name = !name.is_empty() && address.len() <= LONGEST_ADDRESS && check::name(address, LONGEST_ADDRESS).is_ok();
    check::host(domain).ok().filter(|_| is_name).ok_or_else(fault)
}

/// Returns the name of the profile that is meant for an email address. It is the chosen profile, or else the one whose
/// `email_domains` or `idp_identifier` is the domain. Otherwise it is the profile in force, if it leaves the provider
/// to the user pool.
///
/// # Errors
/// [`Kind::Usage`] if several profiles match, or none does.
pub fn find(
    configuration: &Configuration,
    choice: &Choice,
    address: &str,
    variables: Variables,
) -> Result<String, Failure> {
    let domain = domain_of(address)?;
    if choice.profile.is_some() {
        return select(configuration, choice, variables);
    }
    let profile = |name: &str| configuration.profile(name).and_then(Result::ok);
    let is_it = |text: &String| text.eq_ignore_ascii_case(&domain);
    let belongs = |name: &&str| {
        profile(name).is_some_and(|profile| {
            profile.value(keys::EMAIL_DOMAINS).is_some_and(|domains| domains.iter().any(is_it))
                || profile.value(keys::IDP_IDENTIFIER).is_some_and(is_it)
        })
    };
    let in_force = select(configuration, choice, variables).ok();
    let found: Vec<&str> = configuration.names().filter(belongs).collect();
    match found.as_slice() {
        [] => {}
        [only] => return Ok((*only).to_owned()),
        several => {
            let chosen = in_force.filter(|name| several.contains(&name.as_str()));
            return chosen.ok_or_else(|| {
                Failure::new(Kind::Usage, format!("several profiles are for addresses of {domain}"))
                    .hint(format!("use --profile with one of: {}", listed(several)))
            });
        }
    }
    // A profile without a provider: its user pool finds the provider by the domain.
    let is_open = |name: &str| {
        profile(name).is_some_and(|profile| {
            profile.value(keys::USER_POOL_ID).is_some()
                && profile.value(keys::IDENTITY_PROVIDER).is_none()
                && profile.value(keys::IDP_IDENTIFIER).is_none()
                && profile.value(keys::EMAIL_DOMAINS).is_none()
        })
    };
    in_force.filter(|name| is_open(name)).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("no profile is for addresses of {domain}"))
            .hint(format!("add email_domains = [\"{domain}\"] to the profile that is, or name it by --profile"))
    })
}

impl Profile {
    /// Returns the profile, adapted to a sign-in with this email address. The address is suggested to the provider. If
    /// the profile names no provider, the user pool finds one by the address's domain. The address does not change the
    /// name under which the sign-in is stored, so that later commands find it.
    ///
    /// # Errors
    /// [`Kind::Usage`] if this is not an email address, or the profile's `email_domains` do not include its domain.
    pub fn for_email(self, address: &str) -> Result<Self, Failure> {
        let domain = domain_of(address)?;
        if !self.email_domains.is_empty() && !self.email_domains.contains(&domain) {
            let message = format!("profile '{}' is not for addresses of {domain}", self.name);
            return Err(Failure::new(Kind::Usage, message)
                .hint("leave --profile out, and the right one is found by its email_domains"));
        }
        let has_provider = self.identity_provider.is_some() || self.idp_identifier.is_some();
        let login_hint = Some(address.to_owned());
        match self.issuer.user_pool().is_some() && !has_provider {
            true => Ok(Self { login_hint, idp_identifier: Some(domain), ..self }),
            false => Ok(Self { login_hint, ..self }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::testing::profile;

    const TWO: &str = "default_profile = 'customers'
        [profile.internal]\nuser_pool_id = 'x'\nidentity_provider = 'AzureAD'\nemail_domains = ['corp.example', 'corp.test']
        [profile.customers]\nuser_pool_id = 'x'\nidp_identifier = 'customers.example'\n";

    fn found(configuration: &str, profile: Option<&str>, address: &str) -> Result<String, Failure> {
        let configuration = Configuration::parse(Path::new("config.toml"), configuration).unwrap();
        let choice = Choice { profile: profile.map(str::to_owned), flags: Vec::new() };
        find(&configuration, &choice, address, &|_| None)
    }

    #[test]
    fn email_address_selects_its_profile() {
        for (address, name) in [
            ("ada@corp.example", "internal"),
            ("ada@CORP.Test", "internal"),
            ("\"odd @ name\"@corp.test", "internal"),
            ("erin@customers.example", "customers"),
        ] {
            assert_eq!(found(TWO, None, address).unwrap(), name, "{address}");
        }
        assert_eq!(found(TWO, Some("customers"), "ada@corp.example").unwrap(), "customers", "who chooses is believed");
        let failure = found(TWO, None, "ada@sub.corp.example").unwrap_err();
        assert_eq!(failure.message, "no profile is for addresses of sub.corp.example");
        let both = format!("{TWO}email_domains = ['corp.example']\n");
        assert_eq!(found(&both, None, "ada@corp.example").unwrap(), "customers", "the default, of two");
        let neither = both.replace("default_profile = 'customers'", "");
        let failure = found(&neither, None, "ada@corp.example").unwrap_err();
        assert_eq!(failure.hint.unwrap(), "use --profile with one of: customers, internal");
    }

    #[test]
    fn profile_without_a_provider_takes_any_email_address() {
        let open = "[profile.a]\nuser_pool_id = 'x'\n";
        assert_eq!(found(open, None, "ada@corp.example").unwrap(), "a");
        for line in ["identity_provider = 'x'", "email_domains = ['x.example']", "idp_identifier = 'x.example'"] {
            assert!(found(&format!("{open}{line}"), None, "ada@corp.example").is_err(), "{line}");
        }
        assert!(found("[profile.a]\nissuer = 'https://x.example'", None, "ada@corp.example").is_err());
    }

    #[test]
    fn text_that_is_not_an_email_address_is_refused() {
        for bad in
            ["", "ada", "@corp.example", "ada@", "ada@corp", "a\u{1b}@corp.example", "ada@corp.example ", "a@b@c"]
        {
            let failure = found(TWO, None, bad).unwrap_err();
            assert!(
                failure.kind == Kind::Usage && failure.message.contains("not an email address"),
                "{bad}: {failure}"
            );
        }
        assert!(found(TWO, None, &format!("{}@corp.example", "a".repeat(300))).is_err());
    }

    #[test]
    fn email_address_becomes_login_hint_and_provider_identifier() {
        let of = |lines: &str| profile(lines).for_email("Ada@Corp.example");
        let by_domain = of("").unwrap();
        assert_eq!(by_domain.idp_identifier.as_deref(), Some("corp.example"));
        assert_eq!((by_domain.who(), by_domain.login_hint.as_deref()), ("default", Some("Ada@Corp.example")));
        let named = of("identity_provider = 'AzureAD'\nemail_domains = ['corp.example']").unwrap();
        assert_eq!((named.who(), named.idp_identifier.as_deref()), ("AzureAD", None));
        let failure = of("email_domains = ['other.example']").unwrap_err();
        assert_eq!(failure.message, "profile 'internal' is not for addresses of corp.example");
    }
}
