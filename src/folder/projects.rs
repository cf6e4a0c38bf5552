//! The project that the current folder belongs to. Its files come from others, as does what its `.envrc` says, so they
//! must not decide where secrets go, and none of its programs is run.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::user_folders;

/// The names of the folders or files by which version control systems mark a work tree.
const WORK_TREES: &[&str] = &[".git", ".hg", ".jj", ".sl", ".svn", ".bzr", ".pijul", "_darcs"];

/// The current folder and the person's home, by which files of a project are recognised.
///
/// The home is the one in the account database: `HOME` is a variable like any other. Only for a user whom that database
/// does not know, as in some containers, `HOME` is all there is. The home, and whatever contains it, is never a project,
/// even if a dotfiles repository makes it a work tree; the work trees in it are projects.
#[derive(Debug)]
pub struct Here {
    /// The canonical path of the current folder.
    current: PathBuf,
    /// The canonical path of the person's home. The account database may be on the network, and is asked last.
    home: OnceCell<Option<PathBuf>>,
}

impl Here {
    /// Returns the current folder of this process, if it is known.
    pub fn now() -> Option<Self> {
        std::env::current_dir().ok().and_then(|current| Self::at(&current))
    }

    /// Returns `current` as the current folder, if it exists.
    pub fn at(current: &Path) -> Option<Self> {
        Some(Self { current: current.canonicalize().ok()?, home: OnceCell::new() })
    }

    /// Returns the canonical path of the current folder.
    pub fn current(&self) -> &Path {
        &self.current
    }

    /// Returns the project that contains one of the canonical `paths`: the outermost work tree around the current
    /// folder, or that folder itself. If the home is below the current folder, that is no project, but the work trees in
    /// it are.
    pub fn project(&self, paths: &[PathBuf]) -> Option<PathBuf> {
        let current = self.current.as_path();
        let holds = |folder: &&Path| paths.iter().any(|path| is_below(path, folder));
        let is_tree = |folder: &&Path| is_work_tree(folder) && !self.is_persons(folder);
        // Every folder around both is also around the outermost such folder, so any work tree among them will do.
        let around: Vec<&Path> = current.ancestors().filter(holds).collect();
        if let Some(tree) = around.iter().rev().copied().find(is_tree) {
            return Some(tree.to_owned());
        }
        if !around.contains(&current) {
            return None;
        }
        if !self.is_persons(current) {
            return Some(current.to_owned());
        }
        let between = |path: &PathBuf| {
            let folders = path.ancestors().skip(1).take_while(|folder| !same(folder, current));
            folders.filter(is_tree).last().map(Path::to_owned)
        };
        paths.iter().filter(|path| is_below(path, current)).find_map(between)
    }

    /// Returns the project to which a file or folder belongs, as its path is written or with its links resolved. It may
    /// not exist. A project's own folder belongs to it.
    pub fn project_of(&self, path: &Path) -> Option<PathBuf> {
        // If this is a folder, what counts is what may be in it.
        let paths: Vec<PathBuf> = spellings(path).into_iter().map(|path| path.join("entry")).collect();
        self.project(&paths)
    }

    /// Returns whether `folder` is the person's home, or contains it.
    fn is_persons(&self, folder: &Path) -> bool {
        let home = self.home.get_or_init(|| {
            let home = user_folders::account_home().or_else(|| user_folders::home().map(|home| home.path));
            home.and_then(|home| home.canonicalize().ok())
        });
        let is_at_home = home.as_ref().is_some_and(|home| same(home, folder) || is_below(home, folder));
        folder.parent().is_none() || is_at_home
    }
}

/// Returns the project that contains `folder`, a state folder that may not exist yet, or `None` if no project near the
/// current folder does. The one in the home that the account database names belongs to no project.
pub fn project_of_state(folder: &Path) -> Option<PathBuf> {
    let paths = spellings(folder);
    let project = Here::now()?.project(&paths)?;
    let own = user_folders::account_state().and_then(|own| own.canonicalize().ok());
    let is_own = own.is_some_and(|own| paths.iter().any(|path| is_below(path, &own)));
    (!is_own).then_some(project)
}

