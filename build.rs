//! Packs the program's relocations if this machine's glibc can read them. Unpacked, they take a third of the start-up
//! time of `credential-process`, which AWS's tools run all the time.

use std::env;
use std::process::Command;

/// The first glibc that reads packed relocations (`DT_RELR`).
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let set = |name: &str| env::var(name).unwrap_or_default();
    let is_for_here = set("TARGET") == set("HOST") && set("CARGO_CFG_TARGET_OS") == "linux";
    if is_for_here && set("CARGO_CFG_TARGET_ENV") == "gnu" && glibc().is_some_and(|version| version >= GLIBC) {
        // A linker without this option prints a warning and goes on.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Returns the version of this machine's glibc, on which the program will run.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
