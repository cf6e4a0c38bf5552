//! Tests of a provider that many tasks share: one renewal serves all tasks, and no call blocks the tasks' runtime.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::provider::ProvideCredentials;
use chrono::TimeDelta;
use cogfed::aws::Credentials;
use cogfed::error::{Failure, Kind};
use cogfed::folder::{Folder, Lock};
use cogfed::profile::{Flow, Role};
use cogfed::sandbox::options::{ORDERS_ADMIN, Options, Rotation};
use cogfed::session::record::tokens_account;
use cogfed::session::{Ask, Provider, Session};
use cogfed_test_support::{CREDENTIALS, Door, Doors, Lab};
use tokio::runtime::Runtime;

const TASKS: usize = 100;
/// The environment variables that tell [`Holder`]'s process its folder and lock.
const HOLD: [&str; 2] = ["COGFED_TEST_HOLD_FOLDER", "COGFED_TEST_HOLD_LOCK"];

/// The environment variable with the configuration file for the process that cannot start a thread.
#[cfg(target_os = "linux")]
const CONFIG: &str = "COGFED_TEST_PROVIDER_CONFIG";

fn provider(lab: &Lab) -> (Provider, Ask) {
    let ask = Ask::new(lab.profile());
    (Provider::new(Session::open(&lab.setup(), ask.clone())), ask)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Another process that holds a lock until its standard input is closed.
struct Holder {
    child: Child,
    /// The standard output of the process, which must stay open until the process ends.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Holder {
    fn of(folder: &Folder, lock: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "session::provider::holder_of_a_lock", "--nocapture", "--test-threads=1"]);
        command.env(HOLD[0], folder.path()).env(HOLD[1], lock).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"), "the other process has the lock");
        Self { child, _output: lines }
    }

    fn let_go(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The code of the process that [`Holder`] starts. This function is not a test itself.
#[test]
fn holder_of_a_lock() {
    let (Some(folder), Ok(name)) = (std::env::var_os(HOLD[0]), std::env::var(HOLD[1])) else { return };
    let _lock = Lock::try_acquire(&Folder::at(folder), &name).unwrap().expect("nobody else has it");
    println!("\nheld");
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Requests credentials for `ask` from `TASKS` tasks in the current runtime. None is answered before all have asked,
/// because `holder` has the lock of the sign-in until then.
async fn all_at_once(provider: &Provider, ask: &Ask, holder: Holder) -> Vec<Result<Credentials, Failure>> {
    let asking = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (provider, ask, asking) = (provider.clone(), ask.clone(), Arc::clone(&asking));
            tokio::spawn(async move {
                asking.fetch_add(1, Ordering::SeqCst);
                provider.credentials(&ask).await
            })
        })
        .collect();
    let other = tokio::spawn(async move {
        while asking.load(Ordering::SeqCst) < TASKS {
            tokio::task::yield_now().await;
        }
        holder.let_go();
    });
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    other.await.unwrap();
    outcomes
}

/// If the runtime itself waited for the lock, the runtime could not run the task that releases the lock.
#[test]
fn hundred_tasks_share_a_renewal_without_blocking_their_runtime() {
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 0 }, ..Options::default() }).expired();
    let (provider, ask) = provider(&lab);
    let holder = Holder::of(&lab.folder(), &tokens_account(&ask.profile));
    let outcomes = runtime().block_on(all_at_once(&provider, &ask, holder));
    let first = outcomes[0].clone().unwrap();
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap() == first));
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);
}

#[test]
fn fresh_credentials_are_answered_from_memory_until_the_renewal_window() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    let lab = lab.expired();
    let (provider, ask) = provider(&lab);
    let runtime = runtime();
    let first = runtime.block_on(provider.credentials(&ask)).unwrap();
    let asked = lab.sandbox.count("identity.get_credentials");
    std::fs::remove_dir_all(lab.folder().path().join("store")).unwrap();
    assert_eq!(runtime.block_on(provider.clone().credentials(&ask)).unwrap(), first, "the store is not asked");
    assert_eq!(lab.sandbox.count("identity.get_credentials"), asked);
    clock.advance(TimeDelta::minutes(50));
    let failure = runtime.block_on(provider.credentials(&ask)).unwrap_err();
    assert_eq!(failure.kind, Kind::SignInRequired, "not fresh any more, and nothing is left in the store");
}

#[test]
fn roles_of_one_sign_in_share_its_refresh() {
    let lab = Lab::new().expired();
    let (provider, ask) = provider(&lab);
    let admin = ask.for_role(Role { arn: Some(ORDERS_ADMIN.to_owned()), flow: Flow::Enhanced });
    let (own, other) =
        runtime().block_on(async { tokio::join!(provider.credentials(&ask), provider.credentials(&admin)) });
    assert_ne!(own.unwrap(), other.unwrap());
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 2);
}

#[test]
fn failed_renewal_reaches_every_caller_and_is_retried_later() {
    let lab = Lab::new();
    let doors = Doors::before(&lab);
    let lab = lab.signed_in();
    lab.age(TimeDelta::hours(2));
    let (provider, ask) = provider(&lab);
    doors.came();
    doors.set(Door::Shut);
    let holder = Holder::of(&lab.folder(), &tokens_account(&ask.profile));
    let runtime = runtime();
    let outcomes = runtime.block_on(all_at_once(&provider, &ask, holder));
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap_err().kind == Kind::Network));
    assert_eq!(doors.came(), 1, "one of them tried");
    doors.set(Door::Open);
    runtime.block_on(provider.credentials(&ask)).unwrap();
}

