//! What a person types at a prompt. Nothing is read before there is one: what they type belongs to them.

use std::io::{self, IsTerminal};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The most that is read at once, in bytes: more than a line of a terminal, which gives one line at a time.
const PIECE: usize = 8192;
/// Pieces that may wait to be looked at; the terminal keeps the others.
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

/// What comes on the standard input from now on, line by line, until it ends or nobody wants it. It is read on a thread
/// of its own, since nothing can take a blocked read back; that ends with the process.
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
    // Without a thread it is as if the input had ended: the other way to sign in is still there.
    let _ = std::thread::Builder::new().name("prompt".into()).spawn(read);
    lines
}

/// Past the buffer of `std`, which nothing wipes.
#[cfg(unix)]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut *piece))?)
}

#[cfg(not(unix))]
fn read(piece: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin(), piece)
}
