//! System tasks: what they ask, what answers mean, repetitions, retries (features S2-35 to S2-44, S4-78, S4-104; X-06).

use super::dsl::*;
use crate::action::{ActionRequest, Answer, HttpRequest, JobChange, MailRequest, idempotency_key};
use crate::command::Command;
use crate::decision::Decision;
use crate::instance::InstanceStatus;
use crate::process::{BACKOFF_MS, EmailModel, HttpCall, Process, SystemElement, SystemTask, TIMEOUT_MS, When, Work};
use crate::template::Template;
use crate::value::ValueExpr;
use serde_json::{Value, json};

fn expr(text: &str) -> ValueExpr {
    ValueExpr::parse(text).unwrap()
}

fn task(work: Work) -> SystemTask {
    SystemTask {
        element: SystemElement::Service,
        work,
        input_mapping: Vec::new(),
        result_variable: None,
        output_mapping: Vec::new(),
        retries: 0,
        backoff_ms: BACKOFF_MS,
    }
}

fn call(method: &str, endpoint: &str) -> HttpCall {
    HttpCall {
        method: method.to_owned(),
        endpoint: expr(endpoint),
        query: Vec::new(),
        headers: Vec::new(),
        payload: None,
        credentials: None,
        timeout_ms: TIMEOUT_MS,
    }
}

fn http(call: HttpCall) -> SystemTask {
    task(Work::Http(Box::new(call)))
}

fn get() -> SystemTask {
    http(call("GET", "https://api.example/score"))
}

fn one(task: SystemTask) -> Process {
    model("enrich").start("start").service("ask", task).end("end").flow("start > ask > end").build()
}

#[track_caller]
fn ordered(decision: &Decision) -> &ActionRequest {
    let jobs = decision.jobs.iter().rev();
    let mut requests =
        jobs.filter_map(|job| if let JobChange::Ordered { request, .. } = job { Some(request.as_ref()) } else { None });
    requests.next().expect("an action was ordered")
}

#[track_caller]
fn asked(process: Process, variables: Value) -> HttpRequest {
    let mut world = given(process);
    let then = world.start(variables);
    let ActionRequest::Http(request) = ordered(then.accepted()) else { panic!("no HTTP") };
    request.clone()
}

/// S2-35
#[test]
fn a_request_is_ordered_and_its_answer_is_the_result() {
    let mut world = given(one(get()));
    world
        .start(json!({}))
        .status(InstanceStatus::Waiting)
        .events(&["started enrich by olga", "passed start", "activated ask", "action 1 ordered", "status WAITING"])
        .effects(&["call 2 attempt 1 at 2026-03-02T09:00:00.000Z"]);
    world.respond("ask", 200, "{\"score\":7}").status(InstanceStatus::Completed).events(&[
        "variables lastServiceResult",
        "action 1 completed",
        "completed element 2",
        "passed end",
        "status COMPLETED",
    ]);
    let expected = json!({"status": 200, "headers": {"content-type": "application/json"}, "body": {"score": 7}});
    assert_eq!(world.variable("lastServiceResult"), expected);
}

/// S4-104: ResultVariable, OutputMapping, default.
#[test]
fn the_result_goes_where_the_model_says() {
    let mapped = SystemTask {
        result_variable: Some("all".to_owned()),
        output_mapping: vec![mapping("risk.score", "body.score")],
        ..get()
    };
    let mut world = given(one(mapped)).started(json!({"risk": {"level": "low"}}));
    world.respond("ask", 201, "{\"score\":7}").accepted();
    assert_eq!(world.variable("risk"), json!({"level": "low", "score": 7}));
    assert_eq!(world.variable("all")["status"], json!(201));
    assert_eq!(world.variable("lastServiceResult"), Value::Null);
}

#[test]
fn values_cannot_leave_their_place_in_an_address() {
    let mut model = call("GET", "https://api.example/c/{{customer.id}}?x={{q}}");
    model.query = vec![("who".to_owned(), expr("=customer.name")), ("n".to_owned(), expr("1"))];
    let request = asked(one(http(model)), json!({"customer": {"id": "../a?b#c@d", "name": "Å & B"}, "q": "1&y=2"}));
    assert_eq!(request.url, "https://api.example/c/..%2Fa%3Fb%23c%40d?x=1%26y%3D2&who=%C3%85%20%26%20B&n=1");
    assert_eq!((request.method.as_str(), request.body, request.headers), ("GET", None, Vec::new()));
}

