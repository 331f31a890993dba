//! Between a call activity and its child: starting the child once, telling the parent how it ended, cancelling what
//! nobody waits for. Each is done by a message that may come twice. Decides nothing of either life.

use crate::execute::{App, Error, Request};
use crate::idempotency::RequestHash;
use domain::command::Command;
use domain::ids::{ElementNumber, InstanceKey, TenantId};
use domain::instance::Instance;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use domain::{Call, ChildEnd};
use serde::{Deserialize, Serialize};

/// What is to be done for a call activity of the instance a message is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallJob {
    /// Start its child.
    Start {
        /// The element instance of the call activity.
        element: ElementNumber,
    },
    /// Its child has ended.
    Ended {
        /// The element instance of the call activity.
        element: ElementNumber,
        /// The child.
        child: InstanceKey,
    },
}

/// Where and when a job is done.
pub(crate) struct Job<'a> {
    pub app: &'a App,
    pub scripts: &'a dyn Scripts,
    pub now: Timestamp,
    pub tenant: TenantId,
    /// The calling instance.
    pub parent: InstanceKey,
}

impl Job<'_> {
    /// Does a job. What is no longer wanted counts as done.
    ///
    /// # Errors
    /// Everything that may be tried again.
    pub async fn perform(&self, job: &CallJob) -> Result<(), Error> {
        match job {
            CallJob::Start { element } => self.start(*element).await,
            CallJob::Ended { element, child } => self.tell(*element, *child).await,
        }
    }

    async fn start(&self, element: ElementNumber) -> Result<(), Error> {
        let Some(loaded) = self.app.store.load(self.tenant, self.parent).await? else { return Ok(()) };
        let instance = &loaded.aggregate.instance;
        let process = self.app.process(self.tenant, &instance.process_id, instance.definition_version).await?;
        let call = match domain::call(&process, &loaded.aggregate, element, self.now) {
            None => return Ok(()),
            Some(Err(end)) => return self.ended(element, None, end).await,
            Some(Ok(call)) => call,
        };
        let Some(pointer) = self.app.store.deployed(self.tenant, &call.process_id).await? else {
            let message = format!("no process \"{}\" is deployed; deploy it and retry", call.process_id);
            return self.ended(element, None, ChildEnd::NotStarted { code: "UNKNOWN_PROCESS", message }).await;
        };
        let child = match self.started(&call, pointer.version).await {
            Ok(child) => child,
            Err(Error::Rejected(rejection)) => {
                let end = ChildEnd::NotStarted { code: "CHILD_REFUSED", message: rejection.to_string() };
                return self.ended(element, None, end).await;
            }
            Err(error) => return Err(error),
        };
        let command = Command::ChildStarted { element, child };
        let request = Request::of_engine(self.tenant, self.parent, command, self.now, self.scripts);
        match self.app.execute(&request).await {
            Ok(_) => Ok(()),
            Err(Error::Rejected(_)) => self.drop_orphan(element, child).await,
            Err(error) => Err(error),
        }
    }

    /// The child of a call activity, started now or by an earlier try of the same message.
    async fn started(&self, call: &Call, version: u32) -> Result<InstanceKey, Error> {
        let hash = RequestHash::of_call(call);
        let start = |key| call.start(key, version);
        self.app.begin_once(self.tenant, &hash, start, self.now, self.scripts).await
    }

    /// The activity ended while its child was started: nobody waits for it, unless it is its child already.
    async fn drop_orphan(&self, element: ElementNumber, child: InstanceKey) -> Result<(), Error> {
        let loaded = self.app.store.load(self.tenant, self.parent).await?;
        let awaited = loaded.and_then(|loaded| loaded.aggregate.instance.element(element)?.child);
        if awaited == Some(child) { Ok(()) } else { cancel(self.app, self.tenant, child, self.now, self.scripts).await }
    }

    async fn tell(&self, element: ElementNumber, child: InstanceKey) -> Result<(), Error> {
        let loaded = self.app.store.load(self.tenant, child).await?;
        match loaded.and_then(|loaded| loaded.aggregate.end()) {
            Some(end) => self.ended(element, Some(child), end).await,
            None => Ok(()),
        }
    }

    async fn ended(&self, element: ElementNumber, child: Option<InstanceKey>, end: ChildEnd) -> Result<(), Error> {
        let command = Command::ChildEnded { element, child, end };
        let request = Request::of_engine(self.tenant, self.parent, command, self.now, self.scripts);
        self.app.deliver(&request).await
    }
}

/// Cancels a child that nobody waits for any more. One that has ended is left.
///
/// # Errors
/// Everything that may be tried again.
pub async fn cancel(
    app: &App,
    tenant: TenantId,
    child: InstanceKey,
    now: Timestamp,
    scripts: &dyn Scripts,
) -> Result<(), Error> {
    let command = Command::CancelInstance { reason: None };
    app.deliver(&Request::of_engine(tenant, child, command, now, scripts)).await
}

/// Refuses to answer a task of an instance for which its caller, or a caller further up, waits no more: what was cancelled
/// or interrupted above has been committed there, and its word has not come down yet.
///
/// # Errors
/// [`Rejection::InvalidState`], as for a task of a cancelled instance.
pub(crate) async fn refuse_unawaited(app: &App, tenant: TenantId, answered: &Instance) -> Result<(), Error> {
    if answered.status.is_final() {
        // Whatever is asked of it has its own answer, a repeated one the first one's.
        return Ok(());
    }
    let (mut child, mut parent) = (answered.key, answered.parent.clone());
    while let Some(call) = parent {
        let above = app.store.load(tenant, call.instance).await?.map(|loaded| loaded.aggregate.instance);
        let activity = above.as_ref().and_then(|above| above.element(call.element));
        // The caller learns its child's key after the child has begun.
        if activity.is_none_or(|activity| activity.child.is_some_and(|awaited| awaited != child)) {
            return Err(Rejection::InvalidState { action: "complete", state: "CANCELLED" }.into());
        }
        (child, parent) = (call.instance, above.and_then(|above| above.parent));
    }
    Ok(())
}

impl RequestHash {
    /// For the start of the child of a call activity.
    fn of_call(Call { parent, attempt, .. }: &Call) -> RequestHash {
        RequestHash::of_engine(format!("call-{}-{}-{attempt}", parent.instance, parent.element.0))
    }
}
