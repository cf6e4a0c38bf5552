//! File locks that exclude other processes. The kernel holds them, so a lock ends with the process that holds it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Folder, file_name, privacy};
use crate::error::{Failure, Kind, Within};

/// An acquired lock on a file. It is held until it is dropped, or until this process ends.
#[derive(Debug)]
pub struct Lock(File);

/// Details of a lock that another process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The path of the lock file.
    pub path: PathBuf,
    /// The holder's process id, if it is known.
    pub pid: Option<u32>,
    /// The time for which this process waited for the lock.
    pub waited: Duration,
    /// True if the holder is stopped (SIGSTOP, Ctrl-Z) and therefore cannot release the lock.
    pub is_stopped: bool,
}

/// The time limits for waiting for a lock.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// The maximum wait while the holder appears to be running.
    pub working: Duration,
    /// The maximum wait while the holder is suspended (SIGSTOP, Ctrl-Z). Only Linux shows the difference; elsewhere
    /// every holder counts as running.
    pub stopped: Duration,
}

impl From<Duration> for Wait {
    fn from(patience: Duration) -> Self {
        Self { working: patience, stopped: patience }
    }
}

/// The maximum number of digits in a process id.
const LONGEST_MARK: u64 = 10;

/// The interval at which a waiting process checks whether the holder is stopped.
const LOOK: Duration = Duration::from_millis(250);

/// The reason why a lock was not acquired.
#[derive(Debug)]
pub enum LockError {
    /// Another process held the lock during the whole wait.
    Held(Held),
    /// Locking failed because of the folder, the file or the file system.
    Failed(Failure),
}

impl From<Held> for Failure {
    fn from(held: Held) -> Self {
        let path = held.path.display();
        let waited = held.waited.as_secs();
        match held.pid {
            Some(pid) if held.is_stopped => {
                Failure::new(Kind::Busy, format!("process {pid} is stopped and holds the lock {path}")).hint(format!(
                    "let it go on ('kill -CONT {pid}') or end it ('kill -KILL {pid}'), and run the command again"
                ))
            }
            Some(pid) => {
                Failure::new(Kind::Busy, format!("process {pid} held the lock {path} for more than {waited} s"))
                    .hint(format!("wait for process {pid}, or end it, and run the command again"))
            }
            None => Failure::new(Kind::Busy, format!("another process held the lock {path} for more than {waited} s"))
                .hint("wait for it, or end it, and run the command again"),
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(held) => held.into(),
            LockError::Failed(failure) => failure,
        }
    }
}

impl Lock {
    /// Acquires the lock `name` in the subfolder `locks` of `folder`, or returns `None` if another process holds it.
    ///
    /// # Errors
    /// If the lock's file cannot be opened, or the file system has no locks.
    pub fn try_acquire(folder: &Folder, name: &str) -> Result<Option<Lock>, Failure> {
        let (path, file) = opened(folder, name)?;
        Ok(attempt(file, &path)?.ok())
    }

    /// Acquires the lock `name` in the subfolder `locks` of `folder`, waiting for the holder as long as `wait` allows.
    ///
    /// # Errors
    /// [`LockError::Held`], a failure of [`Kind::Busy`], after the longest wait.
    pub fn acquire(folder: &Folder, name: &str, wait: impl Into<Wait>) -> Result<Lock, LockError> {
        let (wait, began) = (wait.into(), Instant::now());
        let (path, file) = opened(folder, name).map_err(LockError::Failed)?;
        let file = match attempt(file, &path).map_err(LockError::Failed)? {
            Ok(lock) => {
                tracing::debug!(lock = name, "locked");
                return Ok(lock);
            }
            Err(file) => file,
        };
        let watched = file.try_clone().ok();
        let (sender, receiver) = mpsc::sync_channel(1);
        // If the wait below ends first, this thread's result is dropped, and the lock with it.
        let waiting = thread::Builder::new().name("lock".into()).spawn(move || {
            let locked = uninterrupted(|| file.lock());
            let _ = sender.send(locked.map(|()| file));
        });
        waiting.within(|| "cannot start a thread").map_err(LockError::Failed)?;
        let mut was_stopped = false;
        loop {
            let left = wait.working.saturating_sub(began.elapsed());
            match receiver.recv_timeout(left.min(LOOK)) {
                Ok(Ok(file)) => {
                    tracing::debug!(lock = name, ms = began.elapsed().as_millis(), "locked after a wait");
                    return Ok(marked(file));
                }
                Ok(Err(error)) => return Err(LockError::Failed(no_lock(error, &path))),
                Err(_) => {
                    let (pid, waited) = (watched.as_ref().and_then(holder), began.elapsed());
                    let is_stopped = pid.is_some_and(is_stopped);
                    // A stop counts only if it is seen twice, because a traced process stops for a moment at each
                    // system call.
                    let is_seen = is_stopped && was_stopped && waited >= wait.stopped;
                    if waited >= wait.working || is_seen {
                        return Err(LockError::Held(Held { path, pid, waited, is_stopped }));
                    }
                    was_stopped = is_stopped;
                }
            }
        }
    }
}

