//! Lines that a person types at a prompt. Nothing is read before there is a prompt: earlier input is not cogfed's.

use std::io::{self, IsTerminal};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The size of one read, in bytes: more than a line of a terminal, which returns one line at a time.
const PIECE: usize = 8192;
/// The number of unprocessed reads. The terminal keeps further input.
const WAITING: usize = 64;

/// Returns true if a person can answer a prompt: the standard input is a terminal, and this process is in its
/// foreground. Reading would stop a background job.
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

/// Returns the lines of the standard input from now on, until it ends or the receiver is dropped. A thread of its own
/// reads them, because nothing can cancel a blocked read; it ends with the process.
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
    // Without a thread the input has ended, and the browser remains as the way to sign in.
    let _ = std::thread::Builder::new().name("prompt".into()).spawn(read);
    lines
}

/// Reads without the buffer of `std`, which nothing wipes.
#[cfg(unix)]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut *piece))?)
}

#[cfg(not(unix))]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin(), piece)
}
