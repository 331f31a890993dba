//! Random processes under random commands: what must hold whatever happens. A failing story is printed with its seed,
//! which proptest keeps in `proptest-regressions`.

mod story;

use super::dsl::World;
use crate::command::Command;
use crate::decision::{Decision, Reply};
use crate::effect::{Due, Effect};
use crate::engine::reminder_due;
use crate::event::Event;
use crate::external_task::{ExternalTask, Status};
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::{Aggregate, Instance, InstanceStatus};
use crate::notification::NotificationKind;
use crate::process::{ElementKind, Reminders};
use crate::work_task::State;
use crate::work_task::event::WorkTaskEvent;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use story::{Moment, Story, tell};

/// Stories for each property.
const CASES: u32 = 128;

fn holds(check: impl Fn(&Moment<'_>)) {
    stories(|story| {
        tell(story, &check);
    });
}

fn told(story: &Story) -> World {
    tell(story, &|_: &Moment<'_>| {})
}

fn stories(check: impl Fn(&Story)) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: CASES,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    });
    let told = runner.run(&Story::any(), |story| {
        check(&story);
        Ok(())
    });
    if let Err(failure) = told {
        panic!("{failure}");
    }
}

fn decided<'a>(moment: &'a Moment<'_>) -> Option<(&'a Aggregate, &'a Decision)> {
    Some((moment.before.as_ref()?, moment.result.as_ref().ok()?))
}

fn journal(world: &World) -> impl Iterator<Item = &Event> {
    world.journal.iter().flat_map(|(_, events, _)| events)
}

fn ordered(world: &World) -> impl Iterator<Item = &Effect> {
    world.journal.iter().flat_map(|(_, _, effects)| effects)
}

/// Invariants 1 and 4, and that a decision is deterministic and never panics: the world checks replay, determinism and
/// that a refusal changes nothing at every command; here that `seq` counts every event of a task without gap.
#[test]
fn seq_is_gapless_and_the_journal_is_the_state() {
    holds(|moment| {
        let mut counted: BTreeMap<TaskNumber, u64> = BTreeMap::new();
        for event in journal(moment.world) {
            let audit_only = matches!(
                event,
                Event::TaskSubmitDenied { .. } | Event::WorkTask { what: WorkTaskEvent::CompleteDenied { .. }, .. }
            );
            if let Some(task) = event.task().filter(|_| !audit_only) {
                *counted.entry(task).or_default() += 1;
            }
        }
        let state = moment.world.state();
        let tickets = state.tasks.iter().map(|(number, task)| (*number, task.seq));
        let stored = tickets.chain(state.work_tasks.iter().map(|(number, task)| (*number, task.seq))).collect();
        assert_eq!(counted, stored);
    });
}

/// Invariants 2 and 3: final states absorb, for tasks and instances.
#[test]
fn what_has_ended_never_changes() {
    holds(|moment| {
        let Some((before, decision)) = decided(moment) else { return };
        for (number, task) in before.tasks.iter().filter(|(_, task)| task.status.is_final()) {
            assert_eq!(task, &decision.after.tasks[number]);
        }
        for (number, task) in before.work_tasks.iter().filter(|(_, task)| task.state.is_final()) {
            assert_eq!(task, &decision.after.work_tasks[number]);
        }
        if before.instance.status.is_final() {
            assert_eq!(decision.reply, Reply::Submitted, "only a repeated answer is answered");
            assert!(decision.events.is_empty() && decision.effects.is_empty());
        }
    });
}

/// Invariant 13: what never changes, and the status at most once.
#[test]
fn identity_recipient_and_expiry_of_a_ticket_never_change() {
    fn fixed(task: &ExternalTask) -> impl PartialEq + std::fmt::Debug {
        (task.key, task.recipient.clone(), task.created_at, task.expires_at, task.element, task.activity.clone())
    }
    holds(|moment| {
        let Some((before, decision)) = decided(moment) else { return };
        for (number, task) in &before.tasks {
            assert_eq!(fixed(task), fixed(&decision.after.tasks[number]));
        }
        for task in decision.after.tasks.values() {
            assert_eq!(task.completed_at.is_some(), task.status == Status::Completed);
            let ended = matches!(task.status, Status::Cancelled | Status::Expired);
            assert_eq!(task.ended_at.is_some(), ended);
        }
    });
}

