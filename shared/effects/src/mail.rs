//! Composes the mail of a notification from task, definition and tenant. Sends nothing.

use crate::Error;
use crate::channel::email::Outgoing;
use app::App;
use app::link::LinkTarget;
use domain::notification::NotificationKind;
use domain::page::CustomerPage;
use domain::time::Timestamp;
use store::{JournalEntry, StoredTask};
use web::asking::{self, Organisation};
use web::customer;
use web::mail::{CustomerMail, MailView, sender_name};

pub async fn compose(
    app: &App,
    public_url: &str,
    entry: &JournalEntry,
    number: usize,
    stored: &StoredTask,
    kind: NotificationKind,
    now: Timestamp,
) -> Result<Outgoing, Error> {
    let tenant_id = entry.id.tenant();
    let task = &stored.task;
    let refused = |detail: &str| Error::Refused { what: "composing the mail", detail: detail.to_owned() };
    let tenant = app.store.tenant(tenant_id, now).await?.ok_or_else(|| refused("the tenant is gone"))?;
    let source = app.secret.as_ref().ok_or_else(|| refused("this function has no secret"))?;
    let secret = source
        .get()
        .await
        .map_err(|error| Error::Later { what: "secretsmanager:GetSecretValue", detail: error.to_string() })?;
    let process = app.process(tenant_id, &stored.process_id, task.templates_version).await?;
    let model =
        process.external_task(&task.activity).ok_or_else(|| refused("the definition has no such external task"))?;
    let link = LinkTarget { tenant: tenant_id, task: task.key, epoch: tenant.epoch }.sign(secret);
    let address = format!("{public_url}/t/{}", link.expose());
    let organisation = Organisation {
        name: &tenant.name,
        reply_to: tenant.reply_to.as_deref(),
        language: &tenant.language,
        time_zone: &tenant.time_zone,
    };
    let about = asking::view(&organisation, &process, stored.reference.as_deref(), task);
    let data = asking::placeholders(&about, task, &address);
    let subject = model.email_subject.as_ref().map(|subject| subject.render_plain(&data));
    let body = match model.email_body {
        None => None,
        Some(text) => {
            let stored_text = app.store.text(tenant_id, &process.id, task.templates_version, text).await?;
            let page: Option<CustomerPage> = stored_text.as_deref().and_then(|text| serde_json::from_str(text).ok());
            match page {
                Some(page) => {
                    let rendered = customer::render_mail(&page, &about, &data, &address);
                    if !rendered.missing.is_empty() {
                        tracing::warn!(task.id = %task.key, paths = ?rendered.missing, "placeholders without a value");
                    }
                    Some(rendered.html)
                }
                None => {
                    tracing::error!(task.id = %task.key, "a mail template cannot be read; the built-in text stands in");
                    None
                }
            }
        }
    };
    let mail =
        web::mail::render(&MailView { about, link: address, kind, now, customer: CustomerMail { subject, body } });
    Ok(Outgoing {
        to: task.recipient.as_str().to_owned(),
        from_name: sender_name(tenant.mail_from_name.as_deref().unwrap_or(&tenant.name)),
        reply_to: tenant.reply_to,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        tags: vec![
            ("tenant", tenant_id.to_string()),
            ("instance", entry.id.instance().to_string()),
            ("journal", entry.id.tag()),
            ("effect", number.to_string()),
        ],
    })
}
