//! Simulated browsers for tests that run cogfed inside the test process.

use cogfed::oidc::Browser;
use cogfed::sandbox::visitor;
use url::Url;

/// A simulated browser that signs in as the person with this name.
pub struct VisitorBrowser(pub &'static str);

impl Browser for VisitorBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        visitor::sign_in_as(url.as_str(), self.0).map(drop).map_err(|error| format!("{error:#}"))
    }
}

/// A browser that fails the test when it is opened.
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _: &Url) -> Result<(), String> {
        panic!("a browser was opened");
    }
}
