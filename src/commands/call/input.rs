//! The conversion of the flags of `cogfed call` into a request.

use std::ffi::OsStr;
use std::path::Path;

use http::HeaderName;

use super::super::Env;
use super::words::{below, is_word, words};
use crate::cli::{BodyFlag, Call, RequestFlags};
use crate::error::{Failure, Kind, quoted};
use crate::profile::Profile;
use crate::request::{
    ApiRequest, Body, Data, Field, GivenHeader, Joined, Manner, Reader, RequestInput, Source, file_name_below,
    multipart, parse_header, read_data, read_source, with_boundary, with_query,
};

/// The media types whose bodies mean the same without line breaks, or have none.
const WITHOUT_LINES: [&str; 3] = ["json", "x-www-form-urlencoded", "form-data"];
/// The media types that have JSON in their name, and need their line breaks.
const JSON_LINES: [&str; 5] = ["ndjson", "jsonl", "jsonlines", "json-seq", "json-lines"];

/// Checks the flags for contradictions. Reads no file, so that it can come before everything else.
///
/// # Errors
/// [`Kind::Usage`] if there is no URL, two flags exclude each other, or standard input is asked for twice.
pub fn check(flags: &Call) -> Result<(), Failure> {
    let request = &flags.request;
    method(request, words(request)?.method)?;
    check_modes(request)?;
    let format = flags.output.write_out.iter().filter(|format| *format == "@-").count();
    if stdin_uses(request)? + format > 1 {
        return Err(Failure::new(Kind::Usage, "the command line asks for standard input more than once")
            .hint("give '-' or '@-' once: there is nothing left in it for a second time"));
    }
    Ok(())
}

/// Builds the request that the flags describe. Reads files and standard input as the flags demand, and prints what
/// differs from the flags.
///
/// # Errors
/// [`Kind::Usage`] if the flags contradict each other, or a value is wrong.
pub fn request(flags: &Call, profile: &Profile, env: &mut Env) -> anyhow::Result<ApiRequest> {
    let flags = &flags.request;
    let words = words(flags)?;
    let method = method(flags, words.method)?;
    let mut url = below(profile.api.as_deref(), &words.url, &profile.name)?;
    let (mut input, joined) = body(flags, env)?;
    let own_type = std::mem::take(&mut input.headers);
    add_headers(flags, &mut input, env)?;
    if let [(_, own)] = own_type.as_slice() {
        fit_to_form(&mut input, own, env)?;
    }
    add_unless_given(&mut input, own_type);
    if let Some(path) = &flags.upload_file {
        url = file_name_below(&url, path);
    }
    for pairs in query(flags, &mut input, env)? {
        url = with_query(&url, &pairs);
    }
    (input.method, input.url) = (method, url);
    warn_about_lines(joined, &input, env);
    let (request, notes) = ApiRequest::build(input)?;
    notes.iter().for_each(|note| env.terminal.say(&note.to_string()));
    Ok(request)
}

/// Returns the pieces of the body with a value; `--json` also counts as a switch without one.
fn pieces(flags: &RequestFlags) -> impl Iterator<Item = (BodyFlag, &OsStr)> {
    let has_value = |flag: BodyFlag, value: &OsStr| {
        flag != BodyFlag::Json
            || !(value == BodyFlag::NO_VALUE || value.to_str().is_some_and(|text| is_word(text.trim())))
    };
    flags
        .body
        .0
        .iter()
        .map(|(flag, value)| (*flag, value.as_os_str()))
        .filter(move |(flag, value)| has_value(*flag, value))
}

fn is_form(flag: BodyFlag) -> bool {
    matches!(flag, BodyFlag::Form | BodyFlag::FormString)
}

