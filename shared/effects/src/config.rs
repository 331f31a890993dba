//! Configuration of the functions that perform effects or put messages off.

use app::config::{Missing, Reader};

/// Names of the queues, the schedule group and the sender.
#[derive(Clone, Debug)]
pub struct EffectsConfig {
    /// `EFFECTS_QUEUE_URL`: effects to be tried again.
    pub effects_queue: String,
    /// `REMINDER_QUEUE_URL`
    pub reminder_queue: String,
    /// `EXPIRY_QUEUE_URL`
    pub expiry_queue: String,
    /// `TIMER_QUEUE_URL`
    pub timer_queue: String,
    /// `ACTIONS_QUEUE_URL`: requests of system tasks.
    pub actions_queue: String,
    /// `BULK_QUEUE_URL`: the FIFO queue of bulk runs.
    pub bulk_queue: String,
    /// `SCHEDULE_GROUP`
    pub schedule_group: String,
    /// `SCHEDULER_ROLE_ARN`: the role schedules run as.
    pub scheduler_role: String,
    /// `REMINDER_FUNCTION_ARN`
    pub reminder_function: String,
    /// `EXPIRY_FUNCTION_ARN`
    pub expiry_function: String,
    /// `TIMER_FUNCTION_ARN`
    pub timer_function: String,
    /// `SCHEDULE_DLQ_ARN`: where a firing goes that no function took.
    pub schedule_dead_letters: String,
    /// `MAIL_FROM`: the verified sender address.
    pub mail_from: String,
    /// `SES_CONFIGURATION_SET`
    pub configuration_set: Option<String>,
}

impl EffectsConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<EffectsConfig, Missing> {
        let mut reader = Reader::default();
        let config = EffectsConfig {
            effects_queue: reader.required("EFFECTS_QUEUE_URL"),
            reminder_queue: reader.required("REMINDER_QUEUE_URL"),
            expiry_queue: reader.required("EXPIRY_QUEUE_URL"),
            timer_queue: reader.required("TIMER_QUEUE_URL"),
            actions_queue: reader.required("ACTIONS_QUEUE_URL"),
            bulk_queue: reader.required("BULK_QUEUE_URL"),
            schedule_group: reader.required("SCHEDULE_GROUP"),
            scheduler_role: reader.required("SCHEDULER_ROLE_ARN"),
            reminder_function: reader.required("REMINDER_FUNCTION_ARN"),
            expiry_function: reader.required("EXPIRY_FUNCTION_ARN"),
            timer_function: reader.required("TIMER_FUNCTION_ARN"),
            schedule_dead_letters: reader.required("SCHEDULE_DLQ_ARN"),
            mail_from: reader.required("MAIL_FROM"),
            configuration_set: reader.optional("SES_CONFIGURATION_SET"),
        };
        reader.finish(config)
    }
}

/// What the function needs that puts off what it could not handle.
#[derive(Clone, Debug)]
pub struct TimerQueueConfig {
    /// `TIMER_QUEUE_URL`
    pub timer_queue: String,
}

impl TimerQueueConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<TimerQueueConfig, Missing> {
        let mut reader = Reader::default();
        let config = TimerQueueConfig { timer_queue: reader.required("TIMER_QUEUE_URL") };
        reader.finish(config)
    }
}
