//! The progress of a long transfer, on one line of the terminal.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::http::Transfer;
use crate::terminal::Terminal;

/// The time after which a transfer counts as long.
const LONG: Duration = Duration::from_secs(2);
/// The interval at which the line is rewritten.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs `work`, and meanwhile shows a person how far `transfer` is.
pub async fn shown<T>(terminal: &Terminal, transfer: &Transfer, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut meter = Meter::default();
    let mut pause = LONG;
    loop {
        tokio::select! {
            outcome = &mut work => {
                terminal.end_progress();
                return outcome;
            }
            () = sleep(pause) => match meter.line(transfer, Instant::now()) {
                Some(line) => terminal.progress(&line),
                None => terminal.end_progress(),
            },
        }
        pause = INTERVAL;
    }
}

/// A direction of a transfer, with the time and the number of bytes at which it was first seen.
#[derive(Default)]
struct Meter {
    phase: Option<(Direction, Instant, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Meter {
    /// Returns the line about the transfer, or `None` while nothing moves.
    fn line(&mut self, transfer: &Transfer, now: Instant) -> Option<String> {
        let (sent, to_send, received) = (transfer.sent(), transfer.to_send(), transfer.received());
        let (direction, bytes, total) = match received {
            0 if sent < to_send => (Direction::Up, sent, Some(to_send)),
            0 => return None,
            _ => (Direction::Down, received, transfer.to_receive()),
        };
        let (since, before) = match self.phase {
            Some((same, since, before)) if same == direction => (since, before),
            _ => {
                self.phase = Some((direction, now, bytes));
                (now, bytes)
            }
        };
        let of = total.map_or_else(String::new, |total| format!(" of {}", size(total)));
        let verb = if direction == Direction::Up { "sent" } else { "received" };
        let elapsed = (now - since).as_secs_f64();
        let rate = match elapsed > 0.0 {
            true => format!(", {}/s", size((bytes.saturating_sub(before) as f64 / elapsed) as u64)),
            false => String::new(),
        };
        Some(format!("{}{of} {verb}{rate}", size(bytes)))
    }
}

/// Returns a number of bytes as a person reads it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut name = "B";
    for unit in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, name) = (value / 1024.0, unit);
    }
    format!("{value:.1} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_tells_bytes_total_and_rate_of_each_direction() {
        let (mut meter, transfer, began) = (Meter::default(), Transfer::default(), Instant::now());
        assert_eq!(meter.line(&transfer, began), None);
        let _body = transfer.upload(vec![0; 3 * 1024 * 1024].into());
        assert_eq!(meter.line(&transfer, began).as_deref(), Some("0 B of 3.0 MiB sent"));
        transfer.begin_to_receive(None);
        transfer.receive(1536);
        assert_eq!(meter.line(&transfer, began).as_deref(), Some("1.5 KiB received"));
        transfer.receive(2048);
        let later = began + Duration::from_secs(2);
        assert_eq!(meter.line(&transfer, later).as_deref(), Some("3.5 KiB received, 1.0 KiB/s"));
        transfer.begin_to_receive(Some(5 * 1024 * 1024 * 1024));
        transfer.receive(1023);
        assert_eq!(meter.line(&transfer, later).as_deref(), Some("1023 B of 5.0 GiB received, 0 B/s"));
    }
}
