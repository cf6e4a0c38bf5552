
use builtin;
use str;

set edit:completion:arg-completer[cogfed] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'cogfed'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'cogfed'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Sign in with your browser'
            cand credential-process 'Print AWS credentials for the AWS CLI and the SDKs'
            cand call 'Call an API behind IAM: API Gateway''s, and those of other services'
            cand status 'Show who is signed in, and until when'
            cand roles 'Show which roles a sign-in leads to, and why'
            cand logout 'Sign out'
            cand profile 'Show the profiles of the configuration'
            cand sandbox 'Run a local Cognito with its directories and a protected API'
            cand demo 'Watch the whole flow on this machine, without an account'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;login'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --identity-provider 'Go straight to this identity provider, without the chooser'
            cand --email 'Find the profile by your email address, and suggest the address to the identity provider'
            cand --timeout 'How long to wait for the sign-in, in seconds'
            cand --config 'Read this configuration file instead of the usual one'
            cand --no-browser 'Print the URL and wait, without opening a browser'
            cand --accept-roots 'Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile''s ca_bundle adds, without asking'
            cand --accept-endpoints 'Send tokens to endpoints of the profile that are neither AWS''s nor on this machine, without asking'
            cand -f 'Sign in again even if the current sign-in works, and delete the credentials made from it'
            cand --force 'Sign in again even if the current sign-in works, and delete the credentials made from it'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;credential-process'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The ARN of the IAM role to request, instead of the profile''s role_arn'
            cand --config 'Read this configuration file instead of the usual one'
            cand --sign-in 'Open the browser if a sign-in is required'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;call'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The ARN of the IAM role to request, instead of the profile''s role_arn'
            cand -X 'Send this method'
            cand --request 'Send this method'
            cand --url 'The URL, instead of the argument'
            cand -H 'Send a header: ''Name: value'', ''Name;'' for an empty one, or @FILE (may be given more than once)'
            cand --header 'Send a header: ''Name: value'', ''Name;'' for an empty one, or @FILE (may be given more than once)'
            cand -d 'Send this body; @FILE reads a file, and @- standard input'
            cand --data 'Send this body; @FILE reads a file, and @- standard input'
            cand --data-raw 'Like --data, but ''@'' has no meaning'
            cand --data-binary 'Like --data, byte for byte'
            cand --data-urlencode 'Like --data, percent-encoded'
            cand --json 'Send and request JSON: set Content-Type and Accept unless they are given'
            cand -F 'Send a form field as multipart/form-data; @FILE uploads a file'
            cand --form 'Send a form field as multipart/form-data; @FILE uploads a file'
            cand --form-string 'Like --form, but ''@'', ''<'' and '';type='' have no meaning'
            cand --url-query 'Append to the URL''s query, encoded as by --data-urlencode; after ''+'', as it is'
            cand -T 'Send a file as the body, with PUT; - reads standard input'
            cand --upload-file 'Send a file as the body, with PUT; - reads standard input'
            cand -A 'Send this User-Agent'
            cand --user-agent 'Send this User-Agent'
            cand -e 'Send this Referer'
            cand --referer 'Send this Referer'
            cand -b 'Send these cookies, as in ''name=value; name=value'''
            cand --cookie 'Send these cookies, as in ''name=value; name=value'''
            cand -r 'Ask for these bytes only, as in 0-499'
            cand --range 'Ask for these bytes only, as in 0-499'
            cand -o 'Write the response to a file; - is standard output'
            cand --output 'Write the response to a file; - is standard output'
            cand --output-dir 'Put the file of -o or -O into this folder'
            cand -D 'Write the status line and headers of the response to a file; - is standard output'
            cand --dump-header 'Write the status line and headers of the response to a file; - is standard output'
            cand -w 'Print this after the response, with variables such as %{http_code}; @FILE reads a file'
            cand --write-out 'Print this after the response, with variables such as %{http_code}; @FILE reads a file'
            cand --pretty 'Lay out JSON on standard output (on a terminal: all, otherwise: none)'
            cand --connect-timeout 'Fail if the connection takes longer than this; 0 stands for the default'
            cand -m 'Fail if the exchange takes longer than this [default: no limit]'
            cand --max-time 'Fail if the exchange takes longer than this [default: no limit]'
            cand --retry 'Repeat a request up to this many times after a temporary failure'
            cand --retry-delay 'Wait this long before each repeat [default: 1, then doubling]'
            cand --retry-max-time 'Begin no repeat after this time'
            cand --max-redirs 'Follow at most this many redirects; -1 stands for any number'
            cand -E 'Present this client certificate, in PEM, to an API with mutual TLS'
            cand --cert 'Present this client certificate, in PEM, to an API with mutual TLS'
            cand --key 'Use the private key in this file, in PEM [default: in the file of --cert]'
            cand --connect-to 'Connect to HOST2:PORT2 for a URL with HOST1:PORT1 (may be given more than once)'
            cand --resolve 'Use these addresses for HOST:PORT (may be given more than once)'
            cand --region 'The region to sign for, if the host name does not contain it'
            cand --service 'The service to sign for, such as lambda, es or s3'
            cand --sign-host 'Sign for this host instead of the URL''s, and send it as Host'
            cand --config 'Read this configuration file instead of the usual one'
            cand -G 'Put the data into the URL''s query, and send GET'
            cand --get 'Put the data into the URL''s query, and send GET'
            cand -I 'Send HEAD, and show the head of the answer'
            cand --head 'Send HEAD, and show the head of the answer'
            cand --compressed 'Ask for a compressed answer, and decompress it (the default on a terminal)'
            cand --dry-run 'Print the signed request with secrets masked, and send nothing'
            cand --curl 'Print a line of curl that sends the same request, and send nothing'
            cand -i 'Write the status line and headers of the response before its body'
            cand --include 'Write the status line and headers of the response before its body'
            cand -O 'Write the response to a file named like the end of the URL''s path'
            cand --remote-name 'Write the response to a file named like the end of the URL''s path'
            cand --create-dirs 'Create missing folders for the file of -o or -O'
            cand -f 'Exit with status 22 if the response status is 400 or more, and write no body'
            cand --fail 'Exit with status 22 if the response status is 400 or more, and write no body'
            cand --fail-with-body 'Like --fail, but write the body'
            cand -s 'Show no progress, and no message if the network fails or --fail applies'
            cand --silent 'Show no progress, and no message if the network fails or --fail applies'
            cand -S 'With --silent, show all errors'
            cand --show-error 'With --silent, show all errors'
            cand -v 'Log the request and the response to standard error'
            cand --verbose 'Log the request and the response to standard error'
            cand --retry-connrefused 'Accepted as in curl: --retry repeats after a refused connection anyway'
            cand -L 'Follow redirects, without the signature'
            cand --location 'Follow redirects, without the signature'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;status'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The ARN of the IAM role to request, instead of the profile''s role_arn'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON on the standard output'
            cand --report 'Print all that a ticket needs, and no secret'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;roles'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The ARN of the IAM role to request, instead of the profile''s role_arn'
            cand --mapping 'Read the role mapping from a file, the output of ''aws cognito-identity get-identity-pool-roles''; - is standard input'
            cand --claims 'Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input'
            cand --provider 'Evaluate this entry of RoleMappings, if the claims'' iss and aud do not tell which one applies'
            cand --expect 'Exit with status 1 unless this role is given, and certainly so'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON'
            cand --explain 'Evaluate the identity pool''s role mapping, and explain why it gives which role'
            cand --strict 'Exit with status 1 if there are warnings, or the outcome is not certain'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;logout'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --config 'Read this configuration file instead of the usual one'
            cand --all 'Sign out of every profile in the configuration'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;profile'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand list 'List the profiles'
            cand show 'Show a profile''s settings, and where each value comes from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;profile;list'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;profile;show'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;profile;help'= {
            cand list 'List the profiles'
            cand show 'Show a profile''s settings, and where each value comes from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;profile;help;list'= {
        }
        &'cogfed;profile;help;show'= {
        }
        &'cogfed;profile;help;help'= {
        }
        &'cogfed;sandbox'= {
            cand --config 'Write a configuration with a profile for the sandbox to this file'
            cand --name 'The name of that profile'
            cand --store 'The store in that profile: keyring, kernel or file'
            cand --redirect-ports 'Loopback ports to register as callback URLs'
            cand --rotate 'Rotate refresh tokens, with a grace period of this many seconds'
            cand --token-lifetime 'Lifetime of ID and access tokens, in seconds'
            cand --credentials-lifetime 'Lifetime of credentials, in seconds'
            cand --mapping 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`'
            cand --misbehave 'Simulate this fault (may be given more than once)'
            cand --refuse 'Simulate this refusal of a service (may be given more than once)'
            cand --switch 'Use a variant set-up (may be given more than once)'
            cand --json 'Print one line of JSON when the sandbox is ready: profile, hosts, API URL, people'
            cand --until-stdin-closes 'Exit when standard input ends'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;demo'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --headless 'Sign in as a person of the sandbox, without opening a browser'
            cand --debug 'Log each step to standard error, without secrets'
            cand --no-input 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;help'= {
            cand login 'Sign in with your browser'
            cand credential-process 'Print AWS credentials for the AWS CLI and the SDKs'
            cand call 'Call an API behind IAM: API Gateway''s, and those of other services'
            cand status 'Show who is signed in, and until when'
            cand roles 'Show which roles a sign-in leads to, and why'
            cand logout 'Sign out'
            cand profile 'Show the profiles of the configuration'
            cand sandbox 'Run a local Cognito with its directories and a protected API'
            cand demo 'Watch the whole flow on this machine, without an account'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;help;login'= {
        }
        &'cogfed;help;credential-process'= {
        }
        &'cogfed;help;call'= {
        }
        &'cogfed;help;status'= {
        }
        &'cogfed;help;roles'= {
        }
        &'cogfed;help;logout'= {
        }
        &'cogfed;help;profile'= {
            cand list 'List the profiles'
            cand show 'Show a profile''s settings, and where each value comes from'
        }
        &'cogfed;help;profile;list'= {
        }
        &'cogfed;help;profile;show'= {
        }
        &'cogfed;help;sandbox'= {
        }
        &'cogfed;help;demo'= {
        }
        &'cogfed;help;help'= {
        }
    ]
    $completions[$command]
}
