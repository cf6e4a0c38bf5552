//! The configuration file: its profiles, and the settings of each with their line numbers.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike};

use super::keys::{KEYS, Shape, named, nearest};
use super::settings::{Setting, Settings, Source, Value};
use crate::error::{Failure, Kind, quoted, shortened};

/// The longest unknown key for which a similar key is suggested, in bytes.
const LONGEST_KEY: usize = 64;
/// The longest fault in a message, in characters: the TOML parser quotes text from the file.
const LONGEST_FAULT: usize = 300;
/// The largest configuration, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The configuration as it was read. Its keys and shapes are right; its values are not checked yet.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The path of the file, which may not exist.
    pub path: PathBuf,
    default_profile: Option<String>,
    profiles: BTreeMap<String, Settings>,
}

impl Configuration {
    /// Returns the path of the configuration: the file that `COGFED_CONFIG` names, else `cogfed/config.toml` in this
    /// user's configuration folder. It is never in the current folder, so that a cloned repository cannot redirect a
    /// sign-in.
    ///
    /// # Errors
    /// [`Kind::Usage`] if this user has no configuration folder, or `COGFED_CONFIG` is not an absolute path.
    pub fn path(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, Failure> {
        if let Some(path) = variable("COGFED_CONFIG") {
            let path = PathBuf::from(path);
            return match path.is_absolute() {
                true => Ok(path),
                false => Err(Failure::new(
                    Kind::Usage,
                    format!("COGFED_CONFIG names '{}', which is not an absolute path", quoted(&path.to_string_lossy())),
                )
                .hint("give the whole path: what the current folder holds must not redirect a sign-in")),
            };
        }
        dirs::config_dir().map(|folder| folder.join("cogfed").join("config.toml")).ok_or_else(|| {
            Failure::new(Kind::Usage, "this machine has no configuration folder (is HOME set?)")
                .hint("name the file in COGFED_CONFIG")
        })
    }

    /// Reads the file. A missing file is a configuration without profiles.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the file cannot be read, is not TOML, or has an unknown key or a value of the wrong shape.
    /// The message names the line and, for a misspelled key, the most similar key.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(path, &text_of(path)?.unwrap_or_default())
    }

    /// Reads a configuration from `text`. Messages name `path`.
    ///
    /// # Errors
    /// As [`Configuration::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let reader = Reader::new(path, text);
        let document = Document::parse(text).map_err(|error| {
            reader.fault(error.span().map(|span| span.start), error.message().lines().next().unwrap_or("not TOML"))
        })?;
        let mut configuration = Configuration { path: path.to_owned(), ..Self::default() };
        for (name, item) in document.as_table().iter() {
            let at = start_of(document.as_table(), name);
            match (name, item) {
                ("default_profile", item) => match item.as_str() {
                    Some(profile) => configuration.default_profile = Some(profile.to_owned()),
                    None => return Err(reader.fault(at, "'default_profile' is the name of a profile")),
                },
                ("profile", Item::Table(profiles)) => {
                    for (name, item) in profiles.iter() {
                        let at = start_of(profiles, name);
                        let Some(table) = item.as_table_like() else {
                            return Err(reader.fault(at, format!("'profile.{}' is not a table", quoted(name))));
                        };
                        check_name(name).map_err(|fault| reader.fault(at, fault))?;
                        configuration.profiles.insert(name.to_owned(), reader.profile(name, table)?);
                    }
                }
                _ => return Err(reader.fault(at, unknown(name, ["default_profile", "profile"]))),
            }
        }
        Ok(configuration)
    }

    /// Returns the names of all profiles, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Returns the name of the default profile, if the file sets one.
    pub fn default_profile(&self) -> Option<&str> {
        self.default_profile.as_deref()
    }

    /// Returns the settings of one profile in the file.
    pub fn profile(&self, name: &str) -> Option<&Settings> {
        self.profiles.get(name)
    }
}

