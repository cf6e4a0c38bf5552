//! Mutations that turn valid input into malformed input.

pub use cogfed_test_support::Random;

/// The byte sequences that mutations insert into input.
const NASTY: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\nX-Injected: 1\r\n",
    b"\x1b[2J",
    b"\x1b]0;title\x07",
    b"\x1b]52;c;aGk=\x07",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\x7f",
    b"\xc2\x9b31m",
    "\u{202e}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{feff}".as_bytes(),
    b"1e400",
    b"99999999999999999999999",
    b"-1",
    b"null",
    b"true",
    b"{}",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"\"",
    b"\\",
    b"'",
    b",",
    b"%00%0d%0a",
    b"../../../../etc/passwd",
    b"$(touch canary)",
    b"https://evil.example/",
    b"+262143-01-01T00:00:00Z",
];

/// Returns `valid` with one to three random mutations.
pub fn malformed(valid: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=random.below(3) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = at + random.below((bytes.len() - at).min(40) + 1);
    match random.below(10) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let piece = bytes[at..end].to_vec();
            let elsewhere = random.below(bytes.len() + 1);
            bytes.splice(elsewhere..elsewhere, piece);
        }
        4 => drop(bytes.splice(at..end, NASTY[random.below(NASTY.len())].iter().copied())),
        5 => {
            let nested = [&b"["[..], b"{\"a\":", b"[[{\"", b"(("][random.below(4)].repeat(200 + random.below(2000));
            bytes.splice(at..at, nested);
        }
        6 => drop(bytes.splice(at..at, std::iter::repeat_n(b'A', 1 << random.below(17)))),
        7 => typed_otherwise(bytes, random),
        8 => {
            let copy = bytes.clone();
            bytes.extend(copy);
        }
        _ => drop(bytes.splice(at..at, NASTY[random.below(NASTY.len())].iter().copied())),
    }
}

/// Replaces a quoted string with a JSON value of another type.
fn typed_otherwise(bytes: &mut Vec<u8>, random: &mut Random) {
    let quotes: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'"').collect();
    if quotes.len() < 2 {
        return bytes.push(b'"');
    }
    let first = random.below(quotes.len() - 1);
    let others: [&[u8]; 8] =
        [b"null", b"[]", b"{}", b"0", b"-9223372036854775809", b"1.5", b"false", b"[\"a\", 1, null]"];
    bytes.splice(quotes[first]..=quotes[first + 1], others[random.below(8)].iter().copied());
}
