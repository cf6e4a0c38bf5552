//! Tests that records of all versions are readable, and that tokens are sent only to endpoints that their record
//! allows.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::clock::Offset;
use crate::folder::Folder;
use crate::oidc::{Grant, IdTokenClaims, Tokens};
use crate::profile::{Choice, Configuration, Issuer, PlainIssuer};
#[cfg(target_os = "linux")]
use crate::store::Cached;
#[cfg(target_os = "linux")]
use crate::store::testing::copies;
use crate::store::{MemoryStore, Patience, StoreKind};

const EARLIER: &str = include_str!("../../../tests/data/released/form-1/tokens.json");
const EARLIER_CREDENTIALS: &str = include_str!("../../../tests/data/released/form-1/credentials.json");
const TOKENS: &str = include_str!("../../../tests/data/released/0.1.0/tokens.json");
const LEAST: &str = include_str!("../../../tests/data/released/0.1.0/tokens-least.json");
const CREDENTIALS: &str = include_str!("../../../tests/data/released/0.1.0/credentials.json");

/// Returns the profile of the sample records, with extra or changed lines.
fn profile(lines: &str, endpoints: &str) -> Profile {
    let text = format!(
        "[profile.a]\nuser_pool_id = 'eu-west-1_AbC123xyz'\nclient_id = '3n4b5urk1ft4fl3mg5e62d9ado'\n\
         domain = 'corp.auth.eu-west-1.amazoncognito.com'\n\
         identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-231990000000'\n{lines}\n[profile.a.endpoints]\n{endpoints}\n"
    );
    let configuration = Configuration::parse("config.toml".as_ref(), &text).unwrap();
    Profile::of(&configuration, "a", &Choice::default(), &|_| None).unwrap()
}

fn own() -> Profile {
    profile("identity_provider = 'AzureAD'", "")
}

fn ask(profile: &Profile) -> Ask {
    Ask::new(profile.clone())
}

fn store(account: &str, text: &str) -> Store {
    let memory = StoreKind::Memory(MemoryStore::default());
    let store = Store::new(memory, &Folder::at("/nonexistent"), Patience::new(Duration::from_secs(4)), None);
    store.set(account, &Secret::new(text)).unwrap();
    store
}

fn of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn tokens_record_is_read_and_written_unchanged() {
    let profile = own();
    let account = tokens_account(&profile);
    for text in [TOKENS, LEAST] {
        let store = store(&account, text);
        let record = TokensRecord::read(&store, &ask(&profile)).unwrap().unwrap();
        assert_eq!(record.person, "alice@corp.example");
        assert_eq!(record.id_token.expose(), "this-is-no-id-token");
        assert_eq!(record.signed_in_at.to_rfc3339(), "2026-01-02T03:04:05+00:00");
        record.write(&store, &profile).unwrap();
        let mut written = of(store.get(&account).unwrap().unwrap().expose());
        if text == LEAST {
            for (name, empty) in [("identities", json!({})), ("credentials", json!([]))] {
                assert_eq!(written.as_object_mut().unwrap().remove(name), Some(empty));
            }
        }
        assert_eq!(written, of(text));
    }
    let record = TokensRecord::read(&store(&account, TOKENS), &ask(&profile)).unwrap().unwrap();
    assert_eq!(record.refresh_token.as_ref().unwrap().expose(), "this-is-no-refresh-token");
    assert_eq!(record.client_secret.as_ref().unwrap().expose(), "this-is-no-client-secret");
    assert!(record.credentials.contains(&credentials_account(&ask(&profile))));
    assert!(record.ended.unwrap().interrupted_at.is_some());
}

