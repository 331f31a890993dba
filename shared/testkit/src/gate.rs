//! Where every call of a test's SDK clients leaves the process: counted, broken as a network breaks, or the last one the
//! process makes. Knows which call it is, not what is in it.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::http::{Roots, connector};
use tokio::sync::Notify;

const CONNECT: Duration = Duration::from_secs(5);

/// A call that leaves the process, as far as faults tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// A mail.
    SendEmail,
    /// What the mail service says of the account.
    Account,
    /// A schedule is made.
    CreateSchedule,
    /// A schedule is deleted.
    DeleteSchedule,
    /// A message is put on a queue.
    SendMessage,
    /// A message is hidden for longer.
    PutOff,
    /// A transaction of the table.
    Commit,
    /// An update of one item.
    Update,
    /// Any other call of the table.
    Table,
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service asks to come back later.
    Throttled,
    /// The service fails.
    Unavailable,
    /// The service refuses this very request for good.
    Refused,
    /// The account may not send at present (SES).
    Paused,
    /// Nothing is done and the connection breaks.
    Broken,
    /// It is done, and the connection breaks before the answer.
    DoneThenBroken,
    /// Nothing is done and no answer ever comes.
    Silent,
    /// It is done and no answer ever comes.
    DoneThenSilent,
}

impl Fault {
    /// True for faults of the way to the service; the others are answers of the service.
    fn of_the_way(self) -> bool {
        match self {
            Fault::Broken | Fault::DoneThenBroken | Fault::Silent | Fault::DoneThenSilent => true,
            Fault::Throttled | Fault::Unavailable | Fault::Refused | Fault::Paused => false,
        }
    }
}

/// Counts, breaks and cuts off calls. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    death: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    commits: usize,
    /// What befalls the next calls of a kind: nothing, or a fault.
    faults: BTreeMap<Call, VecDeque<Option<Fault>>>,
    always: BTreeMap<Call, Fault>,
    /// Calls until the process dies.
    left: Option<usize>,
    dead: bool,
}

impl Gate {
    /// Lets the next call of this kind fail; several wait in line.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.state().faults.entry(call).or_default().push_back(Some(fault));
    }

    /// Lets the `n`th call of this kind from now, from 1, fail and those before it pass.
    pub fn fail_nth(&self, call: Call, n: usize, fault: Fault) {
        let mut state = self.state();
        let line = state.faults.entry(call).or_default();
        line.extend(std::iter::repeat_n(None, n.saturating_sub(1)));
        line.push_back(Some(fault));
    }

    /// Lets every call of this kind fail, until [`Gate::mend`].
    pub fn fail_always(&self, call: Call, fault: Fault) {
        self.state().always.insert(call, fault);
    }

    /// Takes every fault away.
    pub fn mend(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.always.clear();
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Transactions that the table took.
    pub fn commits(&self) -> usize {
        self.state().commits
    }

    /// Lets the process die when the `k`th call from now, from 1, is done and before its answer arrives.
    pub fn die_after(&self, k: usize) {
        let mut state = self.state();
        state.left = Some(k);
        state.dead = false;
    }

    /// True when the process has died and was not replaced.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Waits for the death.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.0.death.notified().await;
        }
    }

    /// A new process takes over: it lives as long as it likes.
    pub fn revive(&self) {
        let mut state = self.state();
        state.left = None;
        state.dead = false;
    }

    /// The fault that an answer of the service stands for, if one waits for this call.
    pub(crate) fn answer_fault(&self, call: Call) -> Option<Fault> {
        self.take(call, |fault| !fault.of_the_way())
    }

    fn take(&self, call: Call, wanted: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut state = self.state();
        let line = state.faults.entry(call).or_default();
        match line.front().copied() {
            Some(Some(fault)) if wanted(fault) => line.pop_front().flatten(),
            // One of the other kind comes first, or this call is to pass: see `passes`.
            Some(_) => None,
            None => state.always.get(&call).copied().filter(|fault| wanted(*fault)),
        }
    }

    /// True where this call is one of those that pass before a fault that waits in line.
    fn passes(&self, call: Call) -> bool {
        self.state().faults.get(&call).and_then(|line| line.front()) == Some(&None)
    }

    /// Such a call is over.
    fn passed(&self, call: Call) {
        self.state().faults.entry(call).or_default().pop_front();
    }

    /// An HTTP client whose calls pass here. No TLS: everything listens on 127.0.0.1.
    pub fn http_client(&self) -> SharedHttpClient {
        let inner = connector(Roots::Pem(&[]), CONNECT);
        let gated = SharedHttpConnector::new(Gated { gate: self.clone(), inner });
        http_client_fn(move |_, _| gated.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when this call is the last the process makes.
    fn count(&self, call: Call) -> bool {
        let mut state = self.state();
        state.calls.push(call);
        match &mut state.left {
            Some(left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            None => false,
        }
    }

    fn die(&self) {
        self.state().dead = true;
        self.0.death.notify_one();
    }
}

struct Gated {
    gate: Gate,
    inner: SharedHttpConnector,
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gated")
    }
}

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (gate, inner) = (self.gate.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move { gated(&gate, &inner, request).await })
    }
}

