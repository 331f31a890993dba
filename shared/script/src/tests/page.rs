//! Scripts as product documentation shows them, with the outcomes that must come of them (vectors V-01 to V-15; `tests/it/vectors.rs` runs them in processes).

use super::{Evaluated, evaluate, run, serve};
use domain::script::{CommandAnswer, ScriptFailure, ScriptKind};
use serde_json::{Value, json};

const REVIEW: &str = include_str!("../../testdata/review.js");

fn review(score: u32, loan: u32, income: u32) -> Value {
    let variables = super::map(json!({"customerId": "c-1", "loanAmount": loan, "termMonths": 24}));
    let answers = [
        CommandAnswer::Done(json!({"fullName": "Ada", "monthlyIncome": income})),
        CommandAnswer::Done(json!({"score": score, "rating": "B"})),
        CommandAnswer::Done(json!({"ageMonths": 40, "averageBalance": 1200.5})),
    ];
    let request =
        domain::script::ScriptRequest { answers: &answers, ..super::request(ScriptKind::Pre, REVIEW, &variables) };
    evaluate(&request).unwrap().result
}

/// V-01, V-02, V-03.
#[test]
fn the_review_script_prepares_the_form_context() {
    assert_eq!(review(600, 1000, 10_000)["recommendation"], "Reject");
    assert_eq!(review(700, 50_000, 10_000)["recommendation"], "Review");
    let context = review(700, 30_000, 10_000);
    assert_eq!(context["recommendation"], "Approve");
    let keys: Vec<&str> = context.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["accountAge", "application", "averageBalance", "credit", "customer", "recommendation"]);
}

const DECISION: &str = include_str!("../../testdata/decision.js");

fn decide(action: &str, loan: u32, score: u32, answers: &[CommandAnswer]) -> Evaluated {
    let variables = json!({"loanAmount": loan, "creditScore": score});
    serve(DECISION, variables, json!({"action": action, "userId": "jane"}), answers)
}

/// V-04 to V-06; D-34: the comments were not submitted at all. S4-43.
#[test]
fn the_decision_script_blocks_with_a_plain_error() {
    for (action, loan, score, text) in [
        ("Approve", 600_000, 700, "Large loans need approval comments"),
        ("Reject", 1000, 700, "A rejection needs its reason"),
        ("Approve", 1000, 590, "The credit score is below 600"),
    ] {
        assert_eq!(decide(action, loan, score, &[]), Err(ScriptFailure::Technical(text.into())));
    }
}

/// V-07.
#[test]
fn the_decision_script_logs_once_and_validates() {
    let Err(ScriptFailure::CommandWanted { number: 0, name, arguments }) = decide("Approve", 1000, 700, &[]) else {
        panic!("a command is wanted");
    };
    assert_eq!(name, "LogApprovalDecision");
    let entry =
        json!({"decision": "Approve", "approver": "jane", "at": "2026-01-02T03:04:05.678Z", "loanAmount": 1000});
    assert_eq!(arguments, entry);
    let outcome = decide("Approve", 1000, 700, &[CommandAnswer::Done(json!(null))]).unwrap();
    assert_eq!(outcome.result["validated"], true);
    assert_eq!(outcome.result["validatedBy"], "jane");
}

const APPLICATION: &str = include_str!("../../testdata/application.js");

fn apply(form: Value) -> Evaluated {
    serve(APPLICATION, json!({}), form, &[])
}

/// V-08, V-10, S4-80, S4-91.
#[test]
fn the_application_script_collects_messages_and_throws_once() {
    let bpmn =
        |message: &str| Err(ScriptFailure::Bpmn { code: "FORM_VALIDATION_ERROR".into(), message: message.to_owned() });
    assert_eq!(
        apply(json!({})),
        bpmn("Not valid: amount missing; score out of range; no mail address; no phone number")
    );
    let form = json!({"loanAmount": 1_000_001, "creditScore": 700, "email": "a@b.example", "phone": "0123456789"});
    assert_eq!(apply(form), bpmn("Not valid: amount over $1,000,000"));
}

/// V-09 as far as the script goes, S4-41.
#[test]
fn the_application_script_writes_the_process_variables() {
    let form = json!({"loanAmount": 5000, "creditScore": 700, "email": "a@b.example", "phone": "0123456789"});
    let outcome = apply(form).unwrap();
    assert_eq!(outcome.result, json!({"validated": true, "timestamp": "2026-01-02T03:04:05.678Z"}));
    assert_eq!(
        json!(outcome.writes),
        json!({"loanAmount": 5000, "creditScore": 700, "customerEmail": "a@b.example", "customerPhone": "0123456789"})
    );
}

