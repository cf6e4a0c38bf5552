//! URLs that are easy to sign wrongly, and requests made from them.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use cogfed::credentials::Credentials;
use cogfed::request::{ApiRequest, RequestInput, SignedRequest, sign};
use cogfed::secret::Secret;

/// What is typed after the host, and what goes on the wire.
pub const TRICKY: &[(&str, &str)] = &[
    ("", "/"),
    ("/", "/"),
    ("?", "/"),
    ("?x=1", "/?x=1"),
    ("/prod", "/prod"),
    ("/prod/", "/prod/"),
    ("/prod/a b", "/prod/a%20b"),
    ("/prod/a%20b", "/prod/a%20b"),
    ("/prod/a%2Fb", "/prod/a%2Fb"),
    ("/prod/a%2fb/", "/prod/a%2fb/"),
    ("/prod/a%252Fb", "/prod/a%252Fb"),
    ("/prod/ü/€/𝄞", "/prod/%C3%BC/%E2%82%AC/%F0%9D%84%9E"),
    ("/prod/e\u{301}", "/prod/e%CC%81"),
    ("/prod/%FF%80", "/prod/%FF%80"),
    ("/prod/100%", "/prod/100%25"),
    ("/prod/%zz/%4", "/prod/%25zz/%254"),
    ("/prod/%41%7e", "/prod/%41%7e"),
    ("//prod//a///", "/prod/a/"),
    ("/prod/./a/../b", "/prod/b"),
    ("/prod/..", "/"),
    ("/prod/.", "/prod/"),
    ("/../../prod", "/prod"),
    ("/prod/%2e%2E/a", "/a"),
    ("/prod/.%2e/a", "/a"),
    ("/prod/%2e/a/%2e", "/prod/a/"),
    ("/prod/a//../b", "/prod/b"),
    ("/prod/...", "/prod/..."),
    ("/prod/.a/b./..c", "/prod/.a/b./..c"),
    ("/prod/%2F..%2Fa", "/prod/%2F..%2Fa"),
    ("/prod/a|b^c`d", "/prod/a%7Cb%5Ec%60d"),
    ("/prod/\"<a>\"", "/prod/%22%3Ca%3E%22"),
    ("/prod/{id}/[0]", "/prod/%7Bid%7D/%5B0%5D"),
    (r"/prod/a\b\..\c", "/prod/a%5Cb%5C..%5Cc"),
    ("/prod/!$&'()*+,;=:@-._~", "/prod/!$&'()*+,;=:@-._~"),
    ("/test/@connections/xx=", "/test/@connections/xx="),
    ("/prod/https://other.example/", "/prod/https:/other.example/"),
    ("/prod/a;v=1/b,c", "/prod/a;v=1/b,c"),
    ("/C:/a", "/C:/a"),
    ("/prod#top", "/prod"),
    ("/prod?a=1#b?c", "/prod?a=1"),
    ("/prod#?a=1", "/prod"),
    ("/prod?q=a b", "/prod?q=a%20b"),
    ("/prod?q=a+b", "/prod?q=a%2Bb"),
    ("/prod?q=a%20b%2Bc", "/prod?q=a%20b%2Bc"),
    ("/prod?x", "/prod?x="),
    ("/prod?x=", "/prod?x="),
    ("/prod?x&y=&z", "/prod?x=&y=&z="),
    ("/prod?b=2&a=1&b=1&a=2", "/prod?b=2&a=1&b=1&a=2"),
    ("/prod?&&a=1&&", "/prod?a=1"),
    ("/prod?&", "/prod"),
    ("/prod?=v", "/prod?=v"),
    ("/prod?=", "/prod"),
    ("/prod?a=b=c", "/prod?a=b%3Dc"),
    ("/prod?a=b?c/d", "/prod?a=b%3Fc%2Fd"),
    ("/prod?a=%2f%2F&b=%7e", "/prod?a=%2F%2F&b=~"),
    ("/prod?a=100%&b=%zz", "/prod?a=100%25&b=%25zz"),
    ("/prod?ü=€&%C3%BC=%e2%82%ac", "/prod?%C3%BC=%E2%82%AC&%C3%BC=%E2%82%AC"),
    ("/prod?a='\"<>`|^{}[]\\", "/prod?a=%27%22%3C%3E%60%7C%5E%7B%7D%5B%5D%5C"),
    ("/prod?a=!$*(),;:@", "/prod?a=%21%24%2A%28%29%2C%3B%3A%40"),
    ("/prod?a=1;b=2", "/prod?a=1%3Bb%3D2"),
    ("/prod?a[]=1&a[]=2&o[k]=v", "/prod?a%5B%5D=1&a%5B%5D=2&o%5Bk%5D=v"),
    ("/prod?u=https://h/p?x=1%26y=2", "/prod?u=https%3A%2F%2Fh%2Fp%3Fx%3D1%26y%3D2"),
    ("/prod?A=1&a=2&_=3&-=4&~=5&.=6", "/prod?A=1&a=2&_=3&-=4&~=5&.=6"),
    ("/prod?a=../..//b", "/prod?a=..%2F..%2F%2Fb"),
    ("/prod?a=%00%0A%7F", "/prod?a=%00%0A%7F"),
    ("/prod/%00%0A", "/prod/%00%0A"),
];

pub fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().to_utc()
}

pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIA123CANARY456WXYZ".into(),
        secret_access_key: Secret::new("secret/canary+key"),
        session_token: Secret::new("token/canary+/=="),
        expires: now(),
    }
}

pub fn get(url: String) -> RequestInput {
    RequestInput { method: "GET".into(), url, ..RequestInput::default() }
}

pub fn signed(input: RequestInput) -> SignedRequest {
    let url = input.url.clone();
    let (request, _) = ApiRequest::build(input).unwrap_or_else(|error| panic!("{url}: {error}"));
    sign(&request, &credentials(), "eu-west-1", now()).unwrap()
}

/// A deterministic source of numbers (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>) and of URLs made from them.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// Up to `longest` pieces, each an ASCII character not in `without`, or something odd.
    pub fn text(&mut self, longest: usize, without: &str) -> String {
        const OTHER: [&str; 12] =
            ["ü", "€", "𝄞", "%2F", "%20", "%C3%BC", "%25", "%2b", "%zz", "..", "%2e%2e", "\u{a0}"];
        let mut text = String::new();
        for _ in 0..self.below(longest + 1) {
            let piece = match self.below(4) {
                0 => OTHER[self.below(OTHER.len())].to_string(),
                _ => char::from(b' ' + self.below(95) as u8).to_string(),
            };
            if !without.contains(&piece) {
                text.push_str(&piece);
            }
        }
        text
    }

    /// What stands after a host: a path, mostly a query, now and then a fragment.
    pub fn target(&mut self) -> String {
        let mut target = String::new();
        for _ in 0..self.below(6) {
            let segment = self.text(6, "%?#");
            write!(target, "/{segment}").unwrap();
        }
        for at in 0..self.below(5) {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(&self.text(4, "%#"));
            if self.below(4) > 0 {
                target.push('=');
                target.push_str(&self.text(8, "%#"));
            }
        }
        if self.below(10) == 0 {
            target.push_str("#fragment");
        }
        target
    }
}
