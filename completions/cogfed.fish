# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cogfed_global_optspecs
    string join \n debug no-input config= h/help V/version
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

complete -c cogfed -n "__fish_cogfed_needs_command" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_needs_command" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_needs_command" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_needs_command" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "login" -d 'Sign in with your browser'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "credential-process" -d 'Print AWS credentials for the AWS CLI and the SDKs'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "call" -d 'Call an API behind IAM: API Gateway\'s, and those of other services'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "status" -d 'Show who is signed in, and until when'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "roles" -d 'Show which roles a sign-in leads to, and why'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "logout" -d 'Sign out'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "profile" -d 'Show the profiles of the configuration'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "sandbox" -d 'Run a local Cognito with its directories and a protected API'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "demo" -d 'Watch the whole flow on this machine, without an account'
complete -c cogfed -n "__fish_cogfed_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l identity-provider -d 'Go straight to this identity provider, without the chooser' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l email -d 'Find the profile by your email address, and suggest the address to the identity provider' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l timeout -d 'How long to wait for the sign-in, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l no-browser -d 'Print the URL and wait, without opening a browser'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l accept-roots -d 'Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile\'s ca_bundle adds, without asking'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l accept-endpoints -d 'Send tokens to endpoints of the profile that are neither AWS\'s nor on this machine, without asking'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s f -l force -d 'Sign in again even if the current sign-in works, and delete the credentials made from it'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand login" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l role -d 'The ARN of the IAM role to request, instead of the profile\'s role_arn' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l sign-in -d 'Open the browser if a sign-in is required'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand credential-process" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l role -d 'The ARN of the IAM role to request, instead of the profile\'s role_arn' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s X -l request -d 'Send this method' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l url -d 'The URL, instead of the argument' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s H -l header -d 'Send a header: \'Name: value\', \'Name;\' for an empty one, or @FILE (may be given more than once)' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s d -l data -d 'Send this body; @FILE reads a file, and @- standard input' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l data-raw -d 'Like --data, but \'@\' has no meaning' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l data-binary -d 'Like --data, byte for byte' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l data-urlencode -d 'Like --data, percent-encoded' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l json -d 'Send and request JSON: set Content-Type and Accept unless they are given' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s F -l form -d 'Send a form field as multipart/form-data; @FILE uploads a file' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l form-string -d 'Like --form, but \'@\', \'<\' and \';type=\' have no meaning' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l url-query -d 'Append to the URL\'s query, encoded as by --data-urlencode; after \'+\', as it is' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s T -l upload-file -d 'Send a file as the body, with PUT; - reads standard input' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s A -l user-agent -d 'Send this User-Agent' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s e -l referer -d 'Send this Referer' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s b -l cookie -d 'Send these cookies, as in \'name=value; name=value\'' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s r -l range -d 'Ask for these bytes only, as in 0-499' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s o -l output -d 'Write the response to a file; - is standard output' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l output-dir -d 'Put the file of -o or -O into this folder' -r -f -a "(__fish_complete_directories)"
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s D -l dump-header -d 'Write the status line and headers of the response to a file; - is standard output' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s w -l write-out -d 'Print this after the response, with variables such as %{http_code}; @FILE reads a file' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l pretty -d 'Lay out JSON on standard output (on a terminal: all, otherwise: none)' -r -f -a "all\t'Indented and coloured'
colors\t'Coloured'
format\t'Indented'
none\t'As it arrives'"
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l connect-timeout -d 'Fail if the connection takes longer than this; 0 stands for the default' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s m -l max-time -d 'Fail if the exchange takes longer than this [default: no limit]' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l retry -d 'Repeat a request up to this many times after a temporary failure' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l retry-delay -d 'Wait this long before each repeat [default: 1, then doubling]' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l retry-max-time -d 'Begin no repeat after this time' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l max-redirs -d 'Follow at most this many redirects; -1 stands for any number' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s E -l cert -d 'Present this client certificate, in PEM, to an API with mutual TLS' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l key -d 'Use the private key in this file, in PEM [default: in the file of --cert]' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l connect-to -d 'Connect to HOST2:PORT2 for a URL with HOST1:PORT1 (may be given more than once)' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l resolve -d 'Use these addresses for HOST:PORT (may be given more than once)' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l region -d 'The region to sign for, if the host name does not contain it' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l service -d 'The service to sign for, such as lambda, es or s3' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l sign-host -d 'Sign for this host instead of the URL\'s, and send it as Host' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s G -l get -d 'Put the data into the URL\'s query, and send GET'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s I -l head -d 'Send HEAD, and show the head of the answer'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l compressed -d 'Ask for a compressed answer, and decompress it (the default on a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l dry-run -d 'Print the signed request with secrets masked, and send nothing'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l curl -d 'Print a line of curl that sends the same request, and send nothing'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s i -l include -d 'Write the status line and headers of the response before its body'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s O -l remote-name -d 'Write the response to a file named like the end of the URL\'s path'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l create-dirs -d 'Create missing folders for the file of -o or -O'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s f -l fail -d 'Exit with status 22 if the response status is 400 or more, and write no body'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l fail-with-body -d 'Like --fail, but write the body'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s s -l silent -d 'Show no progress, and no message if the network fails or --fail applies'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s S -l show-error -d 'With --silent, show all errors'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s v -l verbose -d 'Log the request and the response to standard error'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l retry-connrefused -d 'Accepted as in curl: --retry repeats after a refused connection anyway'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s L -l location -d 'Follow redirects, without the signature'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand call" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l role -d 'The ARN of the IAM role to request, instead of the profile\'s role_arn' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l json -d 'Print JSON on the standard output'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l report -d 'Print all that a ticket needs, and no secret'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand status" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l role -d 'The ARN of the IAM role to request, instead of the profile\'s role_arn' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l mapping -d 'Read the role mapping from a file, the output of \'aws cognito-identity get-identity-pool-roles\'; - is standard input' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l claims -d 'Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l provider -d 'Evaluate this entry of RoleMappings, if the claims\' iss and aud do not tell which one applies' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l expect -d 'Exit with status 1 unless this role is given, and certainly so' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l json -d 'Print JSON'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l explain -d 'Evaluate the identity pool\'s role mapping, and explain why it gives which role'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l strict -d 'Exit with status 1 if there are warnings, or the outcome is not certain'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand roles" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l all -d 'Sign out of every profile in the configuration'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand logout" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "show" -d 'Show a profile\'s settings, and where each value comes from'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and not __fish_seen_subcommand_from list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s p -l profile -d 'The profile to use' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a profile\'s settings, and where each value comes from'
complete -c cogfed -n "__fish_cogfed_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l config -d 'Write a configuration with a profile for the sandbox to this file' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l name -d 'The name of that profile' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l store -d 'The store in that profile: keyring, kernel or file' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l redirect-ports -d 'Loopback ports to register as callback URLs' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l rotate -d 'Rotate refresh tokens, with a grace period of this many seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l token-lifetime -d 'Lifetime of ID and access tokens, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l credentials-lifetime -d 'Lifetime of credentials, in seconds' -r
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l mapping -d 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l misbehave -d 'Simulate this fault (may be given more than once)' -r -f -a "wrong-state\t'redirect with another state than the one that was sent'
error-without-state\t'redirect with an error and no state'
access-denied\t'redirect with error=access_denied after a good sign-in'
repeated-code\t'redirect with the parameter `code` twice'
long-code\t'redirect with a code of 20,000 characters, as B2C\'s can be'
form-post\t'send the code to the client in a form, as for response_mode=form_post'
unregistered-callback\t'answer as if the redirect URI were not registered'
unknown-client\t'answer the authorization request as if the app client did not exist'
web-acl\t'answer 403 to a redirect URI on loopback, as AWS WAF\'s managed rules do'
no-login-pages\t'answer with the page of an app client without a managed login style'
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
refresh-no-id-token\t'leave the ID token out of a refresh\'s answer, as OIDC allows'
issuer-trailing-slash\t'put a slash after the issuer in the ID token, and nowhere else'
token-500\t'answer 500 at the token endpoint'
token-429\t'answer 429 with Retry-After at the token endpoint'
token-content-type\t'answer with another JSON content type at the token endpoint'
odd-token-members\t'give members of the token endpoint\'s answer odd types, or none'
no-access-token\t'leave the access token out of the token endpoint\'s answer'
token-html\t'answer with a page of HTML at the token endpoint'
token-web-acl\t'answer 403 with a page of HTML at the token endpoint, as a web ACL does'
token-challenge\t'answer 202 with AWS WAF\'s challenge at the token endpoint'
token-portal\t'answer 302 to a network\'s sign-in page at the token endpoint'
token-10mib\t'answer with 10 MiB of JSON at the token endpoint'
token-silent\t'take the request at the token endpoint and never answer'
token-close\t'close the connection at the token endpoint without doing anything'
token-redirect\t'answer 307 to another place at the token endpoint'
refresh-invalid-grant\t'refuse each refresh as invalid_grant'
refresh-drop-answer\t'do the refresh, rotation included, and close without an answer'
jwks-500\t'answer 500 for the JWKS'
discovery-500\t'answer 500 for the discovery document'
discovery-other-issuer\t'let the plain issuer\'s discovery name another issuer'
discovery-other-host\t'put the plain issuer\'s token endpoint on another host'
discovery-http\t'put the plain issuer\'s token endpoint on a far host, by http'
discovery-10mib\t'answer with 10 MiB of JSON for the plain issuer\'s discovery'
discovery-html\t'answer with a page of HTML for the plain issuer\'s discovery'
discovery-redirect\t'answer 302 for the plain issuer\'s discovery'
echo\t'repeat the whole request in the error of each service that is asked'
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
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l refuse -d 'Simulate this refusal of a service (may be given more than once)' -r -f -a "idp-timeout\t''
idp-keys-timeout\t''
idp-reset\t''
idp-read-timeout\t''
idp-no-token\t''
idp-issuer\t''
saml-signature\t''
saml-audience\t''
saml-relay-state\t''
attribute-unknown\t''
attribute-type\t''
attribute-immutable\t''
attribute-required\t''
saml-response\t''
saml-expired\t''
attribute-write\t''
attribute-username\t''
attribute-list\t''
attribute-too-long\t''
attributes-required\t''
attribute-missing\t''
user-disabled\t''
user-unconfirmed\t''
link-unknown\t''
already-linked\t''
login-option\t''
pre-sign-up\t''
pre-token-generation\t''
client-not-enabled\t''
idp-secret\t''
client-unknown\t''
login-pages\t''
invalid-scope-text\t''
redirect-mismatch\t''
access-denied\t''
login-required\t''
invalid-scope\t''
unauthorized-client\t''
invalid-request\t''
server-error\t''
brand-new\t''
token-invalid-grant\t''
token-invalid-client\t''
token-unauthorized-client\t''
token-invalid-request\t''
token-unsupported-grant-type\t''
token-invalid-scope\t''
token-interaction-required\t''
token-brand-new\t''
aadsts50011\t''
aadsts50020\t''
aadsts50034\t''
aadsts50053\t''
aadsts50055\t''
aadsts50057\t''
aadsts50058\t''
aadsts50074\t''
aadsts50076\t''
aadsts50079\t''
aadsts50097\t''
aadsts50105\t''
aadsts50126\t''
aadsts50128\t''
aadsts50125\t''
aadsts50133\t''
aadsts50140\t''
aadsts50173\t''
aadsts50196\t''
aadsts50199\t''
aadsts53000\t''
aadsts53001\t''
aadsts53003\t''
aadsts530032\t''
aadsts54005\t''
aadsts65001\t''
aadsts65004\t''
aadsts65005\t''
aadsts70000\t''
aadsts70008\t''
aadsts70011\t''
aadsts70043\t''
aadsts700082\t''
aadsts700084\t''
aadsts75005\t''
aadsts75011\t''
aadsts80001\t''
aadsts80012\t''
aadsts90002\t''
aadsts90015\t''
aadsts90023\t''
aadsts90033\t''
aadsts90072\t''
aadsts90094\t''
aadsts500011\t''
aadsts500208\t''
aadsts500112\t''
aadsts500213\t''
aadsts501461\t''
aadsts501481\t''
aadsts700016\t''
aadsts700025\t''
aadsts700027\t''
aadsts700054\t''
aadsts700051\t''
aadsts750054\t''
aadsts900144\t''
aadsts7000112\t''
aadsts7000215\t''
aadsts7000218\t''
aadsts7000222\t''
aadsts9002327\t''
aadsts999999\t''
aadb2c90001\t''
aadb2c90006\t''
aadb2c90018\t''
aadb2c90075\t''
aadb2c90077\t''
aadb2c90079\t''
aadb2c90080\t''
aadb2c90081\t''
aadb2c90084\t''
aadb2c90085\t''
aadb2c90088\t''
aadb2c90091\t''
aadb2c90118\t''
aadb2c90157\t''
aadb2c90183\t''
aadb2c90205\t''
aadb2c90208\t''
aadb2c90225\t''
aadb2c90238\t''
aadb2c90240\t''
aadb2c90244\t''
aadb2c90273\t''
aadb2c99002\t''
aadb2c99059\t''
aadb2c99999\t''
pool-provider\t''
pool-token-expired\t''
pool-issuer\t''
pool-signature\t''
pool-claim\t''
pool-logins\t''
pool-unauthenticated\t''
pool-ambiguous\t''
pool-role\t''
pool-not-authorized\t''
pool-configuration\t''
pool-classic-mapped\t''
pool-classic-off\t''
pool-parameter\t''
pool-not-found\t''
pool-conflict\t''
pool-limit\t''
pool-throttled\t''
pool-internal\t''
pool-external\t''
pool-brand-new\t''
sts-token-expired\t''
sts-token\t''
sts-rejected-claim\t''
sts-issuer\t''
sts-region\t''
sts-policy\t''
sts-tags\t''
sts-denied\t''
sts-duration\t''
sts-session-name\t''
sts-validation\t''
sts-throttled\t''
sts-internal\t''
sts-credentials-expired\t''
sts-unknown-key\t''
sts-wrong-signature\t''
sts-brand-new\t''
api-missing-route\t''
api-clock\t''
api-not-allowed\t''
api-denied\t''
api-resource-policy\t''
api-expired\t''
api-unknown-key\t''
api-scope\t''
api-signature\t''
api-incomplete\t''
api-forbidden\t''
api-http\t''
api-authorizer\t''
api-throttled\t''
api-too-large\t''"
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l switch -d 'Use a variant set-up (may be given more than once)' -r -f -a "client-secret\t'give the app client a secret; it is printed'
updated-issuer\t'let tokens name the host issuer-cognito-idp as their issuer'
plain-issuer\t'tie a plain OIDC issuer, such as Entra ID, to the identity pool'
b2c-issuer\t'the same with Azure AD B2C, which gives no access token'
token-roles\t'choose roles by the claims of user pool groups, not by rules'
no-role-mapping\t'give everybody the identity pool\'s default role'
sticky-attributes\t'bring changes of people to the user pool at their next sign-in only'
deny-ambiguous\t'give no role where the role mapping finds none (Deny)'
classic-flow\t'allow the classic flow, and have no role mapping'
govcloud\t'pretend to be in us-gov-west-1 of AWS GovCloud (US)'
govcloud-fips-issuer\t'the same, with an issuer at cognito-idp-fips (undocumented)'
china\t'pretend to be in cn-north-1, where AWS has identity pools only'
server-side-token-check\t'let the identity pool refuse a sign-in that was revoked'
contains-element\t'let Contains look for an element of an array (undocumented)'
unknown-client-page\t'refuse an unknown client without a redirect (undocumented)'
no-state-on-errors\t'redirect errors without the state (undocumented)'
nonce-on-refresh\t'keep the nonce in ID tokens of a refresh (undocumented)'
reuse-ends-sign-in\t'end a sign-in whose token is used after its grace (undocumented)'
refuse-needless-verifier\t'refuse a verifier without a challenge (undocumented)'"
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l json -d 'Print one line of JSON when the sandbox is ready: profile, hosts, API URL, people'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l until-stdin-closes -d 'Exit when standard input ends'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand sandbox" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l config -d 'Read this configuration file instead of the usual one' -r -F
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l headless -d 'Sign in as a person of the sandbox, without opening a browser'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l debug -d 'Log each step to standard error, without secrets'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -l no-input -d 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cogfed -n "__fish_cogfed_using_subcommand demo" -s V -l version -d 'Print version'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "login" -d 'Sign in with your browser'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "credential-process" -d 'Print AWS credentials for the AWS CLI and the SDKs'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "call" -d 'Call an API behind IAM: API Gateway\'s, and those of other services'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "status" -d 'Show who is signed in, and until when'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "roles" -d 'Show which roles a sign-in leads to, and why'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "logout" -d 'Sign out'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "profile" -d 'Show the profiles of the configuration'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "sandbox" -d 'Run a local Cognito with its directories and a protected API'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "demo" -d 'Watch the whole flow on this machine, without an account'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and not __fish_seen_subcommand_from login credential-process call status roles logout profile sandbox demo help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "list" -d 'List the profiles'
complete -c cogfed -n "__fish_cogfed_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "show" -d 'Show a profile\'s settings, and where each value comes from'
