//! The table or the way to it fails: what the caller is told, and that a lost answer is no second write.

use super::fixture::*;
use crate::{Error, Store};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A store that asks `endpoint`, with the product's retries but shorter pauses.
fn store(table: &super::dynamo::LocalTable, endpoint: &str) -> Store {
    let retries = RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1));
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(20)).build();
    let config =
        table.client.config().to_builder().endpoint_url(endpoint).retry_config(retries).timeout_config(timeouts);
    Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), &table.name)
}

/// One whole HTTP message, or `None` at the end of the connection.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|position| position + 4);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= head + length.unwrap_or(0) {
                return Some(bytes);
            }
        }
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// Listens on 127.0.0.1 and answers every request with what `answer` makes of it; `None` hangs up.
async fn serve<F>(answer: impl Fn(Vec<u8>) -> F + Clone + Send + 'static) -> String
where
    F: Future<Output = Option<Vec<u8>>> + Send,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                while let Some(request) = message(&mut stream).await {
                    let Some(response) = answer(request).await else { return };
                    if stream.write_all(&response).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    endpoint
}

/// An endpoint that refuses everything with this error of the service.
async fn refusing(body: &'static str) -> String {
    serve(move |_| async move {
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0";
        Some(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
    })
    .await
}

#[tokio::test]
async fn throttling_is_told_apart_on_every_operation() {
    let table = table().await;
    for body in [
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow"}"#,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"KeyRangeThroughputExceeded"}"#,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#RequestLimitExceeded","message":"slow"}"#,
    ] {
        let store = store(&table, &refusing(body).await);
        assert!(matches!(store.load(TENANT, key(1)).await, Err(Error::Throttled)), "{body}");
        assert!(matches!(store.task(TENANT, task(1), true).await, Err(Error::Throttled)), "{body}");
        let shown = store.show_delivery(TENANT, task(1), domain::notification::Delivery::Sent).await;
        assert!(matches!(shown, Err(Error::Throttled)), "{body}");
    }
}

#[tokio::test]
async fn a_cancelled_transaction_says_why() {
    let table = table().await;
    let loaded = start(&table.store(), 1).await;
    let decision = opened(&loaded, at(5));
    macro_rules! cancelled {
        ($reasons:literal) => {
            concat!(
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"m","#,
                r#""CancellationReasons":["#,
                $reasons,
                "]}"
            )
        };
    }
    let answer = async |body| {
        let store = store(&table, &refusing(body).await);
        commit(&store, Some(&loaded), &decision, at(5)).await.expect_err("refused")
    };
    let conflict = answer(cancelled!(r#"{"Code":"None"},{"Code":"TransactionConflict"}"#)).await;
    assert!(matches!(conflict, Error::Conflict), "{conflict:?}");
    let throttled = answer(cancelled!(r#"{"Code":"ThrottlingError"},{"Code":"None"}"#)).await;
    assert!(matches!(throttled, Error::Throttled), "{throttled:?}");
    let throttled = answer(cancelled!(r#"{"Code":"None"},{"Code":"ProvisionedThroughputExceeded"}"#)).await;
    assert!(matches!(throttled, Error::Throttled), "{throttled:?}");
    let unknown = answer(cancelled!(r#"{"Code":"ValidationError","Message":"bad"},{"Code":"None"}"#)).await;
    assert!(matches!(unknown, Error::Other { .. }), "{unknown:?}");
}

#[tokio::test]
async fn a_table_that_is_missing_or_not_there_at_all_is_an_error_with_words() {
    let table = table().await;
    let elsewhere = Store::new(table.client.clone(), "another-table");
    let error = elsewhere.load(TENANT, key(1)).await.expect_err("no such table").to_string();
    assert!(error.contains("Query failed: ResourceNotFoundException"), "{error}");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let closed = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = store(&table, &closed).load(TENANT, key(1)).await.expect_err("nobody listens").to_string();
    assert!(error.starts_with("Query failed: "), "{error}");
}

/// A commit whose answer is lost on the way is repeated by the SDK under the same token: one commit, one journal item.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_took_place_once() {
    let table = table().await;
    let upstream = table.endpoint.trim_start_matches("http://").to_owned();
    let commits = Arc::new(AtomicU32::new(0));
    let seen = commits.clone();
    let endpoint = serve(move |request| {
        let (upstream, commits) = (upstream.clone(), commits.clone());
        async move {
            let mut stream = TcpStream::connect(upstream).await.ok()?;
            stream.write_all(&request).await.ok()?;
            let response = message(&mut stream).await?;
            let is_commit = String::from_utf8_lossy(&request).contains("TransactWriteItems");
            // The table has done it; the first answer does not arrive.
            (!is_commit || commits.fetch_add(1, Ordering::Relaxed) > 0).then_some(response)
        }
    })
    .await;
    let store = store(&table, &endpoint);
    let committed = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("told by the second answer");
    assert_eq!(seen.load(Ordering::Relaxed), 2, "sent twice");
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table"), Some(committed.loaded));
    assert_eq!(store.journal(TENANT, key(1)).await.expect("a journal").len(), 1);
}