/// Returns the method: as given, or the one that the other flags imply, as in curl.
fn method(flags: &RequestFlags, given: Option<String>) -> Result<String, Failure> {
    let implied = match flags {
        RequestFlags { head: true, .. } => "HEAD",
        RequestFlags { upload_file: Some(_), .. } => "PUT",
        RequestFlags { get: true, .. } => "GET",
        flags if pieces(flags).next().is_some() => "POST",
        _ => "GET",
    };
    match given {
        Some(given) if flags.head && !given.eq_ignore_ascii_case("HEAD") => {
            let message = format!("--head sends HEAD, and cannot be used with the method {given}");
            Err(Failure::new(Kind::Usage, message).hint("use -i to show the head of any answer"))
        }
        Some(given) => Ok(given),
        None => Ok(implied.to_owned()),
    }
}

/// Refuses flags that ask for two bodies, or for a body where none is sent.
fn check_modes(flags: &RequestFlags) -> Result<(), Failure> {
    let data = pieces(flags).find(|(flag, _)| !is_form(*flag)).map(|(flag, _)| flag.name());
    let form = pieces(flags).find(|(flag, _)| is_form(*flag)).map(|(flag, _)| flag.name());
    let upload = flags.upload_file.as_ref().map(|_| "upload-file");
    let head = flags.head.then_some("head");
    let get = flags.get.then_some("get");
    let body = data.filter(|_| !flags.get);
    let pairs = [(body, form), (body, upload), (form, upload), (body, head), (form, head), (upload, head), (form, get)];
    match pairs.into_iter().find_map(|(one, other)| one.zip(other)) {
        Some((one, other)) => {
            let hint = match (one, other) {
                (_, "head") => "to send data in the query, add -G",
                (_, "get") => "a form is a body: leave out -G",
                _ => "a request has one body: give one of them",
            };
            Err(Failure::new(Kind::Usage, format!("--{one} cannot be used with --{other}")).hint(hint))
        }
        None => Ok(()),
    }
}

/// Copies two lists from the flags to `input`: the headers to add, and the names of the headers to remove. The flags
/// for single headers yield to `-H`.
fn add_headers(flags: &RequestFlags, input: &mut RequestInput, env: &mut Env) -> Result<(), Failure> {
    for given in &flags.headers {
        let lines = match given.strip_prefix('@') {
            Some(file) => header_lines(file, env)?,
            None => vec![parse_header(given)?],
        };
        for line in lines {
            match line {
                GivenHeader::Sent(name, value) => input.headers.push((name, value)),
                GivenHeader::LeftOut(name) => input.left_out.push(name),
            }
        }
    }
    let referer = flags.referer.as_deref().map(|url| url.trim_end_matches(";auto").to_owned());
    let range = flags.range.as_deref().map(|range| {
        // As in curl, a first byte alone means all from there.
        let dash = if !range.is_empty() && range.bytes().all(|byte| byte.is_ascii_digit()) { "-" } else { "" };
        format!("bytes={range}{dash}")
    });
    let single = [
        ("User-Agent", flags.user_agent.clone()),
        ("Referer", referer),
        ("Range", range),
        ("Cookie", cookies(&flags.cookie)?),
    ];
    for (name, value) in single {
        match value {
            // As in curl, an empty text takes the header away.
            Some(value) if value.is_empty() => input.left_out.push(name.to_owned()),
            Some(value) => add_unless_given(input, vec![(name.to_owned(), value)]),
            None => {}
        }
    }
    Ok(())
}

/// Returns the `Cookie` header. A text without `=` names a file for curl. An empty text makes no header: for curl, it
/// only switches on the handling of cookies.
fn cookies(given: &[String]) -> Result<Option<String>, Failure> {
    let given: Vec<&str> = given.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if given.iter().any(|text| !text.contains('=')) {
        let failure = Failure::new(Kind::Usage, "--cookie names a file, and cogfed reads no files of cookies");
        return Err(failure.hint("give the cookies themselves, as in -b 'NAME=VALUE; NAME=VALUE'"));
    }
    Ok((!given.is_empty()).then(|| given.join("; ")))
}