#[test]
fn credentials_record_is_read_and_written_unchanged() {
    let profile = own();
    let account = credentials_account(&ask(&profile));
    let store = store(&account, CREDENTIALS);
    let record = CredentialsRecord::read(&store, &ask(&profile)).unwrap().unwrap();
    assert_eq!(record.credentials().access_key_id, "ASIANOTAREALKEY");
    assert_eq!(record.left(record.issued_at), TimeDelta::milliseconds(3_599_500));
    let empty = self::store("another", "");
    record.write(&empty, &ask(&profile)).unwrap();
    let written = of(empty.get(&account).unwrap().unwrap().expose());
    let times = |value: &Value| value["issued_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(times(&written), times(&of(CREDENTIALS)));
    let without = |mut value: Value| value.as_object_mut().unwrap().remove("issued_at").map(|_| value);
    assert_eq!(without(written), without(of(CREDENTIALS)));
}

#[test]
fn earlier_tokens_record_is_read_and_loses_its_access_token() {
    let profile = own();
    let account = tokens_account(&profile);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"scope":"openid phone"}"#);
    for (access_token, scope) in [("this-is-no-access-token", None), (&format!("x.{claims}.y"), Some("openid phone"))] {
        let store = store(&account, &EARLIER.replace("this-is-no-access-token", access_token));
        let record = TokensRecord::read(&store, &ask(&profile)).unwrap().unwrap();
        assert_eq!((record.person.as_str(), record.scope.as_deref()), ("alice@corp.example", scope));
        record.write(&store, &profile).unwrap();
        let written = store.get(&account).unwrap().unwrap();
        assert!(!written.expose().contains(access_token), "{}", written.expose());
        assert!(!written.expose().contains("access_token"), "{}", written.expose());
        assert_eq!(of(written.expose())["version"], 2);
        let again = TokensRecord::read(&store, &ask(&profile)).unwrap().unwrap();
        assert_eq!((again.scope.as_deref(), again.refresh_token), (scope, record.refresh_token));
    }
    let replaced = TokensRecord::read_to_replace(&store(&account, EARLIER), &profile).unwrap().unwrap();
    assert!(!written(&replaced).expose().contains("this-is-no-access-token"));
}

#[test]
fn earlier_credentials_record_is_renewed() {
    let profile = own();
    let account = credentials_account(&ask(&profile));
    assert!(CredentialsRecord::read(&store(&account, EARLIER_CREDENTIALS), &ask(&profile)).unwrap().is_none());
}

/// Some stores ignore letter case in item names, so the sign-ins of two profiles may share an item.
#[test]
fn credentials_of_another_sign_in_name_are_not_read() {
    let profile = own();
    let account = credentials_account(&ask(&profile));
    for (who, named_by) in [
        (json!("azuread"), json!("identity_provider")),
        (json!("AzureAD "), json!("identity_provider")),
        (json!("AzureAD"), json!("account")),
        (json!("AzureAD"), json!(null)),
        (json!(null), json!("identity_provider")),
    ] {
        let mut record = of(CREDENTIALS);
        (record["who"], record["named_by"]) = (who.clone(), named_by.clone());
        let store = store(&account, &record.to_string());
        assert!(CredentialsRecord::read(&store, &ask(&profile)).unwrap().is_none(), "{who} {named_by}");
    }
}

#[test]
fn tokens_of_another_sign_in_name_are_refused() {
    let own = own();
    for (who, named_by, belongs) in [
        ("azuread", "identity_provider", "the identity provider azuread, and the profile names AzureAD"),
        ("AzureAD", "account", "the account AzureAD, and the profile names the identity provider AzureAD"),
        ("default", "default", "the account default, and the profile names the identity provider AzureAD"),
    ] {
        let mut record = of(TOKENS);
        (record["who"], record["named_by"]) = (who.into(), named_by.into());
        let store = store(&tokens_account(&own), &record.to_string());
        let error = TokensRecord::read(&store, &ask(&own)).unwrap_err();
        assert!(error.message.ends_with(belongs), "{error}");
    }
}

