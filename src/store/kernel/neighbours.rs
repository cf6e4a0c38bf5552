//! Detection of other containers, or of the host, that can read this user's kernel keyring.
//!
//! The kernel keeps one user keyring for each user id of a user namespace (user-keyring(7)). Containers usually have no
//! user namespace of their own, so all containers of one user id on a machine, and that user itself, can read each
//! other's keys. No file or variable says reliably that this is a container: a virtual machine made from a container's
//! image has the same marks. The namespaces tell.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::LazyLock;

/// The names of the host's initial user namespace and initial process namespace. Their numbers are fixed
/// (`PROC_USER_INIT_INO` and `PROC_PID_INIT_INO` in the kernel's `include/linux/proc_ns.h`).
const FIRST_USERS: &str = "user:[4026531837]";
const FIRST_PROCESSES: &str = "pid:[4026531836]";
/// The first kernel version in which every user namespace has user keyrings of its own. Before, they belonged to the
/// user id as the machine numbers it.
const OWN_KEYRINGS: (u32, u32) = (5, 3);
/// The texts that reveal a container engine in the paths in `/proc/self/cgroup`.
const ENGINES: [&str; 7] = ["docker", "kubepods", "libpod", "containerd", "crio-", "lxc", "garden"];

/// Returns whether another container, or the host of this container, may be able to read this user's kernel keyring.
/// Looks only once.
pub fn has_neighbours() -> bool {
    static HAS: LazyLock<bool> = LazyLock::new(|| Facts::here().has_neighbours());
    *HAS
}

/// The facts about this process's namespaces, from which containers are detected. `None` is what cannot be found out.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// The name of the user namespace, such as `user:[4026531837]`.
    users: Option<String>,
    /// The name of the process namespace, such as `pid:[4026531836]`.
    processes: Option<String>,
    /// The root file systems of this process and of process 1, each as one text that names the device and the folder.
    roots: Option<(String, String)>,
    /// True if a container engine's marker file exists: `/.dockerenv` or `/run/.containerenv`.
    has_engine_file: bool,
    /// True if an environment variable or a control group reveals a container engine.
    is_named: bool,
    /// The content of `/proc/self/uid_map`.
    uid_map: String,
    /// The major and minor version of the kernel.
    kernel: (u32, u32),
}

impl Facts {
    fn here() -> Self {
        let link = |path: &str| Some(std::fs::read_link(path).ok()?.to_string_lossy().into_owned());
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let groups = read("/proc/self/cgroup");
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            users: link("/proc/self/ns/user"),
            processes: link("/proc/self/ns/pid"),
            roots: root("/proc/self/mountinfo").zip(root("/proc/1/mountinfo")),
            has_engine_file: ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists()),
            is_named: ["KUBERNETES_SERVICE_HOST", "container"].into_iter().any(is_set)
                || ENGINES.iter().any(|engine| groups.contains(engine)),
            uid_map: read("/proc/self/uid_map"),
            kernel: version(&read("/proc/sys/kernel/osrelease")),
        }
    }

    fn has_neighbours(&self) -> bool {
        let is_machines = self.users.as_deref().is_none_or(|users| users == FIRST_USERS);
        if is_machines || self.kernel < OWN_KEYRINGS {
            return self.is_contained();
        }
        // An engine that runs without root puts all its containers into one user namespace, which maps its user and a
        // range besides. Sandboxes such as bubblewrap map one user only.
        self.has_engine_file && mapped(&self.uid_map) > 1
    }

    /// Returns whether this process runs in a container.
    fn is_contained(&self) -> bool {
        match (&self.processes, &self.roots) {
            (Some(processes), _) if processes != FIRST_PROCESSES => true,
            // Process 1 is the machine's, so its root is the machine's, too.
            (Some(_), Some((own, machines))) => own != machines,
            _ => self.has_engine_file || self.is_named,
        }
    }
}

/// Returns the device and the folder mounted at `/`, from a file like `/proc/self/mountinfo`: `ID PARENT DEVICE FOLDER
/// MOUNTPOINT …` (proc_pid_mountinfo(5)).
fn root(path: &str) -> Option<String> {
    let lines = BufReader::new(std::fs::File::open(path).ok()?).lines();
    lines.map_while(Result::ok).find_map(|line| root_of(&line))
}

