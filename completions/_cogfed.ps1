
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
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in with your browser')
            [CompletionResult]::new('credential-process', 'credential-process', [CompletionResultType]::ParameterValue, 'Print AWS credentials for the AWS CLI and the SDKs')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call an API behind IAM: API Gateway''s, and those of other services')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in, and until when')
            [CompletionResult]::new('roles', 'roles', [CompletionResultType]::ParameterValue, 'Show which roles a sign-in leads to, and why')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles of the configuration')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local Cognito with its directories and a protected API')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole flow on this machine, without an account')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;login' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--identity-provider', '--identity-provider', [CompletionResultType]::ParameterName, 'Go straight to this identity provider, without the chooser')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Find the profile by your email address, and suggest the address to the identity provider')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the sign-in, in seconds')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Print the URL and wait, without opening a browser')
            [CompletionResult]::new('--accept-roots', '--accept-roots', [CompletionResultType]::ParameterName, 'Trust the roots that AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR or the profile''s ca_bundle adds, without asking')
            [CompletionResult]::new('--accept-endpoints', '--accept-endpoints', [CompletionResultType]::ParameterName, 'Send tokens to endpoints of the profile that are neither AWS''s nor on this machine, without asking')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Sign in again even if the current sign-in works, and delete the credentials made from it')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Sign in again even if the current sign-in works, and delete the credentials made from it')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;credential-process' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The ARN of the IAM role to request, instead of the profile''s role_arn')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--sign-in', '--sign-in', [CompletionResultType]::ParameterName, 'Open the browser if a sign-in is required')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;call' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The ARN of the IAM role to request, instead of the profile''s role_arn')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Send this method')
            [CompletionResult]::new('--request', '--request', [CompletionResultType]::ParameterName, 'Send this method')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'The URL, instead of the argument')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send a header: ''Name: value'', ''Name;'' for an empty one, or @FILE (may be given more than once)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send a header: ''Name: value'', ''Name;'' for an empty one, or @FILE (may be given more than once)')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Send this body; @FILE reads a file, and @- standard input')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Send this body; @FILE reads a file, and @- standard input')
            [CompletionResult]::new('--data-raw', '--data-raw', [CompletionResultType]::ParameterName, 'Like --data, but ''@'' has no meaning')
            [CompletionResult]::new('--data-binary', '--data-binary', [CompletionResultType]::ParameterName, 'Like --data, byte for byte')
            [CompletionResult]::new('--data-urlencode', '--data-urlencode', [CompletionResultType]::ParameterName, 'Like --data, percent-encoded')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Send and request JSON: set Content-Type and Accept unless they are given')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Send a form field as multipart/form-data; @FILE uploads a file')
            [CompletionResult]::new('--form', '--form', [CompletionResultType]::ParameterName, 'Send a form field as multipart/form-data; @FILE uploads a file')
            [CompletionResult]::new('--form-string', '--form-string', [CompletionResultType]::ParameterName, 'Like --form, but ''@'', ''<'' and '';type='' have no meaning')
            [CompletionResult]::new('--url-query', '--url-query', [CompletionResultType]::ParameterName, 'Append to the URL''s query, encoded as by --data-urlencode; after ''+'', as it is')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'Send a file as the body, with PUT; - reads standard input')
            [CompletionResult]::new('--upload-file', '--upload-file', [CompletionResultType]::ParameterName, 'Send a file as the body, with PUT; - reads standard input')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Send this Referer')
            [CompletionResult]::new('--referer', '--referer', [CompletionResultType]::ParameterName, 'Send this Referer')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Send these cookies, as in ''name=value; name=value''')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send these cookies, as in ''name=value; name=value''')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Ask for these bytes only, as in 0-499')
            [CompletionResult]::new('--range', '--range', [CompletionResultType]::ParameterName, 'Ask for these bytes only, as in 0-499')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the response to a file; - is standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the response to a file; - is standard output')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Put the file of -o or -O into this folder')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Write the status line and headers of the response to a file; - is standard output')
            [CompletionResult]::new('--dump-header', '--dump-header', [CompletionResultType]::ParameterName, 'Write the status line and headers of the response to a file; - is standard output')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print this after the response, with variables such as %{http_code}; @FILE reads a file')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Print this after the response, with variables such as %{http_code}; @FILE reads a file')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Lay out JSON on standard output (on a terminal: all, otherwise: none)')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Fail if the connection takes longer than this; 0 stands for the default')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Fail if the exchange takes longer than this [default: no limit]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Fail if the exchange takes longer than this [default: no limit]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Repeat a request up to this many times after a temporary failure')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'Wait this long before each repeat [default: 1, then doubling]')
            [CompletionResult]::new('--retry-max-time', '--retry-max-time', [CompletionResultType]::ParameterName, 'Begin no repeat after this time')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Follow at most this many redirects; -1 stands for any number')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'Present this client certificate, in PEM, to an API with mutual TLS')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Present this client certificate, in PEM, to an API with mutual TLS')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Use the private key in this file, in PEM [default: in the file of --cert]')
            [CompletionResult]::new('--connect-to', '--connect-to', [CompletionResultType]::ParameterName, 'Connect to HOST2:PORT2 for a URL with HOST1:PORT1 (may be given more than once)')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use these addresses for HOST:PORT (may be given more than once)')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'The region to sign for, if the host name does not contain it')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'The service to sign for, such as lambda, es or s3')
            [CompletionResult]::new('--sign-host', '--sign-host', [CompletionResultType]::ParameterName, 'Sign for this host instead of the URL''s, and send it as Host')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('-G', '-G ', [CompletionResultType]::ParameterName, 'Put the data into the URL''s query, and send GET')
            [CompletionResult]::new('--get', '--get', [CompletionResultType]::ParameterName, 'Put the data into the URL''s query, and send GET')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Send HEAD, and show the head of the answer')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Send HEAD, and show the head of the answer')
            [CompletionResult]::new('--compressed', '--compressed', [CompletionResultType]::ParameterName, 'Ask for a compressed answer, and decompress it (the default on a terminal)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the signed request with secrets masked, and send nothing')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Print a line of curl that sends the same request, and send nothing')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write the status line and headers of the response before its body')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Write the status line and headers of the response before its body')
            [CompletionResult]::new('-O', '-O ', [CompletionResultType]::ParameterName, 'Write the response to a file named like the end of the URL''s path')
            [CompletionResult]::new('--remote-name', '--remote-name', [CompletionResultType]::ParameterName, 'Write the response to a file named like the end of the URL''s path')
            [CompletionResult]::new('--create-dirs', '--create-dirs', [CompletionResultType]::ParameterName, 'Create missing folders for the file of -o or -O')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Exit with status 22 if the response status is 400 or more, and write no body')
            [CompletionResult]::new('--fail', '--fail', [CompletionResultType]::ParameterName, 'Exit with status 22 if the response status is 400 or more, and write no body')
            [CompletionResult]::new('--fail-with-body', '--fail-with-body', [CompletionResultType]::ParameterName, 'Like --fail, but write the body')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Show no progress, and no message if the network fails or --fail applies')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Show no progress, and no message if the network fails or --fail applies')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'With --silent, show all errors')
            [CompletionResult]::new('--show-error', '--show-error', [CompletionResultType]::ParameterName, 'With --silent, show all errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log the request and the response to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log the request and the response to standard error')
            [CompletionResult]::new('--retry-connrefused', '--retry-connrefused', [CompletionResultType]::ParameterName, 'Accepted as in curl: --retry repeats after a refused connection anyway')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects, without the signature')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects, without the signature')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;status' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The ARN of the IAM role to request, instead of the profile''s role_arn')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on the standard output')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Print all that a ticket needs, and no secret')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;roles' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'The ARN of the IAM role to request, instead of the profile''s role_arn')
            [CompletionResult]::new('--mapping', '--mapping', [CompletionResultType]::ParameterName, 'Read the role mapping from a file, the output of ''aws cognito-identity get-identity-pool-roles''; - is standard input')
            [CompletionResult]::new('--claims', '--claims', [CompletionResultType]::ParameterName, 'Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Evaluate this entry of RoleMappings, if the claims'' iss and aud do not tell which one applies')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Exit with status 1 unless this role is given, and certainly so')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Evaluate the identity pool''s role mapping, and explain why it gives which role')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with status 1 if there are warnings, or the outcome is not certain')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
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
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Sign out of every profile in the configuration')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;profile' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each value comes from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cogfed;profile;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
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
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;profile;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each value comes from')
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
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Write a configuration with a profile for the sandbox to this file')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of that profile')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store in that profile: keyring, kernel or file')
            [CompletionResult]::new('--redirect-ports', '--redirect-ports', [CompletionResultType]::ParameterName, 'Loopback ports to register as callback URLs')
            [CompletionResult]::new('--rotate', '--rotate', [CompletionResultType]::ParameterName, 'Rotate refresh tokens, with a grace period of this many seconds')
            [CompletionResult]::new('--token-lifetime', '--token-lifetime', [CompletionResultType]::ParameterName, 'Lifetime of ID and access tokens, in seconds')
            [CompletionResult]::new('--credentials-lifetime', '--credentials-lifetime', [CompletionResultType]::ParameterName, 'Lifetime of credentials, in seconds')
            [CompletionResult]::new('--mapping', '--mapping', [CompletionResultType]::ParameterName, 'Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`')
            [CompletionResult]::new('--misbehave', '--misbehave', [CompletionResultType]::ParameterName, 'Simulate this fault (may be given more than once)')
            [CompletionResult]::new('--refuse', '--refuse', [CompletionResultType]::ParameterName, 'Simulate this refusal of a service (may be given more than once)')
            [CompletionResult]::new('--switch', '--switch', [CompletionResultType]::ParameterName, 'Use a variant set-up (may be given more than once)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one line of JSON when the sandbox is ready: profile, hosts, API URL, people')
            [CompletionResult]::new('--until-stdin-closes', '--until-stdin-closes', [CompletionResultType]::ParameterName, 'Exit when standard input ends')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;demo' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file instead of the usual one')
            [CompletionResult]::new('--headless', '--headless', [CompletionResultType]::ParameterName, 'Sign in as a person of the sandbox, without opening a browser')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Log each step to standard error, without secrets')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'cogfed;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in with your browser')
            [CompletionResult]::new('credential-process', 'credential-process', [CompletionResultType]::ParameterValue, 'Print AWS credentials for the AWS CLI and the SDKs')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call an API behind IAM: API Gateway''s, and those of other services')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in, and until when')
            [CompletionResult]::new('roles', 'roles', [CompletionResultType]::ParameterValue, 'Show which roles a sign-in leads to, and why')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles of the configuration')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local Cognito with its directories and a protected API')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole flow on this machine, without an account')
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
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each value comes from')
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