/// In version 1, a sign-in named by `account` and a sign-in named by `identity_provider` shared an item if their names
/// were equal.
#[test]
fn earlier_record_is_found_under_its_old_name_and_moved() {
    let (by_account, by_provider) = (profile("account = 'AzureAD'", ""), own());
    let earlier = tokens_account(&by_provider);
    let store = store(&earlier, EARLIER);
    let record = TokensRecord::read(&store, &ask(&by_account)).unwrap().unwrap();
    assert_eq!(record.named_by, Some(NamedBy::Account));
    record.write(&store, &by_account).unwrap();
    assert!(store.get(&earlier).unwrap().is_none(), "it is now the account's alone");
    assert!(TokensRecord::read(&store, &ask(&by_provider)).unwrap().is_none());
    assert_eq!(TokensRecord::read(&store, &ask(&by_account)).unwrap().unwrap().person, "alice@corp.example");
    // The other one comes first.
    let store = self::store(&earlier, EARLIER);
    TokensRecord::read(&store, &ask(&by_provider)).unwrap().unwrap().write(&store, &by_provider).unwrap();
    assert!(TokensRecord::read(&store, &ask(&by_account)).unwrap().is_none());
    assert!(TokensRecord::read_to_replace(&store, &by_account).unwrap().is_none());
    TokensRecord::delete(&store, &by_account).unwrap();
    assert!(store.get(&earlier).unwrap().is_some(), "another sign-in's item stays");
    let store = self::store(&earlier, EARLIER);
    TokensRecord::delete(&store, &by_account).unwrap();
    assert!(store.get(&earlier).unwrap().is_none());
}

#[test]
fn earlier_record_of_another_provider_is_not_the_profiles() {
    let own = own();
    let token = |identities: Value| {
        let claims = URL_SAFE_NO_PAD.encode(json!({ "identities": identities }).to_string());
        EARLIER.replace("this-is-no-id-token", &format!("x.{claims}.y"))
    };
    let names = |names: &[&str]| names.iter().map(|name| json!({ "providerName": name })).collect::<Vec<_>>().into();
    for (identities, is_read) in [
        (names(&["AzureAD"]), true),
        (names(&["Other", "AzureAD"]), true),
        (names(&[]), true),
        (Value::Null, true),
        (names(&["AzureB2C"]), false),
    ] {
        let store = store(&tokens_account(&own), &token(identities.clone()));
        assert_eq!(TokensRecord::read(&store, &ask(&own)).is_ok(), is_read, "{identities}");
    }
}

#[test]
fn account_names_are_readable_and_cannot_be_confused() {
    assert_eq!(tokens_account(&own()), "tokens/eu-west-1_AbC123xyz/3n4b5urk1ft4fl3mg5e62d9ado/AzureAD");
    let role = "role_arn = 'arn:aws:iam::000000000000:role/a/b'";
    assert!(
        credentials_account(&ask(&profile(role, "")))
            .ends_with("/default/eu-west-1:1cf667a2-49a6-454b-9e45-231990000000/arn:aws:iam::000000000000:role/a/b")
    );
    let account = tokens_account(&profile("account = 'a/b%2Fc'", ""));
    assert!(account.ends_with("/account:a%2Fb%252Fc"), "{account}");
    let names = [
        "account = 'a'",
        "account = 'AzureB2C'",
        "account = 'default'",
        "idp_identifier = 'AzureB2C'",
        "idp_identifier = 'corp.example'",
        "identity_provider = 'AzureB2C'",
        "identity_provider = 'account:AzureB2C'",
        "identity_provider = 'default'",
        "",
    ];
    let accounts: BTreeSet<String> = names.iter().map(|name| tokens_account(&profile(name, ""))).collect();
    assert_eq!(accounts.len(), names.len());
    assert_eq!(tokens_account(&profile(role, "")), tokens_account(&profile("", "")), "roles share a sign-in");
}

