//! Messages and signals from outside: reads the request, answers with who received it. Who that is says `app::messages`.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use app::Error;
use app::messages::{Kept, RECEIVERS_MAX, Sent};
use domain::instance::Awaited;
use domain::permission::Permission;
use domain::variables::Variables;
use serde_json::{Value, json};
use store::Subscriber;

/// `POST /v1/messages`: for exactly one receiver.
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
    let not_awaited = format!(
        "Nobody waits for the message \"{name}\" with the correlation key \"{key}\". Messages are not kept: send it again \
         when the process has reached the event."
    );
    let awaited = Awaited::Message { name, key };
    let answer = |subscriber: &Subscriber| (200, received(subscriber));
    let kept = hash.clone().map(|hash| Kept { hash, answer: &answer });
    match sent(call, &awaited, &variables).message(&call.api.app, kept.as_ref()).await {
        Ok(Some(subscriber)) => Ok(Answer::ok(received(&subscriber))),
        Ok(None) => Err(Problem::new(404, "NOT_AWAITED", not_awaited)),
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /v1/signals`: for everybody who waits.
pub async fn signal(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require(Permission::InstancesStart)?;
    let mut fields = Fields::new(call.json()?)?;
    let awaited = Awaited::Signal { name: fields.required_text("name", 255) };
    let variables = fields.variables("variables");
    fields.finish()?;
    match sent(call, &awaited, &variables).signal(&call.api.app, None).await? {
        Some(reached) => Ok(Answer::ok(json!({ "receivers": reached.iter().map(received).collect::<Vec<_>>() }))),
        None => {
            let detail = format!(
                "More than {RECEIVERS_MAX} events wait for this signal, which is more than one call can reach."
            );
            Err(Problem::new(422, "TOO_MANY_RECEIVERS", detail))
        }
    }
}

fn sent<'a>(call: &'a Call<'_>, awaited: &'a Awaited, variables: &'a Variables) -> Sent<'a> {
    Sent {
        tenant: call.caller.tenant,
        actor: call.caller.actor(),
        origin: call.origin(),
        awaited,
        variables,
        now: call.now,
        scripts: &call.api.scripts,
    }
}

fn received(subscriber: &Subscriber) -> Value {
    json!({ "instanceKey": subscriber.instance, "elementId": subscriber.event })
}