/// Returns a path as it is written and, since the part of it that exists may lead elsewhere by links, with that part
/// resolved.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let existing = path.ancestors().find_map(|above| Some((above.canonicalize().ok()?, above)));
    let canonical = existing.and_then(|(canonical, above)| {
        let rest = path.strip_prefix(above).ok()?;
        // Joining nothing would add a separator, which makes a folder of a file.
        Some(if rest.as_os_str().is_empty() { canonical } else { canonical.join(rest) })
    });
    std::iter::once(path.to_owned()).chain(canonical).collect()
}

fn is_work_tree(folder: &Path) -> bool {
    WORK_TREES.iter().any(|name| folder.join(name).symlink_metadata().is_ok())
}

/// Returns whether a canonical path is below a folder.
pub fn is_below(path: &Path, folder: &Path) -> bool {
    path.ancestors().skip(1).any(|above| same(above, folder))
}

/// Returns whether two canonical paths are the same file or folder. On a disk that knows no case, one folder has many
/// spellings.
#[cfg(unix)]
pub fn same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    one == other || matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

/// Returns whether two canonical paths are the same file or folder, ignoring case.
#[cfg(not(unix))]
pub fn same(one: &Path, other: &Path) -> bool {
    let spelt = |path: &Path| path.canonicalize().ok().map(|path| path.to_string_lossy().to_lowercase());
    one == other || spelt(one).is_some_and(|one| Some(one) == spelt(other))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_project_are_recognised_from_within_it() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().canonicalize().unwrap().join(name);
        for folder in ["clone/.git", "clone/sub/deep", "plain/sub", "elsewhere"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        let found = |path: &str, current: &str| Here::at(&at(current)).unwrap().project(&[at(path)]);
        assert_eq!(found("clone/.cache/cogfed", "clone"), Some(at("clone")));
        assert_eq!(found("clone/.cache/cogfed", "clone/sub/deep"), Some(at("clone")), "the work tree around");
        assert_eq!(found("plain/.cache/cogfed", "plain"), Some(at("plain")), "the current folder itself");
        assert_eq!(found("plain/.cache/cogfed", "plain/sub"), None);
        assert_eq!(found("elsewhere/cogfed", "clone"), None);
        let root = Here::at(Path::new("/")).unwrap();
        assert_eq!(root.project(&[at("elsewhere/cogfed")]), None, "a service runs in /");
        assert_eq!(root.project(&[at("clone/.cache")]), Some(at("clone")), "but a clone stays one");
        let sub = Here::at(&at("clone/sub")).unwrap();
        assert_eq!(sub.project_of(&at("clone")), Some(at("clone")), "its own folder");
        assert_eq!(sub.project_of(&at("clone/none/at/all")), Some(at("clone")));
        assert_eq!(sub.project_of(&at("elsewhere")), None);
    }

    /// Returns the current folder `current` of a person whose home is `home`.
    fn at_home(current: &Path, home: &Path) -> Here {
        Here { current: current.to_owned(), home: OnceCell::from(Some(home.to_owned())) }
    }

    #[test]
    fn home_is_no_project_but_the_work_trees_in_it_are() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().canonicalize().unwrap().join(name);
        for folder in ["home/.git", "home/code/clone/.git", "home/code/plain/sub", "home/.local/bin"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        let home = at("home");
        let found = |path: &str, current: &str| at_home(&at(current), &home).project_of(&at(path));
        for current in ["home", "home/code/clone", "home/code/plain/sub"] {
            assert_eq!(found("home/.local/bin", current), None, "{current}: dotfiles are the person's own");
            assert_eq!(found("home", current), None, "{current}");
        }
        assert_eq!(found("home/code/clone/bin", "home/code/clone"), Some(at("home/code/clone")));
        assert_eq!(found("home/code/clone/bin", "home"), Some(at("home/code/clone")));
        assert_eq!(found("home/code/plain/bin", "home/code/plain"), Some(at("home/code/plain")));
    }

    #[test]
    fn state_in_the_persons_own_home_belongs_to_no_project() {
        let Some(state) = user_folders::account_state().filter(|state| state.is_dir()) else { return };
        assert_eq!(project_of_state(&state.join("cogfed")), None);
        let here = std::env::current_dir().unwrap();
        assert!(project_of_state(&here.join("target/state/cogfed")).is_some(), "the work tree of these tests");
    }
}
