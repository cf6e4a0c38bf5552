//! Text from outside on its way to a terminal: an API's answer, an error, a page's message.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cogfed::error::{Failure, Kind, shortened};
use cogfed::terminal::{Escaping, JsonLayout, Terminal, shown, shown_json};

use crate::given::is_plain;

/// Checks that no control character gets through, wherever the text is cut.
pub fn run(data: &[u8]) {
    let whole = escaped([data].into_iter());
    let text = String::from_utf8(whole.clone()).expect("UTF-8 whatever came");
    assert!(is_plain(&text.replace(['\n', '\t'], "")), "{text:?}");
    assert_eq!(escaped(data.chunks(1)), whole, "byte by byte");
    for size in [2, 3, 7] {
        assert_eq!(escaped(data.chunks(size)), whole, "in pieces of {size}");
    }
    laid_out(data);
    let outside = String::from_utf8_lossy(data);
    let line = shown(&outside);
    assert!(is_plain(&line), "{line:?}");
    assert_eq!(shown(&line), line, "what is plain stays as it is");
    if is_plain(&outside) {
        assert_eq!(line, outside);
    }
    let told = serde_json::json!({ &*outside: [&*outside] });
    let json = shown_json(&told.to_string());
    assert!(is_plain(&json), "{json:?}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), told, "it says the same");
    let short = shortened(&outside, 40);
    assert!(short.chars().count() <= 41 && outside.starts_with(short.trim_end_matches('…')));
    lines(&outside);
}

/// Checks that JSON keeps its value when it is laid out, and that no control character gets through.
fn laid_out(data: &[u8]) {
    let Some(json) = JsonLayout::checked(data) else { return };
    for indents in [false, true] {
        let mut out = Vec::new();
        JsonLayout { indents, colours: false }.write(json, &mut out).expect("a Vec takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(is_plain(&text.replace(['\n', '\t'], "")), "{text:?}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(value(&text), value(json), "{text:?}");
    }
}

fn escaped<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Escaping::new(&mut out);
    for piece in pieces {
        writer.write_all(piece).expect("a Vec takes all");
    }
    writer.flush().expect("a Vec takes all");
    drop(writer);
    out
}

/// Checks that each kind of message is one line with cogfed's prefix.
fn lines(outside: &str) {
    let out = Arc::new(Mutex::new(Vec::new()));
    let terminal = Terminal::to(out.clone());
    terminal.say(outside);
    terminal.warn(outside);
    terminal.plain(outside);
    terminal.fail(&Failure::new(Kind::Refused, outside).hint(outside));
    let text = String::from_utf8(out.lock().expect("a lock").clone()).expect("UTF-8");
    let lines: Vec<&str> = text.strip_suffix('\n').expect("a last line").split('\n').collect();
    assert_eq!(lines.len(), 5, "{text:?}");
    assert!(lines.iter().all(|line| is_plain(line)), "{text:?}");
    for (line, head) in lines.iter().zip(["cogfed: ", "cogfed: warning: ", "", "cogfed: error: ", "cogfed: hint: "]) {
        assert!(line.starts_with(head), "{line:?}");
    }
}
