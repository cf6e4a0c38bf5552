//! `cogfed sandbox`: a local Cognito that runs until it is stopped.

use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Env, block_on};
use crate::cli::Sandbox as Flags;
use crate::error::{Failure, Kind};
use crate::process::Signals;
use crate::sandbox::{Options, Rotation, Sandbox};
use crate::store::StoreKind;
use crate::text;

pub fn run(flags: &Flags, env: &mut Env) -> anyhow::Result<()> {
    let clock = Arc::clone(&env.clock);
    let mut options = Options {
        clock: Arc::new(move || clock.now()),
        redirect_ports: flags.redirect_ports.clone(),
        rotation: flags.rotate.map_or(Rotation::Off, |grace| Rotation::On { grace }),
        token_lifetime: i64::from(flags.token_lifetime),
        credentials_lifetime: i64::from(flags.credentials_lifetime),
        misbehaviours: flags.misbehave.clone(),
        refusals: flags.refuse.clone(),
        ..Options::default()
    };
    for switch in &flags.switch {
        switch.apply(&mut options);
    }
    let sandbox = Sandbox::start(options)?;
    if let Some(path) = &flags.mapping {
        take_mapping(&sandbox, path)?;
    }
    let configuration = configuration(&sandbox, &flags.name, flags.store.as_deref())?;
    // The path is made absolute: a person copies it into COGFED_CONFIG, which takes no other paths.
    let config =
        flags.config.as_deref().map(std::path::absolute).transpose().context("cannot tell the current folder")?;
    if let Some(path) = &config {
        write(path, &configuration)?;
    }
    match flags.json {
        true => env.print(&format!("{}\n", description(&sandbox, flags, config.as_deref(), &configuration)))?,
        false => introduce(&sandbox, flags, config.as_deref(), &configuration, env)?,
    }
    let input = flags.until_stdin_closes.then(|| std::mem::replace(&mut env.input, Box::new(io::empty())));
    block_on(ended(input))
}

/// The maximum size of a file with a role mapping, in bytes.
const LARGEST_MAPPING: u64 = 256 * 1024;

/// Sets the roles of the sandbox's identity pool to those in the file at `path`.
fn take_mapping(sandbox: &Sandbox, path: &Path) -> anyhow::Result<()> {
    let mut json = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST_MAPPING).read_to_end(&mut json));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    let json = text::decoded(json).map_err(|not| Failure::new(Kind::Usage, format!("{}: {not}", path.display())))?;
    sandbox.set_pool_roles_json(json.as_bytes()).map_err(|error| {
        let message = format!("the role mapping in {} cannot be taken: {error:#}", path.display());
        let hint = "write it with 'aws cognito-identity get-identity-pool-roles --identity-pool-id ID'";
        Failure::new(Kind::Usage, message).hint(hint).into()
    })
}

/// The first line of a configuration file that `cogfed sandbox` wrote. The next sandbox may replace such a file.
const HEADER: &str = "# Written by 'cogfed sandbox'; the next one may replace it.\n";

/// Writes the configuration file atomically, readable only by this user. An existing file is replaced only if an
/// earlier sandbox wrote it.
fn write(path: &Path, configuration: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Ok(text) if text.starts_with(HEADER) => {}
        _ => {
            let message = format!("{} is there already, and not a sandbox's configuration", path.display());
            return Err(Failure::new(Kind::Usage, message).hint("name another file: this one is left as it is").into());
        }
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(HEADER.as_bytes()).and_then(|()| file.write_all(configuration.as_bytes())).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

/// Returns a configuration whose only profile is for the sandbox.
fn configuration(sandbox: &Sandbox, name: &str, store: Option<&str>) -> anyhow::Result<String> {
    let profile = sandbox.profile_toml(name);
    let Some(store) = store else { return Ok(profile) };
    let store: StoreKind = store.parse()?;
    let head = format!("[profile.{name}]\n");
    let keys = profile.strip_prefix(&head).context("the sandbox's profile begins with its name")?;
    Ok(format!("{head}store = \"{store}\"\n{keys}"))
}

fn description(sandbox: &Sandbox, flags: &Flags, config: Option<&Path>, configuration: &str) -> Value {
    let people: Vec<Value> = sandbox
        .people()
        .iter()
        .map(|person| {
            json!({
                "name": person.name, "full_name": person.full_name, "email": person.email,
                "identity_provider": person.directory.name(), "roles": person.roles,
            })
        })
        .collect();
    let administrator = sandbox.administrator();
    json!({
        "profile": flags.name,
        "config": config,
        "configuration": configuration,
        "user_pool_id": sandbox.user_pool_id(),
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secrets().first(),
        "identity_pool_id": sandbox.identity_pool_id(),
        "issuer": sandbox.issuer(),
        "redirect_uris": sandbox.redirect_uris(),
        "hosts": {
            "domain": sandbox.domain_url(), "user_pool": sandbox.user_pool_url(),
            "identity_pool": sandbox.identity_pool_url(), "sts": sandbox.sts_url(), "control": sandbox.control_url(),
        },
        "api": sandbox.api_url(),
        "administrator": { "access_key_id": administrator.0, "secret_access_key": administrator.1 },
        "people": people,
    })
}

fn introduce(
    sandbox: &Sandbox,
    flags: &Flags,
    config: Option<&Path>,
    configuration: &str,
    env: &mut Env,
) -> anyhow::Result<()> {
    let people: String = sandbox
        .people()
        .iter()
        .map(|person| {
            let roles = if person.roles.is_empty() { "no role".to_owned() } else { person.roles.join(", ") };
            format!("  {:<9} {:<22} {:<9} {roles}\n", person.name, person.email, person.directory.name())
        })
        .collect();
    let place = match config {
        Some(path) => format!("The profile is in {}", path.display()),
        None => {
            format!("Its profile, for a configuration file of its own (--config FILE writes one):\n\n{configuration}")
        }
    };
    let prefix = config.map(Path::display).map(|path| format!("COGFED_CONFIG={path} ")).unwrap_or_default();
    let secret = match sandbox.client_secrets().first() {
        Some(secret) => format!("Its app client has a secret: export COGFED_CLIENT_SECRET={secret}\n\n"),
        None => String::new(),
    };
    let (name, api, control, sts) = (&flags.name, sandbox.api_url(), sandbox.control_url(), sandbox.sts_url());
    env.print(&format!(
        "The sandbox runs until Ctrl-C. {place}\n\n\
         People who can sign in:\n{people}\n\
         {secret}To try:\n  \
           {prefix}cogfed login --profile {name}\n  \
           {prefix}cogfed call GET {api}/orders --profile {name}\n  \
           {prefix}cogfed status --profile {name}\n  \
           {prefix}cogfed logout --profile {name}\n  \
           aws sts get-caller-identity --endpoint-url {sts}    (with credential_process in ~/.aws/config)\n\n\
         Its controls, for scripts: {control}/requests, /misbehave, /refuse, /clock, /people, /mapping, /revoke-all\n"
    ))
}

/// Waits until a signal arrives or, if `input` is given, until `input` ends.
async fn ended(input: Option<Box<dyn Read + Send>>) -> anyhow::Result<()> {
    let mut signals = Signals::interrupt_or_terminate()?;
    let Some(mut input) = input else {
        signals.received().await;
        return Ok(());
    };
    let (reader, is_closed) = tokio::sync::oneshot::channel::<()>();
    // On a thread that nobody waits for: a read of a terminal may never return.
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        let _ = io::copy(&mut input, &mut io::sink());
        drop(reader);
    })?;
    tokio::select! {
        _ = is_closed => {}
        () = signals.received() => {}
    }
    Ok(())
}