async fn gated(gate: &Gate, inner: &SharedHttpConnector, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let call = classify(&request);
    if gate.is_dead() {
        // A dead process makes no calls; what is left of it is dropped by whoever waits for the death.
        return std::future::pending().await;
    }
    let last = gate.count(call);
    let broken = || ConnectorError::io("the test broke the connection".into());
    let answer = match gate.take(call, Fault::of_the_way) {
        None if gate.passes(call) => {
            let answer = inner.call(request).await;
            gate.passed(call);
            answer
        }
        Some(Fault::Broken) => return Err(broken()),
        Some(Fault::Silent) => return std::future::pending().await,
        Some(Fault::DoneThenBroken) => {
            inner.call(request).await?;
            Err(broken())
        }
        Some(Fault::DoneThenSilent) => {
            inner.call(request).await?;
            return std::future::pending().await;
        }
        Some(Fault::Throttled | Fault::Unavailable | Fault::Refused | Fault::Paused) | None => {
            match of_the_table(gate, call) {
                Some(answer) => Ok(answer),
                None => inner.call(request).await,
            }
        }
    };
    if call == Call::Commit && answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
        gate.state().commits += 1;
    }
    if last {
        gate.die();
        return std::future::pending().await;
    }
    answer
}

/// A made-up refusal of the table. The other services' refusals are answered by themselves.
fn of_the_table(gate: &Gate, call: Call) -> Option<HttpResponse> {
    if !matches!(call, Call::Commit | Call::Update | Call::Table) {
        return None;
    }
    let (status, name) = match gate.answer_fault(call)? {
        Fault::Throttled => (400, "com.amazonaws.dynamodb.v20120810#ThrottlingException"),
        Fault::Refused => (400, "com.amazon.coral.validate#ValidationException"),
        Fault::Unavailable
        | Fault::Paused
        | Fault::Broken
        | Fault::DoneThenBroken
        | Fault::Silent
        | Fault::DoneThenSilent => (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    };
    let body = format!(r#"{{"__type":"{name}","message":"made up by the test"}}"#);
    Some(HttpResponse::new(status.try_into().ok()?, SdkBody::from(body)))
}

fn classify(request: &HttpRequest) -> Call {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let path = request.uri().split("://").last().and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
    match (target.rsplit('.').next().unwrap_or_default(), request.method(), path) {
        ("TransactWriteItems", _, _) => Call::Commit,
        ("UpdateItem", _, _) => Call::Update,
        ("SendMessage" | "SendMessageBatch", _, _) => Call::SendMessage,
        ("ChangeMessageVisibility", _, _) => Call::PutOff,
        (_, _, "v2/email/account") => Call::Account,
        (_, _, path) if path.starts_with("v2/email/") => Call::SendEmail,
        (_, "POST", path) if path.starts_with("schedules/") => Call::CreateSchedule,
        (_, "DELETE", path) if path.starts_with("schedules/") => Call::DeleteSchedule,
        _ => Call::Table,
    }
}
