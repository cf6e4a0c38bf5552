//! What a person types at a prompt. Nothing is read before there is one: what they type belongs to them.

use std::io::{self, BufRead, IsTerminal, Read};

use tokio::sync::mpsc;

use crate::secret::Secret;

/// The longest line that is read in one piece, in bytes. More than a terminal gives.
const LONGEST: u64 = 8192;
/// Lines that may wait to be looked at; the terminal keeps the others.
const WAITING: usize = 64;

/// Whether somebody can answer a prompt: the standard input is a terminal, and ours to read. A job in the background
/// would be stopped by reading.
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

/// The lines of the standard input from now on, until it ends or nobody wants them. They are read on a thread of their
/// own, since nothing can take a blocked read back; it ends with the process.
pub(super) fn lines() -> mpsc::Receiver<Secret> {
    let (sender, lines) = mpsc::channel(WAITING);
    let read = move || {
        loop {
            let mut line = zeroize::Zeroizing::new(Vec::new());
            match io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line) {
                Ok(1..) if sender.blocking_send(Secret::new(String::from_utf8_lossy(&line))).is_ok() => {}
                _ => break,
            }
        }
    };
    // Without a thread it is as if the input had ended: the other way to sign in is still there.
    let _ = std::thread::Builder::new().name("prompt".into()).spawn(read);
    lines
}
