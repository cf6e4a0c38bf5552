//! The flags of `cogfed call` that control the output of the answer.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// The flags about the answer.
#[derive(Debug, Args)]
pub struct OutputFlags {
    /// Write the status line and headers of the response before its body
    ///
    /// A HEAD request implies it.
    #[arg(short, long)]
    pub include: bool,
    /// Write the response to a file; - is standard output
    ///
    /// The file is replaced only when the response is complete. If the response breaks off, the request fails, or you
    /// press Ctrl-C, the file stays as it was. The file's mode is kept, and symbolic links are followed. A file that cannot
    /// be replaced, such as one in a folder that you cannot write to, is then overwritten: it is incomplete if that is
    /// interrupted. Devices and pipes are written to directly.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Write the response to a file named like the end of the URL's path
    #[arg(short = 'O', long, conflicts_with = "output")]
    pub remote_name: bool,
    /// Put the file of -o or -O into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output_dir: Option<PathBuf>,
    /// Create missing folders for the file of -o or -O
    #[arg(long)]
    pub create_dirs: bool,
    /// Write the status line and headers of the response to a file; - is standard output
    #[arg(short = 'D', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub dump_header: Option<PathBuf>,
    /// Exit with status 22 if the response status is 400 or more, and write no body
    #[arg(short, long)]
    pub fail: bool,
    /// Like --fail, but write the body
    #[arg(long, conflicts_with = "fail")]
    pub fail_with_body: bool,
    /// Print this after the response, with variables such as %{http_code}; @FILE reads a file
    ///
    /// Printed for failed requests, too: http_code is then 000. Section WRITE OUT has the variables.
    #[arg(short, long, value_name = "FORMAT")]
    pub write_out: Option<String>,
    /// Show no progress, and no message if the network fails or --fail applies
    ///
    /// Refused requests are still explained, and all other errors are shown.
    #[arg(short, long)]
    pub silent: bool,
    /// With --silent, show all errors
    #[arg(short = 'S', long)]
    pub show_error: bool,
    /// Lay out JSON on standard output (on a terminal: all, otherwise: none)
    #[arg(long, value_name = "HOW")]
    pub pretty: Option<Pretty>,
    /// Log the request and the response to standard error
    #[arg(short, long)]
    pub verbose: bool,
}

/// The layout of JSON on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pretty {
    /// Indented and coloured
    All,
    /// Coloured
    Colors,
    /// Indented
    Format,
    /// As it arrives
    None,
}
