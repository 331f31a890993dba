//! Commands of scripts: asked for one by one, answered from the record, mails after the script has run (S4-26, S4-42).

use super::dsl::*;
use crate::action::{ActionRequest, Answer, JobChange, UNAWAITED};
use crate::decision::{FieldError, FormError, Problem, Reply};
use crate::effect::Effect;
use crate::ids::ElementNumber;
use crate::instance::InstanceStatus;
use crate::process::{
    BACKOFF_MS, Mapping, Process, ScriptTask, SystemElement, SystemTask, TIMEOUT_MS, TaskProfile, Work,
};
use crate::rejection::Rejection;
use crate::script::{CommandAnswer, CommandCall, ScriptFailure, ScriptOutcome, ScriptRequest};
use serde_json::{Value, json};

type Evaluated = Result<ScriptOutcome, ScriptFailure>;

/// Two scripts behind each other that run `source`, then a user task.
fn two_scripts() -> Process {
    let script = || ScriptTask { script: "commands".to_owned(), ..ScriptTask::default() };
    model("calls")
        .start("start")
        .script_task("first", script())
        .script_task("second", script())
        .end("end")
        .flow("start > first > second > end")
        .build()
}

/// What a script does that calls `name` with `arguments` and returns the answer.
fn calls(request: &ScriptRequest<'_>, name: &str, arguments: Value) -> Evaluated {
    match request.answers.first() {
        None => Err(ScriptFailure::CommandWanted { number: 0, name: name.to_owned(), arguments }),
        Some(CommandAnswer::Done(value)) => result(value.clone()),
        Some(CommandAnswer::Failed { code, message }) => {
            Err(ScriptFailure::Bpmn { code: code.clone(), message: message.clone() })
        }
    }
}

fn commands_task(name: &str, input_mapping: Vec<Mapping>) -> SystemTask {
    SystemTask {
        element: SystemElement::Service,
        work: Work::Command { name: name.to_owned(), timeout_ms: TIMEOUT_MS },
        input_mapping,
        result_variable: None,
        output_mapping: Vec::new(),
        retries: 0,
        backoff_ms: BACKOFF_MS,
    }
}

/// One service task, `tell`, that runs a command.
fn commanded(name: &str, input_mapping: Vec<Mapping>) -> Process {
    let task = commands_task(name, input_mapping);
    model("told").start("start").service("tell", task).end("end").flow("start > tell > end").build()
}

fn call(element: u32, number: usize) -> CommandCall {
    CommandCall {
        element: ElementNumber(element),
        number,
        name: "Score".to_owned(),
        arguments: json!({ "customer": 7 }),
    }
}

/// S4-26: each call of each script is asked for by element, number, name and arguments, and nothing changes meanwhile.
#[test]
fn a_decision_waits_for_one_command_after_the_other() {
    let mut world = given(two_scripts());
    world.scripts.on("commands", |request| calls(request, "Score", json!({ "customer": 7 })));
    assert_eq!(world.start(json!({})).refused("TRY_AGAIN"), &Rejection::CommandWanted(Box::new(call(2, 0))));
    world.commands.push((call(2, 0), CommandAnswer::Done(json!(700))));
    assert_eq!(world.start(json!({})).refused("TRY_AGAIN"), &Rejection::CommandWanted(Box::new(call(3, 1))));
    world.commands.push((call(3, 1), CommandAnswer::Done(json!(800))));
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.state().instance.variables["lastScriptResult"], json!(800));
}

/// The time may be over because a command took long: what it answered is of use before the rest is left to a job, which
/// would have it carried out once more.
#[test]
fn a_command_that_uses_up_the_time_is_not_carried_out_again_by_a_job() {
    let mut world = given(two_scripts());
    world.scripts.on("commands", |request| calls(request, "Score", json!({ "customer": 7 })));
    world.start(json!({})).refused("TRY_AGAIN");
    world.commands.push((call(2, 0), CommandAnswer::Done(json!(700))));
    world.scripts.time_is_over = true;
    world.start(json!({})).status(InstanceStatus::Running);
    assert_eq!(world.variable("lastScriptResult"), json!(700));
    world.commands.clear();
    assert_eq!(world.go_on().refused("TRY_AGAIN"), &Rejection::CommandWanted(Box::new(call(3, 0))));
}

