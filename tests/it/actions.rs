//! System tasks over the wire: a process asks a real server on this machine through queue, worker and waist; the mail
//! service takes mails of send tasks. What fails is repeated or repaired, and what dies is made again under the same key.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::any;
use domain::command::Command;
use domain::ids::InstanceKey;
use domain::instance::InstanceStatus;
use domain::variables::Variables;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use store::{Job, TenantRecord};
use testkit::World;
use testkit::gate::{Call, Fault};
use testkit::world::{TENANT, operator};

/// What a server of a test was asked, and what it answers next; the last answer stays.
#[derive(Clone, Default)]
pub struct Server(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: VecDeque<(u16, String)>,
    seen: Vec<(String, String, String)>,
}

impl Server {
    /// Starts it and lets the tenant of the world call it.
    pub async fn start(world: &World, answers: &[(u16, &str)]) -> Result<(Server, u16)> {
        let server = Server::default();
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned()));
        server.script().answers.extend(answers);
        let port = serve(world, Router::new().fallback(any(answer)).with_state(server.clone())).await?;
        Ok((server, port))
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.0.lock().expect("no test panics here")
    }

    /// Address, idempotency key and API key of each request.
    pub fn seen(&self) -> Vec<(String, String, String)> {
        self.script().seen.clone()
    }

    /// Notes a request and gives its answer.
    fn next(&self, request: &Request) -> (u16, String) {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let text = |name: &str| header(name).unwrap_or("-").to_owned();
        let mut script = self.script();
        script.seen.push((request.uri().to_string(), text("idempotency-key"), text("x-api-key")));
        let next = if script.answers.len() > 1 { script.answers.pop_front() } else { script.answers.front().cloned() };
        next.unwrap_or((200, "{}".to_owned()))
    }

    pub fn keys(&self) -> Vec<String> {
        self.seen().into_iter().map(|(_, key, _)| key).collect()
    }
}

/// Serves on a port of this machine, which the tenant of the world may call.
pub async fn serve(world: &World, router: Router) -> Result<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut record: TenantRecord = world.observer.tenant(TENANT, world.clock.now()).await?.context("a tenant")?;
    record.outbound.hosts.push(format!("http://127.0.0.1:{port}").parse()?);
    world.observer.put_tenant(&record).await?;
    Ok(port)
}

type Answered = (StatusCode, [(&'static str, &'static str); 1], String);

async fn answer(State(server): State<Server>, request: Request) -> Answered {
    let (status, body) = server.next(&request);
    drop(request);
    if body == "slow" {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    }
    (StatusCode::from_u16(status).unwrap_or(StatusCode::OK), [("content-type", "application/json")], body)
}

/// A process of one task with these properties, then an end.
fn process(tag: &str, properties: &[(&str, &str)], more: &str) -> String {
    let properties: String = properties
        .iter()
        .map(|(name, value)| format!("<cs:property name=\"{name}\"><![CDATA[{value}]]></cs:property>"))
        .collect();
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:cs=\"urn:x\"><process id=\"Enrich\">\
         <startEvent id=\"Start\"/><sequenceFlow id=\"f1\" sourceRef=\"Start\" targetRef=\"Ask\"/>\
         <{tag} id=\"Ask\"><extensionElements><cs:properties>{properties}</cs:properties></extensionElements></{tag}>\
         <sequenceFlow id=\"f2\" sourceRef=\"Ask\" targetRef=\"End\"/><endEvent id=\"End\"/>{more}</process></definitions>"
    )
}

fn http(port: u16, more: &[(&str, &str)]) -> String {
    let endpoint = format!("http://127.0.0.1:{port}/score/{{{{customer}}}}");
    let mut all = vec![("Endpoint", endpoint.as_str()), ("OutputMapping", "{\"score\": \"body.score\"}")];
    all.extend_from_slice(more);
    process("serviceTask", &all, "")
}

async fn begun(world: &mut World, xml: &str) -> Result<InstanceKey> {
    world.deploy(xml).await?;
    let key = world.begin("Enrich", json!({ "customer": "C 1" })).await?;
    world.drain().await?;
    Ok(key)
}

async fn status(world: &World, key: InstanceKey) -> Result<InstanceStatus> {
    Ok(world.load(key).await?.aggregate.instance.status)
}

async fn incident(world: &World, key: InstanceKey) -> Result<String> {
    let loaded = world.load(key).await?;
    Ok(loaded.aggregate.instance.incidents.first().context("an incident")?.code.clone())
}

async fn job(world: &World, key: InstanceKey) -> Result<Job> {
    world.observer.jobs(TENANT, key).await?.pop().context("a job")
}

fn retry() -> Command {
    Command::Retry { element: None, variables: Variables::new() }
}

