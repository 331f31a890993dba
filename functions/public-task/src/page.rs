//! Loads what a public page shows and puts it together: state, model, customer's template. Changes nothing.

use crate::Public;
use app::link::LinkTarget;
use domain::decision::FieldError;
use domain::external_task::{ExternalTask, Status};
use domain::page::CustomerPage;
use domain::process::{ExternalTaskModel, Process, TextRef};
use domain::time::Timestamp;
use domain::variables::Variables;
use std::sync::Arc;
use store::TenantRecord;
use web::asking::{self, Organisation};
use web::customer::{self, Context, Rendered};
use web::public::{self, CustomerPart, DraftNote, Notice, PageScript, PublicView, Receipt, TaskForm};

/// The tenant of a verified link, unless the link's epoch is over.
pub async fn tenant(public: &Public, target: &LinkTarget, now: Timestamp) -> Result<TenantRecord, Notice> {
    let record = public.app.store.tenant(target.tenant, now).await.map_err(unavailable)?;
    record.filter(|record| record.epoch == target.epoch).ok_or(Notice::NotFound)
}

/// A task as its page needs it.
pub struct Opened {
    pub task: ExternalTask,
    pub view: PublicView,
    /// When the link was first fetched, if it was.
    pub fetched_at: Option<Timestamp>,
    /// An answer failed technically: the task waits for the operators.
    pub stopped: bool,
    templates: Arc<Process>,
    tenant: TenantRecord,
    address: String,
}

/// What a task page shows besides the task.
pub struct Shown<'a> {
    pub values: &'a Variables,
    pub errors: &'a [FieldError],
    pub chosen: Option<&'a str>,
    pub draft: DraftNote,
}

impl Opened {
    /// One read of the table, when the definition is in memory.
    pub async fn load(public: &Public, target: &LinkTarget, link: &str, now: Timestamp) -> Result<Opened, Notice> {
        let tenant = tenant(public, target, now).await?;
        let store = &public.app.store;
        let loaded = store.load(target.tenant, target.task.instance()).await.map_err(unavailable)?;
        let mut loaded = loaded.ok_or(Notice::NotFound)?;
        let task = loaded.aggregate.tasks.remove(&target.task.number()).ok_or(Notice::NotFound)?;
        let instance = &loaded.aggregate.instance;
        let templates = public
            .app
            .process(target.tenant, &instance.process_id, task.templates_version)
            .await
            .map_err(unavailable)?;
        let organisation = Organisation {
            name: &tenant.name,
            reply_to: tenant.reply_to.as_deref(),
            language: &tenant.language,
            time_zone: &tenant.time_zone,
        };
        Ok(Opened {
            view: asking::view(&organisation, &templates, instance.reference.as_deref(), &task),
            fetched_at: loaded.fetched.get(&target.task.number()).copied(),
            stopped: instance.element(task.element).is_some_and(|element| element.failed),
            address: format!("{}/t/{link}", public.public_url),
            task,
            templates,
            tenant,
        })
    }

    fn model(&self) -> Result<&ExternalTaskModel, Notice> {
        self.templates.external_task(&self.task.activity).ok_or_else(|| {
            tracing::error!(task.id = %self.task.key, "the definition has no such external task");
            Notice::Unavailable
        })
    }

