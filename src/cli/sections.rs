//! The sections that clap does not know (examples, exit status, environment, files): shown after the long help, and set
//! as sections of the man page.
//!
//! They have a form that both can show: a title in capitals; indented by two, running text, or a term with what it
//! means after two spaces or on lines indented by six or more; indented by four, what is to be typed or copied. No line
//! is longer than 80 columns.

use crate::sandbox::{Misbehaviour, Refusal, Switch};

pub(super) const ABOUT: &str = "\
EXAMPLES
  cogfed demo
        see all of it happen on this machine, without any account
  cogfed login
        sign in, in the browser
  cogfed call GET https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders
        call an API behind the IAM authorizer
  cogfed status
        see who is signed in, and until when

  The AWS CLI and the SDKs use cogfed by two lines in ~/.aws/config, with the
  whole path of cogfed:
    [profile internal]
    credential_process = /usr/local/bin/cogfed credential-process -p internal

PROFILES
  A profile says what to sign in to; 'cogfed profile show' tells what is in
  force. A whole one, in the configuration file:
    default_profile = \"internal\"

    [profile.internal]
    user_pool_id      = \"eu-west-1_AbC123xyz\"
    client_id         = \"3n4b5urk1ft4fl3mg5e62d9ado\"
    domain            = \"corp.auth.eu-west-1.amazoncognito.com\"
    identity_pool_id  = \"eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE\"
    identity_provider = \"AzureAD\"

  The other keys, with their defaults where there are any:
    idp_identifier, account, login_hint, prompt, lang, role_arn,
    browser (a command), clipboard true (whether the terminal may copy the URL),
    scopes [\"openid\"], redirect_host \"localhost\",
    redirect_ports [8400, 8401, 8402], redirect_path \"/callback\",
    sign_in_on_demand false, refresh_token_validity (seconds),
    refresh_grace 0 (seconds),
    flow \"enhanced\" (or \"classic\": GetOpenIdToken, then STS; needs role_arn),
    session_duration 3600 (seconds, 1800 to 43200; the classic flow alone),
    store \"keyring\" (or \"kernel\", \"file\"), region, logout_uri,
    email_domains (of the addresses by which login --email finds the profile),
    fips false (whether only AWS's FIPS 140 hosts are to be asked),
    issuer (whom the tokens name, if not the user pool by one of its two names),
    ca_bundle (a PEM file, whole path or ~/: whom to trust besides the system),
    endpoints.{user_pool,domain,identity_pool,sts}

  The region in front of an id tells AWS's partition, GovCloud and China too.

PLAIN ISSUERS
  An identity pool may know an OpenID Connect issuer directly, such as Entra ID.
  Its profile has 'issuer' in the place of user_pool_id and domain:
    [profile.direct]
    issuer            = \"https://login.microsoftonline.com/TENANT-ID/v2.0\"
    client_id         = \"0b1c2d3e-0000-4000-8000-000000000000\"
    identity_pool_id  = \"eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE\"

  Of the other keys those that name identity providers or the hosted UI do not
  go with it, and these do:
  scopes
        [\"openid\", \"offline_access\"] by default, the latter for renewal; Entra ID
        tells your name if \"profile\" is there, too
  issuer_hosts
        hosts besides the issuer's own at which its endpoints may be, as its
        discovery document names them
  endpoints.issuer
        what to fetch that document below, if not the issuer
  logins_key
        the issuer's name in the identity pool, if that is not the issuer
        without https:// (for a user pool, too)

EXIT STATUS
  0    done
  1    failed
  2    the command line, the configuration or an input is wrong
  3    a sign-in is required
  4    the store failed: no keyring, locked, or no answer from it
  5    the network, or a server that should have answered, failed
  6    refused by the identity provider, by Cognito or by AWS
  7    busy: a lock is held, or every callback port is taken
  22   call --fail: the API answered with a status of 400 or more
  130  interrupted

ENVIRONMENT
  COGFED_PROFILE
        the profile, where no flag names one
  COGFED_CONFIG
        the configuration file, as an absolute path
  COGFED_CLIENT_SECRET
        the app client's secret, if it has one
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
        an administrator's own AWS credentials, for roles --explain alone
  COGFED_<KEY>
        overrides a key of the profile: its name in capitals, lists separated
        by commas. Not those that say where secrets go: user_pool_id, client_id,
        domain, issuer, issuer_hosts, identity_pool_id, logins_key, fips,
        email_domains, endpoints. Nor whom to trust: ca_bundle
  BROWSER
        the browser, where the profile names none: commands separated by colons,
        in which %s is the URL
  HTTPS_PROXY, ALL_PROXY, NO_PROXY
        the proxy, as http://USER:PASSWORD@HOST:PORT, and who is asked without
        it: names with what is below them, addresses, networks (10.0.0.0/8),
        each also with a port, or *. The names in small letters come first
  AWS_CA_BUNDLE
        a PEM file of authorities to trust besides the system's
  SSL_CERT_FILE, SSL_CERT_DIR
        authorities in place of the system's (on macOS and Windows the file's
        come on top)
  NO_COLOR
        no colour, if it is set and not empty

FILES
  $XDG_CONFIG_HOME/cogfed/config.toml
        the configuration (~/.config if unset; on macOS
        ~/Library/Application Support, on Windows %APPDATA%)
  $XDG_STATE_HOME/cogfed/
        locks, the last failure, public keys, discovery documents, the names of
        stored items; no secret, unless the profile says store = \"file\"
        (~/.local/state if unset; on macOS and Windows the folder for local data)
";

pub(super) const LOGIN: &str = "\
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

EXIT STATUS
  0    signed in
  2    the command line or the configuration is wrong
  3    nobody signed in in time
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by cogfed
  7    every callback port is taken, or a lock is held
  130  interrupted by Ctrl-C
";

pub(super) const CREDENTIAL_PROCESS: &str = "\
EXAMPLES
  In ~/.aws/config, with the whole path of cogfed:
    [profile internal]
    credential_process = /usr/local/bin/cogfed credential-process -p internal

  Then every tool of AWS has the credentials:
    aws sts get-caller-identity --profile internal

  Another role of the same sign-in is another profile of theirs:
    [profile internal-reader]
    credential_process = /usr/local/bin/cogfed credential-process -p internal
        --role arn:aws:iam::123456789012:role/Reader

  (on one line)

EXIT STATUS
  0    credentials were printed
  2    the command line or the configuration is wrong
  3    a sign-in is required: run 'cogfed login'
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by AWS
  7    another process holds the lock

  Nothing is printed on the standard output unless the status is 0.
";

pub(super) const CALL: &str = "\
EXAMPLES
  The URL of a REST API of API Gateway tells the region:
    url=https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders
    cogfed call GET $url
    cogfed call POST $url --json -d '{\"item\": \"book\"}'
    cogfed call GET $url --dry-run

  A domain of your own does not:
    cogfed call PUT https://api.example.com/orders/7 --region eu-west-1 \\
        --data-binary @order.json

EXIT STATUS
  0    the API answered, whatever its status
  2    the command line, the configuration or an input is wrong
  3    a sign-in is required: run 'cogfed login'
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by AWS
  7    another process holds the lock
  22   with --fail: the API answered with a status of 400 or more
";

pub(super) const STATUS: &str = "\
EXAMPLES
  cogfed status
        for a person
  cogfed status --json
        for a script: one line of JSON
  cogfed status --role arn:aws:iam::123456789012:role/Reader
        of another role's credentials

EXIT STATUS
  0    somebody is signed in
  2    the command line or the configuration is wrong
  3    nobody is signed in
  4    the store failed
";

pub(super) const ROLES: &str = "\
EXAMPLES
  cogfed roles
        which roles the sign-in leads to, and which one was given
  cogfed roles --explain --mapping pool.json
        why, by the identity pool's rules

  An administrator gets the mapping so, or lets cogfed ask with the same keys:
    aws cognito-identity get-identity-pool-roles \\
        --identity-pool-id eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE

  A pipeline checks a mapping before it is deployed, without a profile:
    cogfed roles --explain --claims alice.json --mapping pool.json \\
        --expect arn:aws:iam::123456789012:role/OrdersAdmin --strict

WHAT IS CERTAIN
  AWS documents that rules are tried in their order, that the first match wins,
  and that NotEqual does not match a missing claim. Where it leaves something
  open (arrays, letter case, other types, a role that is asked for), cogfed
  evaluates every reading. If they lead to different outcomes, it says that the
  outcome is not certain, and what the other one would be. Nor is it certain if
  the token is from another provider, unless --provider says that this does not
  matter, or if the profile asks by the classic flow.

FINDINGS
  Warnings:
  value_in_another_name
        a value of Contains is a part of another role's name
  unreachable_rule
        earlier rules match whenever this one does
  value_is_encoded
        the user pool form-encodes the value once there are several
  list_in_brackets
        Equals, StartsWith or NotEqual on a claim that is a list (a note, as
        long as it is none)
  claim_hidden_by_scopes
        the scopes keep the claim out of the token
  claim_writable_by_owner
        the scope aws.cognito.signin.user.admin lets a person write the claim
  group_overage
        more groups than the directory puts into a token
  too_many_rules
        more than the 25 that AWS takes
  other_provider
        the token is from another provider than the mapping is for
  other_identity_pool
        the mapping is that of another identity pool than the profile's
  classic_flow
        the profile asks by the classic flow, to which no mapping applies

  Notes:
  several_rules_match
        with other roles than the one that wins
  attribute_may_be_stale
        the user pool keeps an attribute that the directory no longer sends

JSON
  With --json: profile, person, identity_provider, asserted (roles by claim,
  groups, iam_roles, preferred_role, group_overage), can_lead_to (role_arn,
  named_by, credentials), given (account, arn) or not_known.

  With --explain --json: profile, identity_pool_id, provider, provider_chosen_by
  (token, flag, only or none), type, ambiguous_role_resolution, custom_role,
  asserted, rules (number, claim, match_type, value, role_arn, result, decides,
  certain, why), outcome (role, denied or no_role), role_arn, why, certain,
  doubts (questions, if, outcome, role_arn), findings (severity, code, rule,
  text).

EXIT STATUS
  0    somebody is signed in; with --explain, a role is given
  1    with --expect: another role is given, or it is not certain; with
       --strict: there are warnings, or the outcome is not certain
  2    the command line, the configuration or a file is wrong
  3    nobody is signed in
  4    the store failed
  5    the network failed, when the service was asked for the mapping
  6    with --explain, no role is given; or the service refused the mapping
";

pub(super) const LOGOUT: &str = "\
EXAMPLES
  cogfed logout --profile internal
        sign out of one profile
  cogfed logout --all
        sign out of every profile of the configuration

EXIT STATUS
  0    signed out, or nobody was signed in
  2    the command line or the configuration is wrong
  4    the store failed: something may still be there
  5    deleted here, but the user pool was not reached to revoke it
  6    deleted here, but the user pool refused to revoke it
  7    another process holds the lock: nothing was done
";

pub(super) const PROFILE: &str = "\
EXAMPLES
  cogfed profile list
        which profiles there are
  cogfed profile show --profile internal
        what is in force for one
";

pub(super) const PROFILE_LIST: &str = "\
EXAMPLES
  cogfed profile list
        for a person
  cogfed profile list --json
        for a script
";

pub(super) const PROFILE_SHOW: &str = "\
EXAMPLES
  cogfed profile show --profile internal
        what is in force for one profile
  COGFED_STORE=file cogfed profile show
        and with an override
";

pub(super) const SANDBOX: &str = "\
EXAMPLES
  In one terminal, a sandbox whose profile goes to a file of its own:
    cogfed sandbox --config ~/sandbox.toml --store file

  In another one:
    export COGFED_CONFIG=~/sandbox.toml
    cogfed login
    cogfed status

  For a script: a line of JSON when it is ready, an end with the script, and one
  fault that a client has to survive:
    cogfed sandbox --json --until-stdin-closes --misbehave wrong-nonce

  With the roles of a pool at AWS, to see whom they would be given to:
    aws cognito-identity get-identity-pool-roles --identity-pool-id ID > p.json
    cogfed sandbox --mapping p.json

CONTROLS
  Its controls are for scripts, and change it while it runs:
    curl CONTROL/requests
    curl -X POST --data-binary @p.json CONTROL/mapping
";

/// What is known about the sandbox alone: its examples, and each misbehaviour, refusal and switch by name.
pub(super) fn sandbox_sections() -> String {
    let (misbehaviours, refusals, switches) = (Misbehaviour::LIST, Refusal::list(), Switch::LIST);
    format!("{SANDBOX}\nMISBEHAVIOURS\n{misbehaviours}\nREFUSALS\n{refusals}\nSWITCHES\n{switches}")
}

pub(super) const DEMO: &str = "\
EXAMPLES
  cogfed demo
        with your browser
  cogfed demo --headless
        without one, as in CI

EXIT STATUS
  0    all of it happened
  1    a step went wrong
";
