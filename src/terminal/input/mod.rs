//! Input that a person types at a prompt. Input from before the prompt is not cogfed's, so it is not read.

#[cfg(unix)]
mod editor;
#[cfg(unix)]
mod mode;

use std::io::{self, IsTerminal};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The maximum number of bytes in one read.
const PIECE: usize = 8192;
/// The maximum length of an answer to a yes-or-no question, in bytes.
const LONGEST_ANSWER: usize = 4096;
/// The maximum number of reads that wait to be processed. Further input stays in the terminal.
const WAITING: usize = 64;

/// Returns whether a person can answer a prompt: standard input is a terminal, and this process is in the foreground.
/// Reading would stop a background job.
pub(super) fn is_answerable() -> bool {
    io::stdin().is_terminal() && is_in_foreground()
}

#[cfg(unix)]
fn is_in_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_foreground() -> bool {
    true
}

/// Starts reading standard input on another thread, and returns a receiver for the lines. A thread of its own reads
/// them, because a blocked read cannot be cancelled. The thread ends with the process. `echo` shows what is typed.
pub(super) fn lines(echo: impl Fn(&[u8]) + Send + 'static) -> mpsc::Receiver<Secret> {
    let (sender, lines) = mpsc::channel(WAITING);
    // Here and not on the thread, so that a restore cannot come before it.
    #[cfg(unix)]
    let keys = mode::enter();
    let read = move || {
        #[cfg(unix)]
        match keys {
            Some(keys) => edit(&sender, editor::Editor::new(keys), &echo),
            None => pass_on(&sender),
        }
        #[cfg(not(unix))]
        {
            let _ = echo;
            pass_on(&sender);
        }
        restore();
    };
    // If no thread can start, there is no input; signing in with the browser still works.
    let _ = std::thread::Builder::new().name("prompt".into()).spawn(read);
    lines
}

/// Sends the lines that a person types to `sender`, and echoes them.
#[cfg(unix)]
fn edit(sender: &mpsc::Sender<Secret>, mut editor: editor::Editor, echo: &dyn Fn(&[u8])) {
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    while let Ok(length @ 1..) = read(&mut piece) {
        let mut shown = Vec::new();
        let bytes = piece.get(..length).unwrap_or_default();
        let typed: Vec<_> = bytes.iter().filter_map(|byte| editor.take(*byte, &mut shown)).collect();
        echo(&shown);
        for typed in typed {
            let is_over = match typed {
                editor::Typed::Line(line) => sender.blocking_send(line).is_err(),
                editor::Typed::End => true,
            };
            if is_over {
                return;
            }
        }
    }
}

/// Sends the bytes of each read of standard input to `sender`, without line editing.
fn pass_on(sender: &mpsc::Sender<Secret>) {
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    while let Ok(length @ 1..) = read(&mut piece) {
        let text = String::from_utf8_lossy(piece.get(..length).unwrap_or_default());
        if sender.blocking_send(Secret::new(text)).is_err() {
            break;
        }
    }
}

/// Restores the terminal's original mode, if a prompt has changed it.
pub(super) fn restore() {
    #[cfg(unix)]
    mode::restore();
}

/// Restores the terminal's original mode and prevents further changes, because the process is about to exit.
pub(super) fn close() {
    #[cfg(unix)]
    mode::close();
}

/// Discards input that was typed before the prompt. It answers another one, or none.
pub(super) fn discard() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Returns the next line of standard input, or an empty string at the end of the input. An answer that is not text is
/// none.
pub(super) fn line() -> String {
    let mut line = Vec::new();
    let mut piece = [0; 256];
    while line.len() < LONGEST_ANSWER
        && let Ok(length @ 1..) = read(&mut piece)
    {
        let read = piece.get(..length).unwrap_or_default();
        line.extend_from_slice(read);
        if read.contains(&b'\n') {
            break;
        }
    }
    String::from_utf8(line).unwrap_or_default()
}

/// Reads from standard input without `std`'s buffer, because that buffer is never wiped.
#[cfg(unix)]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut *piece))?)
}

#[cfg(not(unix))]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin(), piece)
}
