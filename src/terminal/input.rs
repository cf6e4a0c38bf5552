//! Lines that a person types at a prompt. Input from before the prompt is not cogfed's, so it is not read.

use std::io::{self, IsTerminal};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The size of one read, in bytes. A terminal returns one line at a time, and its lines are shorter.
const PIECE: usize = 8192;
/// The longest answer to a question with yes or no, in bytes.
const LONGEST_ANSWER: usize = 4096;
/// The largest number of unprocessed reads. Further input stays in the terminal.
const WAITING: usize = 64;

/// Returns true if a person can answer a prompt: standard input is a terminal, and this process is in its foreground.
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

/// Returns the lines of standard input from now on, until it ends or the receiver is dropped. A thread of its own reads
/// them, because a blocked read cannot be cancelled. The thread ends with the process.
pub(super) fn lines() -> mpsc::Receiver<Secret> {
    let (sender, lines) = mpsc::channel(WAITING);
    let read = move || {
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        while let Ok(length @ 1..) = read(&mut piece) {
            let text = String::from_utf8_lossy(piece.get(..length).unwrap_or_default());
            if sender.blocking_send(Secret::new(text)).is_err() {
                break;
            }
        }
    };
    // If no thread can start, there is no input; signing in with the browser still works.
    let _ = std::thread::Builder::new().name("prompt".into()).spawn(read);
    lines
}

/// Discards what was typed before the question. It answers another one, or none.
pub(super) fn discard() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Returns the next line of standard input, as far as there is one. An answer that is not text is none.
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

/// Reads without `std`'s buffer, which is never wiped.
#[cfg(unix)]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut *piece))?)
}

#[cfg(not(unix))]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin(), piece)
}
