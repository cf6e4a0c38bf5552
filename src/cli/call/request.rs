//! The flags of `cogfed call` that define the request.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};

/// The flags about the request itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub struct RequestFlags {
    /// The method, unless it is GET, or POST with a body; and the URL, or a path below the profile's 'api'
    #[arg(value_name = "[METHOD] URL", help_heading = "Arguments", hide_default_value = true)]
    pub words: Vec<String>,
    /// Send this method
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub request: Option<String>,
    /// The URL, instead of the argument
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Send a header: 'Name: value', 'Name;' for an empty one, or @FILE (may be given more than once)
    ///
    /// 'Name:' leaves out a header that cogfed would add, such as User-Agent. @- reads the headers from standard input,
    /// one on each line.
    #[arg(short = 'H', long = "header", value_name = "HEADER", allow_hyphen_values = true)]
    pub headers: Vec<String>,
    /// The flags that make up the body.
    #[command(flatten)]
    pub body: BodyFlags,
    /// Put the data into the URL's query, and send GET
    #[arg(short = 'G', long)]
    pub get: bool,
    /// Append to the URL's query, encoded as by --data-urlencode; after '+', as it is
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    pub url_query: Vec<String>,
    /// Send HEAD, and show the head of the answer
    #[arg(short = 'I', long)]
    pub head: bool,
    /// Send a file as the body, with PUT; - reads standard input
    #[arg(short = 'T', long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub upload_file: Option<PathBuf>,
    /// Send this User-Agent
    #[arg(short = 'A', long, value_name = "NAME", allow_hyphen_values = true)]
    pub user_agent: Option<String>,
    /// Send this Referer
    #[arg(short = 'e', long, value_name = "URL")]
    pub referer: Option<String>,
    /// Send these cookies, as in 'name=value; name=value'
    #[arg(short = 'b', long, value_name = "COOKIES")]
    pub cookie: Vec<String>,
    /// Ask for these bytes only, as in 0-499
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// Ask for a compressed answer, and decompress it (the default on a terminal)
    ///
    /// Decompresses gzip, deflate and br. Without this flag, a pipe or a file gets a compressed answer as it arrives.
    #[arg(long)]
    pub compressed: bool,
    /// Print the signed request with secrets masked, and send nothing
    ///
    /// The signature, the session token and secret headers are masked, as by --verbose. A header is secret if its name
    /// ends in api-key, apikey, access-key, customer-key, token, secret, password, authorization or cookie.
    #[arg(long)]
    pub dry_run: bool,
    /// Print a line of curl that sends the same request, and send nothing
    ///
    /// The line holds no keys: it uses the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Secret
    /// headers are variables, too.
    #[arg(long, conflicts_with = "dry_run")]
    pub curl: bool,
}

/// The flag of one piece of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFlag {
    /// `-d`, `--data`, `--data-ascii`.
    Data,
    /// `--data-raw`.
    Raw,
    /// `--data-binary`.
    Binary,
    /// `--data-urlencode`.
    Urlencode,
    /// `--json`.
    Json,
    /// `-F`, `--form`.
    Form,
    /// `--form-string`.
    FormString,
}

impl BodyFlag {
    /// The value of `--json` without a value. No argument can hold it, so it differs from an empty one.
    pub const NO_VALUE: &str = "\0";

    /// Every flag.
    const ALL: [Self; 7] =
        [Self::Data, Self::Raw, Self::Binary, Self::Urlencode, Self::Json, Self::Form, Self::FormString];

    /// Returns the long name, which is clap's id, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Raw => "data-raw",
            Self::Binary => "data-binary",
            Self::Urlencode => "data-urlencode",
            Self::Json => "json",
            Self::Form => "form",
            Self::FormString => "form-string",
        }
    }

    fn argument(self) -> Arg {
        let argument = Arg::new(self.name())
            .long(self.name())
            .action(ArgAction::Append)
            .value_name("DATA")
            .value_parser(clap::value_parser!(OsString));
        match self {
            Self::Data => argument
                .short('d')
                .alias("data-ascii")
                .allow_hyphen_values(true)
                .help("Send this body; @FILE reads a file, and @- standard input")
                .long_help(
                    "Send this body; @FILE reads a file, and @- standard input\n\nAs in curl, line breaks of a file are \
                     left out, and several pieces are joined by '&'. No Content-Type is sent, so API Gateway treats the \
                     body as JSON.",
                ),
            Self::Raw => argument.allow_hyphen_values(true).help("Like --data, but '@' has no meaning"),
            Self::Binary => argument.allow_hyphen_values(true).help("Like --data, byte for byte"),
            Self::Urlencode => argument.allow_hyphen_values(true).help("Like --data, percent-encoded").long_help(
                "Like --data, percent-encoded\n\nThe forms are those of curl: content, =content, name=content, @FILE, \
                 name@FILE. Only the content is encoded.",
            ),
            Self::Json => argument
                .num_args(0..=1)
                .default_missing_value(Self::NO_VALUE)
                .help("Send and request JSON: set Content-Type and Accept unless they are given")
                .long_help(
                    "Send and request JSON: set Content-Type and Accept unless they are given\n\nWith DATA, also send it \
                     as the body, as it is; @FILE reads a file, and @- standard input.",
                ),
            Self::Form => argument
                .short('F')
                .value_name("NAME=CONTENT")
                .help("Send a form field as multipart/form-data; @FILE uploads a file")
                .long_help(
                    "Send a form field as multipart/form-data; @FILE uploads a file\n\n<FILE reads the content from a \
                     file. ';type=' and ';filename=' after it set the part's Content-Type and file name.",
                ),
            Self::FormString => {
                argument.value_name("NAME=TEXT").help("Like --form, but '@', '<' and ';type=' have no meaning")
            }
        }
    }
}

/// The pieces of the body in the order of the command line, which clap's own derivation does not keep across flags.
#[derive(Debug, Clone, Default)]
pub struct BodyFlags(pub Vec<(BodyFlag, OsString)>);

impl Args for BodyFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(BodyFlag::ALL.map(BodyFlag::argument))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for BodyFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut pieces = Vec::new();
        for flag in BodyFlag::ALL {
            let values = matches.get_many::<OsString>(flag.name()).into_iter().flatten();
            let places = matches.indices_of(flag.name()).into_iter().flatten();
            pieces.extend(places.zip(values).map(|(place, value)| (place, flag, value.clone())));
        }
        pieces.sort_by_key(|(place, ..)| *place);
        Ok(Self(pieces.into_iter().map(|(_, flag, value)| (flag, value)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