#[test]
fn sign_in_of_other_endpoints_is_not_read() {
    let store = store(&tokens_account(&own()), TOKENS);
    let provider = "identity_provider = 'AzureAD'";
    for endpoints in ["domain = 'http://127.0.0.1:9'", "identity_pool = 'http://127.0.0.1:9'"] {
        let other = profile(provider, endpoints);
        let error = TokensRecord::read(&store, &ask(&other)).unwrap_err();
        assert_eq!(error.kind, Kind::Store);
        assert!(error.to_string().contains("belongs to the"), "{error}");
        assert_eq!(
            error.hint.as_deref(),
            Some("if the profile is right, sign in again: cogfed login --profile a --force")
        );
        assert!(TokensRecord::read_to_replace(&store, &other).unwrap().is_some());
    }
    let mut elsewhere: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    elsewhere.identity_pool_endpoint = "http://127.0.0.1:9".to_owned();
    store.set(&tokens_account(&own()), &written(&elsewhere)).unwrap();
    for (endpoint, is_read) in
        [("", true), ("identity_pool = 'http://127.0.0.1:9'", true), ("identity_pool = 'http://127.0.0.1:10'", false)]
    {
        let outcome = TokensRecord::read(&store, &ask(&profile(provider, endpoint)));
        assert_eq!(outcome.is_ok(), is_read, "AWS's own, and the one that the record names: {endpoint}");
    }
}

/// Returns the owner of the refresh token, as the failure of a revocation names it, or `None` if the token belongs to
/// `profile`.
fn owner_if_not(profile: &Profile, record: &TokensRecord) -> Option<String> {
    let failure = record.fits(Use::Revocation(profile)).err()?.of_revocation();
    assert_eq!(failure.kind, Kind::Refused);
    let owner = failure.message.strip_prefix("it belongs to ").unwrap();
    Some(owner.strip_suffix(", which is not the profile's, and was sent nowhere").unwrap().to_owned())
}

#[test]
fn refresh_token_belongs_to_one_app_client_and_token_endpoint() {
    let (own, record): (_, TokensRecord) = (own(), serde_json::from_str(TOKENS).unwrap());
    assert_eq!(owner_if_not(&own, &record), None);
    let elsewhere = profile("", "domain = 'http://127.0.0.1:9'");
    assert_eq!(owner_if_not(&elsewhere, &record), Some(record.token_endpoint.clone()));
    assert_eq!(record.fits(Use::Refresh(&record.token_endpoint)), Ok(()));
    assert!(record.fits(Use::Refresh("https://corp.example/token")).is_err(), "the issuer moved it");
    for (pool, client, what) in [
        ("eu-west-1_Other", own.client_id.as_str(), "the user pool eu-west-1_Other"),
        (own.issuer.id(), "other", "the app client other"),
    ] {
        let other = TokensRecord { user_pool_id: pool.into(), client_id: client.into(), ..record.clone() };
        assert_eq!(owner_if_not(&own, &other), Some(format!("the app client {client} of {pool}")));
        let error =
            TokensRecord::read(&store(&tokens_account(&own), written(&other).expose()), &ask(&own)).unwrap_err();
        assert!(error.to_string().contains(&format!("belongs to {what}, and the profile names ")), "{error}");
    }
}

#[test]
fn plain_issuers_sign_in_belongs_to_the_profiles_hosts() {
    let issuer = PlainIssuer {
        url: "https://login.example.com/t/v2.0".into(),
        discovery: "https://login.example.com/t/v2.0/.well-known/openid-configuration".into(),
        hosts: vec!["token.example.com".into()],
    };
    let plain = Profile { issuer: Issuer::Plain(issuer), ..own() };
    let mut record: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    record.user_pool_id = plain.issuer.id().to_owned();
    for (endpoint, is_own) in [
        ("https://login.example.com/t/token", true),
        ("https://token.example.com/t", true),
        ("https://attacker.example/t/token", false),
        ("https://corp.auth.eu-west-1.amazoncognito.com/oauth2/token", false),
    ] {
        record.token_endpoint = endpoint.to_owned();
        assert_eq!(owner_if_not(&plain, &record), (!is_own).then(|| endpoint.to_owned()));
        match TokensRecord::read(&store(&tokens_account(&plain), written(&record).expose()), &ask(&plain)) {
            Ok(found) => assert!(is_own && found.is_some(), "{endpoint}"),
            Err(error) => assert!(!is_own && error.to_string().contains("belongs to the token endpoint"), "{error}"),
        }
    }
}

