
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'cogfed' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'cogfed'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'cogfed' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in, in the browser')
            [CompletionResult]::new('credential-process', 'credential-process', [CompletionResultType]::ParameterValue, 'Print AWS credentials for the AWS CLI and the SDKs')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call an API behind API Gateway''s IAM authorizer')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in, and until when')
            [CompletionResult]::new('roles', 'roles', [CompletionResultType]::ParameterValue, 'Show which roles a sign-in leads to, and why')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles of the configuration')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local Cognito with its directories and a protected API')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See all of it happen on this machine, without any account')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;login' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--identity-provider', '--identity-provider', [CompletionResultType]::ParameterName, 'Go to this identity provider at once, past the chooser')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Find the profile by your email address, and suggest the address to the identity provider')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the sign-in, in seconds')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Print the URL and wait, without opening a browser')
            [CompletionResult]::new('--accept-roots', '--accept-roots', [CompletionResultType]::ParameterName, 'Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile''s ca_bundle adds, without asking')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;credential-process' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The IAM role to ask for, by its ARN, in place of the profile''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--sign-in', '--sign-in', [CompletionResultType]::ParameterName, 'Open the browser if a sign-in is required')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;call' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The IAM role to ask for, by its ARN, in place of the profile''s')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send a header, as in ''Name: value'' (may be given more than once)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send a header, as in ''Name: value'' (may be given more than once)')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Send this body; @FILE reads a file, - the standard input')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Send this body; @FILE reads a file, - the standard input')
            [CompletionResult]::new('--data-binary', '--data-binary', [CompletionResultType]::ParameterName, 'As --data, to the byte')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the answer to a file')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the answer to a file')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'The region to sign for, where the host does not tell')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Send and ask for JSON: sets Content-Type and Accept unless they are given')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write the answer''s status line and headers before its body')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Write the answer''s status line and headers before its body')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'End with status 22 if the answer''s status is 400 or more')
            [CompletionResult]::new('--fail', '--fail', [CompletionResultType]::ParameterName, 'End with status 22 if the answer''s status is 400 or more')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the signed request, secrets masked, and send nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what is sent and what came back')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what is sent and what came back')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;status' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The IAM role to ask for, by its ARN, in place of the profile''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on the standard output')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Print all that a ticket needs, and no secret')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;roles' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The IAM role to ask for, by its ARN, in place of the profile''s')
            [CompletionResult]::new('--mapping', '--mapping', [CompletionResultType]::ParameterName, 'Read the role mapping from a file, the output of ''aws cognito-identity get-identity-pool-roles''; - is standard input')
            [CompletionResult]::new('--claims', '--claims', [CompletionResultType]::ParameterName, 'Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Evaluate this entry of RoleMappings, if the claims'' iss and aud do not tell which one applies')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Exit with status 1 unless this role is given, and certainly so')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Evaluate the identity pool''s role mapping, and explain why it gives which role')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with status 1 if there are warnings, or the outcome is not certain')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;logout' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Sign out of every profile of the configuration')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;profile' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is in force for a profile, and where each value came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;profile;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;profile;show' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;profile;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is in force for a profile, and where each value came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;profile;help;list' {
            break
        }
        'cogfed;profile;help;show' {
            break
        }
        'cogfed;profile;help;help' {
            break
        }
        'cogfed;sandbox' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Write a configuration with a ready profile to this file')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of that profile')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store that the profile names: keyring, kernel or file')
            [CompletionResult]::new('--redirect-ports', '--redirect-ports', [CompletionResultType]::ParameterName, 'The loopback ports that are registered as callback URLs')
            [CompletionResult]::new('--rotate', '--rotate', [CompletionResultType]::ParameterName, 'Rotate refresh tokens, with a grace period of this many seconds')
            [CompletionResult]::new('--token-lifetime', '--token-lifetime', [CompletionResultType]::ParameterName, 'How long ID and access tokens live, in seconds')
            [CompletionResult]::new('--credentials-lifetime', '--credentials-lifetime', [CompletionResultType]::ParameterName, 'How long credentials live, in seconds')
            [CompletionResult]::new('--mapping', '--mapping', [CompletionResultType]::ParameterName, 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`')
            [CompletionResult]::new('--misbehave', '--misbehave', [CompletionResultType]::ParameterName, 'Misbehave (may be given more than once)')
            [CompletionResult]::new('--refuse', '--refuse', [CompletionResultType]::ParameterName, 'Refuse as a service would (may be given more than once)')
            [CompletionResult]::new('--switch', '--switch', [CompletionResultType]::ParameterName, 'Be set up in another way (may be given more than once)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one line of JSON when it is ready: profile, hosts, the API''s URL, people')
            [CompletionResult]::new('--until-stdin-closes', '--until-stdin-closes', [CompletionResultType]::ParameterName, 'End when the standard input ends')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;demo' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--headless', '--headless', [CompletionResultType]::ParameterName, 'Open no browser: a sandbox person signs in by itself')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell on the standard error what is done, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in, in the browser')
            [CompletionResult]::new('credential-process', 'credential-process', [CompletionResultType]::ParameterValue, 'Print AWS credentials for the AWS CLI and the SDKs')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call an API behind API Gateway''s IAM authorizer')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in, and until when')
            [CompletionResult]::new('roles', 'roles', [CompletionResultType]::ParameterValue, 'Show which roles a sign-in leads to, and why')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles of the configuration')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local Cognito with its directories and a protected API')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See all of it happen on this machine, without any account')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;help;login' {
            break
        }
        'cogfed;help;credential-process' {
            break
        }
        'cogfed;help;call' {
            break
        }
        'cogfed;help;status' {
            break
        }
        'cogfed;help;roles' {
            break
        }
        'cogfed;help;logout' {
            break
        }
        'cogfed;help;profile' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is in force for a profile, and where each value came from')
            break
        }
        'cogfed;help;profile;list' {
            break
        }
        'cogfed;help;profile;show' {
            break
        }
        'cogfed;help;sandbox' {
            break
        }
        'cogfed;help;demo' {
            break
        }
        'cogfed;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
