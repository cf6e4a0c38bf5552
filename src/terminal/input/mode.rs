//! The terminal's mode during a prompt. The kernel neither buffers lines nor echoes, so that lines can exceed 4,095
//! bytes. Ctrl-C, Ctrl-\ and Ctrl-Z stay the kernel's.
//!
//! The mode belongs to the terminal, not to this process, so it has to be put back whenever the prompt ends: after the
//! question, by a signal that ends the process, and while the process is stopped.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::editor::Keys;
use crate::process;

/// The changes that this process has made to the terminal's mode.
static MODE: Mutex<Mode> = Mutex::new(Mode { before: None, is_closed: false });
/// True if the original mode was restored because the process was suspended during a prompt.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// A guard that starts the signal watcher at most once.
static WATCHED: Once = Once::new();

/// The changes that this process has made to the terminal's mode.
struct Mode {
    /// The terminal's original mode, while this process has changed it; otherwise `None`.
    before: Option<Termios>,
    /// True if the mode must not be changed any more.
    is_closed: bool,
}

/// Changes the terminal's mode for a prompt, and returns the keys for editing a line. `None` if the terminal refuses;
/// lines then come from the kernel, up to 4,095 bytes each.
pub(super) fn enter() -> Option<Keys> {
    WATCHED.call_once(watch);
    let mut mode = MODE.lock().unwrap_or_else(PoisonError::into_inner);
    if mode.is_closed {
        return None;
    }
    let termios = match &mode.before {
        Some(termios) => termios.clone(),
        None => tcgetattr(io::stdin()).ok()?,
    };
    let mut asking = termios.clone();
    asking.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL);
    asking.special_codes[SpecialCodeIndex::VMIN] = 1;
    asking.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(io::stdin(), OptionalActions::Now, &asking).ok()?;
    let key = |index| termios.special_codes[index];
    let keys = Keys {
        erase: key(SpecialCodeIndex::VERASE),
        kill: key(SpecialCodeIndex::VKILL),
        word_erase: key(SpecialCodeIndex::VWERASE),
        end: key(SpecialCodeIndex::VEOF),
    };
    mode.before = Some(termios);
    Some(keys)
}

/// Restores the terminal's original mode, if this process has changed it. In the background the mode is left alone:
/// setting it would stop the process, and the shell has set its own.
pub(super) fn restore() {
    STOPPED.store(false, Ordering::Relaxed);
    put_back(&mut MODE.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Restores the terminal's original mode and prevents further changes, because the process is about to exit.
pub(super) fn close() {
    let mut mode = MODE.lock().unwrap_or_else(PoisonError::into_inner);
    mode.is_closed = true;
    put_back(&mut mode);
}

fn put_back(mode: &mut Mode) {
    if let Some(termios) = mode.before.take()
        && super::is_in_foreground()
    {
        // A terminal that is gone needs no mode.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &termios);
    }
}

/// Returns whether this process has changed the terminal's mode.
fn is_entered() -> bool {
    MODE.lock().unwrap_or_else(PoisonError::into_inner).before.is_some()
}

/// Starts to watch for signals that would end or suspend this process while the terminal's mode is changed. A panic
/// ends the released program without unwinding, so it puts the mode back, too.
fn watch() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        close();
        hook(panic);
    }));
    let (watching, is_watching) = std::sync::mpsc::channel();
    // Without a thread, such a signal leaves the mode to the shell, which sets its own.
    let watcher = std::thread::Builder::new().name("signals".into()).spawn(move || {
        if let Ok(runtime) = process::runtime() {
            let _ = runtime.block_on(signals(watching));
        }
    });
    if watcher.is_ok() {
        // An error means that the thread has ended without watching.
        let _ = is_watching.recv();
    }
}

/// Handles signals that end, suspend or resume this process, until the process ends. `watching` is told once they are
/// caught.
async fn signals(watching: std::sync::mpsc::Sender<()>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let mut go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let _ = watching.send(());
    loop {
        tokio::select! {
            _ = terminate.recv() => end_by(Signal::TERM),
            _ = hang_up.recv() => end_by(Signal::HUP),
            _ = quit.recv() => end_by(Signal::QUIT),
            _ = stop.recv() => stop_here(),
            _ = go_on.recv() => go_on_here(),
        }
    }
}

/// Restores the terminal's original mode, and exits with the status for a process that `signal` ended.
#[expect(clippy::exit, reason = "a signal ends the process at once, whatever its other threads do")]
fn end_by(signal: Signal) {
    close();
    std::process::exit(128 + signal.as_raw());
}

/// Restores the original mode and suspends the process, as Ctrl-Z does.
fn stop_here() {
    let was_entered = is_entered();
    restore();
    if was_entered {
        STOPPED.store(true, Ordering::Relaxed);
    }
    // This thread may go on for a moment before it stops. So the mode is changed again only after SIGCONT.
    let _ = kill_process(getpid(), Signal::STOP);
}

/// Changes the mode again for the prompt, if the resumed process is in the foreground.
fn go_on_here() {
    if super::is_in_foreground() && (is_entered() || STOPPED.swap(false, Ordering::Relaxed)) {
        enter();
    }
}
