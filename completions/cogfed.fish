# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cogfed_global_optspecs
    string join \n debug no-input h/help V/version
end

function __fish_cogfed_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cogfed_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cogfed_using_subcommand
    set -l cmd (__fish_cogfed_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cogfed -n "__fish_cogfed_needs_command" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_needs_command" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_needs_command" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "login" -d 'Sign in, in the browser'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "credential-process" -d 'Print AWS credentials for the AWS CLI and the SDKs'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "call" -d 'Call an API behind API Gateway\'s IAM authorizer'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "status" -d 'Show who is signed in, and until when'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "roles" -d 'Show which roles a sign-in leads to, and why'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "logout" -d 'Sign out'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "profile" -d 'Show the profiles of the configuration'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "sandbox" -d 'Run a local Cognito with its directories and a protected API'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "demo" -d 'See all of it happen on this machine, without any account'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l identity-provider -d 'Go to this identity provider at once, past the chooser' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l timeout -d 'How long to wait for the sign-in, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l no-browser -d 'Print the URL and wait, without opening a browser'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s f -l force -d 'Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l role -d 'The IAM role to ask for, by its ARN, in place of the profile\'s' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l sign-in -d 'Open the browser if a sign-in is required'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l role -d 'The IAM role to ask for, by its ARN, in place of the profile\'s' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s H -l header -d 'Send a header, as in \'Name: value\' (may be given more than once)' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s d -l data -d 'Send this body; @FILE reads a file, - the standard input' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l data-binary -d 'As --data, to the byte' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s o -l output -d 'Write the answer to a file' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l region -d 'The region to sign for, where the host does not tell' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l json -d 'Send and ask for JSON: sets Content-Type and Accept unless they are given'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s i -l include -d 'Write the answer\'s status line and headers before its body'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s f -l fail -d 'End with status 22 if the answer\'s status is 400 or more'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l dry-run -d 'Show the signed request, secrets masked, and send nothing'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s v -l verbose -d 'Tell what is sent and what came back'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l role -d 'The IAM role to ask for, by its ARN, in place of the profile\'s' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l json -d 'Print JSON on the standard output'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l report -d 'Print all that a ticket needs, and no secret'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l role -d 'The IAM role to ask for, by its ARN, in place of the profile\'s' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l mapping -d 'Take the role mapping from a file: what \'aws cognito-identity get-identity-pool-roles\' prints; - is the standard input' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l claims -d 'Take the claims from a file, not from the sign-in: a JSON object, or an ID token; - is the standard input' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l provider -d 'The entry of RoleMappings to evaluate, where the claims\' iss and aud do not tell' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l expect -d 'End with status 1 unless this role is given, and certainly so' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l json -d 'Print JSON on the standard output'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l explain -d 'Evaluate the identity pool\'s role mapping, and tell why it gives which role'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l strict -d 'End with status 1 if there are warnings, or the outcome is not certain'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l all -d 'Sign out of every profile of the configuration'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "show" -d 'Show what is in force for a profile, and where each value came from'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show what is in force for a profile, and where each value came from'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l config -d 'Write a configuration with a ready profile to this file' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l name -d 'The name of that profile' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l store -d 'The store that the profile names: keyring, kernel or file' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l redirect-ports -d 'The loopback ports that are registered as callback URLs' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l rotate -d 'Rotate refresh tokens, with a grace period of this many seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l token-lifetime -d 'How long ID and access tokens live, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l credentials-lifetime -d 'How long credentials live, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l mapping -d 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l misbehave -d 'Misbehave (may be given more than once)' -r -f -a "wrong-state\t'redirect with another state than the one that was sent'
error-without-state\t'redirect with an error and no state'
access-denied\t'redirect with error=access_denied after a good sign-in'
repeated-code\t'redirect with the parameter `code` twice'
wrong-nonce\t'put another nonce into the ID token'
no-nonce\t'leave the nonce out of the ID token'
wrong-audience\t'issue the ID token to another app client'
wrong-issuer\t'let the ID token name another user pool as its issuer'
access-token-as-id-token\t'give the access token as the ID token'
wrong-token-use\t'give an ID token whose `token_use` is `access`'
alg-none\t'give an unsigned ID token of `alg` none'
alg-hs256\t'sign the ID token by HS256 with the public key as the secret'
unknown-kid\t'name a key in the ID token that the JWKS does not have'
bad-signature\t'give an ID token whose signature does not fit'
expired-id-token\t'give an ID token that expired an hour ago'
bad-at-hash\t'put the hash of another access token into the ID token'
other-sub-on-refresh\t'answer a refresh with the ID token of somebody else'
no-id-token\t'leave the ID token out of the token endpoint\'s answer'
odd-optional-claim-types\t'give optional claims of the ID token unusual types'
token-500\t'answer 500 at the token endpoint'
token-429\t'answer 429 with Retry-After at the token endpoint'
token-html\t'answer with a page of HTML at the token endpoint'
token-10mib\t'answer with 10 MiB of JSON at the token endpoint'
token-silent\t'take the request at the token endpoint and never answer'
token-close\t'close the connection at the token endpoint without doing anything'
token-redirect\t'answer 307 to another place at the token endpoint'
refresh-invalid-grant\t'refuse each refresh as invalid_grant'
refresh-drop-answer\t'do the refresh, rotation included, and close without an answer'
jwks-500\t'answer 500 for the JWKS'
discovery-500\t'answer 500 for the discovery document'
revoke-500\t'answer 500 at the revocation endpoint'
identity-not-authorized\t'refuse each login token at the identity pool'
identity-throttled\t'answer TooManyRequestsException at the identity pool'
identity-500\t'answer InternalErrorException at the identity pool'
identity-silent\t'take the request at the identity pool and never answer'
identity-no-role\t'refuse credentials as InvalidIdentityPoolConfigurationException'
identity-forgotten\t'forget an identity at its second credentials; GetId makes a new one'
credentials-short\t'give credentials that live for 10 minutes'
api-500\t'answer 500 at the API'
clock-behind\t'let the servers\' clock be 20 minutes behind'"
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l switch -d 'Be set up in another way (may be given more than once)' -r -f -a "client-secret\t'give the app client a secret; it is printed'
updated-issuer\t'let tokens name the host issuer-cognito-idp as their issuer'
token-roles\t'choose roles by the claims of user pool groups, not by rules'
no-role-mapping\t'give everybody the identity pool\'s default role'
deny-ambiguous\t'give no role where the role mapping finds none (Deny)'
classic-flow\t'allow the classic flow, and have no role mapping'
govcloud\t'pretend to be in us-gov-west-1 of AWS GovCloud (US)'
govcloud-fips-issuer\t'the same, with an issuer at cognito-idp-fips (undocumented)'
china\t'pretend to be in cn-north-1, where AWS has identity pools only'
server-side-token-check\t'let the identity pool refuse a sign-in that was revoked'
contains-element\t'let Contains look for an element of an array (undocumented)'
no-state-on-errors\t'redirect errors without the state (undocumented)'
nonce-on-refresh\t'keep the nonce in ID tokens of a refresh (undocumented)'
reuse-ends-sign-in\t'end a sign-in whose token is used after its grace (undocumented)'
refuse-needless-verifier\t'refuse a verifier without a challenge (undocumented)'"
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l json -d 'Print one line of JSON when it is ready: profile, hosts, the API\'s URL, people'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l until-stdin-closes -d 'End when the standard input ends'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l headless -d 'Open no browser: a sandbox person signs in by itself'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l debug -d 'Tell on the standard error what is done, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l no-input -d 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "login" -d 'Sign in, in the browser'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "credential-process" -d 'Print AWS credentials for the AWS CLI and the SDKs'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "call" -d 'Call an API behind API Gateway\'s IAM authorizer'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "status" -d 'Show who is signed in, and until when'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "roles" -d 'Show which roles a sign-in leads to, and why'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "logout" -d 'Sign out'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "profile" -d 'Show the profiles of the configuration'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "sandbox" -d 'Run a local Cognito with its directories and a protected API'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "demo" -d 'See all of it happen on this machine, without any account'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "show" -d 'Show what is in force for a profile, and where each value came from'