/// Returns the headers in a file, or in standard input for `-`: one on each line. Blank lines and comments (`#`) do not
/// count.
fn header_lines(file: &str, env: &mut Env) -> Result<Vec<GivenHeader>, Failure> {
    let source = if file == "-" { Source::Stdin } else { Source::File(file.into()) };
    let bytes = read_source(&source, &mut env.input, 0, Reader::Headers)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(Kind::Usage, format!("the headers in '{file}' are not UTF-8"))
            .hint("write one 'Name: value' on each line")
    })?;
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    let headers = lines.map(|(at, line)| {
        // The text itself stays out of the message: it may be a secret value.
        let wrong = |fault: &str| {
            let place = format!("line {} of the headers in '{}'", at + 1, quoted(file));
            Failure::new(Kind::Usage, format!("{place} has no {fault}")).hint("write one 'Name: value' on each line")
        };
        let header = parse_header(line).map_err(|_| wrong("':'"))?;
        let (GivenHeader::Sent(name, _) | GivenHeader::LeftOut(name)) = &header;
        match HeaderName::from_bytes(name.trim_end().as_bytes()) {
            Ok(_) => Ok(header),
            Err(_) => Err(wrong("header name in front of its ':'")),
        }
    });
    headers.collect()
}

/// Makes a given Content-Type fit a form, whose own one is `own`: it gets the form's boundary, as from curl.
fn fit_to_form(input: &mut RequestInput, own: &str, env: &Env) -> Result<(), Failure> {
    for (name, value) in &mut input.headers {
        if !name.trim_end().eq_ignore_ascii_case("content-type") {
            continue;
        }
        let Some(fitting) = with_boundary(value, own) else {
            let message = format!("the Content-Type '{}' does not fit a form", quoted(value));
            return Err(Failure::new(Kind::Usage, message)
                .hint("leave the header out: --form sends multipart/form-data with its boundary"));
        };
        if value.to_ascii_lowercase().contains("boundary=") {
            env.terminal.say("the Content-Type gets the form's own boundary");
        }
        *value = fitting;
    }
    Ok(())
}

/// Returns a request with the body, and with the Content-Type of a form as its only header. Data of `-G` is no body.
fn body(flags: &RequestFlags, env: &mut Env) -> Result<(RequestInput, Option<Joined>), Failure> {
    let mut input = RequestInput {
        json: flags.body.0.iter().any(|(flag, _)| *flag == BodyFlag::Json),
        compressed: flags.compressed,
        ..RequestInput::default()
    };
    let fields = fields(flags)?;
    if !fields.is_empty() {
        let (media_type, bytes) = multipart(&fields, &mut env.input)?;
        input.headers.push(("Content-Type".to_owned(), media_type));
        input.body = Some(bytes);
        return Ok((input, None));
    }
    let body = match &flags.upload_file {
        Some(path) => {
            let source = if is_stdin(path) { Source::Stdin } else { Source::File(path.clone()) };
            let bytes = read_source(&source, &mut env.input, 0, Reader::Upload)?;
            Some(Body { bytes, joined: None })
        }
        None if flags.get => None,
        None => read_data(&data(flags)?, &mut env.input)?,
    };
    let Body { bytes, joined } = match body {
        Some(body) => body,
        None => return Ok((input, None)),
    };
    input.body = Some(bytes);
    Ok((input, joined))
}

/// Returns the fields of the form.
fn fields(flags: &RequestFlags) -> Result<Vec<Field>, Failure> {
    let fields = pieces(flags).filter(|(flag, _)| is_form(*flag)).map(|(flag, value)| match flag {
        BodyFlag::FormString => Field::text(value),
        _ => Field::parse(value),
    });
    fields.collect()
}

/// Returns the pieces of the body besides a form.
fn data(flags: &RequestFlags) -> Result<Vec<Data>, Failure> {
    let data = pieces(flags).filter(|(flag, _)| !is_form(*flag)).map(|(flag, value)| match flag {
        BodyFlag::Raw => Data::raw(value),
        BodyFlag::Urlencode => Data::urlencoded(value),
        BodyFlag::Binary => Data::parse(value, Manner::Bytes),
        BodyFlag::Json => Data::parse(value, Manner::Json),
        _ => Data::parse(value, Manner::Lines),
    });
    data.collect()
}

