//! `cogfed call` on a terminal: JSON is laid out, binary data is withheld, progress is shown.

use std::io::{Read, Write};
use std::time::Duration;

use cogfed_test_support::{Answer, Lab, Server};

use super::stub::Stub;
use crate::command_line::on_a_terminal;

const PLAIN: (&str, &str) = ("NO_COLOR", "1");
const XTERM: (&str, &str) = ("TERM", "xterm");

/// Gets `/x` on a terminal. Returns `None` if there is no `script`.
fn shown(stub: &Stub, flags: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let url = format!("{}/x", stub.server.url());
    let words = [&["call", "GET", &url], flags].concat();
    Some(on_a_terminal(&stub.lab, &words, variables)?.replace("\r\n", "\n"))
}

#[test]
fn json_is_indented_and_coloured_on_a_terminal_only() {
    let json = "{\"b\":1.0e+02,\"a\":[\"\u{1b}[2J\",\"é\"]}".replace('\u{1b}', "\\u001b");
    let stub = Stub::of(Answer::new(200, "application/vnd.x+json; charset=utf-8", json.clone()));
    assert_eq!(stub.get(&[]).good().stdout, json, "a pipe gets the bytes");
    let indented = "{\n    \"b\": 1.0e+02,\n    \"a\": [\n        \"\\u001b[2J\",\n        \"é\"\n    ]\n}\n";
    let Some(plain) = shown(&stub, &[], &[XTERM, PLAIN]) else { return };
    assert_eq!(plain, indented);
    assert_eq!(shown(&stub, &[], &[("TERM", "dumb")]).as_deref(), Some(indented));
    let coloured = shown(&stub, &[], &[XTERM]).expect("as above");
    assert!(coloured.contains("    \u{1b}[1;34m\"b\"\u{1b}[0m: \u{1b}[36m1.0e+02\u{1b}[0m,\n"), "{coloured:?}");
    assert_eq!(shown(&stub, &["--pretty", "none"], &[XTERM]), Some(format!("{json}\n")));
    assert_eq!(shown(&stub, &["--pretty=format"], &[XTERM]).as_deref(), Some(indented));
    assert_eq!(stub.get(&["--pretty=format"]).good().stdout, indented);
    assert!(stub.get(&["--pretty=all"]).good().stdout.contains("\u{1b}[36m1.0e+02\u{1b}[0m"));
    let file = stub.folder.join("file");
    stub.get_to(&file, &["--pretty=all"]).good();
    assert_eq!(stub.files()[0].1, json, "a file gets the bytes");
}

#[test]
fn control_characters_inside_json_are_escaped() {
    let stub = Stub::of(Answer::json(200, "{\"a\u{9b}31m\": \"\u{202e}x\u{7f}\"}"));
    let Some(plain) = shown(&stub, &[], &[XTERM, PLAIN]) else { return };
    assert_eq!(plain, "{\n    \"a\\u009b31m\": \"\\u202ex\\u007f\"\n}\n");
}

#[test]
fn invalid_or_huge_json_is_shown_as_it_is() {
    let broken = Stub::of(Answer::json(200, "{\"a\": 1}\r\n{\u{1b}"));
    let Some(plain) = shown(&broken, &[], &[XTERM]) else { return };
    assert_eq!(plain, "{\"a\": 1}\n{\\u{1b}\n");
    let items = vec!["1"; 1_000_000].join(",");
    let huge = Stub::of(Answer::json(200, format!("[{items}]")));
    assert!(shown(&huge, &[], &[XTERM]) == Some(format!("[{items}]\n")), "not as it arrived");
    let cut =
        Stub::of_bytes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"half\":");
    let plain = shown(&cut, &[], &[XTERM, PLAIN]).expect("as above");
    assert!(plain.starts_with("{\"half\":\ncogfed: error: "), "{plain:?}");
}

