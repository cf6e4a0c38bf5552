//! The configuration file: its profiles and their settings, with line numbers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Document, Item, TableLike, TomlError};

use super::elsewhere::is_local;
use super::keys::{KEYS, Shape, named, nearest};
use super::location::{self, Chooser, Location};
use super::settings::{Setting, Settings, Source, Value};
use crate::error::{Failure, Kind, quoted, shortened};
use crate::folder::projects;
use crate::folder::trusted::{self, Opened, Unopened};
use crate::folder::{Exposed, Writers};

/// The maximum length, in bytes, of an unknown key for which the error message suggests a similar key.
const LONGEST_KEY: usize = 64;
/// The maximum length of a fault in a message, in characters. The text of the TOML parser may quote much of the file.
const LONGEST_FAULT: usize = 300;
/// The maximum size of the configuration file, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The parsed configuration file. The shapes of its values are right; the values are not checked yet.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The path of the configuration file, which may not exist.
    pub path: PathBuf,
    /// A warning that anyone may be able to change the file, because its file system has no permission modes; `None` if
    /// it has them.
    pub doubt: Option<String>,
    /// True if the configuration file exists.
    exists: bool,
    /// The party that chose the path: the person, a variable or the system.
    chooser: Chooser,
    /// The environment variable that chose the file, and the file's canonical path; `None` if no variable chose the
    /// file.
    chosen_by: Option<(&'static str, PathBuf)>,
    default_profile: Option<String>,
    profiles: BTreeMap<String, Result<Settings, Failure>>,
}

impl Configuration {
    /// Reads the configuration file. A missing file is a configuration without profiles.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the file cannot be read, others can change it, it is not TOML, or the environment chose a
    /// file of the project in the current folder. The message names the line. A profile with an unknown key or a value of
    /// the wrong shape fails when it is used.
    pub fn read(location: &Location) -> Result<Self, Failure> {
        let path = &location.path;
        let chooser = location.chosen_by;
        let opened = opened(path).map_err(|failure| with_next_step(failure, chooser))?;
        let Some((Opened { file, places, .. }, doubt)) = opened else {
            return Ok(Self { path: path.clone(), chooser, ..Self::default() });
        };
        let text = text_of(file, path).map_err(|failure| with_next_step(failure, chooser))?;
        let mut configuration = Self { doubt, exists: true, chooser, ..Self::parse(path, &text)? };
        if let Chooser::Variable(variable) = location.chosen_by {
            configuration.chosen(variable, places)?;
        }
        Ok(configuration)
    }

    /// Checks that the file chosen by the environment variable `variable` is not part of the project in the current
    /// folder. `places` are those of the links to it and its own.
    fn chosen(&mut self, variable: &'static str, places: Vec<PathBuf>) -> Result<(), Failure> {
        let project = projects::Here::now().and_then(|here| here.project(&places));
        let Some(own) = places.last() else { return Ok(()) };
        // The cheapest check comes first. That of this user's own folder may ask a directory of users.
        if let Some(project) = project
            && !self.profiles.values().all(|profile| profile.as_ref().is_ok_and(is_local))
            && !location::is_persons_own(own)
        {
            let message = format!(
                "{variable} leads to {}, which is in the project {}: no project's file may say where secrets go",
                self.path.display(),
                project.display()
            );
            return Err(Failure::new(Kind::Usage, message)
                .hint("if you trust the file, move it out of the project or name it with --config"));
        }
        self.chosen_by = Some((variable, own.clone()));
        Ok(())
    }

    /// Parses a configuration from `text`. Messages name `path`.
    ///
    /// # Errors
    /// As [`Configuration::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let reader = Reader::new(path, text);
        let document = Document::parse(text).map_err(|error| reader.syntax_fault(text, &error))?;
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
                            return Err(reader.not_a_table(at, name));
                        };
                        check_name(name).map_err(|fault| reader.fault(at, fault))?;
                        configuration.profiles.insert(name.to_owned(), reader.profile(name, table));
                    }
                }
                (name, item) => return Err(reader.stranger(at, name, item)),
            }
        }
        Ok(configuration)
    }

    /// Returns whether the configuration file exists.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Returns the party that chose the path of the file, which may not exist.
    pub fn chooser(&self) -> Chooser {
        self.chooser
    }

    /// Returns the name of the environment variable that chose the file, but only for a file outside this user's own
    /// configuration folder; otherwise `None`. Such a file may name no endpoints beyond AWS and loopback.
    pub fn chosen_by(&self) -> Option<&'static str> {
        let (variable, path) = self.chosen_by.as_ref()?;
        (!location::is_persons_own(path)).then_some(*variable)
    }

    /// Returns the names of all profiles, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Returns the name of the default profile, if the file sets one.
    pub fn default_profile(&self) -> Option<&str> {
        self.default_profile.as_deref()
    }

    /// Returns the settings of the profile `name`, or `None` if the file has no such profile.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the profile has an unknown key or a value of the wrong shape. The message names the line and,
    /// for a misspelled key, the most similar key.
    pub fn profile(&self, name: &str) -> Option<Result<&Settings, Failure>> {
        self.profiles.get(name).map(|profile| profile.as_ref().map_err(Clone::clone))
    }
}

/// Adds the next step to the failure of a file that cannot be read, if it has none.
fn with_next_step(failure: Failure, chooser: Chooser) -> Failure {
    let hint = || match chooser {
        Chooser::Person => "name a file that you can read".to_owned(),
        Chooser::Variable("COGFED_CONFIG") => "name a file that you can read in COGFED_CONFIG".to_owned(),
        Chooser::Variable(variable) => {
            format!("set {variable} to a folder of your own, or name the file in COGFED_CONFIG")
        }
        Chooser::System => "make the file readable, or name another one in COGFED_CONFIG".to_owned(),
    };
    let hint = failure.hint.clone().unwrap_or_else(hint);
    failure.hint(hint)
}

