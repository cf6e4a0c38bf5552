//! The sections of `cogfed help` that apply to every verb: profiles, exit status, environment and files.

pub(super) const ABOUT: &str = "\
EXAMPLES
  cogfed demo
        watch the whole flow on this machine, without an account
  cogfed login
        sign in with your browser
  cogfed call GET https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders
        call an API behind the IAM authorizer
  cogfed status
        show who is signed in, and until when

  The AWS CLI and the SDKs need these lines in ~/.aws/config, with the full path
  of cogfed ('cogfed login' prints them):
    [profile internal]
    region = eu-west-1
    credential_process = /usr/local/bin/cogfed credential-process -p internal

PROFILES
  A profile names the user pool, app client and identity pool to use. 'cogfed
  profile show' prints its settings. A complete configuration file:
    default_profile = \"internal\"

    [profile.internal]
    user_pool_id      = \"eu-west-1_AbC123xyz\"
    client_id         = \"3n4b5urk1ft4fl3mg5e62d9ado\"
    domain            = \"corp.auth.eu-west-1.amazoncognito.com\"
    identity_pool_id  = \"eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE\"
    identity_provider = \"AzureAD\"

  The other keys, with their defaults:
    idp_identifier, account, login_hint, prompt, lang, role_arn,
    browser (a command), clipboard true (whether the terminal may copy the URL),
    scopes [\"openid\"], redirect_host \"localhost\",
    redirect_ports [8400, 8401, 8402], redirect_path \"/callback\",
    sign_in_on_demand false, refresh_token_validity (seconds),
    refresh_grace 0 (seconds),
    flow \"enhanced\" (or \"classic\": GetOpenIdToken, then STS; needs role_arn),
    session_duration 3600 (seconds, 1800 to 43200; classic flow only),
    store \"keyring\" (or \"kernel\", \"file\"), shared_keyring false (whether other
    containers may read store \"kernel\"), region, logout_uri,
    api (the base URL of the API, for call with a path: cogfed call /orders),
    email_domains (domains of the addresses for login --email),
    fips false (whether to use only AWS's FIPS 140 hosts),
    issuer (the issuer in the tokens, if it is not the user pool's usual one),
    ca_bundle (a PEM file, whole path or ~/: roots to trust besides the
    system's; the environment's then do not count),
    proxy (a URL as in HTTPS_PROXY, or \"none\"; HTTPS_PROXY then does not count),
    endpoints.{user_pool,domain,identity_pool,sts}

  The region in front of an id also gives the partition, such as GovCloud.

PLAIN ISSUERS
  An identity pool can use an OpenID Connect issuer directly, such as Entra ID.
  The profile then has 'issuer' instead of user_pool_id and domain:
    [profile.direct]
    issuer            = \"https://login.microsoftonline.com/TENANT-ID/v2.0\"
    client_id         = \"0b1c2d3e-0000-4000-8000-000000000000\"
    identity_pool_id  = \"eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE\"

  Keys for identity providers and the hosted UI cannot be used with it. These
  can:
  scopes
        [\"openid\", \"offline_access\"] by default; renewal needs the latter. Add
        \"profile\" to get your name from Entra ID
  issuer_hosts
        hosts besides the issuer's own that its discovery document may name.
        login asks about them once
  endpoints.issuer
        base URL of that document, if it is not the issuer
  logins_key
        the issuer's name in the identity pool, if it is not the issuer without
        https:// (also for a user pool)

EXIT STATUS
  0    done
  1    failed
  2    the command line, the configuration or an input is wrong
  3    a sign-in is required
  4    the store failed: no keyring, locked, or no answer from it
  5    the network or a server failed
  6    refused by the identity provider, Cognito or AWS
  7    busy: a lock is held, or every callback port is taken
  22   call --fail: the API answered with a status of 400 or more
  130  interrupted

ENVIRONMENT
  COGFED_PROFILE
        the profile, unless --profile names one
  COGFED_CONFIG
        the configuration file, as an absolute path
  COGFED_CLIENT_SECRET
        the app client's secret, if it has one
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
        an administrator's AWS credentials, only for roles --explain
  AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE
        the configuration of AWS's tools, which login reads to suggest the next
        command (~/.aws/config and ~/.aws/credentials if unset)
  COGFED_<KEY>
        overrides a key of the profile: the key in capitals, with commas between
        the values of a list. An empty variable counts as unset. Not the keys
        that decide where secrets go (user_pool_id, client_id, domain, issuer,
        issuer_hosts, identity_pool_id, logins_key, fips, email_domains, api,
        endpoints) or whom to trust (ca_bundle, proxy, shared_keyring).
        COGFED_STORE, COGFED_ROLE_ARN and COGFED_FLOW count only if the profile
        has no such key, and COGFED_ROLE_ARN only for enhanced credentials
  BROWSER
        the browser, if the profile names none: commands separated by colons, in
        which %s stands for the URL. On demand it counts only after a login at a
        terminal that used it, as does COGFED_BROWSER
  HTTPS_PROXY, ALL_PROXY, NO_PROXY
        the proxy, as http://USER:PASSWORD@HOST:PORT (or https, socks5h, socks5,
        socks4a, socks4), and the hosts to reach without the proxy: domains with
        their subdomains, addresses, networks (10.0.0.0/8), each also with a
        port, or *. Lower-case variables take precedence
  AWS_CA_BUNDLE
        a PEM file of certificate authorities to trust besides the system's
  SSL_CERT_FILE, SSL_CERT_DIR
        authorities that replace the system's (on macOS and Windows, those of
        the file are added)
  XDG_CONFIG_HOME, XDG_STATE_HOME, HOME
        where the files below are. A relative path counts as unset
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
