//! One request for a public page: link, method, then the page of the task's state or one command.

use crate::Public;
use crate::page::{Opened, Shown, tenant};
use app::keys::Secret;
use app::link::{LinkTarget, PageValue};
use app::{Error, Request as CommandRequest, random};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::command::{Actor, Command, Door, Origin, Submission};
use domain::decision::{FieldError, Problem, Reply};
use domain::external_task::Status;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::variables::Variables;
use lambda_http::{Body, Request, RequestExt, Response};
use web::form::{self, FormError, Posted};
use web::public::{self, DraftNote, Notice};
use web::text::Lang;

/// The button that keeps what was typed.
const SAVE_DRAFT: &str = "saveDraft";

/// Answers one request.
pub async fn handle(public: &Public, request: Request, now: Timestamp) -> Response<Body> {
    let nonce = URL_SAFE_NO_PAD.encode(random::bytes::<16>());
    let head = request.method() == "HEAD";
    let language = request.headers().get("accept-language").and_then(|value| value.to_str().ok());
    let language = language.map(Lang::accepted).unwrap_or_default();
    let answer = match answer(public, &request, now, &nonce).await {
        Ok(answer) => answer,
        Err(refusal) => Answer::page(refusal.0, public::notice(refusal.1, language, &nonce)),
    };
    answer.response(&nonce, head)
}

/// Status, page and redirect of an answer.
pub struct Answer {
    pub status: u16,
    pub html: String,
    pub location: Option<String>,
    /// The page brings a script that its policy must allow.
    pub runs_script: bool,
}

impl Answer {
    pub fn page(status: u16, html: String) -> Answer {
        Answer { status, html, location: None, runs_script: false }
    }

    fn redirect(location: String) -> Answer {
        Answer { location: Some(location), ..Answer::page(303, String::new()) }
    }

    fn response(self, nonce: &str, head: bool) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in public::headers(nonce, self.runs_script) {
            response = response.header(name, value);
        }
        if let Some(location) = self.location {
            response = response.header("location", location);
        }
        if self.status == 405 {
            response = response.header("allow", "GET, HEAD, POST");
        }
        if matches!(self.status, 429 | 503) {
            response = response.header("retry-after", "5");
        }
        let body = if head { Body::Empty } else { Body::from(self.html) };
        response.body(body).expect("headers are built from constants and base64url text")
    }
}

/// A page that belongs to no task, with its status.
pub struct Refusal(u16, Notice);

impl From<Notice> for Refusal {
    fn from(notice: Notice) -> Refusal {
        let status = match notice {
            Notice::NotFound => 404,
            Notice::MethodNotAllowed => 405,
            Notice::Unreadable => 400,
            Notice::TooLarge => 413,
            Notice::FileNotAccepted => 415,
            Notice::Busy => 429,
            Notice::Unavailable => 503,
        };
        Refusal(status, notice)
    }
}

