//! EventBridge Scheduler: one-time schedules with derived names. Created and deleted, never moved.

use crate::Error;
use crate::config::EffectsConfig;
use crate::lazy::Lazy;
use app::due::DueMessage;
use aws_config::SdkConfig;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::DisplayErrorContext;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use domain::effect::Due;
use domain::ids::{InstanceKey, TenantId};
use domain::time::Timestamp;

/// A firing that no function takes is tried for this long before it goes to the dead letters.
const EVENT_AGE_S_MAX: i32 = 86_400;

/// Creates and deletes schedules.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: Lazy<Client>,
    config: EffectsConfig,
}

impl Schedules {
    pub fn new(aws: &SdkConfig, config: EffectsConfig) -> Schedules {
        Schedules { client: Lazy::new(aws, Client::new), config }
    }

    /// Makes sure that `message` comes back at `at`. One that exists is success: its name says it is the same.
    pub async fn create(&self, message: &DueMessage, due: &Due, at: Timestamp) -> Result<(), Error> {
        let function = match due {
            Due::Reminder { .. } => &self.config.reminder_function,
            Due::Expiry { .. } => &self.config.expiry_function,
            Due::Timer { .. } | Due::Start(_) => &self.config.timer_function,
        };
        let refused = |detail: String| Error::Refused { what: "scheduler:CreateSchedule", detail };
        let target = Target::builder()
            .arn(function)
            .role_arn(&self.config.scheduler_role)
            .input(serde_json::to_string(message).expect("a due message has no map with keys that are no strings"))
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_event_age_in_seconds(EVENT_AGE_S_MAX)
                    .maximum_retry_attempts(185)
                    .build(),
            )
            .dead_letter_config(DeadLetterConfig::builder().arn(&self.config.schedule_dead_letters).build())
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let created = self
            .client
            .get()
            .create_schedule()
            .name(name(message.tenant, message.instance, due))
            .group_name(&self.config.schedule_group)
            .schedule_expression(expression(at))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target)
            .send()
            .await;
        let Err(error) = created else { return Ok(()) };
        let service = error.as_service_error();
        if service.is_some_and(|error| error.is_conflict_exception()) {
            return Ok(());
        }
        let permanent = service.is_some_and(|error| error.is_validation_exception());
        let detail = DisplayErrorContext(error).to_string();
        Err(if permanent { refused(detail) } else { Error::Later { what: "scheduler:CreateSchedule", detail } })
    }

    /// Makes sure that `due` comes back no more. An unknown one is success.
    pub async fn delete(&self, tenant: TenantId, instance: InstanceKey, due: &Due) -> Result<(), Error> {
        let deleted = self
            .client
            .get()
            .delete_schedule()
            .name(name(tenant, instance, due))
            .group_name(&self.config.schedule_group)
            .send()
            .await;
        let Err(error) = deleted else { return Ok(()) };
        if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) {
            return Ok(());
        }
        Err(Error::Later { what: "scheduler:DeleteSchedule", detail: DisplayErrorContext(error).to_string() })
    }
}

/// The name of a schedule: derived, so that doing it twice makes one. At most 64 characters.
fn name(tenant: TenantId, instance: InstanceKey, due: &Due) -> String {
    match due {
        Due::Reminder { task, occurrence } => format!("{tenant}-{}-r{occurrence}", instance.task(*task)),
        Due::Expiry { task } => format!("{tenant}-{}-e", instance.task(*task)),
        Due::Timer { element, event, occurrence } => {
            let event = fnv1a(event);
            match u16::try_from(element.0) {
                Ok(_) => format!("{tenant}-{}-b{occurrence}-{event:016x}", instance.element(*element)),
                // Larger numbers do not fit below the instance's; in decimal digits the name could grow too long.
                Err(_) => format!(
                    "{tenant:x}-{:x}-{:x}-b{occurrence:x}-{event:016x}",
                    instance.get(),
                    element.0,
                    tenant = tenant.0
                ),
            }
        }
        Due::Start(start) => format!("{tenant}-{instance}-s-{:016x}", fnv1a(&start.event)),
    }
}

/// FNV-1a: ids of BPMN may be longer than a schedule's name; a fixed, simple hash keeps names the same for ever.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Schedules have whole seconds; rounding up keeps a schedule from firing before its time.
fn expression(at: Timestamp) -> String {
    let seconds = at.as_millis().div_euclid(1_000) + i64::from(at.as_millis().rem_euclid(1_000) > 0);
    let text = Timestamp::from_millis(seconds * 1_000).to_string();
    format!("at({})", text.get(..19).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::effect::TimerStart;
    use domain::ids::{ElementNumber, TaskNumber};

    #[test]
    fn a_schedule_is_rounded_up_to_the_next_second_and_never_fires_early() {
        assert_eq!(expression(Timestamp::from_millis(1_700_000_000_000)), "at(2023-11-14T22:13:20)");
        assert_eq!(expression(Timestamp::from_millis(1_700_000_000_001)), "at(2023-11-14T22:13:21)");
    }

    fn start(event: &str) -> Due {
        let (process_id, event) = ("Process_".repeat(40), event.to_owned());
        let (version, occurrence, at) = (u32::MAX, u32::MAX, Timestamp::from_millis(0));
        Due::Start(Box::new(TimerStart { process_id, version, event, occurrence, at }))
    }

    /// Schedules that exist must be found again to be deleted.
    #[test]
    fn names_stay_as_they_were_and_numbers_beyond_16_bits_have_their_own() {
        let instance = InstanceKey::new(7 << 16).expect("below 2^63");
        let name = |number: u32| {
            let due = Due::Timer { element: ElementNumber(number), event: "late".to_owned(), occurrence: 12 };
            name(TenantId(10), instance, &due)
        };
        assert_eq!(name(3), "10-458755-b12-044cf1ad90502801");
        assert_eq!(name(65_535), "10-524287-b12-044cf1ad90502801");
        assert_eq!(name(65_536), "a-70000-10000-bc-044cf1ad90502801");
    }

    #[test]
    fn names_are_distinct_short_and_stable() {
        let instance = InstanceKey::new((1 << 62) + (7 << 16)).expect("below 2^63");
        let tenant = TenantId(u32::MAX);
        let long = "Boundary_".repeat(40);
        let dues = [
            Due::Reminder { task: TaskNumber(65_535), occurrence: u32::MAX },
            Due::Expiry { task: TaskNumber(65_535) },
            Due::Timer { element: ElementNumber(65_535), event: long.clone(), occurrence: u32::MAX },
            Due::Timer { element: ElementNumber(65_535), event: format!("{long}2"), occurrence: u32::MAX },
            Due::Timer { element: ElementNumber(65_536), event: long.clone(), occurrence: u32::MAX },
            Due::Timer { element: ElementNumber(65_537), event: long.clone(), occurrence: u32::MAX },
            Due::Timer { element: ElementNumber(u32::MAX), event: long.clone(), occurrence: u32::MAX },
            Due::Timer { element: ElementNumber(u32::MAX), event: long.clone(), occurrence: 1 },
            start(&long),
            start(&format!("{long}2")),
        ];
        let names: std::collections::BTreeSet<String> = dues.iter().map(|due| name(tenant, instance, due)).collect();
        assert_eq!(names.len(), dues.len());
        for name in &names {
            assert!(name.len() <= 64, "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{name}");
        }
    }
}