/// Calls `lock`, and calls it again whenever a signal handler interrupts the wait (signal(7), flock(2)).
fn uninterrupted(mut lock: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

/// Returns whether the process is stopped, according to `/proc/PID/stat` (proc(5), the field after the name). False if
/// that is unknown.
fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['T', 't']))
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The mark must not name a holder that is gone. Best effort, like the mark itself.
        let _ = self.0.set_len(0);
        let _ = self.0.unlock();
    }
}

fn opened(folder: &Folder, name: &str) -> Result<(PathBuf, File), Failure> {
    let locks = folder.sub("locks");
    let path = locks.ensured()?.join(file_name(name));
    // The file is not truncated here, because it contains the holder's mark. It is never deleted, because a lock on an
    // unlinked file excludes nobody.
    let file = privacy::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| privacy::open_error(error, &path))?;
    privacy::file(&file, &path)?;
    Ok((path, file))
}

fn attempt(file: File, path: &Path) -> Result<Result<Lock, File>, Failure> {
    match file.try_lock() {
        Ok(()) => Ok(Ok(marked(file))),
        Err(TryLockError::WouldBlock) => Ok(Err(file)),
        Err(TryLockError::Error(error)) => Err(no_lock(error, path)),
    }
}

fn no_lock(error: io::Error, path: &Path) -> Failure {
    let failure = Failure::new(Kind::Failed, format!("cannot lock {}: {error}", path.display()));
    failure.hint("set XDG_STATE_HOME to a folder on a local file system")
}

/// Writes this process's id into the lock file, so that waiting processes can name the holder.
fn marked(mut file: File) -> Lock {
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    Lock(file)
}

