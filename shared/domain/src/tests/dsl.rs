//! given / when / then: a world of one instance whose every accepted command is checked for determinism, replay and
//! round trips before a test looks at it. Reads no clock.

pub mod fake_scripts;
pub mod lines;
pub mod model;

use crate::action::{Answer, HttpAnswer, Trouble};
use crate::command::{Actor, Command, Completion, Start, Submission};
use crate::decision::{Decision, Env, FieldError, Reply};
use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::external_task::{ExternalTask, Status};
use crate::ids::{ElementNumber, InstanceKey, TaskKey};
use crate::instance::{Aggregate, InstanceStatus};
use crate::notification::{Delivery, NotificationKind};
use crate::process::Process;
use crate::rejection::Rejection;
use crate::script::{CommandAnswer, CommandCall};
use crate::time::{Duration, Timestamp};
use crate::variables::Variables;
use crate::work_task::{State, WorkTask};
use crate::{apply, begin, decide};
pub use fake_scripts::{FakeScripts, result};
pub use model::*;
use serde_json::{Value, json};

/// Monday, 2026-03-02T09:00:00Z.
pub const NINE: i64 = 1_772_442_000_000;
pub const RECIPIENT: &str = "ann@supplier.example";

/// Variables from a JSON object.
pub fn vars(value: Value) -> Variables {
    let Value::Object(map) = value else { panic!("variables are an object, not {value}") };
    map
}

pub fn key() -> InstanceKey {
    InstanceKey::compose(NINE, 7)
}

/// One instance, its clock and its journal.
pub struct World {
    pub process: Process,
    pub templates: Option<Process>,
    pub scripts: FakeScripts,
    /// Commands of scripts that were carried out, with their answers.
    pub commands: Vec<(CommandCall, CommandAnswer)>,
    pub now: Timestamp,
    pub state: Option<Aggregate>,
    pub journal: Vec<(Timestamp, Vec<Event>, Vec<Effect>)>,
    /// What the journal alone says, event by event as stored.
    replayed: Option<Aggregate>,
}

pub fn given(process: Process) -> World {
    World {
        process,
        templates: None,
        scripts: FakeScripts::default(),
        commands: Vec::new(),
        now: Timestamp::from_millis(NINE),
        state: None,
        journal: Vec::new(),
        replayed: None,
    }
}

/// What became of a command.
#[derive(Debug)]
pub struct Then {
    pub result: Result<Decision, Rejection>,
}

impl World {
    /// Starts the instance; a refusal fails the test.
    pub fn started(mut self, variables: Value) -> World {
        self.start(variables).accepted();
        self
    }

    pub fn start(&mut self, variables: Value) -> Then {
        self.when(Command::Start(Start {
            business_key: Some("B-1".to_owned()),
            reference: Some("Order 1".to_owned()),
            variables: vars(variables),
            ..Start::new(key(), self.process.id.clone(), 1)
        }))
    }

    /// Moves the clock on.
    pub fn after(&mut self, duration: &str) -> &mut World {
        self.now = duration.parse::<Duration>().unwrap().after(self.now);
        self
    }

    /// Decides, checks what must hold for every decision, and commits an accepted one.
    pub fn when(&mut self, command: Command) -> Then {
        let actor = Actor::User("olga".to_owned());
        let env = Env {
            now: self.now,
            actor: &actor,
            process: &self.process,
            templates: self.templates.as_ref().unwrap_or(&self.process),
            scripts: &self.scripts,
            commands: &self.commands,
        };
        let before = self.state.clone();
        let decided = || {
            self.scripts.start_the_clock();
            decide(&env, self.state.as_ref(), &command)
        };
        let result = decided();
        assert_eq!(result, decided(), "a decision is deterministic");
        assert_eq!(self.state, before, "a decision changes nothing by itself");
        if let Ok(decision) = &result {
            self.replay(&decision.events);
            self.journal.push((self.now, decision.events.clone(), decision.effects.clone()));
            self.state = Some(decision.after.clone());
            assert_eq!(self.replayed, self.state, "the journal replays to the stored state");
        }
        Then { result }
    }

    /// Applies events as they come back from the store.
    fn replay(&mut self, events: &[Event]) {
        for event in events {
            let stored = serde_json::to_string(event).unwrap();
            let read: Event = serde_json::from_str(&stored).unwrap();
            assert_eq!(&read, event, "{stored}");
            match (&mut self.replayed, &read) {
                (None, Event::InstanceStarted(started)) => self.replayed = Some(begin(key(), self.now, started)),
                (None, other) => panic!("the first event is {other:?}"),
                (Some(state), event) => apply(state, self.now, event),
            }
        }
    }

    /// Forgets everything but the process and the clock.
    pub fn forget(&mut self) {
        self.state = None;
        self.replayed = None;
        self.journal.clear();
    }

    /// Goes on from a state that the test has put together itself.
    pub fn forget_journal(&mut self) {
        self.replayed = self.state.clone();
        self.journal.clear();
    }

