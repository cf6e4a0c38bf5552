//! A temporary home folder for cogfed, in which tests run the program.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cogfed::folder::Folder;
use tempfile::TempDir;

use crate::Ran;

/// An empty home folder, and beside it a place for cogfed's configuration and the folder that the program runs in. Every
/// folder that cogfed may write to is below the home. The home is not the one in the account database, so it would count
/// as a project's if the program ran in it.
pub struct Home {
    folder: TempDir,
    path: PathBuf,
}

impl Home {
    /// Creates a home folder without a configuration.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Self { path: folder.path().join("home"), folder };
        std::fs::create_dir_all(home.temporary()).expect("a folder");
        std::fs::create_dir_all(home.work()).expect("a folder");
        home
    }

    /// Returns the home folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder that the program runs in: an empty one beside the home, in no work tree.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Returns the path of cogfed's configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// Writes `text` to cogfed's configuration file.
    pub fn configure(&self, text: impl AsRef<[u8]>) {
        std::fs::write(self.config(), text).expect("the configuration is written");
    }

    /// Writes a file to the home folder, and returns the file's path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("a file is written");
        path
    }

    /// Returns the folder for the program's temporary files. It is below the home, so that a search of the home finds
    /// them.
    pub fn temporary(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// Returns the folder for the opener of an imagined desktop. A run has a desktop if it exists.
    pub(crate) fn desktop(&self) -> PathBuf {
        self.path().join("desktop")
    }

    /// Returns cogfed's state folder, below the home folder.
    pub fn folder(&self) -> Folder {
        Folder::at(self.path().join(".local/state/cogfed"))
    }

    /// Returns a command that runs the program in a minimal environment: the home folder, the configuration and, if
    /// allowed, the keyring's address ([`keyring_address`]).
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(words)
            .env_clear()
            .envs(keyring_address().map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)))
            .env("HOME", self.path())
            .env("TMPDIR", self.temporary())
            .env("COGFED_CONFIG", self.config())
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The desktop's own opener, if a test has made one: see `Lab::note_pages`.
        let desktop = self.desktop();
        if desktop.exists() {
            command.env("DISPLAY", ":0").env("PATH", format!("{}:/usr/bin:/bin", desktop.display()));
        }
        command
    }

    /// Runs the program and waits until it exits.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.command(words).output().expect("cogfed runs").into()
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the path of the program that cargo built for this test, or of the program that `COGFED_TEST_PROGRAM` names.
/// The latter is a copy for a user who cannot read the build folder.
///
/// # Panics
/// If a test program is started by hand, without that variable.
pub fn program() -> PathBuf {
    let named = std::env::var_os("COGFED_TEST_PROGRAM").or_else(|| std::env::var_os("CARGO_BIN_EXE_cogfed"));
    named.expect("set COGFED_TEST_PROGRAM to the program where cargo does not start the tests").into()
}

/// Returns the D-Bus address of the desktop's keyring, or `None` unless `COGFED_TEST_KEYRING=1` allows the tests to use
/// that keyring.
pub fn keyring_address() -> Option<OsString> {
    std::env::var_os("COGFED_TEST_KEYRING").filter(|value| value == "1")?;
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS")
}

/// Returns `count` ports of 127.0.0.1 that are free at the moment.
pub fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port")).collect();
    sockets.iter().map(|socket| socket.local_addr().expect("an address").port()).collect()
}