/// A command that fails throws its code in the script: boundary events catch it, else it is an incident.
#[test]
fn a_command_that_fails_is_a_business_error_of_its_script() {
    let mut world = given(two_scripts());
    world.scripts.on("commands", |request| calls(request, "Score", json!({ "customer": 7 })));
    let failed = CommandAnswer::Failed { code: "UNKNOWN_COMMAND".to_owned(), message: "no such command".to_owned() };
    world.commands.push((call(2, 0), failed));
    world.start(json!({})).failed("UNKNOWN_COMMAND").status(InstanceStatus::Error);
}

/// S4-42: the built-in mail leaves with the commit; nobody waits for it, and elements behind it have numbers of their own.
#[test]
fn a_mail_of_a_script_leaves_when_the_script_has_run() {
    let mut world = given(two_scripts());
    let mail =
        json!({ "to": ["a@x.example", "b@x.example", "a@x.example"], "subject": "Paid\r\nnow", "body": "1 < 2" });
    world.scripts.on("commands", move |request| calls(request, "SendEmail", mail.clone()));
    let then = world.start(json!({}));
    let decision = then.accepted();
    assert_eq!(decision.after.instance.status, InstanceStatus::Completed);
    let mails: Vec<_> = decision.effects.iter().filter(|effect| matches!(effect, Effect::Mail { .. })).collect();
    assert_eq!(mails.len(), 4);
    let ordered: Vec<_> = decision
        .jobs
        .iter()
        .filter_map(|job| match job {
            JobChange::Ordered { element, activity, attempt: UNAWAITED, request } => Some((element, activity, request)),
            JobChange::Ordered { .. } | JobChange::Ended { .. } => None,
        })
        .collect();
    assert_eq!(ordered.len(), 2);
    assert_eq!((ordered[0].0, ordered[0].1.as_str()), (&ElementNumber(3), "first"));
    assert_eq!((ordered[1].0, ordered[1].1.as_str()), (&ElementNumber(5), "second"));
    let ActionRequest::Email(request) = ordered[0].2.as_ref() else { panic!("no mail") };
    assert_eq!(request.to.len(), 2);
    assert_eq!((request.subject.as_str(), request.text.as_str()), ("Paid  now", "1 < 2"));
    assert_eq!(request.html, "<p>1 &lt; 2</p>");
}

/// Mails of a script that fails afterwards never leave.
#[test]
fn a_script_that_fails_sends_nothing() {
    let mut world = given(two_scripts());
    world.scripts.on("commands", |request| {
        let mail = json!({ "to": "a@x.example", "subject": "s", "body": "b" });
        calls(request, "SendEmail", mail)?;
        Err(ScriptFailure::Technical("after the mail".to_owned()))
    });
    let then = world.start(json!({}));
    assert!(then.accepted().jobs.is_empty());
    assert!(!then.accepted().effects.iter().any(|effect| matches!(effect, Effect::Mail { .. })));
}

#[test]
fn a_mail_without_a_usable_address_fails_in_the_script() {
    let mut world = given(two_scripts());
    world.scripts.on("commands", |request| calls(request, "SendEmail", json!({ "to": "nobody", "subject": "s" })));
    world.start(json!({})).failed("MAIL_REJECTED");
}

