//! Text output of `status` and `roles`: rows of a name and a value, and times in this machine's time zone.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::terminal::shown;

/// A row of text output: a name and its value.
pub type Row = (&'static str, String);

/// The width of the column of names, in characters.
const NAMES: usize = 13;

/// Returns one line of text for each row. The values are aligned in one column and escaped for a terminal.
pub fn text(rows: &[Row]) -> String {
    rows.iter().map(|(name, value)| line(NAMES, name, value)).collect()
}

/// Returns one line: `name`, padded to `width` characters, followed by `value`, escaped for a terminal.
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

/// Formats an end time, followed by the time that is left from `now`.
pub fn until(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = time - now;
    match left > TimeDelta::zero() {
        true => format!("until {} ({} left)", local(time), rounded(left)),
        false => format!("expired {} ({} ago)", local(time), rounded(-left)),
    }
}

/// Formats a duration in a suitable unit, rounded to a whole number, such as "59 min", "5 h" or "30 days".
fn rounded(length: TimeDelta) -> String {
    let nearest = |unit: TimeDelta| (length.num_seconds() + unit.num_seconds() / 2) / unit.num_seconds();
    let (minutes, hours, days) = (TimeDelta::minutes(1), TimeDelta::hours(1), TimeDelta::days(1));
    if length < minutes {
        "less than a minute".to_owned()
    } else if nearest(minutes) < 120 {
        format!("{} min", nearest(minutes))
    } else if nearest(hours) < 48 {
        format!("{} h", nearest(hours))
    } else {
        format!("{} days", nearest(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_rounded_to_the_nearest_unit() {
        for (seconds, expected) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 min"),
            (89, "1 min"),
            (90, "2 min"),
            (3599, "60 min"),
            (7169, "119 min"),
            (7170, "2 h"),
            (86_399, "24 h"),
            (47 * 3600 + 1799, "47 h"),
            (47 * 3600 + 1800, "2 days"),
            (30 * 86_400 - 1, "30 days"),
            (30 * 86_400, "30 days"),
            (400 * 86_400, "400 days"),
        ] {
            assert_eq!(rounded(TimeDelta::seconds(seconds)), expected, "{seconds} s");
        }
    }

    #[test]
    fn past_and_coming_ends_are_told_apart() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(until(now + TimeDelta::seconds(90), now).ends_with(" (2 min left)"));
        assert!(until(now, now).starts_with("expired ") && until(now, now).ends_with(" (less than a minute ago)"));
    }
}
