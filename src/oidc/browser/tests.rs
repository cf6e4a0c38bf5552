use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::*;

/// A program that writes its arguments to a file, each followed by NUL, and creates another file when it is done.
struct Stub {
    folder: tempfile::TempDir,
}

impl Stub {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stub = Self { folder };
        let notes = stub.notes();
        let script = format!(
            "#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done >>'{0}'\nprintf %s \"$COGFED_CLIENT_SECRET\" >>'{0}'\n: >'{0}.end'\n",
            notes.display()
        );
        std::fs::write(stub.program(), script).unwrap();
        std::fs::set_permissions(stub.program(), std::fs::Permissions::from_mode(0o755)).unwrap();
        stub
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("stub")
    }

    fn notes(&self) -> PathBuf {
        self.folder.path().join("notes")
    }

    /// Waits until the program has run, and returns its arguments.
    fn noted(&self) -> Vec<String> {
        let end = self.folder.path().join("notes.end");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !end.exists() {
            assert!(Instant::now() < deadline, "it was never run");
            std::thread::sleep(Duration::from_millis(1));
        }
        let notes = std::fs::read_to_string(self.notes()).unwrap();
        std::fs::remove_file(self.notes()).unwrap();
        std::fs::remove_file(end).unwrap();
        notes.strip_suffix('\0').expect("arguments, and no secret after them").split('\0').map(str::to_owned).collect()
    }
}

fn attended(opener: Opener) -> SystemBrowser {
    SystemBrowser { opener, is_attended: true }
}

/// URLs and words that might break out of an argument, a template or a shell.
const URLS: &[&str] = &[
    "https://h/a?x=1&y=2",
    "https://h/?q=%s%%%c%25s",
    "https://h/?q=$(touch%20pwned)`touch pwned`;touch pwned|x",
    "https://h/?q=a b\tc",
    "https://h/?q=\"x\" 'y' \\z",
    "https://h/?q=-flag --remote-debugging-port=9222",
    "https://h/?q=${HOME}*?[a-z]~",
    "https://h/?q=%USERNAME%^&calc",
    "https://h/?a=<b>(c){d}!e",
    "http://[::1]:8400/?q=\u{202e}é你",
    "https://h/#frag --x",
    "https://user:pass@h/@file",
];

/// Command templates and the arguments they expand to: `U` stands for the URL, `P` for the program.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("P", &["U"]),
    ("P %s", &["U"]),
    ("  P   %s  ", &["U"]),
    ("P\t--new-window\t%s", &["--new-window", "U"]),
    ("P --app=%s", &["--app=U"]),
    ("P %s --after", &["U", "--after"]),
    ("P %s %s", &["U", "U"]),
    ("P --x=%s%%", &["--x=U%"]),
    ("P --x=%%s", &["--x=%s", "U"]),
    ("P %%%s", &["%U"]),
    ("P %c%s", &[":U"]),
    ("P %", &["%", "U"]),
    ("P %z %S", &["%z", "%S", "U"]),
    ("P \"%s\"", &["\"U\""]),
    ("P '%s", &["'U"]),
    ("P $(touch pwned) %s", &["$(touch", "pwned)", "U"]),
    ("P ; touch pwned", &[";", "touch", "pwned", "U"]),
    ("P | sh -c %s", &["|", "sh", "-c", "U"]),
    ("P > pwned %s", &[">", "pwned", "U"]),
    ("P && touch pwned", &["&&", "touch", "pwned", "U"]),
    ("P `id` ${HOME} ~ *", &["`id`", "${HOME}", "~", "*", "U"]),
    ("P \\%s", &["\\U"]),
    ("P --", &["--", "U"]),
    ("P -- %s", &["--", "U"]),
];

#[test]
fn url_stays_one_argument_in_every_template() {
    let stub = Stub::new();
    let program = stub.program().display().to_string();
    let mut tried = 0;
    // Each template with two of the URLs, and each URL with several templates.
    for (at, (template, expected)) in TEMPLATES.iter().enumerate() {
        for step in [0, 5] {
            let url = Url::parse(URLS[(at + step) % URLS.len()]).unwrap();
            let opener = Opener::Command(template.replace('P', &program));
            attended(opener).open(&url).unwrap();
            let expected: Vec<String> = expected.iter().map(|word| word.replace('U', url.as_str())).collect();
            assert_eq!(stub.noted(), expected, "{template} with {url}");
            tried += 1;
        }
    }
    assert!(tried >= 40, "{tried}");
    for entry in std::fs::read_dir(stub.folder.path()).unwrap() {
        assert_eq!(entry.unwrap().file_name(), "stub", "nothing else came into being");
    }
    assert!(!Path::new("pwned").exists());
}

