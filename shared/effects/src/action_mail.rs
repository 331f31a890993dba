//! Mails of system tasks: one effect for each recipient, and word to the worker of
//! actions when all are out or given up. Ends no action itself.

use crate::Error;
use crate::channel::email::Outgoing;
use crate::perform::{Path, Performer};
use app::action::ActionMessage;
use domain::action::{ActionRequest, MailRequest, UNAWAITED};
use domain::ids::ElementNumber;
use domain::notification::Delivery;
use domain::time::Timestamp;
use store::{JournalEntry, Mark};
use web::mail::sender_name;

impl Performer {
    /// Sends the mail of a system task to one of its recipients, unless it went out before, and ends the action where it
    /// was the last one.
    pub(crate) async fn action_mail(
        &self,
        entry: &JournalEntry,
        number: usize,
        (element, attempt): (ElementNumber, u32),
        recipient: usize,
        path: Path,
        now: Timestamp,
    ) -> Result<(), Error> {
        let tenant = entry.id.tenant();
        if self.went_out(entry, number, path).await? {
            return self.end_mails(entry, element, attempt).await;
        }
        let message = ActionMessage::new(tenant, entry.id.instance(), element, attempt);
        let Some(job) = self.app.wanted(&message).await? else { return Ok(()) };
        let ActionRequest::Email(mail) = job.request else { return Ok(()) };
        let Some(to) = mail.to.get(recipient) else { return Ok(()) };
        let to = to.as_str().to_owned();
        if let Some(reason) = self.over_limit(tenant, &to, now).await? {
            tracing::warn!(instance.id = %entry.id.instance(), reason, "a mail is not sent: the tenant's limit is reached");
            return self.give_up_action(entry, number, (element, attempt), reason, now).await;
        }
        let outgoing = self.composed(entry, number, to, mail, now).await?;
        if self.hand_over(entry, number, &outgoing, now).await? {
            self.end_mails(entry, element, attempt).await
        } else {
            self.give_up_action(entry, number, (element, attempt), "REFUSED", now).await
        }
    }

    /// A mail of a system task failed for good.
    pub(crate) async fn give_up_action(
        &self,
        entry: &JournalEntry,
        number: usize,
        (element, attempt): (ElementNumber, u32),
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let tenant = entry.id.tenant();
        let mark = Mark { delivery: Delivery::Failed, message_id: None, reason: Some(reason.to_owned()), at: now };
        if self.app.store.mark_mail(tenant, &entry.id, number, &mark).await? {
            self.tally.count(tenant, Delivery::Failed, now);
        }
        self.end_mails(entry, element, attempt).await
    }

    /// Once the journal item says of every mail what became of it, the worker of actions is told: it runs the scripts
    /// that may follow. Told twice, the second end is refused.
    async fn end_mails(&self, entry: &JournalEntry, element: ElementNumber, attempt: u32) -> Result<(), Error> {
        if attempt == UNAWAITED {
            return Ok(());
        }
        let (tenant, instance) = (entry.id.tenant(), entry.id.instance());
        let message =
            ActionMessage { mails: Some(entry.id.sk()), ..ActionMessage::new(tenant, instance, element, attempt) };
        match self.app.mails_ended(&message).await? {
            Some(_) => self.queues.call(&message, 0).await,
            None => Ok(()),
        }
    }

    async fn composed(
        &self,
        entry: &JournalEntry,
        number: usize,
        to: String,
        mail: MailRequest,
        now: Timestamp,
    ) -> Result<Outgoing, Error> {
        let tenant = entry.id.tenant();
        let record = self.app.store.tenant(tenant, now).await?;
        let record = record
            .ok_or_else(|| Error::Refused { what: "composing the mail", detail: "the tenant is gone".to_owned() })?;
        Ok(Outgoing {
            to,
            from_name: sender_name(record.mail_from_name.as_deref().unwrap_or(&record.name)),
            reply_to: record.reply_to,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            tags: vec![
                ("tenant", tenant.to_string()),
                ("instance", entry.id.instance().to_string()),
                ("journal", entry.id.tag()),
                ("effect", number.to_string()),
            ],
        })
    }
}