#[test]
fn cancelled_callers_leave_the_renewal_to_the_next_caller() {
    let lab = Lab::new().expired();
    let (provider, ask) = provider(&lab);
    let holder = Holder::of(&lab.folder(), &tokens_account(&ask.profile));
    let runtime = runtime();
    runtime.block_on(async {
        let cancelled = tokio::spawn({
            let (provider, ask) = (provider.clone(), ask.clone());
            async move { provider.credentials(&ask).await }
        });
        tokio::task::yield_now().await;
        cancelled.abort();
        assert!(cancelled.await.unwrap_err().is_cancelled());
        holder.let_go();
        provider.credentials(&ask).await.unwrap();
    });
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
}

#[test]
fn aws_sdk_gets_credentials_with_their_expiry_and_account() {
    let lab = Lab::new().expired();
    let (provider, ask) = provider(&lab);
    let admin = ask.for_role(Role { arn: Some(ORDERS_ADMIN.to_owned()), flow: Flow::Enhanced });
    let runtime = runtime();
    let own = runtime.block_on(provider.credentials(&admin)).unwrap();
    let provider: Box<dyn ProvideCredentials> = Box::new(provider.for_ask(admin));
    let given = runtime.block_on(provider.provide_credentials()).unwrap();
    assert_eq!((given.access_key_id(), given.session_token()), (&*own.access_key_id, Some(own.session_token.expose())));
    assert_eq!(given.expiry(), Some(own.expires.into()));
    assert_eq!(given.account_id().map(|id| id.as_str()), ORDERS_ADMIN.split(':').nth(4));
    lab.run(&["logout"]).good();
    let nobody = Provider::new(Session::open(&lab.setup(), Ask::new(lab.profile())));
    let error = runtime.block_on(nobody.provide_credentials()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<Failure>().unwrap();
    assert_eq!(cause.kind, Kind::SignInRequired, "the next step is in the source");
}

#[test]
fn sign_out_in_another_process_empties_the_memory() {
    let lab = Lab::new().signed_in();
    let (provider, ask) = provider(&lab);
    let runtime = runtime();
    let first = runtime.block_on(provider.credentials(&ask)).unwrap();
    lab.run(&["logout"]).good();
    assert_eq!(runtime.block_on(provider.credentials(&ask)).unwrap_err().kind, Kind::SignInRequired);
    lab.login("bob").good();
    lab.run(CREDENTIALS).good();
    let second = runtime.block_on(provider.credentials(&ask)).unwrap();
    assert_ne!(second, first, "bob's");
    assert_eq!(runtime.block_on(provider.credentials(&ask)).unwrap(), second);
}

#[test]
fn credentials_of_other_endpoints_are_not_shared() {
    let lab = Lab::new().signed_in();
    let (provider, ask) = provider(&lab);
    let mut profile = lab.profile();
    profile.endpoints.identity_pool = "http://127.0.0.1:9".to_owned();
    let elsewhere = Ask::new(profile);
    let (own, other) =
        runtime().block_on(async { tokio::join!(provider.credentials(&ask), provider.credentials(&elsewhere)) });
    own.unwrap();
    assert_eq!(other.unwrap_err().kind, Kind::Store, "the sign-in belongs to another endpoint");
}

/// The code of a process that has so little memory that no thread can be started; this is not a test.
#[cfg(target_os = "linux")]
#[test]
fn process_without_room_for_a_thread() {
    let Ok(config) = std::env::var(CONFIG) else { return };
    let variable = |name: &str| (name == "COGFED_CONFIG").then(|| config.clone());
    let ask = Ask::new(cogfed::profile::Profile::load(&Default::default(), &variable).unwrap());
    let setup = cogfed::session::Setup {
        folder: Folder::at(std::env::var_os(HOLD[0]).unwrap()),
        clock: Arc::new(cogfed::clock::SystemClock),
        client_secret: None,
        is_attended: false,
        on_message: Arc::new(|_| {}),
    };
    let provider = Provider::new(Session::open(&setup, ask.clone()));
    let runtime = runtime();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let used = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB")).unwrap();
    let limit = Some(used.parse::<u64>().unwrap() * 1024 + 256 * 1024);
    let all = rustix::process::Rlimit { current: limit, maximum: None };
    rustix::process::setrlimit(rustix::process::Resource::As, all).unwrap();
    for _ in 0..2 {
        let failure = runtime.block_on(provider.credentials(&ask)).unwrap_err();
        println!("\nfailure: {failure}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn failure_to_start_a_thread_is_reported_and_blocks_nobody() {
    let lab = Lab::new().expired();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "session::provider::process_without_room_for_a_thread",
        "--nocapture",
        "--test-threads=1",
    ]);
    command.env(CONFIG, lab.config()).env(HOLD[0], lab.folder().path());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let failures = text.lines().filter(|line| line.starts_with("failure: cannot start a thread for the renewal: "));
    assert_eq!(failures.count(), 2, "{text}");
}