#[test]
fn template_without_a_program_starts_none() {
    let url = Url::parse("https://h/").unwrap();
    for template in ["", " ", "\t", "%s", "%s %s", "/nowhere/at/all %s", "''", "."] {
        let error = attended(Opener::Command(template.into())).open(&url).unwrap_err();
        assert!(error.starts_with("the profile's 'browser' "), "{template:?}: {error}");
        assert!(attended(Opener::Command(template.into())).check().is_err(), "known beforehand");
    }
}

#[test]
fn only_web_addresses_are_opened() {
    let stub = Stub::new();
    let program = stub.program();
    for url in ["file:///etc/passwd", "javascript:x", "about:blank --x", "ms-settings:", "data:text/html,x", "-x:y"] {
        let Ok(url) = Url::parse(url) else { continue };
        for opener in [
            Opener::Command(program.display().to_string()),
            Opener::Named(program.display().to_string()),
            Opener::Windows(program.clone(), &[]),
            Opener::System,
        ] {
            assert!(attended(opener).open(&url).is_err(), "{url}");
        }
    }
    assert!(!stub.notes().exists());
}

#[test]
fn first_browser_command_that_starts_is_used() {
    let stub = Stub::new();
    let url = Url::parse("https://h/?a=1:2").unwrap();
    let list = format!(":/nowhere/x %s: :{} --it %s:{0} --never", stub.program().display());
    attended(Opener::Named(list)).open(&url).unwrap();
    assert_eq!(stub.noted(), ["--it", url.as_str()]);
    let failing = format!("/bin/false:{}", stub.program().display());
    attended(Opener::Named(failing)).open(&url).unwrap();
    assert_eq!(stub.noted(), [url.as_str()], "the first one failed at once");
    assert!(attended(Opener::Named(":".into())).open(&url).is_err());
    assert!(attended(Opener::Named("/nowhere/x:/nowhere/y".into())).open(&url).is_err());
}

#[test]
fn failing_or_missing_browser_command_is_reported() {
    let url = Url::parse("https://h/").unwrap();
    for opener in [Opener::Named("/bin/false".into()), Opener::Command("/bin/false".into())] {
        let error = attended(opener).open(&url).unwrap_err();
        assert_eq!(error, "'/bin/false' failed with exit status 1");
    }
    let missing = attended(Opener::Named("nosuch:./nosuch %s".into()));
    assert_eq!(missing.check().unwrap_err(), "$BROWSER names 'nosuch', which is in no folder of PATH");
    assert!(attended(Opener::Named("nosuch:/bin/true".into())).check().is_ok(), "the second is there");
    assert!(attended(Opener::Named(":".into())).check().is_err());
}

#[test]
fn path_with_spaces_is_one_program() {
    let stub = Stub::new();
    let spaced = stub.folder.path().join("a browser %s.exe");
    std::fs::rename(stub.program(), &spaced).unwrap();
    let url = Url::parse("https://h/").unwrap();
    attended(Opener::Command(spaced.display().to_string())).open(&url).unwrap();
    assert_eq!(stub.noted(), [url.as_str()]);
}

#[test]
fn windows_gets_no_special_characters() {
    let stub = Stub::new();
    let opener = || Opener::Windows(stub.program(), &["url.dll,FileProtocolHandler"]);
    for url in [
        "https://h/$(calc)",
        "https://h/?a=';calc",
        "https://h/(x)",
        "https://h/^|!;,",
        "https://h/x#y",
        "https://h/$x",
    ] {
        let error = attended(opener()).open(&Url::parse(url).unwrap()).unwrap_err();
        assert!(error.contains("not handed to Windows"), "{error}");
    }
    assert!(!stub.notes().exists());
    let mut url = Url::parse("https://corp.auth.eu-west-1.amazoncognito.com/oauth2/authorize").unwrap();
    for text in ["a b\"$(x)`y`;'|^!", "http://localhost:8400/callback", "openid custom/x.read", "é%USERNAME%"] {
        url.query_pairs_mut().append_pair("login_hint", text);
    }
    attended(opener()).open(&url).unwrap();
    assert_eq!(stub.noted(), ["url.dll,FileProtocolHandler", url.as_str()]);
}
