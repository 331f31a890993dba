//! The one table of the console: method and path -> function. Everything else of a page lives in its own file.

mod audit;
mod bulk_runs;
mod definitions;
mod delivery;
mod deploy;
mod external_tasks;
mod instances;
mod preferences;

use crate::answer::Answer;
use crate::entry;
use crate::refusal::Refusal;
use crate::visit::{Arrived, Visit};
use crate::{Console, cookie};
use domain::time::Timestamp;
use lambda_http::{Body, Request, Response};
use web::console::{Section, assets};

/// Answers one request.
pub async fn handle(console: &Console, request: Request, now: Timestamp) -> Response<Body> {
    let session = cookie::signed(&console.config, &request, cookie::SESSION);
    let handshake = cookie::signed(&console.config, &request, cookie::HANDSHAKE);
    let arrived = Arrived::new(console, request);
    let (gzip, head) = (arrived.gzip, arrived.method == "HEAD");
    answer(console, &arrived, session.as_deref(), handshake.as_deref(), now).await.response(gzip, head)
}

async fn answer(
    console: &Console,
    arrived: &Arrived,
    session: Option<&str>,
    handshake: Option<&str>,
    now: Timestamp,
) -> Answer {
    let get = matches!(arrived.method.as_str(), "GET" | "HEAD");
    if get && arrived.path.starts_with("/assets/") {
        return match assets::at(&arrived.path) {
            Some(asset) => Answer::Asset(asset),
            None => refused(arrived, Refusal::not_found()),
        };
    }
    let secret = match console.app.secret().await {
        Ok(secret) => secret,
        Err(error) => return refused(arrived, error.into()),
    };
    if let Some(answer) = entry::answer(console, arrived, handshake, secret, now).await {
        return answer.unwrap_or_else(|refusal| refused(arrived, refusal));
    }
    let mut visit = match Visit::open(console, arrived, session, secret, now).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return entry::stranger(console, arrived, session.is_some(), get),
        Err(error) => return refused(arrived, error.into()),
    };
    let answer = match get {
        true => page(&visit).await,
        false => match arrived.form().and_then(|fields| visit.take(fields)) {
            Ok(()) => page(&visit).await,
            Err(refusal) => Err(refusal),
        },
    };
    answer.unwrap_or_else(|refusal| {
        if refusal.status >= 500 {
            tracing::warn!(method = arrived.method, status = refusal.status, "request failed");
        }
        let here = get.then_some(arrived.here.as_str());
        refusal.answer(&visit.shell("", None), true, here, arrived.number.clone())
    })
}

/// A refusal to somebody who is not known.
fn refused(arrived: &Arrived, refusal: Refusal) -> Answer {
    refusal.answer(&arrived.door(""), false, None, arrived.number.clone())
}

/// The pages of those who are signed in.
async fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let method = if visit.method == "HEAD" { "GET" } else { visit.method.as_str() };
    let segments: Vec<&str> = visit.segments.iter().map(String::as_str).collect();
    match (method, segments.as_slice()) {
        ("GET", []) => home(visit),
        ("POST", ["preferences"]) => preferences::keep(visit),
        ("POST", ["sign-out"]) => entry::sign_out(visit).await,

        ("GET", ["audit"]) => audit::ask(visit),
        ("POST", ["audit"]) => audit::start(visit).await,
        ("GET", ["audit", key]) => audit::show(visit, key).await,

        ("GET", ["bulk-runs"]) => bulk_runs::list(visit).await,
        ("POST", ["bulk-runs"]) => bulk_runs::start(visit).await,
        ("GET", ["bulk-runs", key]) => bulk_runs::show(visit, key).await,
        ("GET", ["bulk-runs", key, "failures.csv"]) => bulk_runs::failures(visit, key).await,
        ("POST", ["bulk-runs", key, "stop"]) => bulk_runs::stop(visit, key).await,
        ("POST", ["bulk-runs", key, "lease"]) => bulk_runs::lease(visit, key).await,

        ("GET", ["delivery"]) => delivery::show(visit).await,

        ("GET", ["external-tasks"]) => external_tasks::list(visit).await,
        ("GET", ["external-tasks", key]) => external_tasks::show(visit, key).await,
        ("GET", ["external-tasks", key, "instance"]) => external_tasks::instance(visit, key).await,
        ("GET", ["external-tasks", key, "link"]) => external_tasks::link(visit, key).await,
        ("GET", ["external-tasks", key, "cancel"]) => external_tasks::ask_cancel(visit, key).await,
        ("POST", ["external-tasks", key, action]) => external_tasks::act(visit, key, action).await,
        (_, ["external-tasks", _, "resend" | "sync-templates"]) => Err(Refusal::method_not_allowed()),

        ("GET", ["instances"]) => instances::list(visit).await,
        ("GET", ["instances", key]) => instances::page(visit, key).await,
        ("GET", ["instances", key, "diagram"]) => instances::diagram(visit, key).await,
        ("GET", ["instances", key, "cancel"]) => instances::ask_cancel(visit, key).await,
        ("POST", ["instances", key, "cancel"]) => instances::cancel(visit, key).await,
        ("GET", ["instances", key, "retry"]) => instances::ask_retry(visit, key).await,
        ("POST", ["instances", key, "retry"]) => instances::retry(visit, key).await,

        ("GET", ["definitions"]) => definitions::list(visit).await,
        ("GET", ["deploy"]) => deploy::choose(visit),
        ("POST", ["deploy"]) => deploy::post(visit).await,
        ("GET", ["definitions", id]) => definitions::show(visit, id).await,
        ("GET", ["definitions", id, "versions", n, "xml"]) => definitions::xml(visit, id, n).await,
        ("GET", ["definitions", id, "versions", n, "outline"]) => definitions::outline(visit, id, n).await,

        (_, ["preferences" | "sign-out" | "definitions" | "deploy"] | ["definitions", _]) => {
            Err(Refusal::method_not_allowed())
        }
        _ => Err(Refusal::not_found()),
    }
}

/// The first section the visitor may see.
fn home(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let first = Section::ALL.into_iter().find(|section| visit.sees(*section));
    let first = first.ok_or_else(|| Refusal::no_section(&visit.tenant.name))?;
    Ok(Answer::SeeOther(first.address().to_owned()))
}
