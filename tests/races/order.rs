//! A test that files survive a power failure: the contents of a file must be on disk before the file gets its final
//! name.

use cogfed_test_support::trace::ran;
use cogfed_test_support::{CREDENTIALS, has_strace};

use crate::state::signed_in;

/// Returns the number of renames in a trace, and the renames that lack the required fsync before or after them.
fn renames(text: &str) -> (usize, Vec<String>) {
    let lines: Vec<&str> = text.lines().collect();
    let mut faults = Vec::new();
    let mut count = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" rename") && line.ends_with("= 0")) {
        count += 1;
        let mut names = line.split('"').skip(1).step_by(2);
        let (from, to) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let of_source = |line: &&str, call: &str| line.contains(call) && line.contains(&format!("<{from}>"));
        let written = lines[..at].iter().rposition(|line| of_source(line, " write("));
        let synced = lines[..at].iter().rposition(|line| of_source(line, " fsync(") && line.ends_with("= 0"));
        if synced.is_none() || written > synced {
            faults.push(format!("not on the disk before: {line}"));
        }
        let folder = to.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_sync = |line: &&str| line.contains(" fsync(") && line.contains(&format!("<{folder}>"));
        // The sync must come before the first effect outside: a request, an answer, the output.
        let told = |line: &&str| [" sendto(", " writev(", " write(1<"].iter().any(|call| line.contains(call));
        let after = &lines[at + 1..];
        let end = after.iter().position(told).unwrap_or(after.len());
        if !after[..end].iter().any(is_sync) {
            faults.push(format!("the folder is not on the disk after: {line}"));
        }
    }
    (count, faults)
}

#[test]
fn files_and_folders_are_synced_before_they_count() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(cogfed::sandbox::options::Rotation::On { grace: 0 });
    let log = lab.home().join("trace");
    let calls = "trace=write,writev,sendto,fsync,fdatasync,rename,renameat,renameat2";
    for (words, least) in [(&["login", "--no-browser", "--force"] as &[&str], 2), (CREDENTIALS, 4), (&["logout"], 1)] {
        lab.age(chrono::TimeDelta::hours(6));
        ran(&lab, &log, &["-y", "-s", "0", "-e", calls], words, "alice").good();
        let (count, faults) = renames(&std::fs::read_to_string(&log).expect("a trace"));
        println!("{words:?}: {count} files replaced");
        assert!(count >= least, "{words:?}: {count}");
        assert_eq!(faults, Vec::<String>::new(), "{words:?}");
    }
}

#[test]
fn order_check_detects_missing_syncs() {
    let good = "1 write(3</s/.new-a>, \"\"..., 3) = 3\n1 fsync(3</s/.new-a>) = 0\n1 rename(\"/s/.new-a\", \"/s/a\") = 0\n\
                1 fsync(3</s>) = 0\n1 sendto(4<socket:[1]>) = 1";
    assert_eq!(renames(good), (1, vec![]));
    for missing in ["1 fsync(3</s/.new-a>) = 0\n", "1 fsync(3</s>) = 0\n"] {
        assert_eq!(renames(&good.replace(missing, "")).1.len(), 1, "{missing}");
    }
    let lines: Vec<&str> = good.lines().collect();
    for order in [[1, 0, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 2, 4, 3]] {
        assert_ne!(renames(&order.map(|at| lines[at]).join("\n")).1.len(), 0, "{order:?}");
    }
}