/// A value that is `..` would take the segment before it out of the address on the server.
#[test]
fn values_make_no_dot_segment_of_an_address() {
    let sent = |endpoint: &str, a: &str| {
        let mut world = given(one(http(call("GET", endpoint))));
        let variables = json!({ "a": a, "base": "https://api.example/v1/.." });
        world.start(variables).accepted().after.instance.incidents.first().map(|incident| incident.code.clone())
    };
    for (endpoint, a) in [
        ("https://api.example/x/{{a}}/z", ".."),
        ("https://api.example/x/{{ a }}", "."),
        ("https://api.example/x/{{a}}?q=1", ".."),
        ("https://api.example/x/.{{a}}", "."),
        ("https://api.example/x/.{{a}}.", ""),
        ("https://api.example/x/%2E{{a}}/z", "."),
        ("https://api.example/x/%2e%2e{{a}}", ""),
        ("{{base}}/x/{{a}}", ".."),
    ] {
        assert_eq!(sent(endpoint, a).as_deref(), Some("INVALID_REQUEST"), "{endpoint} with {a}");
    }
    for (endpoint, a) in [
        ("https://api.example/x/{{a}}/z", "..."),
        ("https://api.example/x/{{a}}/z", "..a"),
        ("https://api.example/x/{{a}}.json", ".."),
        ("https://api.example/x?place={{a}}", ".."),
        ("https://api.example/x#{{a}}", ".."),
        // The designer's own, and an address that begins with a value.
        ("https://api.example/x/../{{a}}", "z"),
        ("{{base}}/{{a}}", "z"),
    ] {
        assert_eq!(sent(endpoint, a), None, "{endpoint} with {a}");
    }
}

#[test]
fn values_in_a_json_body_stay_values() {
    let mut model = call("POST", "https://api.example/");
    model.payload =
        Some(expr("{\"name\": \"Mr {{name}}\", \"amount\": {{amount}}, \"tags\": {{tags}}, \"no\": {{no}}}"));
    let request = asked(one(http(model)), json!({"name": "A \"B\"\n\\", "amount": 12.5, "tags": ["x"]}));
    let body: Value = serde_json::from_str(&request.body.unwrap()).unwrap();
    assert_eq!(body, json!({"name": "Mr A \"B\"\n\\", "amount": 12.5, "tags": ["x"], "no": null}));
    assert_eq!(request.headers, [("Content-Type".to_owned(), "application/json".to_owned())]);
}

/// S4-104: the whole context is passed; what the engine keeps for itself is not.
#[test]
fn a_post_without_payload_hands_over_the_variables_or_the_mapping() {
    let request = asked(one(http(call("POST", "https://api.example/"))), json!({"a": 1, "b": [2]}));
    assert_eq!(request.body.unwrap(), "{\"a\":1,\"b\":[2]}");
    let mapped = SystemTask { input_mapping: vec![mapping("x", "b[0]")], ..http(call("POST", "https://api.example/")) };
    assert_eq!(asked(one(mapped), json!({"a": 1, "b": [2]})).body.unwrap(), "{\"x\":2}");
}

#[test]
fn a_header_cannot_be_injected() {
    let mut model = call("GET", "https://api.example/");
    model.headers = vec![("X-Name".to_owned(), expr("{{name}}"))];
    let mut world = given(one(http(model.clone())));
    world.start(json!({"name": "a\r\nX-Admin: 1"})).failed("INVALID_REQUEST").effects(&[]);
    let request = asked(one(http(model)), json!({"name": "a b"}));
    assert_eq!(request.headers, [("X-Name".to_owned(), "a b".to_owned())]);
}

/// Retries: 5xx and 408, 425, 429 are repeated, the wait doubling; other statuses of 4xx are not.
#[test]
fn what_may_pass_is_repeated_with_growing_waits() {
    let mut world = given(one(SystemTask { retries: 2, ..get() })).started(json!({}));
    world
        .respond("ask", 503, "")
        .status(InstanceStatus::Waiting)
        .events(&["action 1 failed HTTP_503, again at 2026-03-02T09:00:01.000Z"])
        .effects(&["call 2 attempt 2 at 2026-03-02T09:00:01.000Z"]);
    world.after("PT1S").respond("ask", 429, "").effects(&["call 2 attempt 3 at 2026-03-02T09:00:03.000Z"]);
    world.after("PT2S").trouble("ask", "HTTP_TIMEOUT", true).failed("HTTP_TIMEOUT").effects(&[]);
    assert_eq!(world.state().instance.elements[0].action.as_ref().unwrap().attempt, 3);
}

