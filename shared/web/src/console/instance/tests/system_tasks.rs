//! The tab of system tasks and the question before one is tried again (S2-42 to S2-44).

use super::*;
use domain::action::{ActionRequest, AttemptRecord, HttpRequest, MailRequest};
use domain::notification::Email;

const TOKEN: &str = "cs-secret-value";

/// Scores a customer over HTTP, then echoes.
fn process() -> Process {
    let task = |id: &str, name: &str, properties: &str| {
        format!(
            "<bpmn:serviceTask id=\"{id}\" name=\"{name}\"><bpmn:extensionElements><cs:properties \
             xmlns:cs=\"https://countersign.example/bpmn\">{properties}</cs:properties></bpmn:extensionElements>\
             </bpmn:serviceTask>"
        )
    };
    let property = |name: &str, value: &str| format!("<cs:property name=\"{name}\" value=\"{value}\"/>");
    let score = property("Endpoint", "https://api.example/score")
        + &property("Retries", "2")
        + &property("ResultVariable", "score");
    let echo = property("Type", "echo") + &property("ResultVariable", "copy");
    let file = format!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><bpmn:process id=\"P\" \
         name=\"Enrich\" isExecutable=\"true\"><bpmn:startEvent id=\"S\"/>{}{}<bpmn:endEvent id=\"E\"/>\
         <bpmn:sequenceFlow id=\"F1\" sourceRef=\"S\" targetRef=\"Score\"/><bpmn:sequenceFlow id=\"F2\" \
         sourceRef=\"Score\" targetRef=\"Echo\"/><bpmn:sequenceFlow id=\"F3\" sourceRef=\"Echo\" targetRef=\"E\"/>\
         </bpmn:process></bpmn:definitions>",
        task("Score", "Score the customer", &score),
        task("Echo", "Shape the data", &echo)
    );
    let reading = bpmn::read(file.as_bytes());
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    reading.definitions.into_iter().next().expect("one process").process
}

/// Waits at `Score`, or failed there.
fn at_score(failed: bool, attempt: u32) -> Aggregate {
    let incidents = json!([{ "k": 2, "e": "Score", "c": "HTTP_500", "m": HOSTILE, "a": now() }]);
    let instance = serde_json::from_value(json!({
        "key": key(), "version": 1, "process_id": "P", "definition_version": 1,
        "status": if failed { "ERROR" } else { "WAITING" }, "started_by": "ingrid", "started_at": now(),
        "last_element": 9, "last_task": 9, "variables": {},
        "elements": [{ "k": 2, "e": "Score", "s": now(), "f": failed, "x": { "n": attempt } }],
        "incidents": if failed { incidents } else { json!([]) },
    }));
    Aggregate { instance: instance.expect("an instance"), tasks: BTreeMap::new(), work_tasks: BTreeMap::new() }
}

fn request() -> ActionRequest {
    ActionRequest::Http(HttpRequest {
        method: "POST".to_owned(),
        url: format!("https://user:{TOKEN}@api.example/score?q={HOSTILE}&api_key={TOKEN}"),
        headers: vec![
            ("X-Api-Key".to_owned(), TOKEN.to_owned()),
            ("Authorization".to_owned(), format!("Bearer {TOKEN}")),
            ("Accept".to_owned(), "application/json".to_owned()),
        ],
        body: Some(format!("{{\"customer\":\"Kestrel\",\"client_secret\":\"{TOKEN}\"}}")),
        credentials: Some("score-api".to_owned()),
        timeout_ms: 1_500,
    })
}

fn attempt(number: u32, code: Option<&str>, retry_at: Option<Timestamp>) -> AttemptRecord {
    AttemptRecord {
        attempt: number,
        at: now(),
        status: Some(if code.is_some() { 500 } else { 200 }),
        code: code.map(str::to_owned),
        message: code.map(|_| HOSTILE.to_owned()),
        retry_at,
        response: Some(format!("{{\"reason\":\"{}\",\"access_token\":\"{TOKEN}\"}}", "x".repeat(9_000))),
    }
}