    /// What the page of the PENDING task runs in the browser.
    pub fn script(&self) -> Option<PageScript<'_>> {
        let element = self.templates.element(&self.task.activity)?;
        PageScript::new(element.kind.as_user_task()?.client_script.as_ref()?, &self.task.form_context)
    }

    /// The page of a PENDING task.
    pub async fn task_page(
        &self,
        public: &Public,
        value: &str,
        shown: &Shown<'_>,
        nonce: &str,
    ) -> Result<String, Notice> {
        let model = self.model()?;
        let hidden = [("page", value)];
        let page = self.customer_page(public, model.pages.task).await?;
        let own_form = page.as_ref().map(customer::own_controls);
        let actions = asking::actions(&model.actions, &self.task.form_context);
        let form = TaskForm {
            fields: &model.fields,
            actions: &actions,
            chosen: shown.chosen,
            hidden: &hidden,
            values: shown.values,
            errors: shown.errors,
            draft: shown.draft,
            own_form: own_form.as_deref().filter(|controls| !controls.is_empty()),
            script: self.script(),
        };
        let Some(page) = page else { return Ok(public::task(&self.view, &form, None, nonce)) };
        let parts = public::form_parts(self.view.language, &form);
        let data = asking::placeholders(&self.view, &self.task, &self.address);
        let rendered = self.render(
            &page,
            &Context {
                hidden: &parts.hidden,
                form: &parts.form,
                buttons: &parts.buttons,
                values: shown.values,
                errors: &parts.messages,
                ..Context::new(&self.view, &data, &self.address)
            },
        );
        Ok(public::task(&self.view, &form, Some(&part_of(&rendered)), nonce))
    }

    /// The answer to the submission itself.
    pub async fn success_page(&self, public: &Public, nonce: &str) -> Result<String, Notice> {
        let model = self.model()?;
        let outcome = self.task.outcome.as_deref().unwrap_or_default();
        let actions = asking::actions(&model.actions, &self.task.form_context);
        let label = actions.iter().find(|action| action.name == outcome).map_or(outcome, |action| action.label());
        let receipt = Receipt {
            action_label: label.to_owned(),
            answered_at: self.task.completed_at.unwrap_or(self.task.created_at),
            number: self.task.key.to_string(),
        };
        self.with_customer(public, model.pages.success, |part| public::success(&self.view, &receipt, part, nonce)).await
    }

    /// The page of a task that has ended. `refused`: it answers a post that came too late.
    pub async fn state_page(
        &self,
        public: &Public,
        now: Timestamp,
        refused: bool,
        nonce: &str,
    ) -> Result<String, Notice> {
        let pages = &self.model()?.pages;
        let (view, task) = (&self.view, &self.task);
        let ended = task.ended_at.or(task.completed_at).unwrap_or(now);
        match task.status_at(now) {
            Status::Pending => Ok(public::could_not_process(view, nonce)),
            Status::Completed => {
                self.with_customer(public, pages.already_completed, |part| {
                    public::already_completed(view, ended, refused, part, nonce)
                })
                .await
            }
            Status::Cancelled => {
                self.with_customer(public, pages.cancelled, |part| public::cancelled(view, ended, refused, part, nonce))
                    .await
            }
            Status::Expired => {
                let expired = task.expires_at.unwrap_or(ended);
                self.with_customer(public, pages.expired, |part| public::expired(view, expired, refused, part, nonce))
                    .await
            }
        }
    }

    async fn with_customer(
        &self,
        public: &Public,
        text: Option<TextRef>,
        show: impl FnOnce(Option<&CustomerPart<'_>>) -> String,
    ) -> Result<String, Notice> {
        let Some(page) = self.customer_page(public, text).await? else { return Ok(show(None)) };
        let data = asking::placeholders(&self.view, &self.task, &self.address);
        let rendered = self.render(&page, &Context::new(&self.view, &data, &self.address));
        Ok(show(Some(&part_of(&rendered))))
    }

    async fn customer_page(&self, public: &Public, text: Option<TextRef>) -> Result<Option<CustomerPage>, Notice> {
        let Some(text) = text else { return Ok(None) };
        let stored = public
            .app
            .store
            .text(self.tenant.id, &self.templates.id, self.task.templates_version, text)
            .await
            .map_err(unavailable)?;
        let page = stored.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if page.is_none() {
            tracing::error!(task.id = %self.task.key, "a template of the definition cannot be read; the built-in page stands in");
        }
        Ok(page)
    }

    fn render(&self, page: &CustomerPage, context: &Context<'_>) -> Rendered {
        let rendered = customer::render(page, context);
        if !rendered.missing.is_empty() || rendered.cut_off {
            let (paths, cut_off) = (&rendered.missing, rendered.cut_off);
            tracing::warn!(task.id = %self.task.key, ?paths, cut_off, "a template lacks values or grew too large");
        }
        rendered
    }
}

fn part_of(rendered: &Rendered) -> CustomerPart<'_> {
    CustomerPart { title: rendered.title.as_deref(), style: &rendered.style, html: &rendered.html }
}

fn unavailable(error: impl std::fmt::Display) -> Notice {
    tracing::error!(%error, "a public page could not be loaded");
    Notice::Unavailable
}