#[test]
fn what_will_not_pass_is_not_repeated() {
    for status in [400, 401, 404, 422, 302] {
        let mut world = given(one(SystemTask { retries: 5, ..get() })).started(json!({}));
        world.respond("ask", status, "").failed(&format!("HTTP_{status}"));
    }
    let mut world = given(one(SystemTask { retries: 5, ..get() })).started(json!({}));
    world.trouble("ask", "HTTP_REFUSED", false).failed("HTTP_REFUSED");
}

#[test]
fn the_wait_is_a_quarter_of_an_hour_at_most() {
    let task = SystemTask { backoff_ms: 60_000, ..get() };
    let waits: Vec<u64> = (1..=6).map(|tries| task.backoff(tries) / 60_000).collect();
    assert_eq!(waits, [1, 2, 4, 8, 15, 15]);
    assert_eq!(task.backoff(u32::MAX), 15 * 60_000);
}

/// At least once: what comes late or twice changes nothing.
#[test]
fn late_and_repeated_answers_are_refused() {
    let mut world = given(one(SystemTask { retries: 1, ..get() })).started(json!({}));
    let (element, _) = world.attempt("ask");
    let ok = |attempt| Command::CompleteAction {
        element,
        attempt,
        answer: Box::new(Answer::Mail { message_ids: Vec::new() }),
    };
    world.when(ok(2)).refused("ALREADY_DONE");
    world.respond("ask", 500, "").accepted();
    world.when(ok(1)).refused("ALREADY_DONE");
    world.respond("ask", 500, "").failed("HTTP_500");
    world.when(ok(2)).refused("ALREADY_DONE");
    world.retry().accepted();
    world.when(ok(3)).status(InstanceStatus::Completed);
    world.when(ok(3)).refused("ALREADY_DONE");
}

/// S2-43: the action runs again, as a new attempt with a new idempotency key and today's variables.
#[test]
fn a_retry_asks_again_with_corrected_variables() {
    let mut world = given(one(http(call("GET", "https://api.example/{{id}}")))).started(json!({"id": 1}));
    world.respond("ask", 404, "no such").failed("HTTP_404");
    world.trouble("ask", "HTTP_TIMEOUT", true).refused("ALREADY_DONE");
    let then = world.retry_with(json!({"id": 2}));
    then.status(InstanceStatus::Waiting);
    let ActionRequest::Http(request) = ordered(then.accepted()) else { panic!("no HTTP") };
    assert_eq!(request.url, "https://api.example/2");
    let (element, attempt) = world.attempt("ask");
    assert_eq!(idempotency_key(key(), element, attempt), format!("{}/2/2", key()));
    world.respond("ask", 200, "{}").status(InstanceStatus::Completed);
}

/// S2-44: not for tasks that did not fail.
#[test]
fn an_action_that_is_under_way_is_not_retried() {
    let mut world = given(one(get())).started(json!({}));
    world.retry().refused_in("WAITING");
}

/// Errors 3: once the repetitions are used up, the exact code is caught before its class, the class before any.
#[test]
fn boundary_events_catch_the_code_the_class_or_any() {
    let process = |codes: &[(&str, Option<&str>)]| {
        let mut model = model("caught").start("start").service("ask", get()).end("end").flow("start > ask > end");
        for (id, code) in codes {
            model = model.error(id, "ask", true, *code);
        }
        for (id, _) in codes {
            model = model.end(&format!("{id}-end")).flow(&format!("{id} > {id}-end"));
        }
        model.build()
    };
    let all = [("any", None), ("class", Some("HTTP_STATUS_4XX")), ("exact", Some("HTTP_404"))];
    for (events, caught) in [(&all[..], "exact-end"), (&all[..2], "class-end"), (&all[..1], "any-end")] {
        let mut world = given(process(events)).started(json!({}));
        world.respond("ask", 404, "").status(InstanceStatus::Completed);
        assert_eq!(world.reached(caught), 1, "{caught}");
        assert_eq!(world.variable("_lastError")["errorCode"], json!("HTTP_404"));
    }
}

