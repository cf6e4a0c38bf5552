
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
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Sign in, in the browser'
            cand credential-process 'Print AWS credentials for the AWS CLI and the SDKs'
            cand call 'Call an API behind API Gateway''s IAM authorizer'
            cand status 'Show who is signed in, and until when'
            cand roles 'Show which roles a sign-in leads to, and why'
            cand logout 'Sign out'
            cand profile 'Show the profiles of the configuration'
            cand sandbox 'Run a local Cognito with its directories and a protected API'
            cand demo 'See all of it happen on this machine, without any account'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;login'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --identity-provider 'Go to this identity provider at once, past the chooser'
            cand --email 'Find the profile by your email address, and suggest the address to the identity provider'
            cand --timeout 'How long to wait for the sign-in, in seconds'
            cand --config 'Read this configuration file instead of the usual one'
            cand --no-browser 'Print the URL and wait, without opening a browser'
            cand --accept-roots 'Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile''s ca_bundle adds, without asking'
            cand -f 'Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one'
            cand --force 'Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;credential-process'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The IAM role to ask for, by its ARN, in place of the profile''s'
            cand --config 'Read this configuration file instead of the usual one'
            cand --sign-in 'Open the browser if a sign-in is required'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;call'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The IAM role to ask for, by its ARN, in place of the profile''s'
            cand -H 'Send a header, as in ''Name: value'' (may be given more than once)'
            cand --header 'Send a header, as in ''Name: value'' (may be given more than once)'
            cand -d 'Send this body; @FILE reads a file, - the standard input'
            cand --data 'Send this body; @FILE reads a file, - the standard input'
            cand --data-binary 'As --data, to the byte'
            cand -o 'Write the answer to a file'
            cand --output 'Write the answer to a file'
            cand --region 'The region to sign for, where the host does not tell'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Send and ask for JSON: sets Content-Type and Accept unless they are given'
            cand -i 'Write the answer''s status line and headers before its body'
            cand --include 'Write the answer''s status line and headers before its body'
            cand -f 'End with status 22 if the answer''s status is 400 or more'
            cand --fail 'End with status 22 if the answer''s status is 400 or more'
            cand --dry-run 'Show the signed request, secrets masked, and send nothing'
            cand -v 'Tell what is sent and what came back'
            cand --verbose 'Tell what is sent and what came back'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;status'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The IAM role to ask for, by its ARN, in place of the profile''s'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON on the standard output'
            cand --report 'Print all that a ticket needs, and no secret'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;roles'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --role 'The IAM role to ask for, by its ARN, in place of the profile''s'
            cand --mapping 'Read the role mapping from a file, the output of ''aws cognito-identity get-identity-pool-roles''; - is standard input'
            cand --claims 'Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input'
            cand --provider 'Evaluate this entry of RoleMappings, if the claims'' iss and aud do not tell which one applies'
            cand --expect 'Exit with status 1 unless this role is given, and certainly so'
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON'
            cand --explain 'Evaluate the identity pool''s role mapping, and explain why it gives which role'
            cand --strict 'Exit with status 1 if there are warnings, or the outcome is not certain'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;logout'= {
            cand -p 'The profile to use'
            cand --profile 'The profile to use'
            cand --config 'Read this configuration file instead of the usual one'
            cand --all 'Sign out of every profile of the configuration'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;profile'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand list 'List the profiles'
            cand show 'Show what is in force for a profile, and where each value came from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;profile;list'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --json 'Print JSON'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
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
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;profile;help'= {
            cand list 'List the profiles'
            cand show 'Show what is in force for a profile, and where each value came from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cogfed;profile;help;list'= {
        }
        &'cogfed;profile;help;show'= {
        }
        &'cogfed;profile;help;help'= {
        }
        &'cogfed;sandbox'= {
            cand --config 'Write a configuration with a ready profile to this file'
            cand --name 'The name of that profile'
            cand --store 'The store that the profile names: keyring, kernel or file'
            cand --redirect-ports 'The loopback ports that are registered as callback URLs'
            cand --rotate 'Rotate refresh tokens, with a grace period of this many seconds'
            cand --token-lifetime 'How long ID and access tokens live, in seconds'
            cand --credentials-lifetime 'How long credentials live, in seconds'
            cand --mapping 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`'
            cand --misbehave 'Misbehave (may be given more than once)'
            cand --refuse 'Refuse as a service would (may be given more than once)'
            cand --switch 'Be set up in another way (may be given more than once)'
            cand --json 'Print one line of JSON when it is ready: profile, hosts, the API''s URL, people'
            cand --until-stdin-closes 'End when the standard input ends'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;demo'= {
            cand --config 'Read this configuration file instead of the usual one'
            cand --headless 'Open no browser: a sandbox person signs in by itself'
            cand --debug 'Tell on the standard error what is done, without secrets'
            cand --no-input 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'cogfed;help'= {
            cand login 'Sign in, in the browser'
            cand credential-process 'Print AWS credentials for the AWS CLI and the SDKs'
            cand call 'Call an API behind API Gateway''s IAM authorizer'
            cand status 'Show who is signed in, and until when'
            cand roles 'Show which roles a sign-in leads to, and why'
            cand logout 'Sign out'
            cand profile 'Show the profiles of the configuration'
            cand sandbox 'Run a local Cognito with its directories and a protected API'
            cand demo 'See all of it happen on this machine, without any account'
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
            cand show 'Show what is in force for a profile, and where each value came from'
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
