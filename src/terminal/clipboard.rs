//! Copying text to the clipboard of the person's terminal, with the escape sequence OSC 52
//! (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>). It also works over SSH.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The maximum length of the encoded text, in bytes; xterm ignores longer texts.
const LONGEST: usize = 74_994;
/// The maximum number of bytes that GNU screen forwards in one piece. The escape sequence around the bytes does not
/// count.
const SCREEN_PIECE: usize = 240;

/// Returns the escape sequence that copies `text` to the terminal's clipboard. Returns `None` if the terminal is known
/// to have no clipboard, or `text` is too long. The sequence holds `text` only as base64.
pub(super) fn copying(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let encoded = STANDARD.encode(text);
    let term = variable("TERM").unwrap_or_default();
    if encoded.len() > LONGEST || matches!(term.as_str(), "" | "dumb" | "linux" | "unknown") {
        return None;
    }
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let plain = format!("\u{1b}]52;c;{encoded}\u{7}");
    Some(if is_set("TMUX") || term.starts_with("tmux") {
        // tmux accepts one of these two forms, depending on `set-clipboard` and `allow-passthrough`, and drops the
        // other.
        format!("{plain}\u{1b}Ptmux;\u{1b}{plain}\u{1b}\\")
    } else if is_set("STY") {
        in_pieces(&plain)
    } else {
        plain
    })
}

/// Splits `sequence`, which must be ASCII, into pieces that GNU screen forwards to the terminal in which it runs.
fn in_pieces(sequence: &str) -> String {
    let mut pieces = String::new();
    for piece in sequence.as_bytes().chunks(SCREEN_PIECE) {
        // Writing to a String does not fail.
        let _ = write!(pieces, "\u{1b}P{}\u{1b}\\", String::from_utf8_lossy(piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, variables: &[(&str, &str)]) -> Option<String> {
        copying(text, &|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn terminals_without_a_clipboard_get_nothing() {
        assert_eq!(copied("x", &[]), None);
        for term in ["", "dumb", "linux", "unknown"] {
            assert_eq!(copied("x", &[("TERM", term), ("TMUX", "/tmp/x,1,0")]), None, "{term}");
        }
        let longest = LONGEST / 4 * 3;
        assert!(copied(&"x".repeat(longest), &[("TERM", "xterm")]).is_some());
        assert_eq!(copied(&"x".repeat(longest + 3), &[("TERM", "xterm")]), None);
    }

    #[test]
    fn multiplexers_get_the_form_that_they_pass_on() {
        let plain = "\u{1b}]52;c;aHR0cHM6Ly94\u{7}";
        assert_eq!(copied("https://x", &[("TERM", "xterm-256color")]).as_deref(), Some(plain));
        let both = format!("{plain}\u{1b}Ptmux;\u{1b}{plain}\u{1b}\\");
        assert_eq!(copied("https://x", &[("TERM", "screen"), ("TMUX", "/tmp/t,1,0")]), Some(both.clone()));
        assert_eq!(copied("https://x", &[("TERM", "tmux-256color")]), Some(both), "tmux around an SSH session");
        let text = "x".repeat(1000);
        let screen = copied(&text, &[("TERM", "screen"), ("STY", "1.pts")]).unwrap();
        assert!(screen.split("\u{1b}\\").all(|piece| piece.len() <= SCREEN_PIECE + 2), "{screen:?}");
        let inner = screen.replace("\u{1b}P", "").replace("\u{1b}\\", "");
        assert_eq!(inner, format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text)));
    }

    #[test]
    fn clipboard_sequence_holds_the_text_only_as_base64() {
        for text in ["\u{7}\u{1b}]0;title\u{7}", "\u{1b}\\\u{1b}P", "a;b\n", "\u{9c}\u{9b}", "\0"] {
            let sequence = copied(text, &[("TERM", "xterm")]).unwrap();
            let inner = sequence.strip_prefix("\u{1b}]52;c;").and_then(|rest| rest.strip_suffix('\u{7}')).unwrap();
            assert!(inner.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)), "{inner:?}");
            assert_eq!(STANDARD.decode(inner).unwrap(), text.as_bytes());
        }
    }
}
