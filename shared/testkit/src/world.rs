//! A world for tests across crates: the product's own waist, outbox and public page over a table and AWS services in
//! process, with a clock that the test sets and processes that can die. Delivers as AWS delivers; decides nothing.

mod deliver;
mod invariants;
mod page;

pub use invariants::Mails;
pub use page::Page;

use crate::Public;
use crate::action_worker::{Actions, Calls};
use crate::aws::{Aws, Clock, Function, credentials};
use crate::dynamo::LocalTable;
use crate::gate::Gate;
use anyhow::{Context, bail};
use app::action::Secrets;
use app::bulk_runs::pace;
use app::bulk_runs::worker::Worker;
use app::keys::Secret;
use app::secret::SecretSource;
use app::{App, Outcome, Request};
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, retry::RetryConfig};
use bpmn::{ScriptCheck, ScriptError};
use domain::command::{Actor, Command, Origin, Start, Submission};
use domain::external_task::ExternalTask;
use domain::ids::{InstanceKey, TaskKey, TenantId};
use domain::time::Timestamp;
use domain::variables::Variables;
use effects::{Performer, Receipts};
use outbound::{Caller, Local};
use script::QuickJs;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Loaded, Meter, NewDefinition, NewDeployment, Store, TenantRecord};

/// The tenant of every world.
pub const TENANT: TenantId = TenantId(7);
/// Origin of the public pages in mails.
pub const PUBLIC_URL: &str = "https://public.norvik.example";
/// 2026-11-18T09:46:40Z: where the clock of every world begins.
const BEGIN_MS: i64 = 1_795_000_000_000;

/// One process of the product: what a Lambda environment keeps between invocations.
pub struct Running {
    /// The waist, over a metered store.
    pub app: App,
    /// What the store consumed.
    pub meter: Meter,
    performer: Performer,
    receipts: Receipts,
    public: Public,
    worker: Worker,
    actions: Actions,
}

/// A firing that its function has not taken yet.
#[derive(Clone, Debug)]
struct Invocation {
    function: Function,
    input: Value,
    due: Timestamp,
    tries: u32,
}

/// The table, the services, the processes and the clock of one test. Dropping it while committed effects were not
/// delivered is a failure, unless [`World::leave_undone`] was called.
pub struct World {
    /// The table.
    pub table: LocalTable,
    /// The services.
    pub aws: Aws,
    /// Where calls are counted and broken.
    pub gate: Gate,
    /// The time.
    pub clock: Clock,
    /// A store that no gate and no meter sees: for looking.
    pub observer: Store,
    /// Times a process died.
    pub deaths: usize,
    /// Stream batches that failed and were delivered again.
    pub stream_failures: usize,
    running: Arc<Running>,
    secret: Secret,
    delivered: BTreeMap<(String, String), Value>,
    invocations: Vec<Invocation>,
    keys: u64,
    settled_commits: usize,
    leave_undone: bool,
}

/// Checks scripts with the engine that runs them.
pub struct RealScripts;

impl ScriptCheck for RealScripts {
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError> {
        match script::check(source) {
            Ok(checked) => Ok(checked.warnings.into_iter().map(|warning| warning.message).collect()),
            Err(error) => Err(ScriptError { message: error.message, line: error.line, column: error.column }),
        }
    }
}

impl World {
    /// A world with its tenant and nothing deployed.
    pub async fn start() -> anyhow::Result<World> {
        let table = LocalTable::start().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let gate = Gate::default();
        let clock = Clock::at(Timestamp::from_millis(BEGIN_MS));
        let aws = Aws::start(gate.clone(), clock.clone()).await?;
        let secret = Secret::new("a secret of 32 bytes that nobody uses").context("32 bytes")?;
        let observer = table.store();
        let record = TenantRecord {
            time_zone: "Europe/Oslo".to_owned(),
            ..TenantRecord::new(TENANT, "Norvik Harbour", clock.now())
        };
        observer.put_tenant(&record).await?;
        let running = Arc::new(Running::start(&table, &aws, &gate, &secret));
        Ok(World {
            observer,
            running,
            table,
            aws,
            gate,
            clock,
            secret,
            deaths: 0,
            stream_failures: 0,
            delivered: BTreeMap::new(),
            invocations: Vec::new(),
            keys: 0,
            settled_commits: 0,
            leave_undone: false,
        })
    }

    /// The process that serves calls at present.
    pub fn running(&self) -> Arc<Running> {
        self.running.clone()
    }

    /// Another process over the same table, with memory of its own: for races.
    pub fn another(&self) -> Arc<Running> {
        Arc::new(Running::start(&self.table, &self.aws, &self.gate, &self.secret))
    }

    /// A new process takes over; memory and connections of the old one are gone.
    pub fn restart(&mut self) {
        self.gate.revive();
        self.running = self.another();
    }

    /// Allows the world to end with effects that were not delivered.
    pub fn leave_undone(&mut self) {
        self.leave_undone = true;
    }

    /// The next moment: each command gets a millisecond of its own, so that the journal's order is the order of time.
    pub fn tick(&self) -> Timestamp {
        self.clock.move_to(self.clock.now().plus_millis(1));
        self.clock.now()
    }

