//! The decompression of an answer's body as it arrives (RFC 9110, section 8.4.1).
//!
//! reqwest's own decompression ends after the first member of a gzip body and drops the rest, so bodies are decompressed
//! here, by flate2 and brotli-decompressor.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// The maximum number of content codings, one around the other, that are removed.
const MOST_CODINGS: usize = 5;
/// The size of the buffers for decompressed bytes, in bytes.
const BUFFER: usize = 16 * 1024;

/// A content coding that can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

/// Returns the content codings of an answer in the order in which they were applied. Returns `None` if the answer is not
/// compressed, or has a coding that cannot be removed.
pub(super) fn codings(headers: &HeaderMap) -> Option<Vec<Coding>> {
    let mut found = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.to_str().ok()?.split(',') {
            found.push(match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                _ => return None,
            });
        }
    }
    (1..=MOST_CODINGS).contains(&found.len()).then_some(found)
}

/// The reason why a body was not decompressed completely.
#[derive(Debug)]
pub(super) enum Fault {
    /// The body is damaged or not compressed.
    Body,
    /// The writer of the decompressed bytes failed.
    Output(io::Error),
}

/// A decompressor that writes the decompressed bytes to a writer.
pub(super) struct Decompressor<'a> {
    outermost: Box<dyn Stage + 'a>,
    is_empty: bool,
    failed: Rc<RefCell<Option<io::Error>>>,
}

impl<'a> Decompressor<'a> {
    /// Creates a decompressor for a body with these `codings`.
    pub(super) fn new(codings: &[Coding], out: &'a mut dyn Write) -> Self {
        let failed = Rc::default();
        let mut outermost: Box<dyn Stage + 'a> = Box::new(End { out, failed: Rc::clone(&failed) });
        // The coding that was applied last has to be removed first.
        for coding in codings {
            outermost = match coding {
                Coding::Gzip => Box::new(MultiGzDecoder::new(outermost)),
                Coding::Deflate => Box::new(Inflate::new(outermost)),
                Coding::Brotli => Box::new(DecompressorWriter::new(outermost, BUFFER)),
            };
        }
        Self { outermost, is_empty: true, failed }
    }

    /// Decompresses the next bytes of the body, and writes all that can be decompressed so far.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.is_empty &= bytes.is_empty();
        let written = self.outermost.write_all(bytes).and_then(|()| self.outermost.flush());
        written.map_err(|_| self.fault())
    }

    /// Ends the body. A body without any byte counts as complete, whatever its coding.
    ///
    /// # Errors
    /// [`Fault::Body`] if the body is cut off.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        if self.is_empty {
            return Ok(());
        }
        self.outermost.finish().map_err(|_| self.fault())
    }

    fn fault(&self) -> Fault {
        self.failed.borrow_mut().take().map_or(Fault::Body, Fault::Output)
    }
}

/// A writer that removes one coding, or the end of the chain of such writers.
trait Stage: Write {
    /// Writes what is left, and checks that the compressed data is complete.
    fn finish(&mut self) -> io::Result<()>;
}

impl Stage for Box<dyn Stage + '_> {
    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }
}

impl<W: Stage> Stage for MultiGzDecoder<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.try_finish()?;
        self.get_mut().finish()
    }
}

impl<W: Stage> Stage for DecompressorWriter<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.close()?;
        self.get_mut().finish()
    }
}

/// The writer of the decompressed bytes. It keeps its error, to tell the error from a damaged body.
struct End<'a> {
    out: &'a mut dyn Write,
    failed: Rc<RefCell<Option<io::Error>>>,
}

impl End<'_> {
    fn noted<T>(&self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            self.failed.borrow_mut().get_or_insert(error);
            kind.into()
        })
    }
}

impl Write for End<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}

impl Stage for End<'_> {
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// A decompressor of `deflate`: zlib's format, or the bare deflate data that some servers send instead.
struct Inflate<W> {
    out: W,
    state: Option<Decompress>,
    buffer: Vec<u8>,
    has_ended: bool,
}

