//! Profiles for unit tests.

use std::path::Path;

use super::{Choice, Configuration, Profile, select, settings};
use crate::error::Failure;

/// The settings that every test profile needs, in TOML.
pub const WHOLE: &str = "
    user_pool_id = 'eu-west-1_AbC123xyz'
    client_id = '3n4b5urk1ft4fl3mg5e62d9ado'
    domain = 'corp.auth.eu-west-1.amazoncognito.com'
    identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'
";

/// Returns a checked profile `internal`, with additional lines of TOML.
pub fn profile(lines: &str) -> Profile {
    load(&format!("[profile.internal]{WHOLE}{lines}"), None).expect("a good profile")
}

/// Loads the profile `name` of a configuration, or the default profile if `name` is `None`.
pub fn load(text: &str, name: Option<&str>) -> Result<Profile, Failure> {
    let configuration = Configuration::parse(Path::new("config.toml"), text)?;
    let choice = Choice { profile: name.map(str::to_owned), flags: Vec::new() };
    let name = select(&configuration, &choice, &|_| None)?;
    Profile::from_settings(&name, &settings(&configuration, &name, &choice, &|_| None)?)
}