#[test]
fn last_line_is_ended_on_a_terminal() {
    for (body, expected) in [("text", "text\n"), ("text\n", "text\n"), ("", ""), ("a\r\nb", "a\nb\n")] {
        let stub = Stub::of(Answer::new(200, "text/plain", body));
        let Some(plain) = shown(&stub, &[], &[XTERM]) else { return };
        assert_eq!(plain, expected);
        assert_eq!(stub.get(&[]).good().stdout, body);
    }
}

#[test]
fn binary_data_is_named_and_not_shown_on_a_terminal() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".repeat(1000);
    let stub = Stub::of(Answer::new(200, "image/png", png.clone()));
    let Some(plain) = shown(&stub, &[], &[XTERM, PLAIN]) else { return };
    let said = format!(
        "cogfed: the body is binary data and is not shown on a terminal: {} bytes, image/png\n\
         cogfed: hint: save it with -o FILE, or show it with -o -\n",
        png.len()
    );
    assert_eq!(plain, said);
    let forced = shown(&stub, &["-o", "-"], &[XTERM]).expect("as above");
    assert!(forced.starts_with("\u{fffd}PNG\n\\u{1a}\n\\u{0}"), "{forced:?}");
    assert_eq!(stub.command("/x", &[]).output().expect("it runs").stdout, png);
    let endless = Stub::of_connections(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n\0")?;
        loop {
            stream.write_all(&[1; 65536])?;
        }
    });
    let plain = shown(&endless, &[], &[XTERM, PLAIN]).expect("as above");
    assert!(plain.contains("more than 16777216 bytes, of unknown type"), "{plain}");
}

#[test]
fn long_download_shows_its_progress_until_its_end() {
    // The pause is the input: a transfer counts as long after two seconds.
    let stub = Stub::of_connections(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1048576\r\n\r\n")?;
        stream.write_all(&[b'x'; 524_288])?;
        std::thread::sleep(Duration::from_millis(2600));
        stream.write_all(&[b'x'; 524_288])
    });
    let path = stub.folder.join("file").display().to_string();
    let Some(plain) = shown(&stub, &["-o", &path], &[XTERM]) else { return };
    let line = "\rcogfed: 512.0 KiB of 1.0 MiB received";
    assert!(plain.starts_with(line), "{plain:?}");
    let removed = plain.trim_end_matches('\r');
    assert!(removed.ends_with("  ") && plain.ends_with('\r'), "the line is removed: {plain:?}");
    for (flags, variable) in [(&["-o", &path, "-s"][..], XTERM), (&["-o", &path], ("TERM", "dumb"))] {
        assert_eq!(shown(&stub, flags, &[variable]).as_deref(), Some(""), "{flags:?}");
    }
    assert_eq!(stub.get_to(&stub.folder.join("file"), &[]).good().stderr, "", "not without a terminal");
}

#[test]
fn long_upload_shows_its_progress_until_the_answer() {
    const BODY: usize = 9 * 1024 * 1024;
    // The pause is the input, as above: the client is done when the body has been read.
    let server = Server::of_connections(|mut stream| {
        let mut read = [0; 65536];
        let mut bytes = stream.read(&mut read)?;
        std::thread::sleep(Duration::from_millis(2600));
        while bytes < BODY {
            bytes += stream.read(&mut read)?;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    });
    let lab = Lab::new().signed_in();
    let body = lab.work().join("body");
    std::fs::write(&body, vec![b'x'; BODY]).expect("a file");
    let (url, body) = (format!("{}/x", server.url()), format!("@{}", body.display()));
    let Some(plain) = on_a_terminal(&lab, &["call", "POST", &url, "--data-binary", &body], &[XTERM]) else { return };
    assert!(plain.contains("\rcogfed: ") && plain.contains(" MiB of 9.0 MiB sent"), "{plain:?}");
    assert!(plain.ends_with("  \rok\r\n"), "the line is removed before the answer: {plain:?}");
}