/// Invariants 14 and 15: Sync and Resend keep the status; the count of reminders is that of the notifications.
#[test]
fn resend_adds_one_notification_and_sync_none() {
    holds(|moment| {
        let mut sent: BTreeMap<TaskNumber, u32> = BTreeMap::new();
        for effect in ordered(moment.world) {
            if let Effect::Notify { task, kind: NotificationKind::Reminder | NotificationKind::Resend } = effect {
                *sent.entry(*task).or_default() += 1;
            }
        }
        for (number, task) in &moment.world.state().tasks {
            assert_eq!(task.reminders, sent.get(number).copied().unwrap_or_default());
        }
        let Some((before, decision)) = decided(moment) else { return };
        let notified = decision.effects.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).count();
        let expected = match moment.command {
            Command::Resend { .. } => 1,
            Command::SyncTemplates { .. } => 0,
            Command::Start(_)
            | Command::CancelInstance { .. }
            | Command::Retry { .. }
            | Command::Continue
            | Command::FireTimer { .. }
            | Command::GiveUp { .. }
            | Command::CompleteAction { .. }
            | Command::FailAction { .. }
            | Command::Submit(_)
            | Command::Complete(_)
            | Command::SaveDraft { .. }
            | Command::Remind { .. }
            | Command::CancelTask { .. }
            | Command::Expire { .. }
            | Command::RecordBounce { .. }
            | Command::ChildStarted { .. }
            | Command::ChildEnded { .. }
            | Command::Receive { .. } => return,
        };
        let number = moment.command.task().map(|key| key.number()).unwrap();
        let (was, is) = (&before.tasks[&number], &decision.after.tasks[&number]);
        assert_eq!((notified, is.status, is.seq), (expected, was.status, was.seq + 1));
        assert_eq!((&is.draft, is.next_reminder), (&was.draft, was.next_reminder));
    });
}

/// Invariant 16: a cancelled instance leaves nothing open, and so does a completed one.
#[test]
fn an_ended_instance_leaves_nothing_open() {
    holds(|moment| {
        let Aggregate { instance, tasks, work_tasks } = moment.world.state();
        if instance.status.is_final() {
            assert!(instance.elements.is_empty() && instance.ready.is_empty() && instance.incidents.is_empty());
            assert!(tasks.values().all(|task| task.status.is_final()));
            assert!(work_tasks.values().all(|task| task.state.is_final()));
            assert_eq!(moment.world.scheduled(), []);
            assert!(instance.ended_at.is_some());
        }
    });
}

/// Invariant 17: the process moves at most once per task, and every element instance ends at most once.
#[test]
fn every_element_and_ticket_ends_at_most_once() {
    holds(|moment| {
        let mut reached = BTreeSet::new();
        let mut ended = BTreeSet::new();
        let mut created = BTreeSet::new();
        let mut tickets = BTreeSet::new();
        for event in journal(moment.world) {
            if let Event::ElementActivated(element) | Event::ElementPassed(element) = event {
                assert!(reached.insert(element.number), "{} was numbered twice", element.number.0);
            } else if let Event::ElementCompleted(number) | Event::ElementTerminated(number) = event {
                assert!(reached.contains(number) && ended.insert(*number));
            } else if let Event::TaskCreated(task) = event {
                assert!(created.insert(task.task));
            } else if let Event::WorkTask { task, what } = event {
                match what {
                    WorkTaskEvent::Created(_) => assert!(created.insert(*task)),
                    WorkTaskEvent::Completed { .. } | WorkTaskEvent::Canceled { .. } => assert!(tickets.insert(*task)),
                    WorkTaskEvent::CompleteDenied { .. } | WorkTaskEvent::Failed { .. } | WorkTaskEvent::Retried => {}
                }
            } else if let Event::TaskCompleted { task, .. } | Event::TaskEnded { task, .. } = event {
                assert!(tickets.insert(*task));
            }
        }
        let instance = &moment.world.state().instance;
        let last = (instance.last_element, instance.last_task);
        let drawn = (reached.last().copied(), created.last().copied());
        let drawn = (drawn.0.unwrap_or(ElementNumber(0)), drawn.1.unwrap_or(TaskNumber(0)));
        assert_eq!(last, drawn, "numbers are drawn in order");
    });
}

/// No notification is ordered after the end of its ticket, nor together with it.
#[test]
fn no_notification_is_ordered_for_a_ticket_that_has_ended() {
    holds(|moment| {
        let Ok(decision) = &moment.result else { return };
        for effect in &decision.effects {
            if let Effect::Notify { task, .. } = effect {
                assert_eq!(decision.after.tasks[task].status, Status::Pending);
            }
        }
    });
}

