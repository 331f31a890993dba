//! The waist: every change of an aggregate goes through [`App::execute`]. Loads, decides, commits; retries conflicts.

use crate::calls;
use crate::commands::{CarryOut, Recorded};
use crate::idempotency::RequestHash;
use crate::in_time::InTime;
use crate::keys::Secret;
use crate::secret::SecretSource;
use domain::command::{Actor, Command, Origin};
use domain::decision::{Decision, Env, Reply};
use domain::event::Event;
use domain::external_task::Status;
use domain::ids::{InstanceKey, TenantId};
use domain::instance::Aggregate;
use domain::permission::Permission;
use domain::process::Process;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use store::{CommitRequest, JournalId, Loaded, Store};

/// Times a command is decided again after another writer was first.
pub(crate) const ATTEMPTS_MAX: u32 = 6;

/// What the doors share.
#[derive(Clone, Debug)]
pub struct App {
    /// The table.
    pub store: Store,
    /// The installation's secret, in functions that make or verify links and cursors.
    pub secret: Option<SecretSource>,
    /// Who carries out commands of scripts, in functions that run scripts.
    pub commands: Option<Arc<dyn CarryOut>>,
}

/// One command with what surrounds it.
pub struct Request<'a> {
    /// Tenant.
    pub tenant: TenantId,
    /// The aggregate.
    pub instance: InstanceKey,
    /// On whose behalf.
    pub actor: Actor,
    /// Through which door and from where; default: a schedule or the engine itself.
    pub origin: Origin,
    /// What is asked.
    pub command: Command,
    /// The moment.
    pub now: Timestamp,
    /// The script language; `NoScripts` in functions that reach none.
    pub scripts: &'a dyn Scripts,
    /// The answer to keep for a repeated request, where the caller sent a key.
    pub replay: Option<Replay<'a>>,
}

impl<'a> Request<'a> {
    /// A command that nobody gave: a schedule, a message or the engine itself.
    pub fn of_engine(
        tenant: TenantId,
        instance: InstanceKey,
        command: Command,
        now: Timestamp,
        scripts: &'a dyn Scripts,
    ) -> Request<'a> {
        let (actor, origin) = (Actor::System, Origin::default());
        Request { tenant, instance, actor, origin, command, now, scripts, replay: None }
    }
}

/// How the answer of a command is kept for a repeated request: computed before the commit, stored with it.
pub struct Replay<'a> {
    /// Names the request.
    pub hash: RequestHash,
    /// Status and body of the answer.
    pub answer: &'a (dyn Fn(&Decision) -> (u16, Value) + Sync),
}

/// A command carried out.
#[derive(Debug)]
pub struct Outcome {
    /// The state after it.
    pub after: Aggregate,
    /// What happened.
    pub events: Vec<Event>,
    /// What the caller is told.
    pub reply: Reply,
    /// The journal item; `None` where nothing had to be written.
    pub journal: Option<JournalId>,
}

