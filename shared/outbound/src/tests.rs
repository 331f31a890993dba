//! Hostile addresses, names that change their mind, redirects, and answers that are too slow or too large: against a
//! server on this machine and a resolver of the test's making.

use crate::{BODY_BYTES_MAX, Caller, Credentials, Local, Resolve, Target, is_public};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use domain::action::{HttpAnswer, HttpRequest, Trouble};
use domain::outbound::Outbound;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Gives each name its answers, one after the other; the last one stays.
#[derive(Debug, Default)]
struct Names(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let mut names = self.0.lock().expect("no test panics here");
            let answers = names.get_mut(host).ok_or(std::io::ErrorKind::NotFound)?;
            Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
        })
    }
}

fn names(table: &[(&str, &[&str])]) -> Arc<Names> {
    let parsed = table.iter().map(|(name, answers)| {
        let answers =
            answers.iter().map(|list| list.split(' ').map(|text| text.parse().expect("an address")).collect());
        ((*name).to_owned(), answers.collect())
    });
    Arc::new(Names(Mutex::new(parsed.collect())))
}

fn outbound(hosts: &[&str]) -> Outbound {
    Outbound { hosts: hosts.iter().map(|host| host.parse().expect("a host")).collect(), ..Outbound::default() }
}

fn to(url: &str) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        credentials: None,
        timeout_ms: 5_000,
    }
}

async fn serve(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

async fn call(caller: &Caller, request: &HttpRequest, outbound: &Outbound) -> Result<HttpAnswer, Trouble> {
    caller.call(request, outbound, None, "1/2/3").await
}

fn code(result: Result<HttpAnswer, Trouble>) -> &'static str {
    result.expect_err("an answer").code
}

#[test]
fn addresses_of_this_machine_its_network_and_its_cloud_are_not_public() {
    let refused = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for text in refused {
        assert!(!is_public(text.parse().expect("an address")), "{text}");
    }
    let public = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
    ];
    for text in public {
        assert!(is_public(text.parse().expect("an address")), "{text}");
    }
}

/// Every spelling that some reader of addresses understands and another does not.
#[test]
fn addresses_that_can_be_understood_in_two_ways_are_refused() {
    let hostile = [
        "",
        "api.example",
        "//api.example/",
        "ftp://api.example/",
        "file:///etc/passwd",
        "gopher://api.example/",
        "https:///x",
        "https://",
        "https://:443/",
        "https://user@api.example/",
        "https://user:pass@api.example/",
        "https://api.example@127.0.0.1/",
        "https://api.example\\@127.0.0.1/",
        "https://api.example:0/",
        "https://api.example:99999/",
        "https://api.example:80:80/",
        "https://api.example:8x/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://017700000001/",
        "https://1.2.3.4.5/",
        "https://256.0.0.1/",
        "https://api.example.0/",
        "https://[127.0.0.1]/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://::1/",
        "https://a..b/",
        "https://.api.example/",
        "https://api.example../",
        "https://api .example/",
        "https://api.example/a b",
        "https://api.example/\r\nHost: x",
        "https://\u{ff41}pi.example/",
        "https://api\u{3002}example/",
        "https://api%2eexample/",
        "https://api.example%00.evil/",
    ];
    for text in hostile {
        assert!(Target::parse(text).is_err(), "{text}: {:?}", Target::parse(text));
    }
}

#[test]
fn ordinary_addresses_are_read() {
    let read = |text: &str| Target::parse(text).expect(text).url();
    assert_eq!(read("https://API.example"), "https://api.example:443/");
    assert_eq!(read("HTTPS://api.example.:8443/a%20b?c=d#e"), "https://api.example:8443/a%20b?c=d");
    assert_eq!(read("https://api.example?x=1"), "https://api.example:443/?x=1");
    assert_eq!(read("http://[2606:4700::1111]:8080/"), "http://[2606:4700::1111]:8080/");
}

#[test]
fn redirects_lead_where_browsers_would_go() {
    let from = Target::parse("https://api.example/a/b?c").expect("an address");
    let table = [
        ("https://other.example/x", "https://other.example:443/x"),
        ("//other.example/x", "https://other.example:443/x"),
        ("/x?y", "https://api.example:443/x?y"),
        ("x", "https://api.example:443/a/x"),
        ("?z", "https://api.example:443/a/b?z"),
        ("x?to=https://other.example/", "https://api.example:443/a/x?to=https://other.example/"),
    ];
    for (location, expected) in table {
        assert_eq!(from.join(location).expect(location).url(), expected);
    }
    assert!(from.join("").is_err() && from.join("http://127.1/").is_err() && from.join("javascript://x/").is_err());
}

