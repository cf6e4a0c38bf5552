//! Tests of `cogfed call --compressed`, and of answers that are compressed although cogfed did not ask for compression.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cogfed_test_support::{Answer, Lab, Server};

use super::stub::Stub;
use crate::command_line::on_a_terminal;

/// The text `{"compressed": [1, 2]}` in each compression, then encoded in Base64. The compressed bytes were made with
/// Python's gzip and zlib, and with Node's zlib.
const ENCODED: [(&str, &str); 3] = [
    ("gzip", "H4sIAAAAAAACA6tWSs7PLShKLS5OTVGyUog21FEwiq0FACZomcUWAAAA"),
    ("deflate", "eJyrVkrOzy0oSi0uTk1RslKINtRRMIqtBQBZ4wcz"),
    ("br", "iwqAeyJjb21wcmVzc2VkIjogWzEsIDJdfQM="),
];
const JSON: &str = "{\"compressed\": [1, 2]}";

fn bytes(encoding: &str) -> Vec<u8> {
    let (_, text) = ENCODED.iter().find(|(name, _)| *name == encoding).expect("an encoding");
    STANDARD.decode(text).expect("base64")
}

fn answer(encoding: &str, body: Vec<u8>) -> Answer {
    let mut answer = Answer::json(200, body);
    answer.headers.push(("content-encoding".to_owned(), encoding.to_owned()));
    answer
}

#[test]
fn compressed_flag_asks_for_compression_and_decompresses() {
    for (encoding, _) in ENCODED {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let server = Server::of_requests(move |request| {
            seen.lock().expect("a lock").push(request.header("accept-encoding").map(str::to_owned));
            answer(encoding, bytes(encoding))
        });
        let lab = Lab::new().signed_in();
        let url = format!("{}/x", server.url());
        let file = lab.home().join("file");
        let path = file.display().to_string();
        let ran = lab.run(&["call", &url, "--compressed"]).good();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (JSON, ""), "{encoding}");
        lab.run(&["call", &url, "--compressed", "-o", &path]).good();
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), JSON, "{encoding}");
        let raw = lab.command(&["call", &url]).output().expect("it runs");
        assert_eq!(raw.stdout, bytes(encoding), "as curl: the bytes");
        let asked = asked.lock().expect("a lock").clone();
        assert_eq!(asked, [Some("gzip, deflate, br".into()), Some("gzip, deflate, br".into()), None]);
    }
}

#[test]
fn body_that_stays_compressed_is_named_with_the_flag() {
    let stub = Stub::of(answer("gzip", bytes("gzip")));
    let file = stub.folder.join("file");
    let ran = stub.get_to(&file, &[]).good();
    assert_eq!(std::fs::read(&file).expect("a file"), bytes("gzip"));
    let said = "cogfed: the body is compressed (gzip), and is written as it arrived\n\
                cogfed: hint: add --compressed to decompress it\n";
    assert_eq!(ran.stderr, said);
    assert_eq!(stub.command("/x", &[]).output().expect("it runs").stderr, said.as_bytes());
    let head = Stub::of(answer("gzip", Vec::new()));
    let url = format!("{}/x", head.server.url());
    let ran = head.lab.run(&["call", "-I", &url, "--compressed"]).good();
    assert!(ran.stdout.contains("\ncontent-encoding: gzip\n") && ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn terminal_shows_an_unasked_compressed_answer_decompressed() {
    for (encoding, _) in ENCODED {
        let stub = Stub::of(answer(encoding, bytes(encoding)));
        let url = format!("{}/x", stub.server.url());
        let variables = [("TERM", "xterm"), ("NO_COLOR", "1")];
        let Some(shown) = on_a_terminal(&stub.lab, &["call", &url], &variables) else { return };
        let expected = "{\n    \"compressed\": [\n        1,\n        2\n    ]\n}\n";
        assert_eq!(shown.replace("\r\n", "\n"), expected, "{encoding}");
    }
}

#[test]
fn damaged_compressed_answer_leaves_the_old_file() {
    for (encoding, _) in ENCODED {
        let whole = bytes(encoding);
        let cut = whole[..whole.len() - 6].to_vec();
        for body in [cut, b"this is not compressed at all".to_vec()] {
            let stub = Stub::of(answer(encoding, body));
            let ran = stub.get_to(&stub.old("old"), &["--compressed"]).failed_with(5);
            assert_eq!(stub.files(), [("file".to_owned(), "old".to_owned())], "{encoding}");
            assert!(ran.stderr.contains("cogfed: error: the answer of '127.0.0.1:"), "{encoding}: {}", ran.stderr);
        }
    }
}

#[test]
fn refusal_in_a_compressed_answer_is_explained() {
    let mut refused = answer(
        "gzip",
        STANDARD
            .decode("H4sIAAAAAAACA6tWyk0tLk5MT1WyUvLNLC7OzEtXcCwtyUjNK8lMTizJzM9TCMnPTs1TqgUATq5LyioAAAA=")
            .expect("base64"),
    );
    refused.status = 403;
    refused.headers.push(("x-amzn-errortype".to_owned(), "MissingAuthenticationTokenException".to_owned()));
    let stub = Stub::of(refused);
    let ran = stub.get(&["--compressed"]).good();
    assert!(ran.stdout.contains("Missing Authentication Token") && ran.stderr.contains("cogfed: hint: "), "{ran:?}");
}

/// Objects in S3 that are appended to, such as logs, are several gzip files in a row.
#[test]
fn gzip_of_several_members_is_decompressed_whole() {
    let several = [bytes("gzip"), bytes("gzip"), bytes("gzip")].concat();
    for encoding in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
        let stub = Stub::of(answer(encoding, several.clone()));
        let file = stub.folder.join("file");
        let ran = stub.get_to(&file, &["--compressed"]).good();
        assert_eq!((std::fs::read_to_string(&file).expect("a file"), ran.stderr), (JSON.repeat(3), String::new()));
    }
    let junk = [&bytes("gzip")[..], b"junk"].concat();
    let stub = Stub::of(answer("gzip", junk));
    let ran = stub.get_to(&stub.old("old"), &["--compressed"]).failed_with(5);
    assert_eq!(stub.files(), [("file".to_owned(), "old".to_owned())]);
    assert!(ran.stderr.contains("cannot be decompressed: its body is damaged"), "{}", ran.stderr);
}
