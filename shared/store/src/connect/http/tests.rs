//! Tests of the HTTP client: whom it trusts, and which failures the SDK tries again.

use super::super::ROOTS;
use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const CONNECT: Duration = Duration::from_secs(5);

/// What a call is answered with by a server that reads a request, sends `answer` and hangs up.
async fn call(answer: Option<&'static str>) -> Result<(u16, Vec<u8>), ConnectorError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    match answer {
        Some(answer) => drop(tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.expect("a call");
            let read = socket.read(&mut [0; 4096]).await.expect("a request");
            assert!(read > 0);
            socket.write_all(answer.as_bytes()).await.expect("sent");
        })),
        None => drop(listener),
    }
    let mut request = HttpRequest::new(SdkBody::from("body"));
    request.set_uri(address).expect("an address");
    let response = connector(Roots::Pem(ROOTS), CONNECT).call(request).await?;
    let status = response.status().as_u16();
    let body = aws_smithy_types::byte_stream::ByteStream::new(response.into_body()).collect().await;
    Ok((status, body.expect("a body").to_vec()))
}

#[test]
fn built_in_roots_are_the_five_of_amazon_and_each_can_be_read() {
    let text = std::str::from_utf8(ROOTS).expect("PEM is text");
    assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 5);
    assert_eq!(trusted(Roots::Pem(ROOTS)).len(), 5);
}

#[tokio::test]
async fn an_answer_comes_with_status_and_body() {
    let answer = call(Some("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno")).await;
    assert_eq!(answer.expect("an answer"), (404, b"no".to_vec()));
}

#[tokio::test]
async fn a_call_that_is_refused_or_cut_off_may_be_tried_again() {
    assert!(call(None).await.expect_err("nobody listens").is_io());
    assert!(call(Some("")).await.expect_err("no answer").is_io());
    assert!(call(Some("HTTP/1.1 200 OK\r\n")).await.expect_err("half an answer").is_io());
}

#[tokio::test]
async fn what_is_no_http_is_not_tried_again() {
    let error = call(Some("220 mail.example ESMTP\r\n\r\n")).await.expect_err("not HTTP");
    assert!(!error.is_io() && !error.is_timeout() && error.as_other().is_none());
}