    /// Deploys a file with the real script check.
    ///
    /// # Errors
    /// With the diagnostics, where it is refused.
    pub async fn deploy(&self, xml: &str) -> anyhow::Result<()> {
        let reading = bpmn::read_with(xml.as_bytes(), &RealScripts);
        if reading.definitions.is_empty() {
            bail!("refused: {:?}", reading.diagnostics);
        }
        let definitions = reading.definitions.into_iter().map(|definition| NewDefinition {
            process: definition.process,
            texts: definition.texts,
            activities: Value::Array(Vec::new()),
            warnings: Value::Array(Vec::new()),
        });
        let deployment = NewDeployment {
            xml: xml.as_bytes(),
            definitions: definitions.collect(),
            by: "designer".to_owned(),
            now: self.tick(),
        };
        self.observer.deploy(TENANT, deployment).await?;
        Ok(())
    }

    /// Draws the key of the next instance.
    pub fn next_key(&mut self) -> InstanceKey {
        self.keys += 1;
        InstanceKey::compose(self.clock.now().as_millis(), self.keys)
    }

    /// Starts an instance of the deployed version.
    ///
    /// # Errors
    /// As the waist.
    pub async fn begin(&mut self, process_id: &str, variables: Value) -> Result<InstanceKey, app::Error> {
        let pointer = self.running.app.store.deployed(TENANT, process_id).await?;
        let version = pointer.map_or(0, |pointer| pointer.version);
        let key = self.next_key();
        self.execute(key, operator(), start(key, process_id, version, variables)).await?;
        Ok(key)
    }

    /// Carries out one command, at a moment of its own.
    ///
    /// # Errors
    /// As the waist.
    pub async fn execute(&self, instance: InstanceKey, actor: Actor, command: Command) -> Result<Outcome, app::Error> {
        self.running.execute(instance, actor, command, self.tick()).await
    }

    /// The aggregate as it is stored now.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn load(&self, instance: InstanceKey) -> anyhow::Result<Loaded> {
        self.observer.load(TENANT, instance).await?.context("an instance")
    }

    /// The instance's newest task.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn task(&self, instance: InstanceKey) -> anyhow::Result<ExternalTask> {
        self.load(instance).await?.aggregate.tasks.pop_last().map(|(_, task)| task).context("a task")
    }
}

impl Running {
    fn start(table: &LocalTable, aws: &Aws, gate: &Gate, secret: &Secret) -> Running {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials())
            .endpoint_url(&table.endpoint)
            .http_client(gate.http_client())
            .retry_config(RetryConfig::disabled())
            .build();
        let (store, meter) = Store::new(aws_sdk_dynamodb::Client::from_conf(config), &table.name).metered();
        // Servers of tests are on this machine, which an installation must name.
        let calls = Arc::new(Calls {
            store: store.clone(),
            caller: Caller::new(Local::any_port(), Arc::new(outbound::System)),
            secrets: Secrets::given(aws.held().secrets.clone()),
        });
        let secret_source = SecretSource::given(secret.clone());
        let app = App { store, secret: Some(secret_source.clone()), commands: Some(calls.clone()) };
        Running {
            performer: Performer::new(&aws.config(), app.clone(), PUBLIC_URL.to_owned(), aws.effects_config()),
            receipts: Receipts::new(&aws.config(), aws.effects_config().timer_queue),
            public: Public {
                app: app.clone(),
                secret: secret_source,
                scripts: QuickJs::default(),
                public_url: PUBLIC_URL.to_owned(),
            },
            worker: Worker::new(app.clone(), pace::PERCENT),
            actions: Actions { app: app.clone(), calls },
            app,
            meter,
        }
    }

    /// Carries out one command.
    ///
    /// # Errors
    /// As the waist.
    pub async fn execute(
        &self,
        instance: InstanceKey,
        actor: Actor,
        command: Command,
        now: Timestamp,
    ) -> Result<Outcome, app::Error> {
        let scripts = QuickJs::default();
        let origin = Origin::default();
        let request =
            Request { tenant: TENANT, instance, actor, origin, command, now, scripts: &scripts, replay: None };
        self.app.execute(&request).await
    }
}

/// Who starts and cancels.
pub fn operator() -> Actor {
    Actor::User("operator".to_owned())
}

/// The command that starts an instance; `variables` is an object.
pub fn start(key: InstanceKey, process_id: &str, version: u32, variables: Value) -> Command {
    Command::Start(Start {
        reference: Some("PO-4711".to_owned()),
        variables: variables.as_object().cloned().unwrap_or_default(),
        ..Start::new(key, process_id.to_owned(), version)
    })
}

/// The command with which a recipient answers from one page.
pub fn submit(task: TaskKey, action: &str, page: &str) -> Command {
    let values = Variables::new();
    Command::Submit(Submission { task, action: action.to_owned(), values, id: page.to_owned() })
}

impl Drop for World {
    fn drop(&mut self) {
        let undone = self.gate.commits() > self.settled_commits;
        if undone && !self.leave_undone && !std::thread::panicking() {
            panic!("the test ends while commits wait for their delivery; call settle() or leave_undone()");
        }
    }
}