/// AWS's own STS endpoint is always allowed. Any other has to be in the record; older records have none.
#[test]
fn classic_flow_sign_in_belongs_to_its_sts_endpoint() {
    let named = format!("{{\"sts_endpoint\":\"http://127.0.0.1:9\",{}", TOKENS.trim_start_matches('{'));
    for (text, sts, is_read) in [
        (TOKENS, "", true),
        (TOKENS, "sts = 'https://sts.eu-west-1.amazonaws.com/'", true),
        (TOKENS, "sts = 'http://127.0.0.1:9'", false),
        (&named, "sts = 'http://127.0.0.1:9'", true),
        (&named, "sts = 'http://127.0.0.1:10'", false),
        (&named, "", true),
    ] {
        let (classic, enhanced) = (profile(CLASSIC_FLOW, sts), profile("identity_provider = 'AzureAD'", sts));
        let store = store(&tokens_account(&classic), text);
        assert!(TokensRecord::read(&store, &ask(&enhanced)).is_ok(), "the other flow has no token for it");
        match TokensRecord::read(&store, &ask(&classic)) {
            Ok(record) => assert!(is_read && record.is_some(), "{sts}"),
            Err(error) => assert!(!is_read && error.to_string().contains("belongs to the STS endpoint"), "{error}"),
        }
    }
}

#[test]
fn credentials_of_other_endpoints_pools_and_roles_are_not_read() {
    let profile = own();
    let account = credentials_account(&ask(&profile));
    for (name, value) in [
        ("user_pool_id", "eu-west-1_Other"),
        ("client_id", "other"),
        ("identity_pool_id", "eu-west-1:00000000-0000-0000-0000-000000000000"),
        ("identity_pool_endpoint", "http://127.0.0.1:9"),
        ("sts_endpoint", "https://sts.eu-west-1.amazonaws.com"),
        ("role_arn", "arn:aws:iam::000000000000:role/Other"),
    ] {
        let mut record = of(CREDENTIALS);
        record[name] = value.into();
        let store = store(&account, &record.to_string());
        assert!(CredentialsRecord::read(&store, &ask(&profile)).unwrap().is_none(), "{name}");
    }
}

const CLASSIC_FLOW: &str =
    "identity_provider = 'AzureAD'\nflow = 'classic'\nrole_arn = 'arn:aws:iam::000000000000:role/a/b'";

#[test]
fn classic_flow_credentials_have_their_own_account_and_sts_endpoint() {
    let classic = profile(CLASSIC_FLOW, "");
    let enhanced = Profile { flow: Flow::Enhanced, ..classic.clone() };
    let account = credentials_account(&ask(&classic));
    let role = classic.role_arn.as_deref().unwrap();
    assert_eq!(account, credentials_account(&ask(&enhanced)).replace(role, &format!("classic/{role}")));
    let namesake = Profile { role_arn: Some(format!("{role}/classic")), ..enhanced };
    assert_ne!(account, credentials_account(&ask(&namesake)), "a role of that name, asked for by the other flow");
    let mut tokens: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    tokens.credentials.insert(credentials_account(&ask(&namesake)));
    assert!(!tokens.has_classic_credentials());
    assert!(tokens.roles(&own()).iter().any(|role| role.arn == namesake.role_arn && !role.is_classic()));
    let mut record: CredentialsRecord = serde_json::from_str(CREDENTIALS).unwrap();
    let credentials = record.credentials();
    record = CredentialsRecord::new(&ask(&classic), "s", credentials, record.issued_at, Offset::default());
    assert_eq!(record.sts_endpoint.as_deref(), Some("https://sts.eu-west-1.amazonaws.com"));
    let store = store(&account, written(&record).expose());
    assert!(CredentialsRecord::read(&store, &ask(&classic)).unwrap().is_some());
    let elsewhere = profile(CLASSIC_FLOW, "sts = 'http://127.0.0.1:9'");
    assert!(CredentialsRecord::read(&store, &ask(&elsewhere)).unwrap().is_none(), "as if not there");
}

