//! The sections of `cogfed help` that hold for every verb: profiles, exit status, environment and files.

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
    store \"keyring\" (or \"kernel\", \"file\"), shared_keyring false (whether other
    containers may read store \"kernel\"), region, logout_uri,
    email_domains (of the addresses by which login --email finds the profile),
    fips false (whether only AWS's FIPS 140 hosts are to be asked),
    issuer (whom the tokens name, if not the user pool by one of its two names),
    ca_bundle (a PEM file, whole path or ~/: roots to trust besides the
    system's; the environment's then do not count),
    proxy (a URL as in HTTPS_PROXY, or \"none\"; HTTPS_PROXY then does not count),
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
  AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE
        the configuration of AWS's tools, which login reads to suggest the next
        command (~/.aws/config and ~/.aws/credentials if unset)
  COGFED_<KEY>
        overrides a key of the profile: its name in capitals, lists separated
        by commas. Not those that say where secrets go: user_pool_id, client_id,
        domain, issuer, issuer_hosts, identity_pool_id, logins_key, fips,
        email_domains, endpoints. Nor whom to trust: ca_bundle, proxy,
        shared_keyring.
        COGFED_STORE counts only if the profile names no store
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
  XDG_CONFIG_HOME, XDG_STATE_HOME, HOME
        the places of the files below. A relative path counts as unset
  NO_COLOR
        no colour, if it is set and not empty

FILES
  $XDG_CONFIG_HOME/cogfed/config.toml
        the configuration (~/.config if unset; on macOS
        ~/Library/Application Support, on Windows %APPDATA%). --config names
        another file. COGFED_CONFIG, XDG_CONFIG_HOME and HOME cannot name one
        below the current folder or in a work tree (such as git's) around it,
        unless all its hosts are on this machine
  $XDG_STATE_HOME/cogfed/
        locks, the last failure, public keys, discovery documents, the names of
        stored items; no secret, unless the profile says store = \"file\"
        (~/.local/state if unset; on macOS and Windows the folder for local data)
";