/// Opens the configuration file, or returns `None` if the file does not exist. Returns it with the doubt about who can
/// change it, if the file system keeps no modes.
fn opened(path: &Path) -> Result<Option<(Opened, Option<String>)>, Failure> {
    let failed = |what: &str| Failure::new(Kind::Usage, format!("cannot read {}: {what}", path.display()));
    let opened = match trusted::open(path) {
        Ok(opened) => opened,
        Err(Unopened::Failed(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(Unopened::Failed(error)) => return Err(failed(&error.to_string())),
        Err(Unopened::Irregular) => return Err(failed("it is not a plain file")),
        Err(Unopened::Displaced) => {
            return Err(
                failed("the place of the file cannot be determined").hint("name the file itself, not a link to it")
            );
        }
    };
    let exposed = |exposed: &Exposed| failed(&exposed.of_it()).hint(exposed.hint());
    let is_doubtful = *opened.writers.as_ref().map_err(exposed)? == Writers::Unknown;
    let doubt =
        || format!("cannot tell who may change {}: its file system keeps no owners and permissions", path.display());
    let doubt = is_doubtful.then(doubt);
    Ok(Some((opened, doubt)))
}

/// Returns the text of the open file.
fn text_of(file: File, path: &Path) -> Result<String, Failure> {
    let failed = |what: String| Failure::new(Kind::Usage, format!("cannot read {}: {what}", path.display()));
    let length = file.metadata().map_or(0, |found| found.len().min(LIMIT));
    let mut text = String::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    let read = file.take(LIMIT + 1).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    match u64::try_from(read) {
        Ok(read) if read <= LIMIT => Ok(text),
        _ => Err(failed(format!("it is larger than {LIMIT} bytes"))),
    }
}

/// Checks that a profile's name is valid. It appears in command lines and in other programs' files, so it may have only
/// plain characters.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    match !name.is_empty() && name.len() <= 64 && name.chars().all(plain) && !name.starts_with('-') {
        true => Ok(()),
        false => {
            Err(format!("profile name '{}': up to 64 letters, digits and '-_.@+', not starting with '-'", quoted(name)))
        }
    }
}

/// Returns a profile's name as a TOML key, quoted if it is not a valid bare key.
fn bare(name: &str) -> String {
    let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if is_bare { name.to_owned() } else { format!("\"{name}\"") }
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

/// The file's path and the positions of its line breaks, from which line numbers for settings and messages are found.
struct Reader {
    path: Arc<Path>,
    /// The byte offsets of the line breaks. Counting them again for each value would make the time quadratic in the
    /// number of profiles.
    breaks: Vec<usize>,
}

impl Reader {
    fn new(path: &Path, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { path: path.into(), breaks }
    }

    fn line(&self, at: Option<usize>) -> usize {
        at.map_or(0, |at| self.breaks.partition_point(|line_break| *line_break < at)) + 1
    }

    fn fault(&self, at: Option<usize>, fault: impl AsRef<str>) -> Failure {
        let place = format!("{}:{}", self.path.display(), self.line(at));
        Failure::new(Kind::Usage, format!("{place}: {}", shortened(fault.as_ref(), LONGEST_FAULT)))
    }

    /// Returns the failure for text that is not valid TOML. A heading in the AWS CLI's spelling is a likely one.
    fn syntax_fault(&self, text: &str, error: &TomlError) -> Failure {
        let at = error.span().map(|span| span.start);
        let failure = self.fault(at, error.message().lines().next().unwrap_or("not TOML"));
        let line = text.lines().nth(self.line(at) - 1).unwrap_or_default().trim();
        let heading = line.strip_prefix('[').map(|heading| heading.trim_end_matches(']').trim());
        match heading.and_then(|heading| heading.strip_prefix("profile")).map(|name| name.trim().trim_matches('"')) {
            Some(name) if check_name(name).is_ok() && !name.starts_with('.') => {
                let said = format!("'{line}' is how the AWS CLI names a profile; here it is [profile.{}]", bare(name));
                self.fault(at, said)
            }
            _ => failure,
        }
    }

    /// Returns the failure for a key or table that may not be at the top level of the file.
    fn stranger(&self, at: Option<usize>, name: &str, item: &Item) -> Failure {
        if named(name).is_some() || name == "endpoints" {
            let said = format!("'{}' belongs to a profile: put the line [profile.NAME] above it", quoted(name));
            return self.fault(at, said).hint("for example [profile.internal]");
        }
        let is_profile =
            |table: &dyn TableLike| table.iter().any(|(key, _)| key == "endpoints" || named(key).is_some());
        match item.as_table_like() {
            Some(table) if is_profile(table) && check_name(name).is_ok() => {
                self.fault(at, format!("[{0}] is not a profile; did you mean [profile.{0}]?", bare(name)))
            }
            _ => self.fault(at, unknown(name, ["default_profile", "profile"])),
        }
    }

    /// Returns the failure for an entry of the table `profile` that is not a table.
    fn not_a_table(&self, at: Option<usize>, name: &str) -> Failure {
        let fault = self.fault(at, format!("'profile.{}' is not a table", quoted(name)));
        match named(name) {
            Some(_) => fault.hint("a profile has a name: write [profile.internal], for example, not [profile]"),
            None => fault,
        }
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
            settings.insert(key, Setting { value, source: Source::File(Arc::clone(&self.path), self.line(at)) });
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
