//! The terminal messages and prompts of a browser sign-in, shared by the verbs that may start such a sign-in.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use url::Url;

use super::{BrowserAccess, Env, ProfileContext};
use crate::error::Failure;
use crate::oidc::hosted_ui::{NO_STYLE, Reception, WEB_ACL};
use crate::oidc::{self, Browser, Machine};
use crate::profile::{BrowserCommand, Profile};
use crate::secret::Secret;
use crate::session::accepted::Accepted;
use crate::session::interactive::{BrowserPolicy, Notice, Outcome, SignInRequest};
use crate::terminal::Terminal;

/// The settings of a [`SignInRequest`] that come from the command line.
pub(super) struct Manner<'a> {
    pub provider: Option<&'a str>,
    pub address: Option<&'a str>,
    pub policy: BrowserPolicy,
    pub patience: Duration,
    pub is_forced: bool,
    pub accepted: Accepted,
}

/// The prompt for the address on which the browser ended.
const PASTE: &str = "or paste here the address that the browser ended on, if it cannot reach this machine:";

/// Signs in, unless the stored sign-in still works.
///
/// # Errors
/// As [`crate::session::Session::sign_in`].
pub(super) async fn sign_in(context: &ProfileContext, env: &Env, manner: &Manner<'_>) -> Result<Outcome, Failure> {
    let access = context.browser_access(env, manner.policy)?;
    let words = Words { env, profile: &context.profile, access: &access, manner };
    let can_ask = manner.policy != BrowserPolicy::Unattended && access.is_own && env.terminal.can_ask();
    let ask = || words.ask();
    let request = SignInRequest {
        provider: manner.provider,
        address: manner.address,
        policy: manner.policy,
        browser: words.browser(),
        command: access.command.as_ref().filter(|_| access.browser.is_some()),
        shows_command: env.terminal.is_attended(),
        ask: if can_ask { Some(&ask) } else { None },
        asks_at_once: words.browser().is_none() || access.surroundings.is_far_from_browser(),
        patience: manner.patience,
        is_forced: manner.is_forced,
        accepted: &manner.accepted,
        siblings: &|| context.siblings(env),
        notify: &|notice| words.tell(&notice),
    };
    let _asking = Asking(&env.terminal);
    context.session().sign_in(&request).await
}

/// A guard for a sign-in that may prompt on the terminal. Its end puts the terminal's mode back.
struct Asking<'a>(&'a Terminal);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.stop_asking();
    }
}

/// A printer for the messages that a person sees during a sign-in.
struct Words<'a> {
    env: &'a Env,
    profile: &'a Profile,
    access: &'a BrowserAccess,
    manner: &'a Manner<'a>,
}

