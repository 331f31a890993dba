//! Actions of system tasks as they travel: the message that names an attempt, and the way its end comes back through the
//! waist. Calls nothing outside.

use crate::execute::{App, Error, Request};
use crate::secret;
use aws_config::SdkConfig;
use domain::action::{Answer, Trouble, UNAWAITED};
use domain::command::Command;
use domain::effect::Effect;
use domain::ids::{ElementNumber, InstanceKey, TenantId};
use domain::notification::Delivery;
use domain::script::Scripts;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Job, JournalId};

/// Names one attempt at the action of an element instance: what travels through the queue of actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionMessage {
    /// Tenant.
    pub tenant: TenantId,
    /// The aggregate.
    pub instance: InstanceKey,
    /// The element instance that waits.
    pub element: ElementNumber,
    /// Number of the attempt.
    pub attempt: u32,
    /// All its mails went out or were given up: the sort key of the journal item that says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mails: Option<String>,
}

impl ActionMessage {
    /// An attempt that is to be made.
    pub fn new(tenant: TenantId, instance: InstanceKey, element: ElementNumber, attempt: u32) -> ActionMessage {
        ActionMessage { tenant, instance, element, attempt, mails: None }
    }
}

impl App {
    /// What an attempt asks, if it is still waited for or a script ordered it without waiting: an instance that was cancelled, interrupted or answered asks
    /// nobody any more.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn wanted(&self, attempt: &ActionMessage) -> Result<Option<Job>, Error> {
        if attempt.attempt == UNAWAITED {
            return Ok(self.store.job(attempt.tenant, attempt.instance, attempt.element).await?);
        }
        let Some(loaded) = self.store.load(attempt.tenant, attempt.instance).await? else { return Ok(None) };
        let instance = &loaded.aggregate.instance;
        let live = instance.element(attempt.element).filter(|live| !live.failed && !instance.status.is_final());
        let waits = live.and_then(|live| live.action.as_ref()).is_some_and(|action| action.attempt == attempt.attempt);
        if !waits {
            return Ok(None);
        }
        Ok(self.store.job(attempt.tenant, attempt.instance, attempt.element).await?)
    }

    /// How the mails of an attempt ended; `None` while one of them is still to be sent.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mails_ended(&self, attempt: &ActionMessage) -> Result<Option<Result<Answer, Trouble>>, Error> {
        let Some(id) = attempt.mails.as_deref().and_then(|sk| JournalId::of(attempt.tenant, attempt.instance, sk))
        else {
            return Ok(None);
        };
        let Some(entry) = self.store.journal_item(attempt.tenant, &id, true).await? else { return Ok(None) };
        let mut message_ids = Vec::new();
        let mut failed: Option<&str> = None;
        for (number, effect) in entry.effects.iter().enumerate() {
            let Effect::Mail { element, attempt: of, .. } = effect else { continue };
            if (*element, *of) != (attempt.element, attempt.attempt) {
                continue;
            }
            let Some(mail) = entry.mail(number) else { return Ok(None) };
            match mail.delivery {
                Delivery::Failed => failed = failed.or(mail.reason.as_deref()).or(Some("REFUSED")),
                Delivery::Queued
                | Delivery::Sent
                | Delivery::Delayed
                | Delivery::Delivered
                | Delivery::Bounced
                | Delivery::Complained => message_ids.push(mail.message_id.clone().unwrap_or_default()),
            }
        }
        Ok(Some(match failed {
            None => Ok(Answer::Mail { message_ids }),
            Some(reason) => Err(mail_trouble(reason)),
        }))
    }

    /// Tells the instance how an attempt ended. An end that comes late or twice is refused and counts as told.
    ///
    /// # Errors
    /// Where it could not be decided: the attempt, under the same idempotency key, must be made again.
    pub async fn end_action(
        &self,
        attempt: &ActionMessage,
        ended: Result<Answer, Trouble>,
        scripts: &dyn Scripts,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (element, number) = (attempt.element, attempt.attempt);
        let command = match ended {
            Ok(answer) => Command::CompleteAction { element, attempt: number, answer: Box::new(answer) },
            Err(trouble) => Command::FailAction { element, attempt: number, trouble },
        };
        self.deliver(&Request::of_engine(attempt.tenant, attempt.instance, command, now, scripts)).await
    }
}

/// What a mail that is given up means to the process: refused, or held back by a limit.
fn mail_trouble(reason: &str) -> Trouble {
    let (code, message) = match reason {
        "DAILY_CAP" => ("MAIL_THROTTLED", "the tenant's limit of mails a day is reached"),
        "RECIPIENT_CAP" => ("MAIL_THROTTLED", "the tenant's limit of mails to this recipient a day is reached"),
        "NOT_TAKEN" => ("MAIL_THROTTLED", "the mail service did not take the mail for more than a day"),
        _ => ("MAIL_REJECTED", "the mail service refused the mail"),
    };
    Trouble { code, message: message.to_owned(), again: false }
}

/// Credentials of tenants, by name. A name leads to one secret below the installation's prefix and the tenant's number,
/// so that no tenant reaches another's, nor any other secret of the account. Nothing is kept.
#[derive(Clone, Debug)]
pub struct Secrets(Source);

#[derive(Clone)]
enum Source {
    Manager { aws: Box<SdkConfig>, prefix: String },
    Given(BTreeMap<String, String>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Manager { prefix, .. } => write!(f, "secrets below {prefix}"),
            Source::Given(_) => f.write_str("given secrets"),
        }
    }
}

impl Secrets {
    /// In Secrets Manager, below a prefix such as `countersign/prod/actions/`.
    pub fn named(aws: &SdkConfig, prefix: String) -> Secrets {
        Secrets(Source::Manager { aws: Box::new(aws.clone()), prefix })
    }

    /// At hand, by `tenant/name`: for tests.
    pub fn given(secrets: BTreeMap<String, String>) -> Secrets {
        Secrets(Source::Given(secrets))
    }

    /// The text of a secret.
    ///
    /// # Errors
    /// Where it cannot be read. A name with anything but letters, digits, `-` and `_` is empty.
    pub async fn get(&self, tenant: TenantId, name: &str) -> Result<Option<String>, secret::Error> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Ok(None);
        }
        match &self.0 {
            Source::Manager { aws, prefix } => secret::text(aws, &format!("{prefix}{tenant}/{name}")).await,
            Source::Given(secrets) => Ok(secrets.get(&format!("{tenant}/{name}")).cloned()),
        }
    }
}
