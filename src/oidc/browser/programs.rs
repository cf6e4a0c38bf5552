//! The search for programs that open pages. A cloned repository must not bring the browser: neither a relative folder in
//! `PATH`, which is the current folder if it is empty, nor a folder of the project around the current one counts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::folder::projects::Here;

/// The folders to search if no folder of `PATH` may be searched.
#[cfg(unix)]
const USUAL: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
#[cfg(not(unix))]
const USUAL: [&str; 0] = [];

/// The folders in which to look for programs.
#[derive(Debug)]
pub struct Programs {
    folders: Vec<PathBuf>,
    /// The current folder, if it is known.
    here: Option<Here>,
}

impl Programs {
    /// Returns the folders of this process's `PATH` that may be searched.
    pub fn here() -> Self {
        Self::of(&std::env::var_os("PATH").unwrap_or_default(), std::env::current_dir().ok())
    }

    /// Returns the folders in the `PATH` value `path` that a process in the folder `current` may search.
    pub fn of(path: &OsString, current: Option<PathBuf>) -> Self {
        let mut found = Self { folders: Vec::new(), here: current.and_then(|current| Here::at(&current)) };
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute() && !found.is_projects(folder));
        let mut folders: Vec<PathBuf> = folders.collect();
        if folders.is_empty() {
            folders = USUAL.map(PathBuf::from).to_vec();
        }
        found.folders = folders;
        found
    }

    /// Finds the program `name`, and returns its path. `name` is the name of a file in one of the folders, or an
    /// absolute path.
    ///
    /// # Errors
    /// The reason why it cannot be run, for after "which".
    pub fn find(&self, name: &str) -> Result<PathBuf, String> {
        let is_path = Path::new(name).components().count() != 1 || name.contains(std::path::is_separator);
        let candidates: Vec<PathBuf> = match (is_path, Path::new(name).is_absolute()) {
            (_, true) => vec![name.into()],
            (true, false) => return Err("is not an absolute path".into()),
            (false, false) => self.folders.iter().map(|folder| folder.join(name)).collect(),
        };
        let mut trouble = if is_path { "does not exist" } else { "is in no folder of PATH" };
        for candidate in candidates {
            if !is_program(&candidate) {
                continue;
            }
            if !self.is_projects(&candidate) {
                return Ok(candidate);
            }
            trouble = "is a file of the project in the current folder";
        }
        // Windows completes names, and does not look into the current folder.
        if cfg!(windows) && !is_path { Ok(name.into()) } else { Err(trouble.into()) }
    }

    /// Returns these folders as a value of `PATH` for the programs that the opener starts, or `None` if `PATH` cannot
    /// hold them.
    pub fn path(&self) -> Option<OsString> {
        std::env::join_paths(&self.folders).ok()
    }

    /// Returns the folder of the project around the current folder, if there is one.
    pub(super) fn project(&self) -> Option<PathBuf> {
        let here = self.here.as_ref().filter(|here| self.is_projects(here.current()))?;
        here.project_of(here.current())
    }

    /// Returns whether a path, as written or with links resolved, is in the project around the current folder.
    pub(super) fn is_projects(&self, path: &Path) -> bool {
        let Some(here) = &self.here else { return false };
        // A person who works on the system's own folders still has its programs.
        if USUAL.iter().any(|folder| Path::new(folder).starts_with(here.current())) {
            return false;
        }
        // The current folder itself never counts, not even at home.
        let is_current = path.canonicalize().is_ok_and(|path| path == here.current());
        is_current || here.project_of(path).is_some()
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A temporary folder that holds a project with a program, and a second folder with another program.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            for folder in ["clone/.git", "clone/bin", "clone/deep/er", "tools"] {
                std::fs::create_dir_all(place.path(folder)).unwrap();
            }
            for program in ["clone/xdg-open", "clone/bin/xdg-open", "clone/deep/er/xdg-open", "tools/xdg-open"] {
                std::fs::write(place.path(program), "#!/bin/sh\n").unwrap();
                std::fs::set_permissions(place.path(program), std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            std::fs::write(place.path("tools/README"), "").unwrap();
            place
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn found(&self, path: &str, current: &str, name: &str) -> Result<PathBuf, String> {
            let path = path.replace('@', self.0.path().to_str().unwrap());
            Programs::of(&path.into(), Some(self.path(current))).find(name)
        }
    }

    #[test]
    fn programs_are_found_only_in_absolute_folders_outside_the_project() {
        let place = Place::new();
        let tool = place.path("tools/xdg-open");
        std::os::unix::fs::symlink(place.path("clone/bin"), place.path("linked")).unwrap();
        std::os::unix::fs::symlink(place.path("clone/xdg-open"), place.path("tools/linked")).unwrap();
        for path in ["@/tools", "/nowhere:@/tools", ":@/tools", "@/clone/bin:@/tools", "@/linked:.:bin:@/tools"] {
            for current in ["clone", "clone/deep/er"] {
                assert_eq!(place.found(path, current, "xdg-open"), Ok(tool.clone()), "{path} in {current}");
            }
        }
        assert_eq!(place.found("@/clone/bin", "tools", "xdg-open"), Ok(place.path("clone/bin/xdg-open")), "elsewhere");
        for (name, fault) in [
            ("./xdg-open", "not an absolute path"),
            ("bin/xdg-open", "not an absolute path"),
            ("../tools/xdg-open", "not an absolute path"),
            ("nosuch", "in no folder of PATH"),
            ("README", "in no folder of PATH"),
            ("linked", "a file of the project"),
            ("/nowhere/at/all", "does not exist"),
        ] {
            assert!(place.found("@/tools", "clone", name).is_err_and(|text| text.contains(fault)), "{name}");
        }
        let own = place.path("clone/bin/xdg-open");
        assert!(place.found("@/tools", "clone/deep", own.to_str().unwrap()).is_err(), "by its whole path");
    }

    #[test]
    fn path_of_an_openers_programs_has_no_folder_of_the_project() {
        let place = Place::new();
        let path = format!(":{0}/tools:.:{0}/clone/bin:", place.0.path().display());
        let programs = Programs::of(&path.into(), Some(place.path("clone/deep")));
        assert_eq!(programs.path(), Some(place.path("tools").into_os_string()));
        let usual = Programs::of(&":.".into(), Some(place.path("clone")));
        assert_eq!(usual.path(), Some("/usr/local/bin:/usr/bin:/bin".into()), "none is left");
        assert!(
            Programs::of(&"/usr/bin".into(), Some("/usr/bin".into())).find("env").is_ok(),
            "in the system's folder"
        );
    }
}