fn page_of(aggregate: &Aggregate, tab: Tab, request: &ActionRequest, attempts: &[AttemptRecord], may: May) -> String {
    let process = process();
    let (user, origin) = (Actor::User("ingrid".to_owned()), Origin::default());
    let events = [
        Event::ElementPassed(reached(1, "S", None)),
        Event::ElementActivated(reached(2, "Score", Some("F1"))),
        Event::ElementPassed(reached(3, "Echo", Some("F2"))),
    ];
    let journal = [Entry { at: now(), actor: &user, origin: &origin, command: "start", events: &events }];
    let progress = Progress::of(&aggregate.instance, &journal);
    let calls =
        [Call { element: ElementNumber(2), activity: "Score", unawaited: false, ordered_at: now(), request, attempts }];
    let details = Details {
        process: &process,
        aggregate,
        journal: &journal,
        progress: &progress,
        failed: Default::default(),
        calls: &calls,
        diagram: None,
        may,
        tab,
        said: None,
    };
    page(&Shell::sample(), &details, &Zone::named("Europe/Oslo"), now())
}

/// S2-42
#[test]
fn the_tab_shows_configuration_request_answers_and_errors_without_secrets() {
    let attempts = [attempt(1, Some("HTTP_500"), Some(now())), attempt(2, Some("HTTP_500"), None)];
    let page = page_of(&at_score(true, 2), Tab::SystemTasks, &request(), &attempts, ALL);
    a11y::check_console(&page);
    no_script(&page);
    for words in [
        "Score the customer",
        "HTTP request",
        "POST https://***@api.example/score",
        "api_key=***",
        "X-Api-Key: ***",
        "Authorization: ***",
        "Accept: application/json",
        "Kestrel",
        "&quot;client_secret&quot;: &quot;***&quot;",
        "score-api",
        "2 times, the first time after 1 s",
        "1.5 s",
        "<code>score</code>",
        "Attempt 2</b> failed with HTTP_500",
        "Only the beginning is kept.",
        "Shape the data",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains(TOKEN), "a secret came in");
    assert!(page.find("Attempt 2</b>") < page.find("Attempt 1</b>"), "the newest first");
    assert!(page.contains(" open><summary"), "what failed is open without a press");
}

#[test]
fn the_tab_stays_as_it_was_designed() {
    let mut record = attempt(1, Some("HTTP_500"), Some(now().plus_millis(90_000)));
    (record.response, record.message) =
        (Some("{\"reason\":\"busy\"}".to_owned()), Some("the server said no".to_owned()));
    let page = page_of(&at_score(false, 2), Tab::SystemTasks, &request(), &[record], ALL);
    a11y::check_console(&page);
    assert!(page.contains("Attempt 2</b> begins"));
    let part = page.split_once("data-live=\"system-tasks\"").and_then(|(_, rest)| rest.split_once("</main>"));
    insta::assert_snapshot!("system_tasks", part.expect("the tab").0);
}

/// S2-42: who may not read variables learns how it went and no values.
#[test]
fn without_the_permission_for_variables_no_value_is_shown() {
    let attempts = [attempt(1, Some("HTTP_500"), None)];
    let page = page_of(&at_score(true, 1), Tab::SystemTasks, &request(), &attempts, May { variables: false, ..ALL });
    a11y::check_console(&page);
    assert!(page.contains("failed with HTTP_500") && page.contains("<code>POST</code>") && page.contains("score-api"));
    for hidden in ["api.example", "Kestrel", "reason", "X-Api-Key", TOKEN] {
        assert!(!page.contains(hidden), "{hidden}");
    }
}

/// S2-43, S2-44
#[test]
fn the_incident_leads_to_what_was_asked_and_to_the_question_before_a_retry() {
    let attempts = [attempt(1, Some("HTTP_500"), None)];
    let failed = page_of(&at_score(true, 1), Tab::Overview, &request(), &attempts, ALL);
    a11y::check_console(&failed);
    assert!(failed.contains("?tab=system-tasks#call-2\"") && failed.contains("/retry?elementId=Score\""));
    let operator = page_of(&at_score(true, 1), Tab::Overview, &request(), &attempts, May { retry: false, ..ALL });
    assert!(!operator.contains("/retry?"));
    let waiting = page_of(&at_score(false, 1), Tab::Overview, &request(), &[], ALL);
    assert!(!waiting.contains("/retry?"), "what did not fail is not tried again");
}