/// One refused field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Its name on the wire.
    pub field: String,
    /// Stable code.
    pub code: &'static str,
    /// What to do.
    pub message: String,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules refuse it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The definition it needs is not there.
    #[error("the process \"{process_id}\" has no version {version}")]
    NoDefinition {
        /// BPMN id of the process.
        process_id: String,
        /// Version.
        version: u32,
    },
    /// Other writers were first, again and again.
    #[error("the instance is being changed by others; try again")]
    Busy,
    /// The same `Idempotency-Key` was committed by another request at the same moment.
    #[error("a request with the same idempotency key was carried out at the same moment")]
    IdempotencyTaken,
    /// The caller may see it, but not do it.
    #[error("this needs the permission {}", permission.as_str())]
    Forbidden {
        /// What is missing.
        permission: Permission,
    },
    /// Inputs that cannot be accepted.
    #[error("{} fields cannot be accepted", .0.len())]
    Invalid(Vec<FieldProblem>),
    /// A cursor that this installation did not give for this list, or gave too long ago.
    #[error("this cursor belongs to another list or is too old")]
    InvalidCursor,
    /// The installation's secret is not to be had at the moment.
    #[error("the service is not ready")]
    NotReady,
    /// The table could not be asked.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl App {
    /// Carries out one command.
    ///
    /// # Errors
    /// [`Error::Rejected`] with nothing changed; everything else may be tried again.
    pub async fn execute(&self, request: &Request<'_>) -> Result<Outcome, Error> {
        let mut recorded = Recorded::default();
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                pause(attempt).await;
            }
            match self.attempt(request, &mut recorded).await {
                Err(Error::Store(store::Error::Conflict)) => {}
                Err(Error::Store(store::Error::IdempotencyTaken)) => return Err(Error::IdempotencyTaken),
                result => return result,
            }
        }
        Err(Error::Busy)
    }

    /// Carries out the command of a message. One that is refused counts as done: the message may be old, or a repetition.
    ///
    /// # Errors
    /// Where the message must come again.
    pub async fn deliver(&self, request: &Request<'_>) -> Result<(), Error> {
        match self.execute(request).await {
            Ok(_) => Ok(()),
            Err(Error::Rejected(rejection)) if !rejection.asks_again() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn attempt(&self, request: &Request<'_>, recorded: &mut Recorded) -> Result<Outcome, Error> {
        let loaded = if let Command::Start(_) = &request.command {
            None
        } else {
            let what = if request.command.task().is_some() { "task" } else { "instance" };
            let loaded = self.store.load(request.tenant, request.instance).await?;
            Some(loaded.ok_or(Rejection::NotFound { what })?)
        };
        self.decide_and_commit(request, loaded.as_ref(), &request.command, recorded).await
    }

    /// Decides on a loaded state and commits. For callers that look at something between load and commit.
    pub(crate) async fn decide_and_commit(
        &self,
        request: &Request<'_>,
        loaded: Option<&Loaded>,
        command: &Command,
        recorded: &mut Recorded,
    ) -> Result<Outcome, Error> {
        if let (Command::Submit(_) | Command::Complete(_), Some(loaded)) = (command, loaded) {
            Box::pin(calls::refuse_unawaited(self, request.tenant, &loaded.aggregate.instance)).await?;
        }
        let (process, templates) = self.definitions(request.tenant, loaded, command, request).await?;
        let before = loaded.map(|loaded| &loaded.aggregate);
        let version = before.map_or(0, |before| before.instance.version);
        let scripts = InTime::new(request.scripts, recorded.since);
        let decided = loop {
            let env = Env {
                now: request.now,
                actor: &request.actor,
                process: &process,
                templates: &templates,
                scripts: &scripts,
                commands: recorded.answers(),
            };
            match domain::decide(&env, before, command) {
                // Boxed: a rare way out must not make the future of every command larger.
                Err(Rejection::CommandWanted(call)) => {
                    Box::pin(self.carry_out((request.tenant, request.instance, version), *call, recorded)).await?;
                }
                decided => break decided,
            }
        };
        let decision = match decided {
            Ok(decision) => decision,
            Err(rejection) => {
                self.expire_overdue(request, loaded, command).await;
                tracing::info!(
                    command = command.name(),
                    instance.id = %request.instance,
                    rejection = rejection.code(),
                    "command refused"
                );
                return Err(rejection.into());
            }
        };
        for line in &decision.log {
            // Script output may hold personal data: the operator's debug level only.
            tracing::debug!(instance.id = %request.instance, level = line.level, text = %line.text, "script");
        }
        if decision.events.is_empty() {
            return Ok(Outcome { after: decision.after, events: Vec::new(), reply: decision.reply, journal: None });
        }
        let committed = self
            .store
            .commit(
                request.tenant,
                CommitRequest {
                    before: loaded,
                    decision: &decision,
                    actor: &request.actor,
                    origin: &request.origin,
                    command: command.name(),
                    now: request.now,
                    idempotency: request.replay.as_ref().map(|replay| {
                        let (status, response) = (replay.answer)(&decision);
                        replay.hash.record(status, response)
                    }),
                },
            )
            .await?;
        tracing::info!(
            command = command.name(),
            instance.id = %request.instance,
            instance.status = %decision.after.instance.status,
            events = decision.events.len(),
            "command committed"
        );
        Ok(Outcome {
            after: decision.after,
            events: decision.events,
            reply: decision.reply,
            journal: Some(committed.journal),
        })
    }

    /// The process of the instance and the one whose templates the command is about.
    async fn definitions(
        &self,
        tenant: TenantId,
        loaded: Option<&Loaded>,
        command: &Command,
        request: &Request<'_>,
    ) -> Result<(Arc<Process>, Arc<Process>), Error> {
        let (process_id, version) = match (loaded, command) {
            (Some(loaded), _) => {
                (loaded.aggregate.instance.process_id.as_str(), loaded.aggregate.instance.definition_version)
            }
            (None, Command::Start(start)) => (start.process_id.as_str(), start.definition_version),
            (None, _) => return Err(Rejection::NotFound { what: "instance" }.into()),
        };
        let process = self.process(tenant, process_id, version).await?;
        let task = command.task().and_then(|task| loaded?.aggregate.tasks.get(&task.number()));
        let templates_version = match (&request.command, task) {
            (Command::SyncTemplates { version, .. }, _) => *version,
            (_, Some(task)) => task.templates_version,
            (_, None) => version,
        };
        if templates_version == version {
            return Ok((process.clone(), process));
        }
        let templates = self.process(tenant, process_id, templates_version).await?;
        Ok((process, templates))
    }

    /// A definition that must be there.
    pub async fn process(&self, tenant: TenantId, process_id: &str, version: u32) -> Result<Arc<Process>, Error> {
        self.store
            .process(tenant, process_id, version)
            .await?
            .ok_or_else(|| Error::NoDefinition { process_id: process_id.to_owned(), version })
    }

    /// The installation's secret.
    ///
    /// # Errors
    /// [`Error::NotReady`].
    pub async fn secret(&self) -> Result<&Secret, Error> {
        let source = self.secret.as_ref().ok_or(Error::NotReady)?;
        source.get().await.map_err(|error| {
            tracing::error!(%error, "the secret is not to be had");
            Error::NotReady
        })
    }

    /// Expiry is decided by time: the first refused write of an overdue task carries it out, late timer or not.
    async fn expire_overdue(&self, request: &Request<'_>, loaded: Option<&Loaded>, command: &Command) {
        let Some(task) = command.task() else { return };
        let overdue = loaded
            .and_then(|loaded| loaded.aggregate.tasks.get(&task.number()))
            .is_some_and(|stored| stored.status == Status::Pending && stored.status_at(request.now) == Status::Expired);
        if !overdue || matches!(command, Command::Expire { .. }) {
            return;
        }
        let command = Command::Expire { task };
        let expire = Request::of_engine(request.tenant, request.instance, command, request.now, request.scripts);
        if let Err(error) = Box::pin(self.execute(&expire)).await {
            // The timer, or the next request, does it.
            tracing::warn!(instance.id = %request.instance, %error, "an overdue task could not be expired at once");
        }
    }
}

/// Waits before the next attempt, longer each time, with chance so that two writers do not meet again.
pub(crate) async fn pause(attempt: u32) {
    let ceiling_ms = 10_u64 << attempt.min(6);
    let wait_ms = crate::random::number() % ceiling_ms;
    tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
}
