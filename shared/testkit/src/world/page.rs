//! The public page as a browser asks for it: a real event of the HTTP API through the function's own handler.

use super::{TENANT, World};
use crate::handler;
use anyhow::{Context, bail};
use app::link::LinkTarget;
use domain::ids::TaskKey;
use lambda_http::Body;
use serde_json::json;

/// What the browser gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The document.
    pub html: String,
}

impl Page {
    /// The value that the page's form posts back.
    ///
    /// # Errors
    /// Where the page has no form.
    pub fn value(&self) -> anyhow::Result<&str> {
        let (_, rest) = self.html.split_once("name=\"page\" value=\"").context("a page with a form")?;
        Ok(rest.split('"').next().unwrap_or_default())
    }
}

impl World {
    /// The link of a task in the tenant's present epoch.
    ///
    /// # Errors
    /// Of the table.
    pub async fn link(&self, task: TaskKey) -> anyhow::Result<String> {
        let record = self.observer.tenant(TENANT, self.clock.now()).await?.context("a tenant")?;
        let target = LinkTarget { tenant: TENANT, task, epoch: record.epoch };
        Ok(target.sign(&self.secret).expose().to_owned())
    }

    /// GET of a task's page; waits until the first fetch is noted.
    ///
    /// # Errors
    /// Of the table, or where the note never comes.
    pub async fn open(&self, task: TaskKey) -> anyhow::Result<Page> {
        let page = self.ask("GET", &format!("/t/{}", self.link(task).await?), "").await?;
        for _ in 0..10_000 {
            if self.load(task.instance()).await?.fetched.contains_key(&task.number()) {
                return Ok(page);
            }
            tokio::task::yield_now().await;
        }
        bail!("the first fetch is not noted")
    }

    /// POST from a page: `fields` is a form's body without the page's own value.
    ///
    /// # Errors
    /// Where the page has no form.
    pub async fn post(&self, task: TaskKey, page: &Page, fields: &str) -> anyhow::Result<Page> {
        let body = format!("page={}&{fields}", page.value()?);
        self.ask("POST", &format!("/t/{}", self.link(task).await?), &body).await
    }

    /// Any request to the public door.
    ///
    /// # Errors
    /// Where the event is none.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<Page> {
        let event = json!({
            "version": "2.0", "routeKey": "ANY /t/{link}", "rawPath": path, "rawQueryString": "",
            "headers": {
                "host": "public.norvik.example", "accept-language": "en",
                "content-type": "application/x-www-form-urlencoded", "content-length": body.len().to_string(),
            },
            "requestContext": {
                "accountId": "123456789012", "apiId": "public", "domainName": "public.norvik.example",
                "domainPrefix": "public", "requestId": "1", "routeKey": "ANY /t/{link}", "stage": "$default",
                "time": "18/Nov/2026:09:46:40 +0000", "timeEpoch": 1_795_000_000_000_i64,
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "test",
                },
            },
            "body": body, "isBase64Encoded": false,
        });
        self.ask_event(&event.to_string()).await
    }

    /// An event of the HTTP API, as Lambda gets it, to the public door.
    ///
    /// # Errors
    /// Where the event is none.
    pub async fn ask_event(&self, event: &str) -> anyhow::Result<Page> {
        let request = lambda_http::request::from_str(event)?;
        let response = handler::handle(&self.running.public, request, self.tick()).await;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, body) = (response.status().as_u16(), response.into_body());
        let html = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8(bytes)?,
            Body::Empty | _ => String::new(),
        };
        Ok(Page { status, location, html })
    }
}
