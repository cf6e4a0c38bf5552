//! A simulated browser, without a window, that signs in as a person. It follows redirects, links and forms of the
//! hosted UI as a person would, and keeps cookies. It returns the page where the person would end.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::error::{Context, Error, Result};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

/// The maximum number of pages and redirects in one sign-in.
const MOST_STEPS: usize = 20;
/// The maximum size of a page, in bytes.
const LARGEST_PAGE: usize = 1024 * 1024;
/// The maximum time to wait for a response. The callback listener answers only after it has exchanged the code.
const PATIENCE: Duration = Duration::from_secs(60);

/// The last page that the simulated browser loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The URL of the page.
    pub url: Url,
    /// The HTTP status of the response.
    pub status: u16,
    /// The text of the page, usually HTML.
    pub text: String,
}

/// The button to click on a directory's sign-in page.
enum Choice<'a> {
    Person(&'a str),
    Cancel,
}

/// A simulated browser with its cookies.
#[derive(Debug, Default)]
pub struct Visitor {
    /// The cookie values, by host and cookie name. Browsers ignore the port, too.
    cookies: BTreeMap<(String, String), String>,
}

/// Signs in as `person` in a new simulated browser, and blocks until the last page has loaded. It can be called inside
/// or outside an async runtime.
///
/// # Errors
/// Fails like [`Visitor::sign_in`].
pub fn sign_in_as(authorization_url: &str, person: &str) -> Result<Page> {
    // Tokio runtimes can be neither run nor dropped on a thread that is running one.
    let visit = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start the visitor's runtime")?;
        runtime.block_on(Visitor::default().sign_in(authorization_url, person))
    };
    thread::scope(|scope| scope.spawn(visit).join()).map_err(|_| Error::new("the visitor's thread panicked"))?
}

impl Visitor {
    /// Opens the authorization URL, chooses the person's directory if the page offers several directories, and clicks
    /// the person's button. It follows the redirects to the end, including the page of the callback listener. With an
    /// earlier session there may be nothing to click.
    ///
    /// # Errors
    /// Fails if a server does not answer, or if no page has a button for this person.
    pub async fn sign_in(&mut self, authorization_url: &str, person: &str) -> Result<Page> {
        self.visit(authorization_url, &Choice::Person(person)).await
    }

    /// Opens the authorization URL, chooses the first directory if there are several, and clicks Cancel on the
    /// directory's sign-in page.
    ///
    /// # Errors
    /// Fails if a server does not answer.
    pub async fn cancel(&mut self, authorization_url: &str) -> Result<Page> {
        self.visit(authorization_url, &Choice::Cancel).await
    }

    async fn visit(&mut self, url: &str, choice: &Choice<'_>) -> Result<Page> {
        let page = self.open(Url::parse(url).context("the authorization URL is not a URL")?).await?;
        let directories = links(&page);
        if directories.is_empty() {
            return self.choose(page, choice).await;
        }
        for directory in directories {
            let page = self.open(directory).await?;
            if button(&page, choice).is_some() {
                return self.choose(page, choice).await;
            }
        }
        Err(Error::new("no directory has the button that the visitor looks for"))
    }

    /// Clicks the button `choice` on a directory's sign-in page. A page without a form is already the end.
    async fn choose(&mut self, page: Page, choice: &Choice<'_>) -> Result<Page> {
        let Some(action) = attribute_after(&page.text, "<form ", "action") else { return Ok(page) };
        let (name, value) = button(&page, choice).context("the directory does not know this person")?;
        let body = hidden_inputs(&page).append_pair(&name, &value).finish();
        let action = page.url.join(&action).context("the action of a form is not a URL")?;
        let answer = self.request(Method::POST, &action, body).await?;
        self.follow(action, answer).await
    }

    /// Opens a page and follows its redirects.
    ///
    /// # Errors
    /// Fails if a server does not answer, or redirects without end.
    pub async fn open(&mut self, url: Url) -> Result<Page> {
        let answer = self.request(Method::GET, &url, String::new()).await?;
        self.follow(url, answer).await
    }

