//! A fake browser that records the URLs it should open, and opens none.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::Lab;

/// The time limit for the start of a browser; no machine needs longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The record of the URLs that cogfed asked the lab's fake browser to open.
pub struct Pages(PathBuf);

impl Pages {
    /// Returns the record of the URLs in `file`. The test's own browser writes one URL per line to this file.
    pub fn noted_in(file: &std::path::Path) -> Self {
        Self(file.to_owned())
    }

    /// Returns the URLs recorded so far.
    pub fn opened(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| line.trim().to_owned()).collect()
    }

    /// Waits until at least `count` URLs are recorded, and returns all URLs.
    ///
    /// # Panics
    /// If they do not come within a minute.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let pages = self.opened();
            if pages.len() >= count {
                return pages;
            }
            assert!(began.elapsed() < PATIENCE, "no browser was opened");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Lab {
    /// Writes the configuration with the settings in `lines`, and a program that records the URLs it is given. The
    /// program is the opener of a desktop: no other may run on demand before a login. macOS has one of its own.
    #[cfg(all(unix, not(target_vendor = "apple")))]
    pub fn note_pages(&self, lines: &str) -> Pages {
        use std::os::unix::fs::PermissionsExt;

        let (opened, desktop) = (self.home().join("opened"), self.desktop());
        std::fs::create_dir_all(&desktop).expect("a folder");
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", opened.display());
        std::fs::write(desktop.join("xdg-open"), script).expect("a script");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(desktop.join("xdg-open"), mode).expect("a mode");
        self.configure_with(lines);
        Pages(opened)
    }
}