impl<W> Inflate<W> {
    fn new(out: W) -> Self {
        Self { out, state: None, buffer: vec![0; BUFFER], has_ended: false }
    }
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl<W: Write> Write for Inflate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(first) = bytes.first() else { return Ok(0) };
        if self.has_ended {
            return Err(damaged());
        }
        // RFC 1950, section 2.2: zlib's first byte names the method 8.
        let state = self.state.get_or_insert_with(|| Decompress::new(first & 0x0f == 8));
        let mut rest = bytes;
        loop {
            let (read, written) = (state.total_in(), state.total_out());
            let status = state.decompress(rest, &mut self.buffer, FlushDecompress::None).map_err(|_| damaged())?;
            let (read, written) = (state.total_in() - read, state.total_out() - written);
            let size = |count: u64| usize::try_from(count).unwrap_or_default();
            self.out.write_all(self.buffer.get(..size(written)).unwrap_or_default())?;
            rest = rest.get(size(read)..).unwrap_or_default();
            match status {
                Status::StreamEnd if !rest.is_empty() => return Err(damaged()),
                Status::StreamEnd => self.has_ended = true,
                _ if read > 0 || written > 0 => continue,
                _ if !rest.is_empty() => return Err(damaged()),
                _ => {}
            }
            return Ok(bytes.len());
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Stage> Stage for Inflate<W> {
    fn finish(&mut self) -> io::Result<()> {
        match self.has_ended {
            true => self.out.finish(),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"a text that is compressed, a text that is compressed";
    /// `TEXT` in brotli, made with Node's zlib.
    const BROTLI: &str = "GzMA6I3UTndzJqoECZvrsbS2NylJLcyUCpf0zzhup64A";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli() -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.decode(BROTLI).unwrap()
    }

    /// Decompresses `body` in pieces of `size` bytes.
    fn decompressed(codings: &[Coding], body: &[u8], size: usize) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        let mut decompressor = Decompressor::new(codings, &mut out);
        for piece in body.chunks(size) {
            decompressor.write(piece)?;
        }
        decompressor.finish()?;
        Ok(out)
    }

    fn named(values: &[&str]) -> Option<Vec<Coding>> {
        let headers = values.iter().map(|value| (CONTENT_ENCODING, value.parse().unwrap()));
        codings(&headers.collect())
    }

    #[test]
    fn codings_are_read_in_any_case_and_number() {
        for name in ["gzip", "GZIP", "x-gzip", " gzip ", "identity, gzip", "gzip,"] {
            assert_eq!(named(&[name]), Some(vec![Coding::Gzip]), "{name}");
        }
        assert_eq!(named(&["deflate, br"]), Some(vec![Coding::Deflate, Coding::Brotli]));
        assert_eq!(named(&["gzip", "gzip"]), Some(vec![Coding::Gzip, Coding::Gzip]));
        for none in ["", "identity", "zstd", "gzip, zstd", "gzip, gzip, gzip, gzip, gzip, gzip"] {
            assert_eq!(named(&[none]), None, "{none}");
        }
        assert_eq!(named(&[]), None);
    }

    #[test]
    fn bodies_of_every_coding_are_decompressed() {
        let members = [gzip(b"one, "), gzip(b"two, "), gzip(b"three")].concat();
        for (codings, body, expected) in [
            (&[Coding::Gzip][..], gzip(TEXT), TEXT),
            (&[Coding::Gzip], members, b"one, two, three"),
            (&[Coding::Deflate], zlib(TEXT), TEXT),
            (&[Coding::Deflate], bare(TEXT), TEXT),
            (&[Coding::Brotli], brotli(), TEXT),
            (&[Coding::Deflate, Coding::Gzip], gzip(&zlib(TEXT)), TEXT),
            (&[Coding::Gzip], Vec::new(), b""),
            (&[Coding::Deflate], Vec::new(), b""),
        ] {
            for size in [1, 7, 10_000] {
                let found = decompressed(codings, &body, size);
                assert_eq!(found.as_deref().ok(), Some(expected), "{codings:?} in pieces of {size}: {found:?}");
            }
        }
        let large = vec![b'x'; 1_000_000];
        for (coding, body) in [(Coding::Gzip, gzip(&large)), (Coding::Deflate, zlib(&large))] {
            assert_eq!(decompressed(&[coding], &body, 100).unwrap(), large);
        }
    }

    #[test]
    fn damaged_bodies_are_never_whole() {
        for (coding, body) in [
            (Coding::Gzip, gzip(TEXT)),
            (Coding::Deflate, zlib(TEXT)),
            (Coding::Deflate, bare(TEXT)),
            (Coding::Brotli, brotli()),
        ] {
            for cut in 1..body.len() {
                let found = decompressed(&[coding], &body[..cut], 5);
                assert!(matches!(found, Err(Fault::Body)), "{coding:?} cut after {cut} bytes");
            }
            let found = decompressed(&[coding], &[&body[..], b"and more"].concat(), 5);
            assert!(matches!(found, Err(Fault::Body)), "{coding:?} with more behind it");
            assert!(matches!(decompressed(&[coding], b"no compressed text", 5), Err(Fault::Body)), "{coding:?}");
        }
    }

    #[test]
    fn failed_output_is_no_fault_of_the_body() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for (coding, body) in [(Coding::Gzip, gzip(TEXT)), (Coding::Deflate, zlib(TEXT)), (Coding::Brotli, brotli())] {
            let mut full = Full;
            let mut decompressor = Decompressor::new(&[coding], &mut full);
            let written = decompressor.write(&body).and_then(|()| decompressor.finish());
            assert!(matches!(written, Err(Fault::Output(error)) if error.kind() == io::ErrorKind::StorageFull));
        }
    }
}