/// A boundary timer that was due before the answer came has taken the task away, whichever arrives first.
#[test]
fn an_answer_behind_an_interrupting_timer_comes_too_late() {
    let process = model("late")
        .start("start")
        .service("ask", get())
        .timer("late", "ask", true, once("PT1M"))
        .end("end")
        .end("gone")
        .flow("start > ask > end")
        .flow("late > gone")
        .build();
    let mut world = given(process.clone()).started(json!({}));
    world.after("PT2M").respond("ask", 200, "{}").status(InstanceStatus::Completed);
    assert_eq!((world.reached("gone"), world.reached("end")), (1, 0));
    let mut world = given(process).started(json!({}));
    world.respond("ask", 200, "{}").effects(&["unschedule timer 2 late 1"]);
    assert_eq!(world.scheduled(), []);
}

/// S2-36
#[test]
fn a_graphql_answer_is_its_data_or_an_error() {
    let work = Work::GraphQl {
        call: Box::new(call("POST", "https://api.example/graphql")),
        query: "{ me { id } }".to_owned(),
    };
    let task = SystemTask { input_mapping: vec![mapping("id", "customer")], ..task(work) };
    let request = asked(one(task.clone()), json!({"customer": 5}));
    assert_eq!(request.body.unwrap(), "{\"query\":\"{ me { id } }\",\"variables\":{\"id\":5}}");
    let mut world = given(one(task.clone())).started(json!({}));
    world.respond("ask", 200, "{\"data\":{\"me\":{\"id\":1}}}").accepted();
    assert_eq!(world.variable("lastServiceResult"), json!({"me": {"id": 1}}));
    let mut world = given(one(task.clone())).started(json!({}));
    world.respond("ask", 200, "{\"errors\":[{\"message\":\"no\"}],\"data\":null}").failed("GRAPHQL_ERROR");
    let mut world = given(one(task)).started(json!({}));
    world.respond("ask", 500, "").failed("HTTP_500");
}

/// S2-38, S4-78, S4-79: each recipient gets a mail; the addresses may be one, a comma list or a list.
#[test]
fn a_mail_goes_to_each_recipient() {
    let email = |to: &str, body: &str| {
        let (subject, body) = (expr("Loan {{context.loanId}}"), Template::parse(body).unwrap());
        task(Work::Email(Box::new(EmailModel { to: expr(to), subject, body, data: Vec::new() })))
    };
    let mail = |task: SystemTask, variables| {
        let mut world = given(one(task));
        let then = world.start(variables);
        let ActionRequest::Email(mail) = ordered(then.accepted()) else { panic!("no mail") };
        (mail.clone(), then.accepted().effects.len(), world)
    };
    let (first, effects, mut world) = mail(
        email("context.managerEmail", "Loan {{context.loanId}} waits"),
        json!({"managerEmail": "m@bank.example", "loanId": 7}),
    );
    let MailRequest { to, subject, text, html } = first;
    assert_eq!((to.len(), effects), (1, 1));
    assert_eq!((subject.as_str(), text.as_str(), html.as_str()), ("Loan 7", "Loan 7 waits", "<p>Loan 7 waits</p>"));
    world.respond_with("ask", Answer::Mail { message_ids: vec!["m-1".to_owned()] }).status(InstanceStatus::Completed);
    assert_eq!(world.variable("lastServiceResult")["messageId"], json!("m-1"));

    let two = [
        json!("a@x.example, b@x.example"),
        json!(["a@x.example", "b@x.example"]),
        json!("[\"a@x.example\",\"b@x.example\"]"),
    ];
    for to in two {
        let (mail, effects, _) = mail(email("context.to", "<p>{{name}}</p>"), json!({"to": to, "name": "<b>"}));
        assert_eq!((mail.to.len(), effects, mail.html.as_str(), mail.text.as_str()), (2, 2, "<p>&lt;b&gt;</p>", "<b>"));
    }
    let mut world = given(one(email("context.to", "x")));
    world.start(json!({"to": "nobody"})).failed("MAIL_REJECTED").effects(&[]);
}

/// S2-39, S2-40, S2-37
#[test]
fn delay_echo_and_script_need_no_outside() {
    let mut world = given(one(task(Work::Delay(When::After("PT5M".parse().unwrap()))))).started(json!({}));
    assert_eq!(world.scheduled().len(), 1);
    world.after("PT5M").fire("ask", "ask", 1).status(InstanceStatus::Completed);

    let echo = SystemTask { input_mapping: vec![mapping("a.b", "x")], ..task(Work::Echo) };
    let world = given(one(echo)).started(json!({"x": 3}));
    assert_eq!(world.variable("lastServiceResult"), json!({"a": {"b": 3}}));
    assert_eq!(world.status(), InstanceStatus::Completed);

    let script = task(Work::JavaScript("return {\"points\":7}".to_owned()));
    assert_eq!(given(one(script)).started(json!({})).variable("lastServiceResult"), json!({"points": 7}));
    let mut world = given(one(task(Work::JavaScript("throw oops".to_owned()))));
    world.start(json!({})).failed("SCRIPT_ERROR");
    world.scripts.on("throw oops", |_| result(json!(1)));
    world.retry().status(InstanceStatus::Completed);
}