    async fn follow(&mut self, mut url: Url, mut answer: Response<Bytes>) -> Result<Page> {
        for _ in 0..MOST_STEPS {
            if !answer.status().is_redirection() {
                let text = String::from_utf8_lossy(answer.body()).into_owned();
                let page = Page { url, status: answer.status().as_u16(), text };
                // Pages of this kind submit themselves.
                let Some(action) = attribute_after(&page.text, "<form id=\"form-post\"", "action") else {
                    return Ok(page);
                };
                url = page.url.join(&action).context("the action of a form is not a URL")?;
                answer = self.request(Method::POST, &url, hidden_inputs(&page).finish()).await?;
                continue;
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            url = url
                .join(location.context("a redirect leads nowhere")?)
                .context("the target of a redirect is not a URL")?;
            answer = self.request(Method::GET, &url, String::new()).await?;
        }
        Err(Error::new("the redirects have no end"))
    }

    /// Sends one request without following redirects.
    async fn request(&mut self, method: Method, url: &Url, body: String) -> Result<Response<Bytes>> {
        if url.scheme() != "http" {
            return Err(Error::new("the visitor goes to http addresses only"));
        }
        let host = url.host_str().context("an address has no host")?.to_owned();
        let port = url.port_or_known_default().context("an address has no port")?;
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut request = Request::builder().method(&method).uri(target).header(HOST, format!("{host}:{port}"));
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((owner, _), _)| *owner == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::from(body))).context("cannot make a request")?;
        let place = (host.trim_matches(['[', ']']), port);
        let answer = timeout(PATIENCE, send(place, request));
        let answer = answer.await.map_err(|_| Error::new(format!("{host}:{port} did not answer in time")))?;
        let answer = answer.context(format!("cannot open a page of {host}:{port}"))?;
        for cookie in answer.headers().get_all(SET_COOKIE).into_iter().filter_map(|cookie| cookie.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let key = (host.clone(), name.trim().to_owned());
                if cookie.contains("Max-Age=0") {
                    self.cookies.remove(&key);
                } else {
                    self.cookies.insert(key, value.trim().to_owned());
                }
            }
        }
        Ok(answer)
    }
}

async fn send(place: (&str, u16), request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
    let stream = TcpStream::connect(place).await.context("cannot connect")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.context("cannot talk HTTP")?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await.context("no answer came")?.into_parts();
        let body = Limited::new(body, LARGEST_PAGE)
            .collect()
            .await
            .map_err(|reason| Error::new(reason.to_string()))?
            .to_bytes();
        Ok::<_, Error>(Response::from_parts(head, body))
    };
    tokio::pin!(exchange, connection);
    // The connection must be polled, too. When it has ended, the exchange holds everything that arrived.
    tokio::select! {
        answer = &mut exchange => answer,
        _ = &mut connection => exchange.await,
    }
}

/// Returns the links on the page for choosing an identity provider. The ids of these links start with `idp-`.
fn links(page: &Page) -> Vec<Url> {
    let tags = page.text.split("<a ").skip(1);
    tags.filter(|tag| attribute(tag, "id").is_some_and(|id| id.starts_with("idp-")))
        .filter_map(|tag| page.url.join(&attribute(tag, "href")?).ok())
        .collect()
}

/// Returns the name and the value of the button to click.
fn button(page: &Page, choice: &Choice<'_>) -> Option<(String, String)> {
    let id = match choice {
        Choice::Person(name) => format!("person-{name}"),
        Choice::Cancel => "cancel".to_owned(),
    };
    let tag = page.text.split("<button ").skip(1).find(|tag| attribute(tag, "id").as_deref() == Some(&id))?;
    Some((attribute(tag, "name")?, attribute(tag, "value")?))
}

/// Returns the hidden inputs of a page's form, form-encoded.
fn hidden_inputs(page: &Page) -> form_urlencoded::Serializer<'static, String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let inputs = page.text.split("<input ").skip(1);
    for input in inputs.filter(|input| attribute(input, "type").as_deref() == Some("hidden")) {
        let (name, value) = (attribute(input, "name"), attribute(input, "value"));
        form.append_pair(&name.unwrap_or_default(), &value.unwrap_or_default());
    }
    form
}

fn attribute_after(text: &str, start: &str, name: &str) -> Option<String> {
    attribute(text.split_once(start)?.1, name)
}

/// Returns the value of an HTML attribute, with HTML entities decoded. `tag` starts inside the tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (inside, _) = tag.split_once('>')?;
    let (_, value) = inside.split_once(&format!("{name}=\""))?;
    let (value, _) = value.split_once('"')?;
    let value = value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">");
    Some(value.replace("&amp;", "&"))
}
