//! The engine's commands for what the story chooses.

use super::{Both, Choice, Ended};
use crate::command::{Command, Completion, Submission};
use crate::engine::ChildEnd;
use crate::ids::{ElementNumber, InstanceKey};
use crate::tests::dsl::{NINE, key};
use crate::tests::reference::interpreter::{Activity, Age};
use crate::tests::reference::plan::{Id, Plan, Service, What};
use crate::time::Timestamp;
use serde_json::Value;

impl Both<'_> {
    /// The engine's command for a choice. What happens at several places at once is told apart by age.
    pub(super) fn command(&mut self, choice: &Choice) -> Result<Command, String> {
        let missing = |what: &str| format!("the engine has no {what} for {choice:?}");
        Ok(match choice {
            Choice::Answer { task, values } => {
                let (name, nth) = self.nth(*task, |activity| activity.asks && !activity.failed)?;
                let live = self.world.state().instance.elements.iter().filter(|live| live.element == name);
                let mut open = live.filter(|live| !live.failed).filter_map(|live| live.task);
                let task = key().task(open.nth(nth).ok_or_else(|| missing("open task"))?);
                let action = "Approve".to_owned();
                if self.world.state().tasks.contains_key(&task.number()) {
                    let posted = |(name, value): (&String, &Value)| (name.clone(), Value::String(value.to_string()));
                    let (values, id) = (values.iter().map(posted).collect(), self.log.len().to_string());
                    Command::Submit(Submission { task, action, values, id })
                } else {
                    Command::Complete(Completion { task, action: Some(action), values: values.clone() })
                }
            }
            Choice::Expire { task, late } => {
                let (name, nth) = self.nth(*task, |activity| activity.expires.is_some())?;
                let expires = self.reference.activity(*task).and_then(|task| task.expires);
                self.set_clock(expires.unwrap_or_default() + late);
                let live = self.world.state().instance.elements.iter().filter(|live| live.element == name);
                let mut open = live.filter_map(|live| live.task);
                Command::Expire { task: key().task(open.nth(nth).ok_or_else(|| missing("open task"))?) }
            }
            Choice::Fire { activity, event, late } => {
                let (element, event, occurrence) = self.timer(*activity, *event, *late)?;
                Command::FireTimer { element, event, occurrence }
            }
            Choice::Deliver { .. } => return Err("a delivery is a command for each who hears it".to_owned()),
            Choice::Hear { to: (activity, event), values } => {
                let (name, nth) = self.nth(*activity, |activity| !activity.failed && activity.hears(*event))?;
                let event = self.plan.name(*event);
                let live = self.world.state().instance.elements.iter();
                let live = live.filter(|live| live.element == name && !live.failed);
                let waits = live.filter_map(|live| {
                    let subscription = live.subscriptions.iter().find(|subscription| subscription.event == event)?;
                    Some((live.number, subscription.to.clone()))
                });
                let (element, awaited) = waits.clone().nth(nth).ok_or_else(|| missing("message"))?;
                Command::Receive { element, event, awaited, variables: values.clone() }
            }
            Choice::Reply { task, reply, late } => {
                let (name, nth) = self.nth(*task, |task| task.request.is_some() && !task.failed)?;
                let request = self.reference.activity(*task).and_then(|task| task.request.clone());
                self.set_clock(request.map_or(0, |request| request.at) + late);
                let live = self.world.state().instance.elements.iter().filter(|live| live.element == name);
                let mut asked =
                    live.filter(|live| !live.failed).filter_map(|live| Some((live.number, live.action.as_ref()?)));
                let (element, action) = asked.nth(nth).ok_or_else(|| missing("request"))?;
                service_of(self.plan, &name).report(reply, element, action.attempt)
            }
            Choice::Ended { call, how } => {
                let (name, nth) = self.nth(*call, |call| call.calls && !call.failed)?;
                let live = self.world.state().instance.elements.iter();
                let mut calls = live.filter(|live| live.element == name && !live.failed && live.turns.is_none());
                let element = calls.nth(nth).ok_or_else(|| missing("call"))?.number;
                self.end_child(element, how)
            }
            Choice::Job => Command::Continue,
            Choice::GiveUp { timer } => {
                let timer = timer.map(|(activity, event)| self.timer(activity, event, 0)).transpose()?;
                Command::GiveUp { timer, tries: 4 }
            }
            Choice::Retry { only, values } => {
                Command::Retry { element: only.map(|node| self.plan.name(node)), variables: values.clone() }
            }
            Choice::Cancel => Command::CancelInstance { reason: None },
        })
    }

    /// A timer that runs; it is due when this is asked.
    fn timer(&mut self, activity: Age, event: Id, late: i64) -> Result<(ElementNumber, String, u32), String> {
        let rings = |activity: &Activity| activity.alarms.iter().find(|alarm| alarm.event == event).cloned();
        let (name, nth) = self.nth(activity, |activity| rings(activity).is_some())?;
        let due = self.reference.activity(activity).and_then(rings).map_or(0, |alarm| alarm.due);
        self.set_clock(due + late);
        let event = self.plan.name(event);
        let elements = self.world.state().instance.elements.iter().filter(|live| live.element == name);
        let mut timers = elements.filter_map(|live| {
            let timer = live.timers.iter().find(|timer| timer.event == event)?;
            Some((live.number, event.clone(), timer.occurrence))
        });
        timers.nth(nth).ok_or_else(|| format!("the engine has no timer {event} at {name}"))
    }

    /// The end of a child, which was started first unless that failed.
    fn end_child(&mut self, element: ElementNumber, how: &Ended) -> Command {
        let key = InstanceKey::compose(NINE, self.log.len() as u64 + 10);
        let message = "it failed".to_owned();
        let (child, end) = match how {
            Ended::Completed(values) => (Some(key), ChildEnd::Completed(values.clone())),
            Ended::Failed(code) => (Some(key), ChildEnd::Failed { code: code.clone(), message }),
            Ended::NotStarted => (None, ChildEnd::NotStarted { code: "NOT_DEPLOYED", message }),
            Ended::Cancelled => (Some(key), ChildEnd::Cancelled),
        };
        if child.is_some() {
            self.world.when(Command::ChildStarted { element, child: key }).accepted();
        }
        Command::ChildEnded { element, child, end }
    }

    /// It is that late at least.
    fn set_clock(&mut self, at: i64) {
        self.reference.now = self.reference.now.max(at);
        self.world.now = Timestamp::from_millis(self.reference.now);
    }

    /// The name of an activity and how many of the same kind are older.
    fn nth(&self, age: Age, of: impl Fn(&Activity) -> bool) -> Result<(String, usize), String> {
        let activity = self.reference.activity(age).ok_or("it is gone")?;
        let same = self.reference.activities.iter().filter(|other| other.node == activity.node && of(other));
        Ok((self.plan.name(activity.node), same.filter(|other| other.age < age).count()))
    }
}

fn service_of<'p>(plan: &'p Plan, name: &str) -> &'p Service {
    let node = plan.nodes.iter().find(|node| plan.name(node.id) == name).expect("it was asked for by its name");
    let What::Serve(service) = &node.what else { panic!("{name} asks nobody") };
    service
}