fn holder(mut file: &File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(LONGEST_MARK + 1).read_to_string(&mut text).ok()?;
    // The start of a longer text is not a process id.
    (text.len() as u64 <= LONGEST_MARK).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_temp() -> (tempfile::TempDir, Folder) {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().join("cogfed"));
        (temp, folder)
    }

    /// Locks the file of the lock named "x", writes `mark` into it as the holder's process id, and returns the file.
    fn held_by(folder: &Folder, mark: &str) -> File {
        let (_, mut file) = opened(folder, "x").unwrap();
        file.lock().unwrap();
        file.write_all(mark.as_bytes()).unwrap();
        file
    }

    fn refusal(folder: &Folder, wait: impl Into<Wait>) -> Held {
        match Lock::acquire(folder, "x", wait) {
            Err(LockError::Held(held)) => held,
            other => panic!("the lock was not just held by somebody else: {other:?}"),
        }
    }

    #[test]
    fn running_lock_holder_is_waited_for_until_its_own_bound() {
        let (_temp, folder) = at_temp();
        let _file = held_by(&folder, &std::process::id().to_string());
        let working = LOOK + LOOK / 2;
        let held = refusal(&folder, Wait { working, stopped: Duration::ZERO });
        assert_eq!((held.pid, held.is_stopped), (Some(std::process::id()), false));
        assert!(held.waited >= working, "{:?}", held.waited);
    }

    #[test]
    fn malformed_lock_mark_yields_no_process_id() {
        let (_temp, folder) = at_temp();
        for mark in ["", "none", "-1", "123456789012345678", "0000000222222200000", "00000000001"] {
            let file = held_by(&folder, mark);
            assert_eq!(refusal(&folder, Duration::from_millis(1)).pid, None, "{mark}");
            file.set_len(0).unwrap();
        }
    }

    #[test]
    fn lock_mark_names_the_holder_until_release() {
        let (_temp, folder) = at_temp();
        let (path, file) = opened(&folder, "x").unwrap();
        // The mark of a killed holder with a longer process id.
        std::fs::write(&path, "1234567890").unwrap();
        let lock = attempt(file, &path).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), std::process::id().to_string());
        drop(lock);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn lock_failure_names_the_holder_and_the_next_step() {
        let held = |pid, is_stopped| Held { path: "/l".into(), pid, waited: Duration::from_secs(7), is_stopped };
        for (held, message, way) in [
            (held(Some(42), true), "process 42 is stopped and holds the lock /l", "'kill -CONT 42'"),
            (held(Some(42), false), "process 42 held the lock /l for more than 7 s", "wait for process 42"),
            (held(None, false), "another process held the lock /l for more than 7 s", "wait for it"),
        ] {
            let failure = Failure::from(held);
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Busy, message));
            assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains(way)), "{:?}", failure.hint);
        }
    }

    #[test]
    fn lock_wait_outlasts_signals_but_not_errors() {
        let mut answers = vec![Ok(()), Err(ErrorKind::Interrupted), Err(ErrorKind::Interrupted)];
        uninterrupted(|| answers.pop().unwrap().map_err(io::Error::from)).unwrap();
        assert_eq!(answers, []);
        let mut answers = vec![Ok(()), Err(ErrorKind::Unsupported), Err(ErrorKind::Interrupted)];
        let error = uninterrupted(|| answers.pop().unwrap().map_err(io::Error::from)).unwrap_err();
        assert_eq!((error.kind(), answers.len()), (ErrorKind::Unsupported, 1));
    }

    #[cfg(target_os = "linux")]
    mod linux {
        use std::process::{Child, Command, Stdio};

        use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

        use super::*;

        /// A shell with a chosen name, which waits for input that never comes.
        struct Idle(Child);

        impl Idle {
            fn named(name: &str) -> Self {
                let temp = tempfile::tempdir().unwrap();
                let program = temp.path().join(name);
                std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
                Self(Command::new(program).args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap())
            }

            /// Stops the shell, and returns once the system reports it as stopped.
            fn stop(&self) {
                let pid = Pid::from_child(&self.0);
                kill_process(pid, Signal::STOP).unwrap();
                let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
                assert!(status.stopped(), "{status:?}");
            }
        }

        impl Drop for Idle {
            fn drop(&mut self) {
                let _ = self.0.kill();
                let _ = self.0.wait();
            }
        }

        #[test]
        fn stopped_state_is_not_read_from_the_process_name() {
            for name in ["idle", ") T (", ") S ("] {
                let idle = Idle::named(name);
                assert!(!is_stopped(idle.0.id()), "{name}");
                idle.stop();
                assert!(is_stopped(idle.0.id()), "{name}");
            }
            assert!(!is_stopped(0), "there is no such process");
        }

        #[test]
        fn stopped_lock_holder_is_waited_for_until_its_own_bound() {
            let (_temp, folder) = at_temp();
            let idle = Idle::named("idle");
            let _file = held_by(&folder, &idle.0.id().to_string());
            idle.stop();
            let working = Duration::from_secs(10);
            let held = refusal(&folder, Wait { working, stopped: Duration::from_millis(1) });
            assert_eq!((held.pid, held.is_stopped), (Some(idle.0.id()), true));
            assert!(held.waited >= 2 * LOOK && held.waited < working, "{:?}", held.waited);
        }

        #[test]
        fn person_waits_for_a_stopped_lock_holder_like_any_other() {
            let (_temp, folder) = at_temp();
            let idle = Idle::named("idle");
            let _file = held_by(&folder, &idle.0.id().to_string());
            idle.stop();
            let patience = 2 * LOOK + LOOK / 2;
            let held = refusal(&folder, patience);
            assert!(held.is_stopped && held.waited >= patience, "{held:?}");
        }
    }
}
