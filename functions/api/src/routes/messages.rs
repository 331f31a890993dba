//! Messages and signals from outside: finds who waits and hands it over as a command. Decides nothing.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::routes::instances::execute;
use app::Error;
use app::execute::Replay;
use domain::command::Command;
use domain::decision::Decision;
use domain::instance::Awaited;
use domain::permission::Permission;
use domain::rejection::Rejection;
use serde_json::{Value, json};
use store::Subscriber;

/// Who waits is asked for in pages of this size.
const PAGE: usize = 25;
/// Receivers of one signal at most; more would not fit the time of one request.
const RECEIVERS_MAX: usize = 200;

/// `POST /v1/messages`: for exactly one receiver, the one that waits longest.
pub async fn message(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require(Permission::InstancesStart)?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let name = fields.required_text("name", 255);
    let key = fields.required_text("correlationKey", 255);
    let variables = fields.variables("variables");
    fields.finish()?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let awaited = Awaited::Message { name: name.clone(), key: key.clone() };
    let mut last: Option<Subscriber> = None;
    loop {
        let page = call.api.app.store.subscribers(call.caller.tenant, &awaited, last.as_ref(), PAGE).await?;
        for subscriber in &page {
            let answer = |_: &Decision| (200, received(subscriber));
            let replay = hash.clone().map(|hash| Replay { hash, answer: &answer });
            let command = receive(subscriber, &awaited, &variables);
            match execute(call, subscriber.instance, command, replay).await {
                Ok(_) => return Ok(Answer::ok(received(subscriber))),
                Err(Error::IdempotencyTaken) => {
                    return call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into());
                }
                // It stopped waiting a moment ago: the next one is meant.
                Err(Error::Rejected(gone)) if waits_no_more(&gone) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if page.len() < PAGE {
            let detail = format!(
                "Nobody waits for the message \"{name}\" with the correlation key \"{key}\". Messages are not kept: send it \
                 again when the process has reached the event."
            );
            return Err(Problem::new(404, "NOT_AWAITED", detail));
        }
        last = page.last().cloned();
    }
}

/// `POST /v1/signals`: for everybody who waits.
pub async fn signal(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require(Permission::InstancesStart)?;
    let mut fields = Fields::new(call.json()?)?;
    let name = fields.required_text("name", 255);
    let variables = fields.variables("variables");
    fields.finish()?;
    let awaited = Awaited::Signal { name };
    let waiting = call.api.app.store.subscribers(call.caller.tenant, &awaited, None, RECEIVERS_MAX + 1).await?;
    if waiting.len() > RECEIVERS_MAX {
        let detail =
            format!("More than {RECEIVERS_MAX} events wait for this signal, which is more than one call can reach.");
        return Err(Problem::new(422, "TOO_MANY_RECEIVERS", detail));
    }
    let mut reached = Vec::new();
    for subscriber in &waiting {
        match execute(call, subscriber.instance, receive(subscriber, &awaited, &variables), None).await {
            Ok(_) => reached.push(received(subscriber)),
            Err(Error::Rejected(gone)) if waits_no_more(&gone) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Answer::ok(json!({ "receivers": reached })))
}

fn receive(subscriber: &Subscriber, awaited: &Awaited, variables: &domain::variables::Variables) -> Command {
    Command::Receive {
        element: subscriber.element,
        event: subscriber.event.clone(),
        awaited: awaited.clone(),
        variables: variables.clone(),
    }
}

fn received(subscriber: &Subscriber) -> Value {
    json!({ "instanceKey": subscriber.instance, "elementId": subscriber.event })
}

fn waits_no_more(rejection: &Rejection) -> bool {
    matches!(rejection, Rejection::NotFound { .. } | Rejection::AlreadyDone | Rejection::InvalidState { .. })
}