#[test]
fn the_question_says_what_a_retry_does() {
    let (process, aggregate, progress) = (process(), at_score(true, 3), Progress::default());
    let (request, attempts) = (request(), [attempt(3, Some("HTTP_500"), None)]);
    let mail = ActionRequest::Email(MailRequest {
        to: vec![Email::parse("a@b.example").expect("an address")],
        subject: "Hello".to_owned(),
        text: "Hello".to_owned(),
        html: String::new(),
    });
    let ask = |calls: &[Call<'_>], may, dialog| {
        let details = Details {
            process: &process,
            aggregate: &aggregate,
            journal: &[],
            progress: &progress,
            failed: Default::default(),
            calls,
            diagram: None,
            may,
            tab: Tab::Overview,
            said: None,
        };
        retry_page(&Shell::sample(), &details, &aggregate.instance.incidents[0], dialog)
    };
    let call = |request| Call {
        element: ElementNumber(2),
        activity: "Score",
        unawaited: false,
        ordered_at: now(),
        request,
        attempts: &attempts,
    };
    let page = ask(&[call(&request)], ALL, false);
    a11y::check_console(&page);
    no_script(&page);
    for words in
        ["POST https://***@api.example/score", "attempt 4", "Idempotency-Key", "HTTP_500", "name=\"elementId\""]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains(TOKEN));
    assert!(!ask(&[call(&request)], May { variables: false, ..ALL }, false).contains("api.example"));
    assert!(ask(&[call(&mail)], ALL, false).contains("get it again"));
    let part = ask(&[], ALL, true);
    assert!(part.contains("The step runs again") && !part.contains("<html") && !part.contains("<script"));
}

#[test]
fn many_executions_and_attempts_are_cut_with_a_word() {
    let process = process();
    let aggregate = at_score(false, 1);
    let (user, origin) = (Actor::System, Origin::default());
    let events: Vec<Event> = (1..=70).map(|n| Event::ElementPassed(reached(n, "Echo", None))).collect();
    let events: Vec<Event> = events.into_iter().chain([Event::ElementActivated(reached(71, "Score", None))]).collect();
    let journal = [Entry { at: now(), actor: &user, origin: &origin, command: "continue", events: &events }];
    let progress = Progress::of(&aggregate.instance, &journal);
    let attempts: Vec<AttemptRecord> = (1..=30).map(|n| attempt(n, Some("HTTP_500"), None)).collect();
    let request = request();
    let calls = [Call {
        element: ElementNumber(71),
        activity: "Score",
        unawaited: false,
        ordered_at: now(),
        request: &request,
        attempts: &attempts,
    }];
    let page = tab_of(&process, &aggregate, &journal, (&progress, &calls));
    assert_eq!(page.matches("class=\"panel call\"").count(), 50);
    assert!(page.contains("21 earlier ones") && page.contains("10 earlier ones"));
}

/// The tab of system tasks as who may do everything sees it.
fn tab_of(
    process: &Process,
    aggregate: &Aggregate,
    journal: &[Entry<'_>],
    (progress, calls): (&Progress, &[Call<'_>]),
) -> String {
    let (may, tab) = (ALL, Tab::SystemTasks);
    let details = Details {
        process,
        aggregate,
        journal,
        progress,
        failed: Default::default(),
        calls,
        diagram: None,
        may,
        tab,
        said: None,
    };
    page(&Shell::sample(), &details, &Zone::named("Europe/Oslo"), now())
}

/// A mail that a script ordered has a number of its own and no attempts that anybody waits for.
#[test]
fn what_a_script_ordered_stands_beside_the_tasks() {
    let (process, aggregate) = (process(), at_score(false, 1));
    let (user, origin) = (Actor::System, Origin::default());
    let mail = ActionRequest::Email(MailRequest {
        to: vec![Email::parse("a@b.example").expect("an address")],
        subject: "Hello".to_owned(),
        text: HOSTILE.to_owned(),
        html: String::new(),
    });
    let events = [
        Event::ElementActivated(reached(2, "Score", None)),
        Event::ActionOrdered { element: ElementNumber(5), attempt: 0, retries: 0 },
    ];
    let journal = [Entry { at: now(), actor: &user, origin: &origin, command: "start", events: &events }];
    let progress = Progress::of(&aggregate.instance, &journal);
    let request = request();
    let mails = Call {
        element: ElementNumber(5),
        activity: "Echo",
        unawaited: true,
        ordered_at: now(),
        request: &mail,
        attempts: &[],
    };
    let scores = Call { element: ElementNumber(2), activity: "Score", unawaited: false, request: &request, ..mails };
    let calls = [scores, mails];
    let page = tab_of(&process, &aggregate, &journal, (&progress, &calls));
    a11y::check_console(&page);
    no_script(&page);
    assert_eq!(page.matches("class=\"panel call\"").count(), 2);
    for words in ["Ordered by a script <code>a@b.example</code>", "Ordered</span>", "without waiting", "under way"] {
        assert!(page.contains(words), "{words}");
    }
}