#[test]
fn sign_in_lists_the_roles_of_its_credentials() {
    let own = own();
    let mut record: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    assert!(!record.has_classic_credentials());
    let role = "arn:aws:iam::000000000000:role/a/b";
    let others = [
        profile(CLASSIC_FLOW, ""),
        Profile { role_arn: Some(role.to_owned()), ..own.clone() },
        Profile { identity_pool_id: "eu-west-1:00000000-0000-0000-0000-000000000000".to_owned(), ..own.clone() },
    ];
    record.credentials.extend(others.iter().map(|profile| credentials_account(&ask(profile))));
    record.credentials.insert("garbage".to_owned());
    let roles: Vec<_> = record.roles(&own).into_iter().map(|role| (role.is_classic(), role.arn)).collect();
    let role = || Some(role.to_owned());
    assert_eq!(roles, [(false, role()), (true, role()), (false, None)]);
    let accounts: BTreeSet<_> =
        record.roles(&own).into_iter().map(|role| credentials_account(&ask(&own).for_role(role))).collect();
    assert!(accounts.is_subset(&record.credentials), "{accounts:?}");
    assert!(record.has_classic_credentials());
}

#[test]
fn unreadable_record_is_reported_without_its_text() {
    let profile = own();
    let account = tokens_account(&profile);
    let torn = TOKENS.split_at(TOKENS.find("refresh_token").unwrap() + 30).0;
    for text in ["", "{}", "[1]", "{\"version\":-1}", "{\"version\":1}", "{\"version\":2}", torn, "canary-canary"] {
        let store = store(&account, text);
        let error = TokensRecord::read(&store, &ask(&profile)).unwrap_err();
        assert_eq!(error.kind, Kind::Store);
        let said = format!("{error:?} {error:#}");
        assert!(said.contains("cannot be read") && !said.contains("this-is-no") && !said.contains("canary"), "{said}");
        assert!(TokensRecord::read_to_replace(&store, &profile).unwrap().is_none());
    }
    let newer = store(&account, "{\"version\":3}");
    assert!(TokensRecord::read_to_replace(&newer, &profile).unwrap_err().to_string().contains("from a newer cogfed"));
}

