//! What system tasks of random processes ask, and what they are answered. Asks nobody.

use crate::action::{Answer, HttpAnswer, Trouble};
use crate::command::Command;
use crate::ids::ElementNumber;
use crate::process::{EmailModel, HttpCall, Mapping, SystemElement, SystemTask, TIMEOUT_MS, When, Work};
use crate::template::Template;
use crate::tests::dsl::{after, mapping, value};
use serde_json::{Value, json};

/// Milliseconds before the first repetition.
const BACKOFF_MS: u64 = 40_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub asks: Asks,
    /// Attempts after the first one.
    pub retries: u32,
    /// The variable that receives the result, else it is the last one.
    pub into: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asks {
    Http,
    GraphQl,
    Command,
    Mail,
}

/// What another system answers, or what keeps it from that.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Done(Value),
    /// An HTTP status that is no success; a command's own code.
    Refused {
        status: u16,
        code: Option<String>,
    },
    /// The answer to a query that has errors.
    Errors,
    /// No answer; another attempt may have one.
    None {
        code: &'static str,
        again: bool,
    },
}

impl Service {
    pub fn task(&self) -> SystemTask {
        let call = |method: &str| {
            Box::new(HttpCall {
                method: method.to_owned(),
                endpoint: value("https://api.example/score"),
                query: Vec::new(),
                headers: Vec::new(),
                payload: None,
                credentials: None,
                timeout_ms: TIMEOUT_MS,
            })
        };
        let (element, work) = match self.asks {
            Asks::Http => (SystemElement::Service, Work::Http(call("GET"))),
            Asks::GraphQl => (SystemElement::Service, Work::GraphQl { call: call("POST"), query: "{ v }".to_owned() }),
            Asks::Command => (SystemElement::Send, Work::Command { name: "Score".to_owned(), timeout_ms: TIMEOUT_MS }),
            Asks::Mail => {
                let (to, subject, data) = (value("ann@supplier.example"), value("Hello"), Vec::new());
                let body = Template::parse("Hello").unwrap();
                (SystemElement::Send, Work::Email(Box::new(EmailModel { to, subject, body, data })))
            }
        };
        // Of an envelope a part is asked for, of what is no envelope the whole.
        let part: Vec<Mapping> = match (self.asks, &self.into) {
            (Asks::Http, Some(into)) => vec![mapping(into, "body")],
            (Asks::Mail, Some(into)) => vec![mapping(into, "messageId")],
            (Asks::GraphQl | Asks::Command, _) | (_, None) => Vec::new(),
        };
        SystemTask {
            element,
            work,
            input_mapping: Vec::new(),
            result_variable: self.into.clone().filter(|_| part.is_empty()),
            output_mapping: part,
            retries: self.retries,
            backoff_ms: BACKOFF_MS,
        }
    }

    /// Milliseconds until the attempt after the failure of so many.
    pub fn pause(failed: u32) -> i64 {
        let mut pause = BACKOFF_MS as i64;
        for _ in 1..failed {
            pause *= 2;
        }
        pause.min(15 * 60_000)
    }

    /// The result of a successful answer, and what of it the variable receives that asks for it.
    pub fn result(&self, answer: &Value) -> (Value, Value) {
        match self.asks {
            Asks::Http => {
                let headers = json!({ "content-type": "application/json" });
                (json!({ "status": 200, "headers": headers, "body": answer }), answer.clone())
            }
            Asks::Mail => (json!({ "messageId": "m-1", "messageIds": ["m-1"] }), json!("m-1")),
            Asks::GraphQl | Asks::Command => (answer.clone(), answer.clone()),
        }
    }

    /// The report of whoever asked.
    pub fn report(&self, reply: &Reply, element: ElementNumber, attempt: u32) -> Command {
        let http = |status, body: Value| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            Answer::Http(HttpAnswer { status, headers, body: body.to_string() })
        };
        let answer = match reply {
            Reply::None { code, again } => {
                let trouble = Trouble { code, message: "nobody answered".to_owned(), again: *again };
                return Command::FailAction { element, attempt, trouble };
            }
            Reply::Done(_) if self.asks == Asks::Mail => Answer::Mail { message_ids: vec!["m-1".to_owned()] },
            Reply::Done(value) if self.asks == Asks::GraphQl => http(200, json!({ "data": value })),
            Reply::Done(value) => http(200, value.clone()),
            Reply::Refused { status, code } => http(*status, json!({ "code": code, "message": "no" })),
            Reply::Errors => http(200, json!({ "data": null, "errors": [{ "message": "no" }] })),
        };
        Command::CompleteAction { element, attempt, answer: Box::new(answer) }
    }
}

/// A service task that is done after some minutes.
pub(super) fn delay(minutes: u32) -> SystemTask {
    let when: When = after(&format!("PT{minutes}M"));
    SystemTask {
        element: SystemElement::Service,
        work: Work::Delay(when),
        input_mapping: Vec::new(),
        result_variable: None,
        output_mapping: Vec::new(),
        retries: 0,
        backoff_ms: BACKOFF_MS,
    }
}