fn root_of(line: &str) -> Option<String> {
    let mut words = line.split(' ').skip(2);
    let (device, folder, mountpoint) = (words.next()?, words.next()?, words.next()?);
    (mountpoint == "/").then(|| format!("{device} {folder}"))
}

/// Returns the number of user ids in a user namespace. `uid_map` is `/proc/self/uid_map`, with lines of `INSIDE OUTSIDE
/// COUNT`.
fn mapped(uid_map: &str) -> u64 {
    let count = |line: &str| line.split_whitespace().nth(2)?.parse::<u64>().ok();
    uid_map.lines().filter_map(count).fold(0, u64::saturating_add)
}

/// Returns the major and minor version from a kernel's release string, such as `5.15.0-91-generic`.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|word| word.parse().unwrap_or_default());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Facts {
        Facts {
            users: Some(FIRST_USERS.into()),
            processes: Some(FIRST_PROCESSES.into()),
            roots: Some(("8:1 /".into(), "8:1 /".into())),
            uid_map: "         0          0 4294967295\n".into(),
            kernel: (6, 1),
            ..Facts::default()
        }
    }

    fn own_users() -> Facts {
        Facts {
            users: Some("user:[4026532500]".into()),
            processes: Some("pid:[4026532501]".into()),
            roots: Some(("0:50 /".into(), "0:50 /".into())),
            ..machine()
        }
    }

    #[test]
    fn machine_itself_has_no_neighbours() {
        let from_image = Facts { has_engine_file: true, is_named: true, ..machine() };
        let without_namespaces = Facts { users: None, processes: None, roots: None, ..machine() };
        for facts in [machine(), from_image, without_namespaces] {
            assert!(!facts.has_neighbours(), "{facts:?}");
        }
    }

    #[test]
    fn containers_that_share_the_keyring_are_recognised() {
        let docker = Facts {
            processes: Some("pid:[4026532501]".into()),
            roots: Some(("0:50 /".into(), "0:50 /".into())),
            ..machine()
        };
        let with_the_machines_processes = Facts { roots: Some(("0:50 /".into(), "8:1 /".into())), ..machine() };
        let folder = Facts { roots: Some(("8:1 /srv/root".into(), "8:1 /".into())), ..machine() };
        let hidden = Facts { roots: None, is_named: true, ..machine() };
        let hidden_docker = Facts { roots: None, has_engine_file: true, ..machine() };
        let old_kernel = Facts { kernel: (4, 18), ..own_users() };
        let two_users = "0 1000 1\n1 100000 65536\n";
        let rootless = Facts { has_engine_file: true, uid_map: two_users.into(), ..own_users() };
        for facts in [docker, with_the_machines_processes, folder, hidden, hidden_docker, old_kernel, rootless] {
            assert!(facts.has_neighbours(), "{facts:?}");
        }
    }

    #[test]
    fn own_user_namespace_has_its_own_keyring() {
        let kubernetes = Facts { is_named: true, uid_map: "0 655360 65536\n".into(), ..own_users() };
        let sandbox = Facts { has_engine_file: true, uid_map: "0 1000 1\n".into(), ..own_users() };
        for facts in [own_users(), kubernetes, sandbox] {
            assert!(!facts.has_neighbours(), "{facts:?}");
        }
    }

    #[test]
    fn mounts_maps_and_releases_are_read_as_the_kernel_writes_them() {
        assert_eq!(root_of("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw").as_deref(), Some("254:0 /"));
        assert_eq!(root_of("22 27 0:21 / /proc rw,relatime - proc proc rw"), None);
        assert_eq!(root_of("22 27"), None);
        assert_eq!(mapped("         0       1000          1\n         1     100000      65536\n"), 65537);
        for (release, expected) in [("6.18.44-fc-v657\n", (6, 18)), ("5.15.0-91-generic", (5, 15)), ("", (0, 0))] {
            assert_eq!(version(release), expected, "{release}");
        }
        let here = Facts::here();
        assert!(here.users.is_some_and(|users| users.starts_with("user:[")) && here.kernel > (2, 6));
    }
}