/// S4-58, V-08 and V-09: what is wrong stands at the task until the next answer, which then completes the same task.
#[test]
fn a_script_says_at_the_form_what_was_wrong() {
    let form = ticket().server_script("check");
    let process = model("application")
        .start("start")
        .task("form", form)
        .error("invalid", "form", false, Some("FORM_VALIDATION_ERROR"))
        .script("notify", "notify")
        .end("end")
        .flow("start > form > end")
        .flow("invalid > notify > form")
        .build();
    let mut world = given(process).started(json!({}));
    world.scripts.on("check", |request| match request.user_action {
        Some("Approve") => result(json!(null)),
        _ => Err(ScriptFailure::Bpmn { code: "FORM_VALIDATION_ERROR".to_owned(), message: "No amount".to_owned() }),
    });
    world.scripts.on("notify", |request| {
        calls(request, "SendFormErrors", json!({ "taskId": "form", "errors": { "amount": "Say how much." } }))
    });
    let task = world.key_of("form").number();
    let then = world.submit("form", "Reject", json!({}));
    let refused = then.denied().iter().map(|error| (error.field.as_str(), error.problem.code())).collect::<Vec<_>>();
    assert_eq!(refused, [("", "FORM_VALIDATION_ERROR"), ("amount", "FORM_ERROR")]);
    let shown = |world: &World| world.state().tasks[&task].form_errors.clone();
    assert_eq!(shown(&world), [FormError { field: "amount".to_owned(), message: "Say how much.".to_owned() }]);
    world.submit("form", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(shown(&world), []);
    assert_eq!(world.state().tasks.len(), 1);
}

/// The BPMN semantics of commands: of those in a script that failed what it said at forms stays, and the refusal of the
/// answer does not take it away again; the next answer does. Whoever answered learns it at once.
#[test]
fn a_server_script_says_at_its_own_form_what_was_wrong() {
    let said = |message: &str| FormError { field: "amount".to_owned(), message: message.to_owned() };
    let judge = |request: &ScriptRequest<'_>| {
        if request.user_action == Some("Approve") {
            return result(json!(null));
        }
        let errors = json!({ "amount": request.form_data.unwrap()["comment"] });
        calls(request, "SendFormErrors", json!({ "taskId": "form", "errors": errors }))?;
        Err(ScriptFailure::Bpmn { code: "FORM_VALIDATION_ERROR".to_owned(), message: "No amount".to_owned() })
    };
    let world = |form| {
        let process = model("application")
            .start("start")
            .task("form", form)
            .error("invalid", "form", false, Some("FORM_VALIDATION_ERROR"))
            .end("end")
            .flow("start > form > end")
            .build();
        let mut world = given(process).started(json!({}));
        world.scripts.on("check", judge);
        world
    };
    let refused = |message: &str| {
        let problem =
            |code: &str, message: &str| Problem::Refused { code: code.to_owned(), message: message.to_owned() };
        let whole = FieldError { field: String::new(), problem: problem("FORM_VALIDATION_ERROR", "No amount") };
        let field = FieldError { field: "amount".to_owned(), problem: problem("FORM_ERROR", message) };
        Reply::Denied(vec![whole, field])
    };
    let mut outside = world(ticket().server_script("check"));
    let task = outside.key_of("form").number();
    for message in ["Say how much.", "Still missing."] {
        outside.submit("form", "Reject", json!({ "comment": message })).replied(refused(message));
        assert_eq!(outside.state().tasks[&task].form_errors, [said(message)]);
    }
    outside.submit("form", "Approve", json!({})).status(InstanceStatus::Completed);
    let mut inside = world(work().server_script("check"));
    for message in ["Say how much.", "Still missing."] {
        inside.complete("form", "Reject", json!({ "comment": message })).replied(refused(message));
        assert_eq!(inside.work_task("form").form_errors, [said(message)]);
    }
    inside.complete("form", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(inside.work_task("form").form_errors, []);
}

/// W-19, W-20: where nobody catches the error, the form says it to who opens the task again.
#[test]
fn what_a_failed_script_said_at_the_form_is_there_after_the_retry() {
    for form in [work().server_script("check"), ticket().server_script("check")] {
        let outside = matches!(form.profile, TaskProfile::External(_));
        let process = model("application").start("start").task("form", form).end("end").flow("start > form > end");
        let mut world = given(process.build()).started(json!({}));
        world.scripts.on("check", |request| {
            calls(request, "SendFormErrors", json!({ "taskId": "form", "errors": "Say how much." }))?;
            Err(ScriptFailure::Technical("no amount".to_owned()))
        });
        if outside {
            world.submit("form", "Reject", json!({})).failed("SCRIPT_ERROR");
        } else {
            world.complete("form", "Reject", json!({})).failed("SCRIPT_ERROR");
        }
        world.retry().status(InstanceStatus::Waiting);
        let said = FormError { field: String::new(), message: "Say how much.".to_owned() };
        let mut shown = world.state().tasks.values().map(|task| &task.form_errors);
        let shown = shown.next().or(world.state().work_tasks.values().map(|task| &task.form_errors).next());
        assert_eq!(shown, Some(&vec![said]));
    }
}

/// A task that is not open has no form; the script learns it.
#[test]
fn errors_of_no_open_task_fail_in_the_script() {
    let mut world = given(two_scripts());
    world
        .scripts
        .on("commands", |request| calls(request, "SendFormErrors", json!({ "taskId": "first", "errors": "x" })));
    world.start(json!({})).failed("UNKNOWN_TASK");
}

/// S4-42, section 9: a service task may name a built-in command. Its mail is awaited like that of any system task.
#[test]
fn a_service_task_sends_the_built_in_mail() {
    let mut world =
        given(commanded("SendEmail", vec![mapping("to", "who"), mapping("subject", "about"), mapping("body", "text")]));
    let then = world.start(json!({ "who": "a@x.example, b@x.example", "about": "Paid", "text": "1 < 2" }));
    let JobChange::Ordered { request, attempt: 1, .. } = &then.accepted().jobs[0] else { panic!("no order") };
    let ActionRequest::Email(mail) = request.as_ref() else { panic!("no mail") };
    assert_eq!((mail.to.len(), mail.subject.as_str(), mail.text.as_str()), (2, "Paid", "1 < 2"));
    then.status(InstanceStatus::Waiting);
    let answer = Answer::Mail { message_ids: vec!["m-1".to_owned(), "m-2".to_owned()] };
    world.respond_with("tell", answer).status(InstanceStatus::Completed);
    assert_eq!(world.variable("lastServiceResult")["messageId"], json!("m-1"));

    // Without a mapping the variables are the arguments.
    let mut world = given(commanded("SendEmail", Vec::new()));
    world.start(json!({ "to": "a@x.example", "subject": "s", "body": "b" })).status(InstanceStatus::Waiting);
    let mut world = given(commanded("SendEmail", Vec::new()));
    world.start(json!({ "to": "nobody" })).failed("MAIL_REJECTED").effects(&[]);
}

/// S4-58, section 9: the same for errors of a form, which need no outside.
#[test]
fn a_service_task_says_at_the_form_what_was_wrong() {
    let command = commands_task("SendFormErrors", vec![mapping("taskId", "place"), mapping("errors", "wrong")]);
    let process = model("application")
        .start("start")
        .task("form", ticket())
        .service("tell", command)
        .end("end")
        .flow("start > form > end")
        .flow("start > tell > end")
        .build();
    let mut world = given(process);
    world.start(json!({ "place": "form", "wrong": { "amount": "Say how much." } })).status(InstanceStatus::Waiting);
    let task = world.key_of("form").number();
    let expected = [FormError { field: "amount".to_owned(), message: "Say how much.".to_owned() }];
    assert_eq!(world.state().tasks[&task].form_errors, expected);
    assert_eq!(world.variable("lastServiceResult"), json!({ "shown": true }));

    let mut world = given(commanded("SendFormErrors", vec![mapping("taskId", "wrong")]));
    world.start(json!({ "wrong": "nothing" })).failed("UNKNOWN_TASK");
    world.retry().failed("UNKNOWN_TASK");
}