#[test]
fn a_command_is_asked_by_name_and_answers_with_its_result() {
    let command = task(Work::Command { name: "Score".to_owned(), timeout_ms: TIMEOUT_MS });
    let mut world = given(one(command));
    let then = world.start(json!({"a": 1}));
    let expected =
        ActionRequest::Command { name: "Score".to_owned(), arguments: json!({"a": 1}), timeout_ms: TIMEOUT_MS };
    assert_eq!(ordered(then.accepted()), &expected);
    world.respond("ask", 200, "{\"points\":7}").accepted();
    assert_eq!(world.variable("lastServiceResult"), json!({"points": 7}));
    let mut world =
        given(one(task(Work::Command { name: "Score".to_owned(), timeout_ms: TIMEOUT_MS }))).started(json!({}));
    world.respond("ask", 422, "{\"code\":\"NO_SCORE\",\"message\":\"too young\"}").failed("NO_SCORE");
    assert_eq!(world.state().instance.incidents[0].message, "too young");
}

/// What does not fit becomes an incident with the number in it, never a failed write.
#[test]
fn requests_and_results_have_limits() {
    let mut world = given(one(http(call("POST", "https://api.example/"))));
    world.start(json!({"big": "x".repeat(200_000)})).failed("LIMIT").effects(&[]);
    let mut world = given(one(get())).started(json!({"big": "x".repeat(200_000)}));
    let body = format!("\"{}\"", "y".repeat(100_000));
    world.respond("ask", 200, &body).failed("LIMIT");
    assert_eq!(world.variable("lastServiceResult"), Value::Null);

    let mut many = model("many").start("start").end("end");
    for n in 0..100 {
        many = many.service(&format!("ask{n}"), get());
    }
    for n in 0..100 {
        many = many.flow(&format!("start > ask{n} > end"));
    }
    let mut world = given(many.build());
    let then = world.start(json!({}));
    then.failed("LIMIT");
    assert_eq!(then.accepted().jobs.len(), 90);
}

/// The head stays small while an action waits: what is asked is kept beside it.
#[test]
fn a_waiting_action_takes_few_bytes_of_the_head() {
    let mut model = call("POST", "https://api.example/");
    model.payload = Some(expr(&"x".repeat(5_000)));
    let world = given(one(http(model))).started(json!({}));
    let bytes = serde_json::to_string(&world.state().instance.elements).unwrap().len();
    assert!(bytes < 100, "{bytes}");
}

/// A cancelled instance waits for nothing, and an action that ends late changes nothing.
#[test]
fn cancelling_takes_a_waiting_action_away() {
    let mut world = given(one(get())).started(json!({}));
    let (element, attempt) = world.attempt("ask");
    world.cancel().status(InstanceStatus::Cancelled);
    let answer = Box::new(Answer::Mail { message_ids: Vec::new() });
    world.when(Command::CompleteAction { element, attempt, answer }).refused("ALREADY_DONE");
}

/// Each turn of a multi-instance activity asks for its own item.
#[test]
fn every_turn_asks_for_its_own_item() {
    let process = model("each")
        .start("start")
        .service("ask", http(call("GET", "https://api.example/{{item}}")))
        .for_each("ask", false, "items", "item")
        .end("end")
        .flow("start > ask > end")
        .build();
    let mut world = given(process);
    let then = world.start(json!({"items": ["a", "b"]}));
    let asked = then.accepted().jobs.iter().filter_map(|job| match job {
        JobChange::Ordered { request, .. } => Some(request.as_ref()),
        JobChange::Ended { .. } => None,
    });
    let urls: Vec<&str> = asked
        .map(|request| match request {
            ActionRequest::Http(request) => request.url.as_str(),
            ActionRequest::Command { .. } | ActionRequest::Email(_) => "",
        })
        .collect();
    assert_eq!(urls, ["https://api.example/a", "https://api.example/b"]);
    world.respond("ask", 200, "{}").status(InstanceStatus::Waiting);
    world.respond("ask", 200, "{}").status(InstanceStatus::Completed);
}