impl Words<'_> {
    fn browser(&self) -> Option<Arc<dyn Browser>> {
        self.access.browser.clone().filter(|_| self.manner.policy != BrowserPolicy::Person)
    }

    fn ask(&self) -> mpsc::Receiver<Secret> {
        self.env.terminal.ask(PASTE)
    }

    fn tell(&self, notice: &Notice<'_>) {
        let terminal = &self.env.terminal;
        match notice {
            Notice::AnotherSignIn => terminal.say("another cogfed is signing in to this profile; waiting for it"),
            Notice::Doubtful(reception) => {
                if let Some(warning) = warning(reception) {
                    terminal.warn(&warning);
                }
            }
            Notice::Browser(notice) => self.tell_of_browser(notice),
        }
    }

    fn tell_of_browser(&self, notice: &oidc::Notice<'_>) {
        let terminal = &self.env.terminal;
        match notice {
            oidc::Notice::Page { short, url, opening, port } => self.page(short, url, *opening, *port),
            oidc::Notice::NoBrowser(reason) => {
                terminal.warn(&format!("no browser could be opened ({reason}); open the URL above yourself"));
            }
            oidc::Notice::NotOpened(url) => {
                if !self.shows_whole_url(self.browser().is_some()) {
                    terminal.say("no browser has opened that address yet; if none can, open the full one:");
                    terminal.plain(url.as_str());
                }
            }
            oidc::Notice::Remark(remark) => self.remark(remark),
            oidc::Notice::NotPasted(reason) => {
                terminal.warn(reason);
                terminal.say(PASTE);
            }
            oidc::Notice::PasteEnded => terminal.say("nothing more can be pasted; still waiting for the browser"),
        }
    }

    fn remark(&self, remark: &oidc::Remark) {
        let terminal = &self.env.terminal;
        match remark {
            oidc::Remark::Unvouched(error) => {
                let error = error.map_or("an error".to_owned(), |error| format!("the error '{error}'"));
                terminal.warn(&format!(
                    "someone reported {error}, without knowing this sign-in's state: it may not be true, and the wait goes on"
                ));
            }
            oidc::Remark::Unusable(reason) => {
                terminal.warn(&format!("the browser came back {reason}; cogfed cannot use that, and the wait goes on"));
            }
            oidc::Remark::Stranger(stranger) => {
                terminal.warn(&format!("an answer with this sign-in's state was refused: {stranger}"));
                if *stranger != oidc::Stranger::AnotherUser {
                    terminal.hint(
                        "run this in a terminal with --no-browser, and paste the address that the browser ends on",
                    );
                }
            }
            oidc::Remark::TooLarge => {
                terminal.warn("the browser's request is larger than 256 KiB, mostly because of cookies for localhost; the wait goes on");
                terminal.hint(
                    "delete the browser's cookies of localhost, or use a private window, then open the address again",
                );
            }
        }
    }

    /// Returns whether to show the whole authorization URL at once, because the person opens the URL or because the
    /// browser may not reach this machine.
    fn shows_whole_url(&self, opening: bool) -> bool {
        !opening || self.access.surroundings.is_far_from_browser()
    }

    fn page(&self, short: &Url, url: &Url, opening: bool, port: u16) {
        let (terminal, here, name) = (&self.env.terminal, &self.access.surroundings, &self.profile.name);
        if opening && terminal.is_attended() {
            self.show_command();
        }
        let is_guessed = self.access.is_own && self.manner.policy != BrowserPolicy::Person;
        terminal.say(&match (opening, here.machine) {
            (true, Machine::Wsl) if is_guessed => {
                format!("this is WSL: opening the browser of Windows to sign in to profile '{name}'; if it does not open, visit:")
            }
            (true, _) => format!("opening your browser to sign in to profile '{name}'; if it does not open, visit:"),
            (false, _) if is_guessed => {
                let reason = self.access.reason();
                format!("no browser here: {reason}; to sign in to profile '{name}', open this in a browser:")
            }
            (false, _) => format!("to sign in to profile '{name}', open this in a browser{}:", self.where_to()),
        });
        terminal.plain(short.as_str());
        if let (false, Some(command)) = (opening, here.forwarding(port)) {
            terminal.say("on the computer with the browser, first run this, so that it can reach this machine:");
            terminal.plain(&command);
        }
        if self.shows_whole_url(opening) {
            terminal.say("or, for a browser that cannot reach this machine, open the full address:");
            terminal.plain(url.as_str());
        }
        if !opening && self.profile.clipboard && terminal.copy(url.as_str(), &self.env.variable) {
            terminal.say("copied to the clipboard, if your terminal allows it");
        }
        terminal.say(&format!("waiting up to {} s for you to sign in", self.manner.patience.as_secs()));
    }

    /// Shows the command that opens the browser, if a variable names it: an `.envrc` may have set it, and after this
    /// sign-in it may run on demand.
    fn show_command(&self) {
        if let Some(BrowserCommand { text, variable: Some(variable) }) = &self.access.command {
            self.env.terminal.say(&format!("{variable} names the command that opens your browser, now and on demand:"));
            self.env.terminal.plain(text);
        }
    }

    /// Returns words that name the machine on which to open the URL. It has to be this one unless SSH forwards a port.
    fn where_to(&self) -> &'static str {
        if self.access.surroundings.ssh.is_some() { "" } else { " on this machine" }
    }
}

/// Returns the warning about a response of the hosted UI that may prevent the sign-in.
fn warning(reception: &Reception) -> Option<String> {
    match reception {
        Reception::Forbidden => Some(format!(
            "the user pool's domain answers 403 Forbidden, as a web ACL of AWS WAF does; if the browser shows the same, {WEB_ACL}"
        )),
        Reception::LoginPagesUnavailable => Some(format!(
            "the user pool's domain answers 'Login pages unavailable'; if the browser shows the same, {NO_STYLE}"
        )),
        Reception::GoesOn | Reception::RedirectMismatch | Reception::UnknownClient(_) => None,
    }
}