/// The list of the tenant and the address both have to allow it; no answer of the server is ever seen.
#[tokio::test]
async fn places_that_may_not_be_called_are_not_called() {
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = hits.clone();
    let port = serve(Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "secret"
    })))
    .await;
    let table: Vec<(&str, &[&str])> = vec![
        ("evil.example", &["127.0.0.1"]),
        ("mixed.example", &["8.8.8.8 127.0.0.1"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("metadata.example", &["169.254.169.254"]),
        ("nat64.example", &["64:ff9b::7f00:1"]),
        ("localhost", &["127.0.0.1 ::1"]),
        ("nobody.example", &["0.0.0.0"]),
    ];
    let caller = Caller::new(Local::default(), names(&table));
    let mut hosts: Vec<String> = table.iter().map(|(name, _)| format!("http://{name}:{port}")).collect();
    hosts.extend(["http://127.0.0.1", "http://169.254.169.254", "http://0.0.0.0"].map(|host| format!("{host}:{port}")));
    let all = outbound(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    for host in &hosts {
        assert_eq!(code(call(&caller, &to(&format!("{host}/latest/meta-data")), &all).await), "HTTP_REFUSED", "{host}");
    }
    let ipv6 = to(&format!("http://[::1]:{port}/"));
    assert_eq!(code(call(&caller, &ipv6, &all).await), "HTTP_REFUSED");
    // Not on the list, another port, not encrypted: refused before a name is resolved.
    let listed = outbound(&["api.example"]);
    for url in
        ["https://other.example/", "https://api.example:8443/", "http://api.example/", "https://api.example.evil/"]
    {
        assert_eq!(code(call(&caller, &to(url), &listed).await), "HTTP_REFUSED", "{url}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

/// DNS rebinding: the address that was checked is the one connected to, for each call anew.
#[tokio::test]
async fn a_name_that_changes_its_address_gains_nothing() {
    let port = serve(Router::new().route("/", get(async || "inside"))).await;
    let names = names(&[("rebind.example", &["192.0.2.1", "127.0.0.1"])]);
    let caller = Caller::new(Local::default(), names.clone());
    let list = outbound(&[&format!("http://rebind.example:{port}")]);
    let request = to(&format!("http://rebind.example:{port}/"));
    // 192.0.2.1 is not public either; what matters is that neither answer is used.
    assert_eq!(code(call(&caller, &request, &list).await), "HTTP_REFUSED");
    assert_eq!(code(call(&caller, &request, &list).await), "HTTP_REFUSED");
    // One resolution for one connection: nobody asks a second time and gets another answer.
    let asked = crate::resolver::Checked { inner: Arc::new(Counting::default()), local: true };
    let counting = asked.inner.clone();
    let caller = Caller::new(Local::parse(&format!("count.example:{port}")), counting.clone());
    let list = outbound(&[&format!("http://count.example:{port}")]);
    let answer = call(&caller, &to(&format!("http://count.example:{port}/")), &list).await.expect("an answer");
    assert_eq!(answer.body, "inside");
    assert_eq!(format!("{counting:?}"), "Counting(1)");
}

#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Resolve for Counting {
    fn resolve<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

/// What the installation allows on its own machine does not open the rest of it.
#[tokio::test]
async fn a_local_place_is_one_host_and_port() {
    let (open, closed) = (serve(echo()).await, serve(echo()).await);
    let caller = Caller::new(Local::parse(&format!("127.0.0.1:{open}, junk")), names(&[]));
    let list = outbound(&[&format!("http://127.0.0.1:{open}"), &format!("http://127.0.0.1:{closed}")]);
    assert_eq!(call(&caller, &to(&format!("http://127.0.0.1:{open}/")), &list).await.expect("an answer").status, 200);
    assert_eq!(code(call(&caller, &to(&format!("http://127.0.0.1:{closed}/")), &list).await), "HTTP_REFUSED");
    // And the tenant's list still decides.
    assert_eq!(code(call(&caller, &to(&format!("http://127.0.0.1:{open}/")), &outbound(&[])).await), "HTTP_REFUSED");
}

fn echo() -> Router {
    Router::new().fallback(any(async |request: Request| {
        let text =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        let seen =
            ["idempotency-key", "authorization", "x-api-key", "x-name", "user-agent", "cookie"].map(text).join(" ");
        format!("{} {} {seen}", request.method(), request.uri())
    }))
}

fn local(router_port: u16) -> (Caller, Outbound) {
    let caller = Caller::new(Local::any_port(), names(&[]));
    (caller, outbound(&[&format!("http://127.0.0.1:{router_port}")]))
}

#[tokio::test]
async fn a_request_carries_its_headers_and_its_idempotency_key() {
    let port = serve(echo()).await;
    let (caller, list) = local(port);
    let mut request = to(&format!("http://127.0.0.1:{port}/a?b=c"));
    request.headers = [("X-Name", "b"), ("Host", "evil.example"), ("Content-Length", "99"), ("Cookie", "a=b")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let answer = call(&caller, &request, &list).await.expect("an answer");
    assert_eq!(answer.body, "GET /a?b=c 1/2/3 - - b Countersign a=b");
}

/// No redirect leads past the checks; secrets stay with their host.
#[tokio::test]
async fn every_hop_is_checked() {
    let inside = serve(echo()).await;
    let redirects = |status: StatusCode, location: String| {
        any(async move || -> Response { (status, [("location", location)]).into_response() })
    };
    let port = serve(
        Router::new()
            .route("/in", redirects(StatusCode::FOUND, format!("http://127.0.0.1:{inside}/x")))
            .route("/meta", redirects(StatusCode::FOUND, "http://169.254.169.254/latest".to_owned()))
            .route("/file", redirects(StatusCode::FOUND, "file:///etc/passwd".to_owned()))
            .route("/loop", redirects(StatusCode::FOUND, "/loop".to_owned()))
            .route("/same", redirects(StatusCode::SEE_OTHER, "/end".to_owned()))
            .route("/kept", redirects(StatusCode::TEMPORARY_REDIRECT, "/end".to_owned()))
            .route("/end", any(async |request: Request| request.method().to_string())),
    )
    .await;
    let (caller, list) = local(port);
    let request = |path: &str, method: &str| {
        let mut request = to(&format!("http://127.0.0.1:{port}{path}"));
        request.method = method.to_owned();
        request.body = (method == "POST").then(|| "{}".to_owned());
        request.headers = vec![("Authorization".to_owned(), "Bearer mine".to_owned())];
        request
    };
    for path in ["/in", "/meta", "/file", "/loop"] {
        assert_eq!(code(call(&caller, &request(path, "GET"), &list).await), "HTTP_REFUSED", "{path}");
    }
    assert_eq!(call(&caller, &request("/same", "POST"), &list).await.expect("an answer").body, "GET");
    assert_eq!(call(&caller, &request("/kept", "POST"), &list).await.expect("an answer").body, "POST");
    // On the list it is followed, without what only the first host may see.
    let both = outbound(&[&format!("http://127.0.0.1:{port}"), &format!("http://127.0.0.1:{inside}")]);
    let answer = call(&caller, &request("/in", "GET"), &both).await.expect("an answer");
    assert_eq!(answer.body, "GET /x 1/2/3 - - - Countersign -");
}

#[tokio::test]
async fn credentials_go_to_their_own_host_and_come_back_masked() {
    let port = serve(echo()).await;
    let (caller, list) = local(port);
    let parse = |text: String| Credentials::parse(&text).expect("credentials");
    let own = parse(format!(r#"{{"host":"http://127.0.0.1:{port}","header":"X-Api-Key","value":"s3cr3t-key"}}"#));
    let basic = parse(format!(r#"{{"host":"http://127.0.0.1:{port}","username":"u","password":"pass word"}}"#));
    let other = parse(r#"{"host":"api.example","header":"X-Api-Key","value":"s3cr3t-key"}"#.to_owned());
    let request = to(&format!("http://127.0.0.1:{port}/"));
    let body = async |credentials| caller.call(&request, &list, Some(credentials), "k").await.map(|answer| answer.body);
    assert_eq!(body(&own).await.expect("an answer"), "GET / k - *** - Countersign -");
    assert_eq!(body(&basic).await.expect("an answer"), "GET / k Basic *** - - Countersign -");
    assert_eq!(body(&other).await.expect_err("another host").code, "HTTP_REFUSED");
    assert_eq!(format!("{own:?}"), "Credentials");
    for text in ["", "{}", r#"{"host":"a.example"}"#, r#"{"host":"a.example","header":"a b","value":"x"}"#] {
        assert!(Credentials::parse(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn answers_have_a_time_and_a_size() {
    let port = serve(
        Router::new()
            .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(60)).await))
            .route("/fits", get(async || "x".repeat(BODY_BYTES_MAX)))
            .route("/large", get(async || "x".repeat(BODY_BYTES_MAX + 1)))
            .route("/cookie", get(async || ([("set-cookie", "session=1"), ("x-kept", "1")], "ok")))
            .route("/status", get(async || (StatusCode::NOT_FOUND, "nothing"))),
    )
    .await;
    let (caller, list) = local(port);
    let at = |path: &str, timeout_ms| HttpRequest { timeout_ms, ..to(&format!("http://127.0.0.1:{port}{path}")) };
    let slow = call(&caller, &at("/slow", 50), &list).await.expect_err("no answer");
    assert_eq!((slow.code, slow.again), ("HTTP_TIMEOUT", true));
    let fits = call(&caller, &at("/fits", 5_000), &list).await.expect("an answer");
    assert_eq!(fits.body.len(), BODY_BYTES_MAX);
    let large = call(&caller, &at("/large", 5_000), &list).await.expect_err("too much");
    assert_eq!((large.code, large.again), ("HTTP_TOO_LARGE", false));
    let cookie = call(&caller, &at("/cookie", 5_000), &list).await.expect("an answer");
    let named = |name: &str| cookie.headers.iter().any(|(other, _)| other == name);
    assert!(named("x-kept") && !named("set-cookie"), "{:?}", cookie.headers);
    assert_eq!(call(&caller, &at("/status", 5_000), &list).await.expect("an answer").status, 404);
    // Nobody listens there.
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port").local_addr().expect("one").port();
    let (caller, list) = local(free);
    let gone = call(&caller, &to(&format!("http://127.0.0.1:{free}/")), &list).await.expect_err("nobody");
    assert_eq!((gone.code, gone.again), ("HTTP_CONNECT", true));
}
