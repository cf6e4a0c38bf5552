//! An API with answers that the test defines, and calls to it.

use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use cogfed_test_support::{Answer, Lab, Ran, Request, Server};

/// A lab in which Alice is signed in, and an API.
pub struct Stub {
    /// The lab.
    pub lab: Lab,
    /// The API.
    pub server: Server,
    /// The current folder of the cogfed process.
    pub current: PathBuf,
    /// The empty folder `files` in the current folder of the cogfed process.
    pub folder: PathBuf,
}

impl Stub {
    /// Starts an API that gives this answer to every request.
    pub fn of(answer: Answer) -> Self {
        Self::at(Server::of_requests(move |_| answer.clone()))
    }

    /// Starts an API that writes these bytes to every connection, and closes it.
    pub fn of_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::of_connections(move |mut stream| stream.write_all(&bytes))
    }

    /// Starts an API that does this with every connection, after it has read the request.
    pub fn of_connections(answer: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self::at(Server::of_connections(move |mut stream| match Request::read(&mut stream)? {
            Some(_) => answer(stream),
            None => Ok(()),
        }))
    }

    fn at(server: Server) -> Self {
        let lab = Lab::new().signed_in();
        let current = lab.work();
        let folder = current.join("files");
        std::fs::create_dir(&folder).expect("a folder");
        Self { lab, server, current, folder }
    }

    /// Returns a file with this text.
    pub fn old(&self, text: &str) -> PathBuf {
        let path = self.folder.join("file");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Returns the command that gets `path` with these flags.
    pub fn command(&self, path: &str, flags: &[&str]) -> Command {
        let url = format!("{}{path}", self.server.url());
        self.lab.command(&[&["call", "GET", &url], flags].concat())
    }

    /// Gets `/x` with these flags.
    pub fn get(&self, flags: &[&str]) -> Ran {
        self.command("/x", flags).output().expect("it runs").into()
    }

    /// Gets `/x` and writes it to this file.
    pub fn get_to(&self, file: &Path, flags: &[&str]) -> Ran {
        let file = file.display().to_string();
        self.get(&[&["-o", &file], flags].concat())
    }

    /// Returns the names and contents of all files in the folder.
    pub fn files(&self) -> Vec<(String, String)> {
        let read = |entry: std::fs::DirEntry| {
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            (entry.file_name().into_string().expect("a name"), text)
        };
        let entries = std::fs::read_dir(&self.folder).expect("a folder");
        let mut files: Vec<_> = entries.map(|entry| read(entry.expect("a file"))).collect();
        files.sort();
        files
    }
}
