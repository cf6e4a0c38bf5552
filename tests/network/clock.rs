//! What the client notes of servers' clocks.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use cogfed::clock::ManualClock;
use cogfed::http::{Http, HttpError, ServerTime};

use crate::front::{Act, Front, answer};

#[test]
fn the_newest_offset_of_a_server_is_kept_and_a_stored_answer_tells_none() {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let http = Http::new(Arc::new(ManualClock::at(now)), None);
    let front = Front::alone(Act::Close, None);
    let send = || {
        let request = http::Request::get(format!("http://{}/", front.address)).body(Vec::new()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(http.send(request))
    };
    let dated = |by: TimeDelta, more: &str| {
        let date = (now + by).format("%a, %d %b %Y %H:%M:%S GMT");
        front.always("", answer("200 OK", &format!("date: {date}\r\n{more}"), ""));
        send().unwrap().extensions().get::<ServerTime>().copied()
    };
    assert_eq!(http.clock_offset(), None);
    assert_eq!(dated(TimeDelta::hours(3), ""), Some(ServerTime(now + TimeDelta::hours(3))));
    let measured = http.clock_offset().unwrap();
    assert_eq!((measured.host, measured.offset), (front.address.to_string(), TimeDelta::hours(3)));
    assert_eq!(dated(TimeDelta::hours(9), "age: 60\r\n"), None);
    assert_eq!(http.clock_offset().unwrap().offset, TimeDelta::hours(3));
    assert_eq!(dated(-TimeDelta::minutes(20), ""), Some(ServerTime(now - TimeDelta::minutes(20))));
    assert_eq!(http.clock_offset().unwrap().offset, -TimeDelta::minutes(20));
    front.always("", Act::Close);
    assert!(matches!(send(), Err(HttpError::NoAnswer { .. })));
    assert_eq!(http.clock_offset().unwrap().offset, -TimeDelta::minutes(20));
}
