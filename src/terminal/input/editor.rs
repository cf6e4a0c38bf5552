//! A minimal line editor with the same editing keys as the kernel, for lines that are too long for the kernel. Pure, so
//! that tests can type anything.
//!
//! The kernel cuts off what follows the first 4,095 bytes of a line (termios(3), canonical mode), and a pasted address
//! may be longer. So cogfed takes the bytes as they come, and edits and echoes the line itself.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The maximum length of a stored line, in bytes, which is more than any valid input needs.
const LONGEST_LINE: usize = 320 * 1024;
/// The maximum number of characters of one line that are echoed.
const ECHOED: usize = 2000;

/// The control characters for editing a line (stty(1)).
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    /// Removes the last character.
    pub erase: u8,
    /// Removes the line.
    pub kill: u8,
    /// Removes the last word. An address has no words, so this removes the line, too.
    pub word_erase: u8,
    /// The key that ends the line without a line break or, at the start of a line, ends the input.
    pub end: u8,
}

/// The result of a key that completes a line or ends the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A complete line, including the line break if the line ends with one.
    Line(Secret),
    /// The end of the input.
    End,
}

/// The state of the line that a person is typing.
pub(super) struct Editor {
    keys: Keys,
    line: Zeroizing<Vec<u8>>,
    /// The number of characters in the line.
    length: usize,
}

impl Editor {
    /// Creates an editor with an empty line.
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, line: Zeroizing::default(), length: 0 }
    }

    /// Processes one typed byte. Returns the line that the byte completes, or the end of the input, or `None` if more
    /// bytes are needed. What the terminal has to show is added to `echo`.
    pub(super) fn take(&mut self, byte: u8, echo: &mut Vec<u8>) -> Option<Typed> {
        match byte {
            b'\n' | b'\r' => {
                self.push(b'\n');
                echo.push(b'\n');
                Some(Typed::Line(self.taken()))
            }
            _ if byte == self.keys.end && self.line.is_empty() => Some(Typed::End),
            _ if byte == self.keys.end => Some(Typed::Line(self.taken())),
            _ if byte == self.keys.erase || byte == 0x08 || byte == 0x7f => {
                self.erase(echo);
                None
            }
            _ if byte == self.keys.kill || byte == self.keys.word_erase => {
                self.taken();
                echo.push(b'\n');
                None
            }
            _ => {
                self.push(byte);
                if !is_continuation(byte) {
                    self.length += 1;
                    if self.length <= ECHOED {
                        echo.extend_from_slice(&shown(byte));
                    }
                }
                None
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if self.line.len() < LONGEST_LINE {
            // A growing vector would leave unwiped copies behind, if memory were not wiped as it is freed (`main`).
            self.line.push(byte);
        }
    }

    /// Removes the last character.
    fn erase(&mut self, echo: &mut Vec<u8>) {
        let Some(start) = self.line.iter().rposition(|byte| !is_continuation(*byte)) else { return };
        let width = self.line.get(start).map_or(0, |byte| shown(*byte).len());
        self.line.truncate(start);
        if self.length <= ECHOED {
            (0..width).for_each(|_| echo.extend_from_slice(b"\x08 \x08"));
        }
        self.length = self.length.saturating_sub(1);
    }

    fn taken(&mut self) -> Secret {
        self.length = 0;
        Secret::new(String::from_utf8_lossy(&std::mem::take(&mut *self.line)))
    }
}

/// Returns whether a byte is a continuation byte of UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Returns the text to echo for a character with this first byte. Control characters appear as `^X`, and non-ASCII
/// characters as `?`.
fn shown(byte: u8) -> Vec<u8> {
    match byte {
        b' '..=b'~' => vec![byte],
        0..b' ' | 0x7f => vec![b'^', byte ^ 0x40],
        0x80.. => vec![b'?'],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys = Keys { erase: 0x7f, kill: 0x15, word_erase: 0x17, end: 0x04 };

    /// Returns the lines that result from typing `text`, and the echoed text.
    fn typed(text: &str) -> (Vec<String>, String) {
        let (mut editor, mut echo) = (Editor::new(KEYS), Vec::new());
        let typed = text.bytes().filter_map(|byte| editor.take(byte, &mut echo)).map(|typed| match typed {
            Typed::Line(line) => line.expose().to_owned(),
            Typed::End => "END".to_owned(),
        });
        (typed.collect(), String::from_utf8(echo).unwrap())
    }

    #[test]
    fn typed_lines_are_edited_as_the_kernel_does() {
        for (text, lines, echo) in [
            ("abc\n", &["abc\n"][..], "abc\n"),
            ("abc\r", &["abc\n"], "abc\n"),
            ("a\nb\n", &["a\n", "b\n"], "a\nb\n"),
            ("abx\u{7f}c\n", &["abc\n"], "abx\u{8} \u{8}c\n"),
            ("abx\u{8}c\n", &["abc\n"], "abx\u{8} \u{8}c\n"),
            ("\u{7f}\u{7f}a\n", &["a\n"], "a\n"),
            ("aé\u{7f}b\n", &["ab\n"], "a?\u{8} \u{8}b\n"),
            ("a\u{1}\u{7f}\n", &["a\n"], "a^A\u{8} \u{8}\u{8} \u{8}\n"),
            ("wrong\u{15}right\n", &["right\n"], "wrong\nright\n"),
            ("wrong\u{17}right\n", &["right\n"], "wrong\nright\n"),
            ("\u{4}", &["END"], ""),
            ("abc\u{4}", &["abc"], "abc"),
            ("abc\u{4}\u{4}", &["abc", "END"], "abc"),
        ] {
            assert_eq!(typed(text), (lines.iter().map(|&line| line.to_owned()).collect(), echo.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn echo_has_nothing_that_a_terminal_obeys() {
        let (lines, echo) = typed("\u{1b}[2J\u{9b}31m\u{7}\u{202e}é\n");
        assert_eq!(lines, ["\u{1b}[2J\u{9b}31m\u{7}\u{202e}é\n"]);
        assert_eq!(echo, "^[[2J?31m^G??\n");
    }

    #[test]
    fn long_lines_are_kept_up_to_the_limit_and_echoed_in_part() {
        let address = "a".repeat(256 * 1024);
        let (lines, echo) = typed(&format!("{address}\n"));
        assert_eq!((lines[0].len(), echo.len()), (256 * 1024 + 1, ECHOED + 1));
        let (lines, _) = typed(&format!("{}\nnext\n", "a".repeat(LONGEST_LINE * 2)));
        assert_eq!((lines[0].len(), lines[1].as_str()), (LONGEST_LINE, "next\n"));
        let (lines, echo) = typed(&format!("{}{}\n", "a".repeat(ECHOED + 5), "\u{7f}".repeat(ECHOED + 4)));
        assert_eq!(lines, ["a\n"]);
        assert_eq!(echo.matches('\u{8}').count(), 2 * (ECHOED - 1), "only what was echoed is removed");
    }
}
