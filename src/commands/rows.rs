//! Text output of `status` and `roles`: rows of a name and a value, and times in this machine's time zone.

use chrono::{DateTime, Local, Utc};

use crate::terminal::shown;

/// A name and its value.
pub type Row = (&'static str, String);

/// The width of the names' column, in characters.
const NAMES: usize = 13;

/// Returns the rows as lines, with the values in one column, escaped for a terminal.
pub fn text(rows: &[Row]) -> String {
    rows.iter().map(|(name, value)| line(NAMES, name, value)).collect()
}

/// Returns one line with a name of at least `width` characters, and a value that is escaped for a terminal.
pub fn line(width: usize, name: &str, value: &str) -> String {
    format!("{name:<width$} {}\n", shown(value))
}

/// Returns `texts` separated by commas, or "none".
pub fn listed(texts: &[String]) -> String {
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// Formats a time in this machine's time zone.
pub fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z").to_string()
}

/// Formats an end time, with its distance from `now`.
pub fn until(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = time - now;
    match (left.num_days(), left.num_minutes()) {
        (_, minutes) if left.num_seconds() <= 0 => format!("expired {} ({} min ago)", local(time), -minutes),
        (0, minutes) => format!("until {} ({minutes} min left)", local(time)),
        (1, _) => format!("until {} (1 day left)", local(time)),
        (days, _) => format!("until {} ({days} days left)", local(time)),
    }
}