const APPROVAL: &str = include_str!("../../testdata/approval.js");

/// V-11, V-13, S4-92.
#[test]
fn the_approval_script_checks_authority_and_documents() {
    let form = json!({"action": "Approve", "userId": "jane", "comments": "ok"});
    let result = |variables| serve(APPROVAL, variables, form.clone(), &[]);
    assert_eq!(
        result(json!({"loanAmount": 60_000})),
        Err(ScriptFailure::Bpmn { code: "INSUFFICIENT_AUTHORITY".into(), message: "No authority over $50000".into() })
    );
    assert_eq!(
        result(json!({"loanAmount": 1000, "uploadedDocuments": ["ID"]})),
        Err(ScriptFailure::Bpmn {
            code: "MISSING_DOCUMENTS".into(),
            message: "Missing: PROOF_OF_INCOME, BANK_STATEMENT".into()
        })
    );
    let complete = json!({"loanAmount": 1000, "uploadedDocuments": ["BANK_STATEMENT", "ID", "PROOF_OF_INCOME"]});
    let outcome = result(complete).unwrap();
    assert_eq!(outcome.result, json!({"decision": "Approve", "valid": true}));
    assert_eq!(
        json!(outcome.writes),
        json!({"approvalDecision": "Approve", "approvalComments": "ok", "approvedBy": "jane"})
    );
}

const SECOND: &str = include_str!("../../testdata/second-approver.js");

/// V-14, V-15, S4-93.
#[test]
fn the_dual_control_script_wants_two_people_besides_the_creator() {
    let approve = |user: &str| {
        let variables = json!({"firstApprover": "first", "applicationCreatedBy": "creator"});
        serve(SECOND, variables, json!({"userId": user, "action": "Approve"}), &[])
    };
    let code = |evaluated: Evaluated| match evaluated {
        Err(ScriptFailure::Bpmn { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(approve("first")), "DUAL_CONTROL_VIOLATION");
    assert_eq!(code(approve("creator")), "CONFLICT_OF_INTEREST");
    let outcome = approve("second").unwrap();
    // Comments that were not submitted are undefined, and a written undefined is null.
    assert_eq!(json!(outcome.writes), json!({"secondApprover": "second", "secondApproverComments": null}));
}

/// V-14's notification path, S4-87, S4-89.
#[test]
fn a_handler_script_reads_the_last_error_and_sends_it_to_the_form() {
    let source = include_str!("../../testdata/handler.js");
    let variables = json!({"_lastError": {"errorCode": "X", "errorMessage": "why"}, "_errorHistory": [1, 2]});
    let wanted = ScriptFailure::CommandWanted {
        number: 0,
        name: "SendFormErrors".into(),
        arguments: json!({"taskId": "Second", "errors": "why"}),
    };
    assert_eq!(run(ScriptKind::Task, source, variables.clone()), Err(wanted));
    let variables = super::map(variables);
    let answers = [CommandAnswer::Done(json!(null))];
    let request =
        domain::script::ScriptRequest { answers: &answers, ..super::request(ScriptKind::Task, source, &variables) };
    let outcome = evaluate(&request).unwrap();
    assert_eq!(outcome.result, json!({"notified": true, "errors": 2}));
    assert_eq!(outcome.log[0].text, "rejected: why");
    assert!(outcome.writes.is_empty());
}

/// V-18's handler, V-22, S4-76, S4-94.
#[test]
fn script_tasks_validate_and_change_variables() {
    let validate = "if (!context.loanAmount || context.loanAmount <= 0) {
            throw new BpmnError('VALIDATION_ERROR', 'no amount');
        }
        return { validated: true };";
    let expected = ScriptFailure::Bpmn { code: "VALIDATION_ERROR".into(), message: "no amount".into() };
    assert_eq!(run(ScriptKind::Task, validate, json!({"loanAmount": 0})), Err(expected));
    assert_eq!(run(ScriptKind::Task, validate, json!({"loanAmount": 100})).unwrap().result, json!({"validated": true}));
    let handle = "logger.warn('too late');
        context.applicationStatus = 'EXPIRED';
        context.expiryReason = 'DOCUMENT_SUBMISSION_TIMEOUT';
        return { handled: true };";
    let outcome = run(ScriptKind::Task, handle, json!({})).unwrap();
    assert_eq!(
        json!(outcome.writes),
        json!({"applicationStatus": "EXPIRED", "expiryReason": "DOCUMENT_SUBMISSION_TIMEOUT"})
    );
    assert_eq!((outcome.log[0].level, outcome.log[0].text.as_str()), ("warn", "too late"));
}