/// The last word of the journal about each thing that becomes due: scheduled for a moment, or ordered away.
fn last_orders(world: &World) -> Vec<(Due, Option<crate::time::Timestamp>)> {
    let mut orders: Vec<(Due, Option<crate::time::Timestamp>)> = Vec::new();
    for effect in ordered(world) {
        let (due, at) = match effect {
            Effect::Schedule { due, at } => (due, Some(*at)),
            Effect::Unschedule { due } => (due, None),
            Effect::Notify { .. }
            | Effect::Find { .. }
            | Effect::Act { .. }
            | Effect::Mail { .. }
            | Effect::Call(_)
            | Effect::Throw { .. }
            | Effect::Continue => continue,
        };
        orders.retain(|(known, _)| known != due);
        orders.push((due.clone(), at));
    }
    orders
}

/// Every schedule that has not come yet belongs to something live.
#[test]
fn no_schedule_outlives_what_it_is_for() {
    holds(|moment| {
        let Aggregate { instance, tasks, .. } = moment.world.state();
        for (due, at) in moment.world.scheduled() {
            let live = match &due {
                Due::Reminder { task, occurrence } => {
                    let task = &tasks[task];
                    task.status == Status::Pending && !task.follow_up && task.next_reminder == *occurrence
                }
                Due::Expiry { task } => tasks[task].status == Status::Pending,
                Due::Start(_) => unreachable!("no start event of these models has a timer"),
                Due::Timer { element, event, occurrence } => instance.element(*element).is_some_and(|element| {
                    let mut timers = element.timers.iter();
                    timers.any(|timer| timer.event == *event && timer.occurrence == *occurrence && timer.due == at)
                }),
            };
            assert!(live, "{due:?}");
        }
    });
}

/// The other way round: whatever waits for its time is scheduled for that time.
#[test]
fn what_waits_for_its_time_is_scheduled() {
    holds(|moment| {
        let orders = last_orders(moment.world);
        let scheduled = |due: Due| orders.iter().find(|(known, _)| *known == due).and_then(|(_, at)| *at);
        let Aggregate { instance, tasks, .. } = moment.world.state();
        for element in &instance.elements {
            for timer in &element.timers {
                let due =
                    Due::Timer { element: element.number, event: timer.event.clone(), occurrence: timer.occurrence };
                assert_eq!(scheduled(due), Some(timer.due));
            }
        }
        for (number, task) in tasks.iter().filter(|(_, task)| task.status == Status::Pending) {
            assert_eq!(scheduled(Due::Expiry { task: *number }), task.expires_at);
            let plan = moment.world.process.external_task(&task.activity).map(|model| &model.reminders);
            let next =
                reminder_due(plan.unwrap_or(&Reminders::None), task.next_reminder, task.created_at, task.expires_at);
            if !task.follow_up {
                assert_eq!(scheduled(Due::Reminder { task: *number, occurrence: task.next_reminder }), next);
            }
        }
    });
}

/// I-02 to I-05: the status says what is left, and tickets, elements and incidents know of each other.
#[test]
fn the_status_follows_from_what_is_left() {
    holds(|moment| {
        let Aggregate { instance, tasks, work_tasks } = moment.world.state();
        let expected = if instance.status == InstanceStatus::Cancelled {
            InstanceStatus::Cancelled
        } else if !instance.incidents.is_empty() {
            InstanceStatus::Error
        } else if !instance.ready.is_empty() || is_due_at_once(instance) {
            InstanceStatus::Running
        } else if !instance.elements.is_empty() {
            InstanceStatus::Waiting
        } else {
            InstanceStatus::Completed
        };
        assert_eq!(instance.status, expected);
        for element in &instance.elements {
            let incident = instance.incidents.iter().any(|incident| incident.element_number == element.number);
            assert_eq!(element.failed, incident);
            let own_timer = element.timers.iter().any(|timer| timer.event == element.element);
            let waits = element.task.is_some() || element.failed || !element.arrived.is_empty() || own_timer;
            assert!(waits, "{} waits for nothing", element.element);
            if let Some(task) = element.task {
                let waiting = match (tasks.get(&task), work_tasks.get(&task)) {
                    (Some(ticket), None) => (ticket.status == Status::Pending, ticket.element),
                    (None, Some(work)) => {
                        (!work.state.is_final() && (work.state == State::Failed) == element.failed, work.element)
                    }
                    other => panic!("{other:?}"),
                };
                assert_eq!(waiting, (true, element.number));
            }
        }
        for (number, task) in tasks.iter().filter(|(_, task)| task.status == Status::Pending) {
            assert_eq!(instance.element(task.element).and_then(|element| element.task), Some(*number));
        }
        for (number, task) in work_tasks.iter().filter(|(_, task)| !task.state.is_final()) {
            assert_eq!(instance.element(task.element).and_then(|element| element.task), Some(*number));
        }
        if instance.status == InstanceStatus::Running {
            assert!(moment.job || is_due_at_once(instance), "nobody goes on with the instance");
        }
    });
}