async fn answer(public: &Public, request: &Request, now: Timestamp, nonce: &str) -> Result<Answer, Refusal> {
    let path = request.raw_http_path();
    let mut segments = path.split('/').skip(1);
    let (Some("t"), Some(link), action, None) = (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(Notice::NotFound.into());
    };
    // By computation: a bad link costs no store call.
    let secret = public.secret.get().await.map_err(|error| {
        tracing::error!(%error, "the secret is not to be had");
        Notice::Unavailable
    })?;
    let target = LinkTarget::verify(secret, link).ok_or(Notice::NotFound)?;
    let chosen = action.map(decoded).filter(|action| !action.is_empty());
    let visit = Visit { public, secret, link, target, chosen, now, nonce };
    match request.method().as_str() {
        "GET" | "HEAD" => visit.show(request).await,
        "POST" => visit.post(request).await,
        _ => Err(Notice::MethodNotAllowed.into()),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// One request behind a genuine link.
struct Visit<'a> {
    public: &'a Public,
    secret: &'a Secret,
    link: &'a str,
    target: LinkTarget,
    /// The action of `/t/{link}/{action}`: shown first, decides nothing.
    chosen: Option<String>,
    now: Timestamp,
    nonce: &'a str,
}

impl Visit<'_> {
    /// The value that a page shown now posts back.
    fn page_value(&self, opened: &Opened) -> String {
        PageValue::draw(opened.task.templates_version).sign(self.secret, &self.target)
    }

    async fn open(&self) -> Result<Opened, Notice> {
        Opened::load(self.public, &self.target, self.link, self.now).await
    }

    /// GET: the page of the state. Adds the item `first fetched` once and changes nothing else.
    async fn show(&self, request: &Request) -> Result<Answer, Refusal> {
        let opened = self.open().await?;
        if opened.fetched_at.is_none() {
            self.note_first_fetch();
        }
        let query = request.query_string_parameters_ref();
        let query = |name: &str| query.and_then(|query| query.first(name));
        let task = &opened.task;
        let answered_here = task.submission.is_some() && query("answered") == task.submission.as_deref();
        let html = match task.status_at(self.now) {
            Status::Pending if opened.stopped => public::could_not_process(&opened.view, self.nonce),
            Status::Pending => {
                let draft = match (query("saved").is_some(), task.draft.is_empty()) {
                    (true, _) => DraftNote::JustSaved,
                    (false, false) => DraftNote::Restored,
                    (false, true) => DraftNote::None,
                };
                // What a script said about the last answer; the page of the post itself shows what that post met.
                let errors: Vec<FieldError> = task.form_errors.iter().map(FieldError::from).collect();
                let shown = Shown { values: &task.draft, errors: &errors, chosen: self.chosen.as_deref(), draft };
                return self.task_page(200, &opened, &shown).await;
            }
            Status::Completed if answered_here => opened.success_page(self.public, self.nonce).await?,
            Status::Completed | Status::Cancelled | Status::Expired => {
                opened.state_page(self.public, self.now, false, self.nonce).await?
            }
        };
        Ok(Answer::page(200, html))
    }

    /// Best effort and never awaited for the page.
    fn note_first_fetch(&self) {
        let (store, target, now) = (self.public.app.store.clone(), self.target, self.now);
        tokio::spawn(async move {
            if let Err(error) = store.first_fetch(target.tenant, target.task, now).await {
                tracing::warn!(%error, "the first fetch could not be noted");
            }
        });
    }

    /// POST: one command; then the page that follows from its outcome.
    async fn post(&self, request: &Request) -> Result<Answer, Refusal> {
        let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok());
        let body: &[u8] = match request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            Body::Empty | _ => &[],
        };
        tenant(self.public, &self.target, self.now).await?;
        let posted = form::parse(content_type.unwrap_or_default(), body).map_err(notice_of_form)?;
        let value = posted.page.as_deref();
        let value = value.and_then(|text| PageValue::verify(self.secret, &self.target, text));
        let Some(value) = value else {
            // Not posted from a page of this task: show the page, keep what was typed, decide nothing.
            let error = FieldError { field: "action".to_owned(), problem: Problem::Required };
            return self.refuse(&posted.values, &[error]).await;
        };
        let saving = posted.action.as_deref() == Some(SAVE_DRAFT);
        match self.execute(&posted, &value).await {
            Ok(Reply::Denied(errors)) => self.refuse(&posted.values, &errors).await,
            Ok(Reply::Submitted) => Ok(self.success(&value)),
            // The process took another way: the page of the task says so.
            Ok(Reply::Interrupted { .. }) => Ok(Answer::redirect(format!("/t/{}", self.link))),
            Ok(Reply::Done) if saving => Ok(Answer::redirect(format!("/t/{}?saved=1", self.link))),
            Ok(Reply::Done | Reply::Failed { .. }) | Err(Error::Rejected(Rejection::InstanceInError)) => {
                self.after_failure(&value).await
            }
            Err(Error::Rejected(Rejection::InvalidState { .. })) => self.too_late(&self.open().await?).await,
            Err(Error::Rejected(Rejection::NotFound { .. })) => Err(Notice::NotFound.into()),
            Err(Error::Busy | Error::IdempotencyTaken | Error::Rejected(Rejection::Retry)) => Err(Notice::Busy.into()),
            Err(Error::Store(store::Error::Throttled)) => Err(Notice::Busy.into()),
            Err(Error::Store(store::Error::TooLarge { .. }) | Error::Rejected(Rejection::Limit { .. })) => {
                Err(Notice::TooLarge.into())
            }
            Err(error) => {
                tracing::error!(task.id = %self.target.task, %error, "an answer could not be taken");
                Err(Notice::Unavailable.into())
            }
        }
    }

    async fn execute(&self, posted: &Posted, value: &PageValue) -> Result<Reply, Error> {
        let task = self.target.task;
        let (action, values) = (posted.action.clone().unwrap_or_default(), posted.values.clone());
        let command = if action == SAVE_DRAFT {
            Command::SaveDraft { task, values }
        } else {
            Command::Submit(Submission { task, action, values, id: value.submission() })
        };
        let request = CommandRequest {
            tenant: self.target.tenant,
            instance: task.instance(),
            actor: Actor::Recipient,
            origin: Origin { door: Some(Door::Page), ..Origin::default() },
            command,
            now: self.now,
            scripts: &self.public.scripts,
            replay: None,
        };
        Ok(self.public.app.execute(&request).await?.reply)
    }

    fn success(&self, value: &PageValue) -> Answer {
        Answer::redirect(format!("/t/{}?answered={}", self.link, value.submission()))
    }

    /// 422: the same page with what was typed and what is wrong with it.
    async fn refuse(&self, values: &Variables, errors: &[FieldError]) -> Result<Answer, Refusal> {
        let opened = self.open().await?;
        if opened.task.status_at(self.now) != Status::Pending {
            return self.too_late(&opened).await;
        }
        let shown = Shown { values, errors, chosen: self.chosen.as_deref(), draft: DraftNote::None };
        self.task_page(422, &opened, &shown).await
    }

    async fn task_page(&self, status: u16, opened: &Opened, shown: &Shown<'_>) -> Result<Answer, Refusal> {
        let html = opened.task_page(self.public, &self.page_value(opened), shown, self.nonce).await?;
        Ok(Answer { runs_script: opened.script().is_some(), ..Answer::page(status, html) })
    }

    /// 409: the page of the state, saying that nothing was sent.
    async fn too_late(&self, opened: &Opened) -> Result<Answer, Refusal> {
        Ok(Answer::page(409, opened.state_page(self.public, self.now, true, self.nonce).await?))
    }

    /// An incident came of the answer. A task that completed before it is answered as any other, the rest is the
    /// operators' matter; one that is open waits for their retry.
    async fn after_failure(&self, value: &PageValue) -> Result<Answer, Refusal> {
        let opened = self.open().await?;
        if opened.task.status == Status::Completed {
            return Ok(self.success(value));
        }
        Ok(Answer::page(409, public::could_not_process(&opened.view, self.nonce)))
    }
}

fn notice_of_form(error: FormError) -> Refusal {
    match error {
        FormError::TooLarge { .. } => Notice::TooLarge.into(),
        FormError::FileNotAccepted => Notice::FileNotAccepted.into(),
        FormError::UnsupportedType => Refusal(415, Notice::Unreadable),
        FormError::Malformed(_) => Notice::Unreadable.into(),
    }
}
