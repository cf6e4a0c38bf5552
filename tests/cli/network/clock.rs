//! Tests of how the HTTP client records the clocks of servers.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use cogfed::clock::{ManualClock, Offset};
use cogfed::http::{Http, HttpError};

use super::front::{Act, Front, answer};

#[test]
fn newest_clock_offset_is_kept_and_cached_answers_are_ignored() {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let http = Http::new(Arc::new(ManualClock::at(now)), None, None);
    let front = Front::alone(Act::Close, None);
    let send = || {
        let request = http::Request::get(format!("http://{}/", front.address())).body(Vec::new()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(http.send(request))
    };
    let dated = |by: TimeDelta, more: &str| {
        let date = (now + by).format("%a, %d %b %Y %H:%M:%S GMT");
        front.always("", answer("200 OK", &format!("date: {date}\r\n{more}"), ""));
        send().unwrap();
        http.clock_offset_of(&front.address().to_string())
    };
    let host = front.address().to_string();
    assert_eq!(http.clock_offset_of(&host), None);
    let (three_hours, minus_twenty) =
        (Offset::measured(TimeDelta::hours(3)), Offset::measured(TimeDelta::minutes(-20)));
    assert_eq!(dated(TimeDelta::hours(3), ""), Some(three_hours));
    let other = "elsewhere.example".to_owned();
    assert_eq!(http.clock_offset_of(&other), None);
    assert_eq!(http.clock_offset_among(std::slice::from_ref(&other)), None);
    assert_eq!(http.clock_offset_among(&[other, host.clone()]).unwrap().host, host);
    assert_eq!(dated(TimeDelta::hours(9), "age: 60\r\n"), Some(three_hours));
    assert_eq!(dated(TimeDelta::minutes(-20), ""), Some(minus_twenty));
    front.always("", Act::Close);
    assert!(matches!(send(), Err(HttpError::NoAnswer { .. })));
    assert_eq!(http.clock_offset_of(&host), Some(minus_twenty));
}
