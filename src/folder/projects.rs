//! The project that the current folder belongs to. Its files come from others, as does what its `.envrc` says, so they
//! must not decide where secrets go, and none of its programs is run.

use std::path::{Path, PathBuf};

use super::user_folders;

/// The names of the folders or files by which version control systems mark a work tree.
const WORK_TREES: &[&str] = &[".git", ".hg", ".jj", ".sl", ".svn", ".bzr", ".pijul", "_darcs"];

/// Returns the project, as seen from the current folder, that contains `folder`, a folder for state that may not exist
/// yet. The one in the home that the account database names belongs to no project.
pub fn project_of_state(folder: &Path) -> Option<PathBuf> {
    let current = std::env::current_dir().and_then(|current| current.canonicalize()).ok()?;
    // The part of the path that exists may lead elsewhere by links.
    let existing = folder.ancestors().find_map(|above| Some((above.canonicalize().ok()?, above)));
    let canonical = existing.and_then(|(canonical, above)| Some(canonical.join(folder.strip_prefix(above).ok()?)));
    let paths: Vec<PathBuf> = std::iter::once(folder.to_owned()).chain(canonical).collect();
    // A person may well be at home, even if the home is not the account's, as in a container. So below `HOME` only a work
    // tree is a project. The account database may be on the network, and is asked last.
    let is_usual = user_folders::state().is_some_and(|state| state.variable == Some("HOME"));
    let project = if is_usual { work_tree(&paths, &current) } else { project(&paths, &current) }?;
    let own = user_folders::account_state().and_then(|own| own.canonicalize().ok());
    let is_own = own.is_some_and(|own| paths.iter().any(|path| is_below(path, &own)));
    (!is_own).then_some(project)
}

/// Returns the outermost work tree that holds one of the canonical `paths` and that contains, equals or is below
/// `current`.
fn work_tree(paths: &[PathBuf], current: &Path) -> Option<PathBuf> {
    let is_near = |folder: &Path| same(folder, current) || is_below(current, folder) || is_below(folder, current);
    let outermost = |path: &PathBuf| {
        let trees = path.ancestors().skip(1).filter(|folder| is_work_tree(folder) && is_near(folder));
        trees.last().map(Path::to_owned)
    };
    paths.iter().find_map(outermost)
}

/// Returns whether a project is not a work tree, and is or contains the home that the environment names.
pub fn is_home(project: &Path) -> bool {
    let home = user_folders::home().and_then(|home| home.path.canonicalize().ok());
    !is_work_tree(project) && home.is_some_and(|home| same(&home, project) || is_below(&home, project))
}

/// Returns the project that contains one of the canonical `paths`: a work tree around the folder `current`, or
/// `current` itself. If a whole home is below `current`, that is no project, but the work trees in it are.
pub fn project(paths: &[PathBuf], current: &Path) -> Option<PathBuf> {
    let holds = |folder: &&Path| paths.iter().any(|path| is_below(path, folder));
    // Every folder around both is also around the outermost such folder, so any work tree among them will do.
    let around: Vec<&Path> = current.ancestors().filter(holds).collect();
    if let Some(tree) = around.iter().rev().find(|folder| is_work_tree(folder)) {
        return Some((*tree).to_owned());
    }
    if !around.contains(&current) {
        return None;
    }
    if !has_home(current) {
        return Some(current.to_owned());
    }
    let between = |path: &PathBuf| {
        let folders = path.ancestors().skip(1).take_while(|folder| !same(folder, current));
        folders.filter(|folder| is_work_tree(folder)).last().map(Path::to_owned)
    };
    paths.iter().find_map(between)
}

/// Returns whether this user's home is `folder` or below it.
fn has_home(folder: &Path) -> bool {
    let home = user_folders::account_home().and_then(|home| home.canonicalize().ok());
    folder.parent().is_none() || home.is_some_and(|home| same(&home, folder) || is_below(&home, folder))
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
        let found = |path: &str, current: &str| project(&[at(path)], &at(current));
        assert_eq!(found("clone/.cache/cogfed", "clone"), Some(at("clone")));
        assert_eq!(found("clone/.cache/cogfed", "clone/sub/deep"), Some(at("clone")), "the work tree around");
        assert_eq!(found("plain/.cache/cogfed", "plain"), Some(at("plain")), "the current folder itself");
        assert_eq!(found("plain/.cache/cogfed", "plain/sub"), None);
        assert_eq!(found("elsewhere/cogfed", "clone"), None);
        assert_eq!(project(&[at("elsewhere/cogfed")], Path::new("/")), None, "a service runs in /");
        assert_eq!(project(&[at("clone/.cache")], Path::new("/")), Some(at("clone")), "but a clone stays one");
    }

    #[test]
    fn state_in_the_persons_own_home_belongs_to_no_project() {
        let Some(state) = user_folders::account_state().filter(|state| state.is_dir()) else { return };
        assert_eq!(project_of_state(&state.join("cogfed")), None);
        let here = std::env::current_dir().unwrap();
        assert!(project_of_state(&here.join("target/state/cogfed")).is_some(), "the work tree of these tests");
    }
}