/// Returns the text of the file, if it exists. The file decides where tokens go and which program is the browser. So it
/// must be a regular file that only this user or root can write. A link to such a file is fine.
fn text_of(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |what: String| Failure::new(Kind::Usage, format!("cannot read {}: {what}", path.display()));
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(error.to_string()))?,
    };
    let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
    if !metadata.is_file() {
        return Err(failed("it is not a plain file".into()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if metadata.mode() & 0o022 != 0 {
            return Err(failed("others may write to it".into()).hint(format!("chmod go-w {}", path.display())));
        }
        if ![0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()) {
            return Err(failed("it belongs to another user".into()).hint("use a file of your own"));
        }
    }
    let mut text = String::new();
    let read = file.take(LIMIT + 1).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    match u64::try_from(read) {
        Ok(read) if read <= LIMIT => Ok(Some(text)),
        _ => Err(failed(format!("it is larger than {LIMIT} bytes"))),
    }
}

/// Checks a profile's name. It appears in command lines and in other programs' files, so it may have only plain
/// characters.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    match !name.is_empty() && name.len() <= 64 && name.chars().all(plain) && !name.starts_with('-') {
        true => Ok(()),
        false => {
            Err(format!("profile name '{}': up to 64 letters, digits and '-_.@+', not starting with '-'", quoted(name)))
        }
    }
}

fn unknown<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    // No misspelled key is so long, and comparing long words takes time.
    let meant = if name.len() <= LONGEST_KEY { nearest(name, candidates) } else { None };
    match meant {
        Some(meant) => format!("unknown key '{name}'; did you mean '{meant}'?"),
        None => format!("unknown key '{}'", quoted(name)),
    }
}

fn start_of(table: &dyn TableLike, name: &str) -> Option<usize> {
    table.get_key_value(name).and_then(|(key, item)| key.span().or_else(|| item.span())).map(|span| span.start)
}

/// The text that is being read, for the line numbers of values and messages.
struct Reader<'a> {
    path: &'a Path,
    /// The places of the line breaks, in bytes from the start. Counting them anew for each value would make the time
    /// quadratic in the number of profiles.
    breaks: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { path, breaks }
    }

    fn line(&self, at: Option<usize>) -> usize {
        at.map_or(0, |at| self.breaks.partition_point(|line_break| *line_break < at)) + 1
    }

    fn fault(&self, at: Option<usize>, fault: impl AsRef<str>) -> Failure {
        let place = format!("{}:{}", self.path.display(), self.line(at));
        Failure::new(Kind::Usage, format!("{place}: {}", shortened(fault.as_ref(), LONGEST_FAULT)))
    }

    fn profile(&self, profile: &str, table: &dyn TableLike) -> Result<Settings, Failure> {
        let mut settings = Settings::default();
        self.collect(profile, table, "", &mut settings)?;
        Ok(settings)
    }

    fn collect(
        &self,
        profile: &str,
        table: &dyn TableLike,
        prefix: &str,
        settings: &mut Settings,
    ) -> Result<(), Failure> {
        for (name, item) in table.iter() {
            let at = start_of(table, name);
            let full = format!("{prefix}{name}");
            let fault = |text: String| self.fault(at, format!("profile '{profile}': {text}"));
            if let (true, "endpoints", Some(endpoints)) = (prefix.is_empty(), name, item.as_table_like()) {
                self.collect(profile, endpoints, "endpoints.", settings)?;
                continue;
            }
            let Some(key) = named(&full) else {
                if matches!(full.as_str(), "client_secret" | "secret") {
                    return Err(fault("a client secret is never in the file".into())
                        .hint("set COGFED_CLIENT_SECRET when you sign in; it is kept in the store"));
                }
                return Err(fault(unknown(&full, KEYS.iter().map(|key| key.name))));
            };
            let value = value_of(item, key.shape).ok_or_else(|| fault(format!("'{full}' {}", wanted(key.shape))))?;
            settings.insert(key, Setting { value, source: Source::File(self.path.to_owned(), self.line(at)) });
        }
        Ok(())
    }
}

fn value_of(item: &Item, shape: Shape) -> Option<Value> {
    let number = |item: &toml_edit::Value| item.as_integer().and_then(|number| u64::try_from(number).ok());
    let text = |item: &toml_edit::Value| item.as_str().map(str::to_owned);
    let value = item.as_value()?;
    Some(match shape {
        Shape::Text => Value::Text(text(value)?),
        Shape::Number => Value::Number(number(value)?),
        Shape::Flag => Value::Flag(value.as_bool()?),
        Shape::List => Value::List(value.as_array()?.iter().map(text).collect::<Option<_>>()?),
        Shape::Numbers => Value::Numbers(value.as_array()?.iter().map(number).collect::<Option<_>>()?),
    })
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "is a text in quotes",
        Shape::Number => "is a whole number from 0 upwards",
        Shape::Flag => "is true or false",
        Shape::List => "is a list of texts, as in [\"openid\"]",
        Shape::Numbers => "is a list of numbers, as in [8400, 8401]",
    }
}