    pub fn state(&self) -> &Aggregate {
        self.state.as_ref().expect("the instance is started")
    }

    pub fn status(&self) -> InstanceStatus {
        self.state().instance.status
    }

    pub fn variable(&self, name: &str) -> Value {
        self.state().instance.variables.get(name).cloned().unwrap_or(Value::Null)
    }

    /// The newest task of an activity.
    pub fn task(&self, activity: &str) -> &ExternalTask {
        let mut tasks = self.state().tasks.values().rev();
        tasks.find(|task| task.activity == activity).unwrap_or_else(|| panic!("no task of {activity}"))
    }

    pub fn key_of(&self, activity: &str) -> TaskKey {
        self.task(activity).key
    }

    /// The number of the live element instance of an element; the newest.
    pub fn element(&self, id: &str) -> ElementNumber {
        let mut elements = self.state().instance.elements.iter().rev();
        elements.find(|element| element.element == id).unwrap_or_else(|| panic!("{id} is not live")).number
    }

    /// The ids of the live elements, by age.
    pub fn live(&self) -> Vec<&str> {
        self.state().instance.elements.iter().map(|element| element.element.as_str()).collect()
    }

    pub fn submit(&mut self, activity: &str, action: &str, values: Value) -> Then {
        self.submit_as(activity, action, values, "s-1")
    }

    pub fn submit_as(&mut self, activity: &str, action: &str, values: Value, id: &str) -> Then {
        let task = self.key_of(activity);
        self.when(Command::Submit(Submission {
            task,
            action: action.to_owned(),
            values: vars(values),
            id: id.to_owned(),
        }))
    }

    /// The newest ordinary task of an activity.
    pub fn work_task(&self, activity: &str) -> &WorkTask {
        let mut tasks = self.state().work_tasks.values().rev();
        tasks.find(|task| task.activity == activity).unwrap_or_else(|| panic!("no ordinary task of {activity}"))
    }

    pub fn complete(&mut self, activity: &str, action: &str, values: Value) -> Then {
        let (task, action) = (self.work_task(activity).key, Some(action.to_owned()));
        self.when(Command::Complete(Completion { task, action, values: vars(values) }))
    }

    pub fn save_draft(&mut self, activity: &str, values: Value) -> Then {
        self.when(Command::SaveDraft { task: self.key_of(activity), values: vars(values) })
    }

    pub fn remind(&mut self, activity: &str, occurrence: u32) -> Then {
        self.when(Command::Remind { task: self.key_of(activity), occurrence })
    }

    pub fn resend(&mut self, activity: &str) -> Then {
        self.when(Command::Resend { task: self.key_of(activity) })
    }

    pub fn sync(&mut self, activity: &str, version: u32) -> Then {
        self.when(Command::SyncTemplates { task: self.key_of(activity), version })
    }

    pub fn cancel_task(&mut self, activity: &str) -> Then {
        self.when(Command::CancelTask { task: self.key_of(activity), reason: None })
    }

    pub fn cancel(&mut self) -> Then {
        self.when(Command::CancelInstance { reason: None })
    }

    pub fn expire(&mut self, activity: &str) -> Then {
        self.when(Command::Expire { task: self.key_of(activity) })
    }

    pub fn bounce(&mut self, activity: &str, delivery: Delivery) -> Then {
        self.when(Command::RecordBounce { task: self.key_of(activity), delivery })
    }

    pub fn fire(&mut self, activity: &str, event: &str, occurrence: u32) -> Then {
        let element = self.element(activity);
        self.when(Command::FireTimer { element, event: event.to_owned(), occurrence })
    }

    /// The outside answers the attempt that the newest live instance of an element waits for.
    pub fn respond(&mut self, activity: &str, status: u16, body: &str) -> Then {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.respond_with(activity, Answer::Http(HttpAnswer { status, headers, body: body.to_owned() }))
    }

    pub fn respond_with(&mut self, activity: &str, answer: Answer) -> Then {
        let (element, attempt) = self.attempt(activity);
        self.when(Command::CompleteAction { element, attempt, answer: Box::new(answer) })
    }

    pub fn trouble(&mut self, activity: &str, code: &'static str, again: bool) -> Then {
        let (element, attempt) = self.attempt(activity);
        let trouble = Trouble { code, message: format!("{code} happened"), again };
        self.when(Command::FailAction { element, attempt, trouble })
    }

    /// The attempt that an element waits for.
    pub fn attempt(&self, activity: &str) -> (ElementNumber, u32) {
        let element = self.element(activity);
        let live = self.state().instance.element(element).unwrap();
        (element, live.action.as_ref().map_or(1, |action| action.attempt))
    }

    pub fn retry(&mut self) -> Then {
        self.retry_with(json!({}))
    }

    pub fn retry_with(&mut self, variables: Value) -> Then {
        self.when(Command::Retry { element: None, variables: vars(variables) })
    }