#[test]
fn oversized_record_is_not_read() {
    let profile = own();
    let account = tokens_account(&profile);
    let padded = |length: usize| format!("{TOKENS}{}", " ".repeat(length - TOKENS.len()));
    assert!(TokensRecord::read(&store(&account, &padded(LARGEST)), &ask(&profile)).is_ok());
    let error = TokensRecord::read(&store(&account, &padded(LARGEST + 1)), &ask(&profile)).unwrap_err();
    assert!(error.kind == Kind::Store && error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn refresh_replaces_the_tokens_sent_and_keeps_the_others() {
    let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
    let tokens = |id_token: Option<&str>, refresh_token: Option<&str>, person: &str| Tokens {
        grant: Grant {
            token_endpoint: "https://corp.example/token".to_owned(),
            id_token: id_token.map(Secret::new),
            access_token: id_token.map(|_| Secret::new("x.eyJzY29wZSI6Im9wZW5pZCBlbWFpbCJ9.y")),
            refresh_token: refresh_token.map(Secret::new),
            offset: Offset::measured(TimeDelta::hours(1)),
        },
        claims: IdTokenClaims {
            issuer: "https://issuer.example".to_owned(),
            subject: "0001".to_owned(),
            issued_at: at(0),
            expires_at: at(3600),
            person: person.to_owned(),
            provider: Some("AzureAD".to_owned()),
        },
    };
    let (own, first) = (own(), tokens(Some("id"), Some("refresh"), "alice"));
    let new = TokensRecord::new(SignedIn {
        profile: &own,
        tokens: &first,
        client_secret: None,
        accepted: Accepted::default(),
        now: at(-3600),
    });
    assert_eq!((new.token_endpoint.as_str(), &new.sts_endpoint), ("https://corp.example/token", &None));
    assert_eq!((new.issuer.as_str(), new.subject.as_str()), ("https://issuer.example", "0001"));
    assert_eq!((new.person.as_str(), new.provider.as_deref()), ("alice", Some("AzureAD")));
    assert_eq!((new.id_token.expose(), new.scope.as_deref()), ("id", Some("openid email")));
    assert_eq!(new.refresh_token, Some(Secret::new("refresh")));
    assert_eq!((new.issued_at, new.expires_at), (at(-3600), at(0)), "by this machine's clock");
    let mut renewed = new.clone();
    renewed.take(&tokens(None, None, "Alice"));
    assert_eq!((renewed.person.as_str(), renewed.scope.as_deref()), ("Alice", Some("openid email")));
    assert_eq!((&renewed.id_token, &renewed.refresh_token), (&new.id_token, &new.refresh_token));
    assert_ne!(renewed.generation, new.generation);
    renewed.take(&tokens(Some("id 2"), Some("refresh 2"), "alice"));
    assert_eq!((renewed.id_token, renewed.refresh_token), (Secret::new("id 2"), Some(Secret::new("refresh 2"))));
}

#[test]
fn credentials_are_compared_by_access_key() {
    let record: CredentialsRecord = serde_json::from_str(CREDENTIALS).unwrap();
    let other = serde_json::from_str(&CREDENTIALS.replace("ASIANOTAREALKEY", "ASIANOTHERKEY")).unwrap();
    assert!(record.has_same_key(&record.clone()) && !record.has_same_key(&other));
}

#[cfg(target_os = "linux")]
#[test]
fn kernel_copy_of_another_profile_is_not_read() {
    let profile = Profile { client_id: format!("test{}", std::process::id()), ..own() };
    let account = credentials_account(&ask(&profile));
    let Some(store) = copies(&account) else { return };
    let mut record: CredentialsRecord = serde_json::from_str(CREDENTIALS).unwrap();
    record.client_id = profile.client_id.clone();
    let found = |store: &Store| CredentialsRecord::cached(store, &ask(&profile));
    assert!(matches!(found(&store), Cached::Missing));
    record.cache(&store, &ask(&profile), TimeDelta::minutes(1));
    assert!(matches!(found(&store), Cached::Copy(copy) if copy.has_same_key(&record)));
    record.identity_pool_endpoint = "http://127.0.0.1:9".to_owned();
    record.cache(&store, &ask(&profile), TimeDelta::minutes(1));
    assert!(matches!(found(&store), Cached::Missing), "another endpoint's");
    store.set_cached(&account, &Secret::new("{}"), Duration::from_secs(60));
    assert!(matches!(found(&store), Cached::Missing), "no record");
    store.forget_cached(&account);
    assert!(matches!(found(&self::store(&account, CREDENTIALS)), Cached::NotUsed));
}

#[test]
fn rotation_changes_only_the_refresh_token_and_the_generation() {
    let mut record: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    let before = record.clone();
    record.rotate(Secret::new("new"));
    assert_eq!(record.refresh_token, Some(Secret::new("new")));
    assert_ne!(record.generation, before.generation);
    assert_eq!((&record.id_token, &record.credentials), (&before.id_token, &before.credentials));
    let known = profile("refresh_token_validity = 3600", "");
    assert_eq!(record.renewable_until(&known), Some(before.signed_in_at + TimeDelta::hours(1)));
    assert_eq!(record.renewable_until(&own()), None);
    record.refresh_token = None;
    assert_eq!(record.renewable_until(&known), None);
}

#[test]
fn debug_output_of_records_shows_no_secret() {
    let tokens: TokensRecord = serde_json::from_str(TOKENS).unwrap();
    let credentials: CredentialsRecord = serde_json::from_str(CREDENTIALS).unwrap();
    let shown = format!("{tokens:?} {credentials:?}");
    assert!(shown.contains("alice@corp.example") && !shown.contains("this-is-no"), "{shown}");
}
