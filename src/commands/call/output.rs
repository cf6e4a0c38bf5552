//! The output of `cogfed call`: the answer, and the explanation of a refusal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::super::Env;
use crate::cli::Call;
use crate::error::{Failure, Kind};
use crate::request::{Answer, Refusal, WriteError};
use crate::terminal::Escaping;

/// Writes the answer to the output or the file, and the explanation of a refusal to the terminal.
pub async fn finish(
    answer: Answer,
    refusal: Option<Refusal>,
    file: Option<File>,
    flags: &Call,
    env: &mut Env,
) -> anyhow::Result<()> {
    let status = answer.status().as_u16();
    let written = match file {
        Some(mut file) => {
            // Ignored: a device or a pipe has no length to set.
            let _ = file.set_len(0);
            write(answer, flags, &mut file).await
        }
        None if env.output.is_terminal => write(answer, flags, &mut Escaping::new(&mut env.output.to)).await,
        None => write(answer, flags, &mut env.output.to).await,
    };
    match written {
        // The reader of the pipe stopped early, as `head` does. A refusal is still explained.
        Err(error) if is_broken_pipe(&error) => {}
        other => other?,
    }
    if let Some(refusal) = &refusal {
        env.terminal.warn(&refusal.message);
        env.terminal.hint(&refusal.hint);
    }
    match flags.output.fail && status >= 400 {
        true => Err(Failure::new(Kind::HttpStatus, format!("the API answered with status {status}")).into()),
        false => Ok(()),
    }
}

/// Opens a file for writing. It keeps its old content until the answer arrives.
pub fn opened_for_writing(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    Ok(file.map_err(|error| Failure::new(Kind::Usage, format!("cannot write {}: {error}", path.display())))?)
}

async fn write(mut answer: Answer, flags: &Call, out: &mut dyn Write) -> anyhow::Result<()> {
    if flags.output.include {
        out.write_all((head(&answer) + "\n").as_bytes())?;
    }
    answer.write_to(out).await.map_err(|error| match error {
        WriteError::Answer(failure) => anyhow::Error::from(failure),
        WriteError::Output(error) => error.into(),
    })?;
    Ok(out.flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Returns the status line and the headers as text.
pub fn head(answer: &Answer) -> String {
    let mut head = format!("{:?} {}\n", answer.version(), answer.status());
    for (name, value) in answer.headers() {
        head += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    head
}