/// A timer was due when its element was reached.
fn is_due_at_once(instance: &Instance) -> bool {
    instance.elements.iter().any(|live| live.timers.iter().any(|timer| timer.due <= live.started_at))
}

/// Nothing happens before its time, no answer counts after it, and a flagged ticket is not reminded.
#[test]
fn the_stored_time_decides() {
    holds(|moment| {
        let Some((before, decision)) = decided(moment) else { return };
        let now = moment.world.now;
        for event in &decision.events {
            if let Event::TimerFired { element, event, occurrence } = event {
                let started = journal(moment.world).any(|earlier| {
                    matches!(earlier, Event::TimerStarted { element: e, event: b, occurrence: o, due, .. }
                        if (e, b, o) == (element, event, occurrence) && *due <= now)
                });
                assert!(started, "{event} fired early");
            } else if let Event::TaskCompleted { task, .. } | Event::TaskReminded { task, .. } = event {
                let task = &before.tasks[task];
                assert_eq!(task.status_at(now), Status::Pending);
                assert!(matches!(event, Event::TaskCompleted { .. }) || !task.follow_up);
            } else if let Event::TaskEnded { task, status: Status::Expired, .. } = event {
                assert_eq!(decision.after.tasks[task].expires_at.map(|expires| expires <= now), Some(true));
            }
        }
    });
}

/// T-16 and "Timers": what is due for one activity gives the same state in whatever order it arrives.
#[test]
fn the_order_of_arrival_does_not_matter() {
    stories(|story| {
        let mut forward = told(story);
        let mut backward = told(story);
        let dues = story::dues_of_one_activity(&forward);
        for (world, reverse) in [(&mut forward, false), (&mut backward, true)] {
            world.now = dues.iter().map(|(_, at)| *at).max().map_or(world.now, |last| last.max(world.now));
            let mut commands: Vec<Command> = dues.iter().map(|(due, _)| story::come_back(due)).collect();
            if reverse {
                commands.reverse();
            }
            for command in commands {
                let _ = world.when(command);
            }
        }
        // A budget ends each decision at another place.
        if forward.status() != InstanceStatus::Running && backward.status() != InstanceStatus::Running {
            assert_eq!(forward.state, backward.state);
        }
    });
}

/// Every flow taken arrives or waits: paths are lost by a terminate end and a cancel only.
#[test]
fn no_path_is_lost() {
    holds(|moment| {
        let world = moment.world;
        let outgoing = |id: &str| {
            let element = world.process.element(id).unwrap();
            if matches!(element.kind, ElementKind::ExclusiveGateway(_)) {
                1
            } else {
                i64::try_from(element.outgoing.len()).unwrap()
            }
        };
        let mut names = BTreeMap::new();
        let mut on_their_way = 1;
        for event in journal(world) {
            if let Event::ElementActivated(element) = event {
                names.insert(element.number, element.element.clone());
                let join =
                    matches!(world.process.element(&element.element).unwrap().kind, ElementKind::ParallelGateway);
                on_their_way -= i64::from(!join);
            } else if let Event::FlowJoined { .. } = event {
                on_their_way -= 1;
            } else if let Event::ElementPassed(element) = event {
                on_their_way += outgoing(&element.element) - 1;
            } else if let Event::ElementCompleted(number) = event {
                on_their_way += outgoing(&names[number]);
            } else if let Event::TimerFired { element, event, .. } = event {
                // Beside an activity it begins a path; on a path of its own it ends the wait.
                on_their_way += i64::from(names[element] != *event);
            }
        }
        let forgotten = world.status() == InstanceStatus::Cancelled || world.reached("stop") > 0;
        if !forgotten {
            assert_eq!(on_their_way, i64::try_from(world.state().instance.ready.len()).unwrap());
        }
    });
}
