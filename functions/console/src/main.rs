//! The console's address until the console exists: says so, and nothing else.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

const PAGE: &str = include_str!("page.html");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |request: Request| answer(&request))).await
}

fn answer(request: &Request) -> Result<Response<Body>, Error> {
    let found = request.uri().path().trim_end_matches('/').is_empty();
    let response = Response::builder()
        .status(if found { 200 } else { 404 })
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        .header("x-content-type-options", "nosniff")
        .body(Body::from(PAGE))?;
    Ok(response)
}