    pub fn go_on(&mut self) -> Then {
        self.when(Command::Continue)
    }

    /// Every notification ordered so far.
    pub fn notifications(&self) -> Vec<NotificationKind> {
        let effects = self.journal.iter().flat_map(|(_, _, effects)| effects);
        effects
            .filter_map(|effect| match effect {
                Effect::Notify { kind, .. } => Some(*kind),
                Effect::Schedule { .. }
                | Effect::Unschedule { .. }
                | Effect::Find { .. }
                | Effect::Call(_)
                | Effect::Throw { .. }
                | Effect::Act { .. }
                | Effect::Mail { .. }
                | Effect::Continue => None,
            })
            .collect()
    }

    /// Schedules that were made, neither deleted nor due yet: what the scheduler still holds.
    pub fn scheduled(&self) -> Vec<(Due, Timestamp)> {
        let mut held: Vec<(Due, Timestamp)> = Vec::new();
        for (_, _, effects) in &self.journal {
            for effect in effects {
                match effect {
                    Effect::Schedule { due, at } => held.push((due.clone(), *at)),
                    Effect::Unschedule { due: void } => held.retain(|(due, _)| due != void),
                    Effect::Notify { .. }
                    | Effect::Find { .. }
                    | Effect::Act { .. }
                    | Effect::Mail { .. }
                    | Effect::Call(_)
                    | Effect::Throw { .. }
                    | Effect::Continue => {}
                }
            }
        }
        held.retain(|(_, at)| *at > self.now);
        held
    }

    /// How often an element was reached.
    pub fn reached(&self, id: &str) -> usize {
        let events = self.journal.iter().flat_map(|(_, events, _)| events);
        events
            .filter(|event| {
                matches!(event, Event::ElementActivated(reached) | Event::ElementPassed(reached) if reached.element == id)
            })
            .count()
    }
}

impl Then {
    #[track_caller]
    pub fn accepted(&self) -> &Decision {
        match &self.result {
            Ok(decision) => decision,
            Err(rejection) => panic!("refused: {rejection:?}"),
        }
    }

    /// Refused with this code.
    #[track_caller]
    pub fn refused(&self, code: &str) -> &Rejection {
        match &self.result {
            Ok(decision) => panic!("accepted: {:?}", lines::events(&decision.events)),
            Err(rejection) => {
                assert_eq!(rejection.code(), code, "{rejection:?}");
                rejection
            }
        }
    }

    /// 409: the present state, as on the wire.
    #[track_caller]
    pub fn refused_in(&self, state: &str) {
        let rejection = self.refused("INVALID_STATE");
        assert!(
            matches!(rejection, Rejection::InvalidState { state: present, .. } if *present == state),
            "{rejection:?}"
        );
    }

    #[track_caller]
    pub fn events(&self, expected: &[&str]) -> &Then {
        assert_eq!(lines::events(&self.accepted().events), expected);
        self
    }

    #[track_caller]
    pub fn effects(&self, expected: &[&str]) -> &Then {
        assert_eq!(lines::effects(&self.accepted().effects), expected);
        self
    }

    #[track_caller]
    pub fn status(&self, expected: InstanceStatus) -> &Then {
        assert_eq!(self.accepted().after.instance.status, expected);
        self
    }

    #[track_caller]
    pub fn replied(&self, expected: Reply) -> &Then {
        assert_eq!(self.accepted().reply, expected);
        self
    }

    /// The instance stopped with an incident of this code.
    #[track_caller]
    pub fn failed(&self, code: &str) -> &Then {
        self.status(InstanceStatus::Error);
        let reply = &self.accepted().reply;
        assert!(matches!(reply, Reply::Failed { code: present, .. } if present == code), "{reply:?}");
        let incidents = &self.accepted().after.instance.incidents;
        assert!(incidents.iter().any(|incident| incident.code == code), "{incidents:?}");
        self
    }

    #[track_caller]
    pub fn denied(&self) -> &[FieldError] {
        let Reply::Denied(errors) = &self.accepted().reply else { panic!("{:?}", self.accepted().reply) };
        errors
    }

    /// The status of the newest task of an activity.
    #[track_caller]
    pub fn task(&self, activity: &str, expected: Status) -> &Then {
        let mut tasks = self.accepted().after.tasks.values().rev();
        let task = tasks.find(|task| task.activity == activity).unwrap_or_else(|| panic!("no task of {activity}"));
        assert_eq!(task.status, expected);
        self
    }

    /// The state of the newest ordinary task of an activity.
    #[track_caller]
    pub fn work_task(&self, activity: &str, expected: State) -> &Then {
        let mut tasks = self.accepted().after.work_tasks.values().rev();
        let task = tasks.find(|task| task.activity == activity).unwrap_or_else(|| panic!("no task of {activity}"));
        assert_eq!(task.state, expected);
        self
    }

    pub fn flows_on(&self) -> bool {
        self.accepted().effects.contains(&Effect::Continue)
    }
}