/// Returns the name of the file, or `-`, that holds exactly the body, if there is one.
pub fn body_file(flags: &RequestFlags) -> Option<String> {
    if let Some(path) = &flags.upload_file {
        return if is_stdin(path) { Some("-".to_owned()) } else { path.to_str().map(str::to_owned) };
    }
    let mut pieces = pieces(flags).filter(|_| !flags.get);
    match (pieces.next()?, pieces.next()) {
        ((BodyFlag::Binary | BodyFlag::Json, value), None) => match value.to_str()? {
            "-" => Some("-".to_owned()),
            text => text.strip_prefix('@').map(str::to_owned),
        },
        _ => None,
    }
}

/// Returns whether the path of `--upload-file` names standard input, as in curl.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new(".")
}

/// Returns how many flags about the request read standard input.
fn stdin_uses(flags: &RequestFlags) -> Result<usize, Failure> {
    let headers = flags.headers.iter().filter(|header| *header == "@-").count();
    let upload = flags.upload_file.iter().filter(|path| is_stdin(path)).count();
    let fields = fields(flags)?.iter().filter(|field| field.reads_stdin()).count();
    let data = data(flags)?.iter().filter(|piece| piece.reads_stdin()).count();
    let mut query = 0;
    for given in flags.url_query.iter().filter(|given| !given.starts_with('+')) {
        query += usize::from(Data::urlencoded(OsStr::new(given))?.reads_stdin());
    }
    Ok(headers + upload + fields + data + query)
}

/// Returns the texts to add to the URL's query: the data of `-G`, and `--url-query`.
fn query(flags: &RequestFlags, input: &mut RequestInput, env: &mut Env) -> Result<Vec<String>, Failure> {
    let mut texts = Vec::new();
    if flags.get
        && let Some(body) = read_data(&data(flags)?, &mut env.input)?
    {
        texts.push(body.bytes);
    }
    for given in &flags.url_query {
        match given.strip_prefix('+') {
            Some(text) => texts.push(text.as_bytes().to_vec()),
            None => {
                let data = Data::urlencoded(OsStr::new(given))?;
                texts.push(read_data(&[data], &mut env.input)?.unwrap_or_default().bytes);
            }
        }
    }
    // Without a body, a Content-Type would describe nothing.
    if flags.get && input.body.is_none() {
        input.left_out.push("Content-Type".to_owned());
    }
    let texts = texts.into_iter().filter(|text| !text.is_empty()).map(String::from_utf8);
    texts.collect::<Result<_, _>>().map_err(|_| {
        Failure::new(Kind::Usage, "the data for the query is not UTF-8")
            .hint("use --data-urlencode, or send it in the body")
    })
}

/// Adds headers that `-H` does not set or take away.
fn add_unless_given(input: &mut RequestInput, headers: Vec<(String, String)>) {
    for (name, value) in headers {
        let is_given = |given: &str| given.trim_end().eq_ignore_ascii_case(&name);
        if !input.headers.iter().any(|(given, _)| is_given(given))
            && !input.left_out.iter().any(|given| is_given(given))
        {
            input.headers.push((name, value));
        }
    }
}

/// Warns if `-d` joined the lines of a text that needs them.
fn warn_about_lines(joined: Option<Joined>, input: &RequestInput, env: &Env) {
    let Some(joined) = joined else { return };
    let given = input.headers.iter().find(|(name, _)| name.trim_end().eq_ignore_ascii_case("content-type"));
    let media_type = given.map(|(_, value)| value.to_ascii_lowercase());
    let needs_lines = match media_type.as_deref() {
        Some(media_type) => {
            JSON_LINES.iter().any(|name| media_type.contains(name))
                || !WITHOUT_LINES.iter().any(|name| media_type.contains(name))
                || joined.is_lines && media_type.contains("json")
        }
        None => joined.is_lines || !joined.is_joinable,
    };
    if needs_lines {
        env.terminal.warn(&format!("-d takes the line breaks out of {}", joined.source));
        env.terminal.hint("to keep them, use --data-binary");
    }
}
