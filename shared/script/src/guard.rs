//! Runs scripts on a helper thread and gives up waiting when one does not end. The interpreter looks at its limits every
//! 10,000 steps, and a step may be a search through megabytes: only who waits elsewhere can keep a deadline for certain.

use crate::engine;
use crate::limits::{Limits, STACK_BYTES_MAX};
use domain::script::{CommandAnswer, ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest};
use domain::time::Timestamp;
use domain::variables::Variables;
use std::cell::RefCell;
use std::sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// The interpreter's stack and room for what calls it.
const THREAD_STACK_BYTES: usize = STACK_BYTES_MAX + 3 * 1024 * 1024;

type Evaluated = Result<ScriptOutcome, ScriptFailure>;

thread_local! {
    static HELPER: RefCell<Option<Sender<Job>>> = const { RefCell::new(None) };
}

/// Evaluates on the calling thread's helper, which is made on first use. A helper that does not answer in time is left
/// behind: it ends when the interpreter next looks at its limits.
pub(crate) fn evaluate(request: &ScriptRequest<'_>, limits: Limits) -> Evaluated {
    let (reply, answer) = sync_channel(1);
    let mut job = Job::of(request, limits, reply);
    HELPER.with(|helper| {
        let mut helper = helper.borrow_mut();
        // A helper may have died since; a second one is new.
        for _ in 0..2 {
            let sender = match helper.as_ref() {
                Some(sender) => sender,
                None => helper.insert(start()?),
            };
            match sender.send(job) {
                Ok(()) => break,
                Err(unsent) => job = unsent.0,
            }
            *helper = None;
        }
        let patience = limits.wall.saturating_mul(2).saturating_add(limits.grace);
        answer.recv_timeout(patience).unwrap_or_else(|error| {
            *helper = None;
            Err(match error {
                RecvTimeoutError::Timeout => ScriptFailure::Timeout,
                RecvTimeoutError::Disconnected => {
                    ScriptFailure::Technical("the script interpreter ended unexpectedly".to_owned())
                }
            })
        })
    })
}

fn start() -> Result<Sender<Job>, ScriptFailure> {
    let (sender, jobs) = channel::<Job>();
    let work = move || {
        for job in jobs {
            // Nobody listens any more where the caller gave up.
            let _ = job.reply.send(engine::evaluate(&job.request(), job.limits));
        }
    };
    let thread = thread::Builder::new().name("script".to_owned()).stack_size(THREAD_STACK_BYTES).spawn(work);
    thread
        .map(|_| sender)
        .map_err(|error| ScriptFailure::Technical(format!("no thread could be started for the script: {error}")))
}

/// A request that owns what it refers to.
struct Job {
    source: String,
    kind: ScriptKind,
    variables: Variables,
    form_data: Option<Variables>,
    user_action: Option<String>,
    current_user: Option<String>,
    now: Timestamp,
    seed: u64,
    answers: Vec<CommandAnswer>,
    limits: Limits,
    reply: SyncSender<Evaluated>,
}

impl Job {
    fn of(request: &ScriptRequest<'_>, limits: Limits, reply: SyncSender<Evaluated>) -> Job {
        Job {
            source: request.source.to_owned(),
            kind: request.kind,
            variables: request.variables.clone(),
            form_data: request.form_data.cloned(),
            user_action: request.user_action.map(str::to_owned),
            current_user: request.current_user.map(str::to_owned),
            now: request.now,
            seed: request.seed,
            answers: request.answers.to_vec(),
            limits,
            reply,
        }
    }

    fn request(&self) -> ScriptRequest<'_> {
        ScriptRequest {
            source: &self.source,
            kind: self.kind,
            variables: &self.variables,
            form_data: self.form_data.as_ref(),
            user_action: self.user_action.as_deref(),
            current_user: self.current_user.as_deref(),
            now: self.now,
            seed: self.seed,
            answers: &self.answers,
        }
    }
}
