//! One request for a public page: link, method, then the page of the task's state or one command.

use crate::Public;
use crate::page::{Opened, Shown};
use app::link::{LinkTarget, PageValue};
use app::{Error, Request as CommandRequest, random};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::command::{Actor, Command, Submission};
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
}

impl Answer {
    pub fn page(status: u16, html: String) -> Answer {
        Answer { status, html, location: None }
    }

    fn redirect(location: String) -> Answer {
        Answer { status: 303, html: String::new(), location: Some(location) }
    }

    fn response(self, nonce: &str, head: bool) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in public::headers(nonce, false) {
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
    let (Some("t"), Some(link), action, None) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(Notice::NotFound.into());
    };
    // By computation: a bad link costs no store call.
    let target = LinkTarget::verify(&public.secret, link).ok_or(Notice::NotFound)?;
    let action = action.map(decoded).filter(|action| !action.is_empty());
    match request.method().as_str() {
        "GET" | "HEAD" => show(public, request, &target, link, action.as_deref(), now, nonce).await,
        "POST" => post(public, request, &target, link, action.as_deref(), now, nonce).await,
        _ => Err(Notice::MethodNotAllowed.into()),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// GET: the page of the state. Adds the item `first fetched` once and changes nothing else.
async fn show(
    public: &Public,
    request: &Request,
    target: &LinkTarget,
    link: &str,
    chosen: Option<&str>,
    now: Timestamp,
    nonce: &str,
) -> Result<Answer, Refusal> {
    let opened = Opened::load(public, target, link, now).await?;
    if opened.fetched_at.is_none() {
        let (store, tenant, task) = (public.app.store.clone(), target.tenant, target.task);
        // Best effort and never awaited for the page.
        tokio::spawn(async move {
            if let Err(error) = store.first_fetch(tenant, task, now).await {
                tracing::warn!(%error, "the first fetch could not be noted");
            }
        });
    }
    let query = request.query_string_parameters_ref();
    let query = |name: &str| query.and_then(|query| query.first(name));
    let task = &opened.task;
    let answered_here = task.submission.is_some() && query("answered") == task.submission.as_deref();
    match task.status_at(now) {
        Status::Pending if opened.stopped => Ok(Answer::page(200, public::could_not_process(&opened.view, nonce))),
        Status::Pending => {
            let draft = match (query("saved").is_some(), task.draft.is_empty()) {
                (true, _) => DraftNote::JustSaved,
                (false, false) => DraftNote::Restored,
                (false, true) => DraftNote::None,
            };
            let shown = Shown { values: &task.draft, errors: &[], chosen, draft };
            Ok(Answer::page(200, opened.task_page(public, target, &shown, nonce).await?))
        }
        Status::Completed if answered_here => Ok(Answer::page(200, opened.success_page(public, nonce).await?)),
        Status::Completed | Status::Cancelled | Status::Expired => {
            Ok(Answer::page(200, opened.state_page(public, now, false, nonce).await?))
        }
    }
}

/// POST: one command; then the page that follows from its outcome.
async fn post(
    public: &Public,
    request: &Request,
    target: &LinkTarget,
    link: &str,
    chosen: Option<&str>,
    now: Timestamp,
    nonce: &str,
) -> Result<Answer, Refusal> {
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    crate::page::tenant(public, target, now).await?;
    let posted = form::parse(content_type, body).map_err(notice_of_form)?;
    let value = posted.page.as_deref().and_then(|text| PageValue::verify(&public.secret, target, text));
    let Some(value) = value else {
        // Not posted from a page of this task: show the page, keep what was typed, decide nothing.
        let error = FieldError { field: "action".to_owned(), problem: Problem::Required };
        return refused(public, target, link, &posted.values, &[error], chosen, now, nonce).await;
    };
    let saving = posted.action.as_deref() == Some(SAVE_DRAFT);
    match execute(public, target, &posted, &value, now).await {
        Ok(Reply::Denied(errors)) => {
            refused(public, target, link, &posted.values, &errors, chosen, now, nonce).await
        }
        Ok(Reply::Submitted) => Ok(Answer::redirect(format!("/t/{link}?answered={}", value.submission()))),
        Ok(Reply::Done) if saving => Ok(Answer::redirect(format!("/t/{link}?saved=1"))),
        // The answer was accepted; what failed behind it is the operators' matter. Whether the task is open tells.
        Ok(Reply::Done | Reply::Failed { .. }) | Err(Error::Rejected(Rejection::InstanceInError)) => {
            after_failure(public, target, link, &value, now, nonce).await
        }
        Err(Error::Rejected(Rejection::InvalidState { .. })) => {
            let opened = Opened::load(public, target, link, now).await?;
            Ok(Answer::page(409, opened.state_page(public, now, true, nonce).await?))
        }
        Err(Error::Rejected(Rejection::NotFound { .. })) => Err(Notice::NotFound.into()),
        Err(Error::Busy | Error::IdempotencyTaken | Error::Rejected(Rejection::Retry)) => Err(Notice::Busy.into()),
        Err(Error::Store(store::Error::Throttled)) => Err(Notice::Busy.into()),
        Err(Error::Store(store::Error::TooLarge { .. }) | Error::Rejected(Rejection::Limit { .. })) => {
            Err(Notice::TooLarge.into())
        }
        Err(error) => {
            tracing::error!(task.id = %target.task, %error, "an answer could not be taken");
            Err(Notice::Unavailable.into())
        }
    }
}

async fn execute(
    public: &Public,
    target: &LinkTarget,
    posted: &Posted,
    value: &PageValue,
    now: Timestamp,
) -> Result<Reply, Error> {
    let action = posted.action.clone().unwrap_or_default();
    let command = if action == SAVE_DRAFT {
        Command::SaveDraft { task: target.task, values: posted.values.clone() }
    } else {
        let id = value.submission();
        Command::Submit(Submission { task: target.task, action, values: posted.values.clone(), id })
    };
    let request = CommandRequest {
        tenant: target.tenant,
        instance: target.task.instance(),
        actor: Actor::Recipient,
        command,
        now,
        scripts: &public.scripts,
        replay: None,
    };
    Ok(public.app.execute(&request).await?.reply)
}

/// 422: the same page with what was typed and what is wrong with it.
#[allow(clippy::too_many_arguments)] // one call site each; a struct would only rename them
async fn refused(
    public: &Public,
    target: &LinkTarget,
    link: &str,
    values: &Variables,
    errors: &[FieldError],
    chosen: Option<&str>,
    now: Timestamp,
    nonce: &str,
) -> Result<Answer, Refusal> {
    let opened = Opened::load(public, target, link, now).await?;
    if opened.task.status_at(now) != Status::Pending {
        return Ok(Answer::page(409, opened.state_page(public, now, true, nonce).await?));
    }
    let shown = Shown { values, errors, chosen, draft: DraftNote::None };
    Ok(Answer::page(422, opened.task_page(public, target, &shown, nonce).await?))
}

/// An incident came of the answer. A task that completed before it is answered as any other; one that is open waits
/// for the operators' retry.
async fn after_failure(
    public: &Public,
    target: &LinkTarget,
    link: &str,
    value: &PageValue,
    now: Timestamp,
    nonce: &str,
) -> Result<Answer, Refusal> {
    let opened = Opened::load(public, target, link, now).await?;
    if opened.task.status == Status::Completed {
        return Ok(Answer::redirect(format!("/t/{link}?answered={}", value.submission())));
    }
    Ok(Answer::page(409, public::could_not_process(&opened.view, nonce)))
}

fn notice_of_form(error: FormError) -> Refusal {
    match error {
        FormError::TooLarge { .. } => Notice::TooLarge.into(),
        FormError::FileNotAccepted => Notice::FileNotAccepted.into(),
        FormError::UnsupportedType => Refusal(415, Notice::Unreadable),
        FormError::Malformed(_) => Notice::Unreadable.into(),
    }
}