/// S2-35: what may pass is repeated, each attempt with a key of its own, and the result reaches the process.
#[tokio::test]
async fn a_busy_server_is_asked_again() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(503, "busy"), (429, "busy"), (200, "{\"score\":7}")]).await?;
    let key = begun(&mut world, &http(port, &[("Retries", "2")])).await?;
    ensure!(status(&world, key).await? == InstanceStatus::Waiting);
    world.advance(10).await?;
    let loaded = world.load(key).await?;
    assert_eq!(loaded.aggregate.instance.status, InstanceStatus::Completed);
    assert_eq!(loaded.aggregate.instance.variables["score"], json!(7));
    assert_eq!(server.seen()[0].0, "/score/C%201");
    let element = job(&world, key).await?.element.0;
    assert_eq!(server.keys(), [1, 2, 3].map(|attempt| format!("{key}/{element}/{attempt}")));
    let codes: Vec<Option<String>> = job(&world, key).await?.attempts.into_iter().map(|attempt| attempt.code).collect();
    assert_eq!(codes, [Some("HTTP_503".to_owned()), Some("HTTP_429".to_owned()), None]);
    world.settle().await
}

/// S2-43, X-06: what will not pass is not repeated; an operator's retry asks again, once.
#[tokio::test]
async fn a_refused_request_is_repaired_by_retry() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(404, "{}"), (200, "{\"score\":1}")]).await?;
    let key = begun(&mut world, &http(port, &[("Retries", "5")])).await?;
    assert_eq!(incident(&world, key).await?, "HTTP_404");
    world.advance(3_600).await?;
    assert_eq!(server.seen().len(), 1, "nobody asked again");
    world.execute(key, operator(), retry()).await?;
    world.drain().await?;
    ensure!(status(&world, key).await? == InstanceStatus::Completed);
    let keys = server.keys();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1], "another attempt has another key");
    world.settle().await
}

#[tokio::test]
async fn answers_that_are_late_or_too_large_are_failures() -> Result<()> {
    let large = format!("\"{}\"", "x".repeat(300_000));
    for (answer, code) in [("slow", "HTTP_TIMEOUT"), (large.as_str(), "HTTP_TOO_LARGE")] {
        let mut world = World::start().await?;
        let (_, port) = Server::start(&world, &[(200, answer)]).await?;
        let key = begun(&mut world, &http(port, &[("TimeoutMs", "200")])).await?;
        // A large answer takes its time on a busy machine; both are failures of the same attempt.
        let found = incident(&world, key).await?;
        ensure!(found == code || (code == "HTTP_TOO_LARGE" && found == "HTTP_TIMEOUT"), "{found}");
        world.settle().await?;
    }
    Ok(())
}

/// The tenant's list decides; a boundary event may handle what is refused.
#[tokio::test]
async fn a_host_that_is_not_on_the_list_is_not_called() -> Result<()> {
    let mut world = World::start().await?;
    let (server, _) = Server::start(&world, &[]).await?;
    let elsewhere = [("Endpoint", "http://127.0.0.1:1/"), ("Retries", "3")];
    let key = begun(&mut world, &process("serviceTask", &elsewhere, "")).await?;
    assert_eq!(incident(&world, key).await?, "HTTP_REFUSED");
    assert_eq!(server.seen().len(), 0);
    world.settle().await
}

/// Credentials are fetched by name and kept nowhere: neither in the journal nor with the job.
#[tokio::test]
async fn credentials_leave_no_trace() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(200, "{\"score\":\"a-key-for-tests\"}")]).await?;
    let secret =
        json!({ "host": format!("http://127.0.0.1:{port}"), "header": "X-Api-Key", "value": "a-key-for-tests" });
    world.aws.held().secrets.insert(format!("{TENANT}/score"), secret.to_string());
    world.restart();
    let key = begun(&mut world, &http(port, &[("Credentials", "score")])).await?;
    ensure!(status(&world, key).await? == InstanceStatus::Completed);
    assert_eq!(server.seen()[0].2, "a-key-for-tests");
    let stored = world.table.client.scan().table_name(&world.table.name).send().await?;
    ensure!(!format!("{:?}", stored.items()).contains("a-key-for-tests"), "the key is stored");
    // A name that leads elsewhere, or to nothing, is no request.
    let mut other = World::start().await?;
    let (server, port) = Server::start(&other, &[]).await?;
    let key = begun(&mut other, &http(port, &[("Credentials", "unknown")])).await?;
    assert_eq!(incident(&other, key).await?, "CREDENTIALS");
    assert_eq!(server.seen().len(), 0);
    other.settle().await?;
    world.settle().await
}

