//! A console with a table of its own, and browsers that ask it. Asserts nothing.

use crate::Console;
use crate::config::{ConsoleConfig, DemoUser};
use crate::entry::Entry;
use crate::routes::handle;
use app::App;
use app::auth::hash_token;
use app::exports::presign::Files;
use app::keys::Secret;
use app::secret::SecretSource;
use aws_config::SdkConfig;
use domain::ids::TenantId;
use domain::time::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt, Response};
use script::QuickJs;
use store::{Store, TenantRecord, TokenRecord};
use testkit::dynamo::LocalTable;

pub const ORIGIN: &str = "https://console.example";

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_167_600_000 + seconds * 1_000)
}

/// An installation with the tenants 1 and 2 and a token for each role: `cs_operator`, and `cs_other` of tenant 2.
pub struct House {
    pub table: LocalTable,
}

impl House {
    pub async fn build() -> House {
        let house = House { table: LocalTable::start().await.expect("as the test sets it up") };
        let store = house.table.store();
        for (id, name) in [(1, "Norvik Harbour"), (2, "Another Company")] {
            store.put_tenant(&TenantRecord::new(TenantId(id), name, at(0))).await.expect("as the test sets it up");
        }
        let tokens = [("user", 1), ("operator", 1), ("manager", 1), ("admin", 1), ("other", 2)];
        for (role, tenant) in tokens {
            let roles = vec![if role == "other" { "admin" } else { role }.to_owned()];
            let (tenant, user) = (TenantId(tenant), format!("{role}@demo.test"));
            let record = TokenRecord { tenant, user, roles, groups: Vec::new(), created_at: at(0) };
            store.put_token(&hash_token(&format!("cs_{role}")), &record).await.expect("as the test sets it up");
        }
        house
    }

    /// A function of its own: its memory is not shared with others.
    pub fn console(&self) -> Console {
        console(self.table.store(), ORIGIN)
    }
}

/// A console at an origin.
pub fn console(store: Store, origin: &str) -> Console {
    let person = |tenant, name: &str, role: &str| DemoUser {
        tenant,
        user: format!("{name}@demo.test"),
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        tenant_name: String::new(),
    };
    let config = ConsoleConfig {
        table: "countersign".to_owned(),
        secret_arn: "none".to_owned(),
        public_url: "https://answer.example".to_owned(),
        console_url: origin.to_owned(),
        oidc: None,
        export_bucket: "exports".to_owned(),
        demo_users: vec![person(1, "Ingrid", "admin"), person(9, "Nobody", "admin")],
    };
    let secret = Secret::new("a secret of this test, long enough").expect("as the test sets it up");
    let aws = SdkConfig::builder().build();
    let entry = Entry::new(&config, &aws);
    let files = Files::new(&aws, config.export_bucket.clone());
    let app = App { store, secret: Some(SecretSource::given(secret)), commands: None };
    Console { app, scripts: QuickJs::default(), config, entry, files }
}

/// What came back.
pub struct Shown {
    pub status: u16,
    pub location: Option<String>,
    pub cookies: Vec<String>,
    pub response: Response<Body>,
    pub html: String,
}

impl Shown {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }
}

/// Somebody with cookies.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: Vec<(String, String)>,
}

impl Browser {
    /// Signed in with a token.
    pub async fn with_token(console: &Console, token: &str) -> Browser {
        let mut browser = Browser::default();
        let shown = browser.post(console, "/sign-in", &[("token", token)], at(0)).await;
        assert_eq!(shown.status, 303, "{}", shown.html);
        browser
    }

    pub async fn get(&mut self, console: &Console, path: &str, now: Timestamp) -> Shown {
        let request = request(Method::GET, path, Body::Empty, &[]);
        self.send(console, request, now).await
    }

    pub async fn post(&mut self, console: &Console, path: &str, fields: &[(&str, &str)], now: Timestamp) -> Shown {
        self.post_with(console, path, fields, &[("sec-fetch-site", "same-origin")], now).await
    }

    pub async fn post_with(
        &mut self,
        console: &Console,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
        now: Timestamp,
    ) -> Shown {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        let request = request(Method::POST, path, Body::Text(pairs.join("&")), &headers);
        self.send(console, request, now).await
    }

    /// The value that this session's forms post.
    pub async fn csrf(&mut self, console: &Console, now: Timestamp) -> String {
        let shown = self.get(console, "/nothing/here", now).await;
        let (_, rest) = shown.html.split_once("name=\"csrf\" value=\"").expect("as the test sets it up");
        rest.split('"').next().expect("as the test sets it up").to_owned()
    }

    pub async fn send(&mut self, console: &Console, mut request: Request, now: Timestamp) -> Shown {
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert("cookie", cookies.join("; ").parse().expect("as the test sets it up"));
        }
        let response = handle(console, request, now).await;
        let set: Vec<String> = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().expect("as the test sets it up").to_owned())
            .collect();
        for cookie in &set {
            let (name, rest) = cookie.split_once('=').expect("as the test sets it up");
            let value = rest.split(';').next().expect("as the test sets it up");
            self.cookies.retain(|(kept, _)| kept != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let html = match response.body() {
            Body::Text(text) => text.clone(),
            Body::Empty | Body::Binary(_) | _ => String::new(),
        };
        let location =
            response.headers().get("location").map(|value| value.to_str().expect("as the test sets it up").to_owned());
        Shown { status: response.status().as_u16(), location, cookies: set, response, html }
    }
}

pub fn request(method: Method, path: &str, body: Body, headers: &[(&str, &str)]) -> Request {
    let uri = format!("{ORIGIN}{path}");
    let mut builder = lambda_http::http::Request::builder().method(method).uri(uri).header("host", "console.example");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let raw = path.split('?').next().unwrap_or_default();
    let query: std::collections::HashMap<String, Vec<String>> = path
        .split_once('?')
        .map(|(_, query)| query)
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| {
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            (name.to_owned(), vec![value])
        })
        .collect();
    builder.body(body).expect("as the test sets it up").with_raw_http_path(raw).with_query_string_parameters(query)
}