/// A death between the call and the commit: the same attempt is made again under the same key, and counts once.
#[tokio::test]
async fn a_worker_that_dies_asks_again_under_the_same_key() -> Result<()> {
    let mut doubled = 0;
    for k in 1..40 {
        let mut world = World::start().await?;
        let (server, port) = Server::start(&world, &[(200, "{\"score\":7}")]).await?;
        world.deploy(&http(port, &[])).await?;
        let key = world.begin("Enrich", json!({ "customer": "C1" })).await?;
        world.gate.die_after(k);
        world.settle().await?;
        world.advance(2_000).await?;
        let loaded = world.load(key).await?;
        assert_eq!(loaded.aggregate.instance.status, InstanceStatus::Completed, "death after call {k}");
        let mut keys = server.keys();
        doubled += usize::from(keys.len() > 1);
        keys.dedup();
        assert_eq!(keys.len(), 1, "death after call {k}: {keys:?}");
        let completed = job(&world, key).await?.attempts;
        assert_eq!(completed.len(), 1, "death after call {k}");
        world.settle().await?;
        if world.deaths == 0 {
            break;
        }
    }
    ensure!(doubled > 0, "no death fell between a call and its commit");
    Ok(())
}

/// Nobody is asked for an instance that was cancelled while its request waited.
#[tokio::test]
async fn a_cancelled_instance_asks_nobody() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(503, "busy")]).await?;
    let key = begun(&mut world, &http(port, &[("Retries", "3"), ("RetryBackoff", "60000")])).await?;
    assert_eq!(server.seen().len(), 1);
    world.execute(key, operator(), Command::CancelInstance { reason: None }).await?;
    world.advance(3_600).await?;
    assert_eq!(server.seen().len(), 1);
    world.settle().await
}

/// Gives the tenant a command that a server of a test carries out.
pub async fn register(world: &mut World, name: &str, port: u16) -> Result<()> {
    let mut record = world.observer.tenant(TENANT, world.clock.now()).await?.context("a tenant")?;
    let endpoint = json!({ "u": format!("http://127.0.0.1:{port}/commands/{}", name.to_lowercase()) });
    record.outbound.commands.insert(name.to_owned(), serde_json::from_value(endpoint)?);
    world.observer.put_tenant(&record).await?;
    world.restart();
    Ok(())
}

/// Commands of the tenant are endpoints; one that it does not have is UNKNOWN_COMMAND.
#[tokio::test]
async fn commands_are_the_tenants_own() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(200, "{\"points\":3}")]).await?;
    let key = begun(&mut world, &process("serviceTask", &[("ConnectorKey", "Score")], "")).await?;
    assert_eq!(incident(&world, key).await?, "UNKNOWN_COMMAND");
    register(&mut world, "Score", port).await?;
    world.execute(key, operator(), retry()).await?;
    world.drain().await?;
    let loaded = world.load(key).await?;
    assert_eq!(loaded.aggregate.instance.variables["lastServiceResult"], json!({ "points": 3 }));
    assert_eq!(server.seen()[0].0, "/commands/score");
    world.settle().await
}

const TWO: &str = "[\"marta.lind@nordguss.example\", \"ole.berg@nordguss.example\"]";

fn mail() -> String {
    let properties = [
        ("messageType", "email"),
        ("to", TWO),
        ("subject", "Customer {{customer}}"),
        ("body", "Look at {{context.customer}}"),
    ];
    process("sendTask", &properties, "")
}

/// S2-38, S4-78, S4-79: each recipient gets one mail, and the process goes on when both are out.
#[tokio::test]
async fn a_send_task_mails_everybody_once() -> Result<()> {
    let mut world = World::start().await?;
    let key = begun(&mut world, &mail()).await?;
    let loaded = world.load(key).await?;
    assert_eq!(loaded.aggregate.instance.status, InstanceStatus::Completed);
    let (to, ids): (Vec<String>, Vec<String>) = {
        let held = world.aws.held();
        ensure!(held.mails.iter().all(|mail| mail.subject == "Customer C 1" && mail.text == "Look at C 1"));
        held.mails.iter().map(|mail| (mail.to.clone(), mail.id.clone())).unzip()
    };
    assert_eq!(json!(to), serde_json::from_str::<Value>(TWO)?);
    assert_eq!(loaded.aggregate.instance.variables["lastServiceResult"]["messageIds"], json!(ids));
    // Delivered once more, nothing is sent again.
    world.deliver_again(|n| n).await?;
    assert_eq!(world.aws.held().mails.len(), 2);
    world.settle().await
}

/// A mail refused for good is MAIL_REJECTED once all are tried; a pause of the service only delays.
#[tokio::test]
async fn mails_that_are_refused_or_delayed() -> Result<()> {
    let mut world = World::start().await?;
    world.gate.fail_next(Call::SendEmail, Fault::Refused);
    let key = begun(&mut world, &mail()).await?;
    assert_eq!(incident(&world, key).await?, "MAIL_REJECTED");
    assert_eq!(world.aws.held().mails.len(), 1);
    world.settle().await?;

    let mut world = World::start().await?;
    world.gate.fail_next(Call::SendEmail, Fault::Paused);
    let key = begun(&mut world, &mail()).await?;
    ensure!(status(&world, key).await? == InstanceStatus::Waiting);
    world.advance(600).await?;
    ensure!(status(&world, key).await? == InstanceStatus::Completed);
    assert_eq!(world.aws.held().mails.len(), 2);
    world.settle().await
}
