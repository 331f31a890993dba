//! The vectors of the semantics, V-01 to V-29, by their names: small processes with the scripts of the documentation, from
//! the file through engine, table and queues. V-24 stands with the reader (`shared/bpmn/tests/conformance/vectors.rs`).

use crate::actions::{Server, register};
use crate::bulk_runs::api::{MANAGER, api, call};
use anyhow::{Context, Result};
use domain::command::{Actor, Command, Completion};
use domain::decision::{Problem, Reply};
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::variables::Variables;
use domain::work_task::{State, WorkTask};
use serde_json::{Value, json};
use testkit::World;
use testkit::world::{operator, start};

const REVIEW: &str = include_str!("../../shared/script/testdata/review.js");
const DECISION: &str = include_str!("../../shared/script/testdata/decision.js");
const APPLICATION: &str = include_str!("../../shared/script/testdata/application.js");
const APPROVAL: &str = include_str!("../../shared/script/testdata/approval.js");
const SECOND: &str = include_str!("../../shared/script/testdata/second-approver.js");
const HANDLER: &str = include_str!("../../shared/script/testdata/handler.js");
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// A process `Vector` with these elements.
fn file(elements: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:custom="http://banklingo.com/schema/bpmn" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
<error id="Error_Form" errorCode="FORM_VALIDATION_ERROR"/><error id="Error_Dual" errorCode="DUAL_CONTROL_VIOLATION"/>
<error id="Error_Authority" errorCode="INSUFFICIENT_AUTHORITY"/>
<process id="Vector" isExecutable="true"><startEvent id="Start"/>{elements}</process></definitions>"#
    )
}

fn properties(values: &[(&str, &str)]) -> String {
    let lines = values
        .iter()
        .map(|(name, value)| format!("<custom:property name=\"{name}\"><![CDATA[{value}]]></custom:property>"));
    format!(
        "<extensionElements><custom:properties>{}</custom:properties></extensionElements>",
        lines.collect::<String>()
    )
}

fn user_task(id: &str, values: &[(&str, &str)]) -> String {
    format!("<userTask id=\"{id}\">{}</userTask>", properties(values))
}

fn script_task(id: &str, script: &str, result: &str) -> String {
    format!(
        "<scriptTask id=\"{id}\">{}<script><![CDATA[{script}]]></script></scriptTask>",
        properties(&[("ResultVariable", result)])
    )
}

fn flow(from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

fn boundary_error(id: &str, on: &str, error: &str, interrupting: bool) -> String {
    format!(
        "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\" cancelActivity=\"{interrupting}\"><errorEventDefinition errorRef=\"{error}\"/></boundaryEvent>"
    )
}

fn boundary_timer(id: &str, on: &str, after: &str, interrupting: bool) -> String {
    format!(
        "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\" cancelActivity=\"{interrupting}\"><timerEventDefinition><timeDuration>{after}</timeDuration></timerEventDefinition></boundaryEvent>"
    )
}

fn mail(id: &str, subject: &str, body: &str) -> String {
    let values = [("messageType", "email"), ("to", "{{ context.managerEmail }}"), ("subject", subject), ("body", body)];
    format!("<sendTask id=\"{id}\">{}</sendTask>", properties(&values))
}

/// An instance of a process with one task first.
struct Vector {
    world: World,
    key: InstanceKey,
}

impl Vector {
    async fn begun(elements: &str, variables: Value) -> Result<Vector> {
        Vector::in_world(World::start().await?, elements, variables).await
    }

    async fn in_world(mut world: World, elements: &str, variables: Value) -> Result<Vector> {
        world.deploy(&file(elements)).await?;
        let key = world.begin("Vector", variables).await?;
        world.drain().await?;
        Ok(Vector { world, key })
    }

    async fn state(&self) -> Result<Aggregate> {
        Ok(self.world.load(self.key).await?.aggregate)
    }

    async fn status(&self) -> Result<InstanceStatus> {
        Ok(self.state().await?.instance.status)
    }

    async fn variables(&self) -> Result<Variables> {
        Ok(self.state().await?.instance.variables)
    }

    async fn task(&self, activity: &str) -> Result<WorkTask> {
        let mut tasks = self.state().await?.work_tasks.into_values();
        tasks.rfind(|task| task.activity == activity).with_context(|| format!("a task of {activity}"))
    }

    async fn complete(&mut self, activity: &str, user: &str, action: &str, values: Value) -> Result<Reply> {
        let task = self.task(activity).await?.key;
        let values: Variables = values.as_object().cloned().unwrap_or_default();
        let command = Command::Complete(Completion { task, action: Some(action.to_owned()), values });
        let outcome = self.world.execute(self.key, Actor::User(user.to_owned()), command).await?;
        self.world.drain().await?;
        Ok(outcome.reply)
    }

    async fn retry(&mut self) -> Result<()> {
        let command = Command::Retry { element: None, variables: Variables::new() };
        self.world.execute(self.key, operator(), command).await?;
        self.world.drain().await
    }

    fn mails(&self) -> Vec<(String, String)> {
        self.world.aws.held().mails.iter().map(|mail| (mail.to.clone(), mail.text.clone())).collect()
    }

    async fn settle(mut self) -> Result<()> {
        self.world.settle().await
    }
}

/// Code and message of an answer that stopped the instance.
fn failure(reply: &Reply) -> (&str, &str) {
    reply.failure().unwrap_or(("", ""))
}

/// What the review's PreScript makes of a report, a loan and an income.
async fn reviewed(score: u32, loan: u32, income: u32) -> Result<Value> {
    let mut world = World::start().await?;
    let person = json!({ "fullName": "Ada", "monthlyIncome": income }).to_string();
    let report = json!({ "score": score, "rating": "B" }).to_string();
    let account = json!({ "ageMonths": 40, "averageBalance": 1200.5 }).to_string();
    let (server, port) = Server::start(&world, &[(200, &person), (200, &report), (200, &account)]).await?;
    for command in ["GetCustomerProfile", "GetCreditReport", "GetAccountHistory"] {
        register(&mut world, command, port).await?;
    }
    let task = user_task("Review", &[("Script", REVIEW)]);
    let variables = json!({ "customerId": "c-1", "loanAmount": loan, "termMonths": 24, "hidden": true });
    let vector = Vector::in_world(world, &(task + &flow("Start", "Review")), variables).await?;
    assert_eq!(server.seen().len(), 3, "each command is carried out once");
    let context = Value::Object(vector.task("Review").await?.form_context);
    vector.settle().await?;
    Ok(context)
}

#[tokio::test]
async fn v_01_a_low_score_is_a_reason_to_reject() -> Result<()> {
    assert_eq!(reviewed(600, 1_000, 10_000).await?["recommendation"], "Reject");
    Ok(())
}

#[tokio::test]
async fn v_02_a_loan_above_four_incomes_is_to_be_reviewed() -> Result<()> {
    assert_eq!(reviewed(700, 50_000, 10_000).await?["recommendation"], "Review");
    Ok(())
}

#[tokio::test]
async fn v_03_the_form_context_is_what_the_script_returns() -> Result<()> {
    let context = reviewed(700, 30_000, 10_000).await?;
    assert_eq!(context["recommendation"], "Approve");
    let names: Vec<&String> = context.as_object().context("an object")?.keys().collect();
    assert_eq!(names, ["accountAge", "application", "averageBalance", "credit", "customer", "recommendation"]);
    Ok(())
}

/// The decision task with its ServerScript, and a command that logs.
async fn decision(loan: u32, score: u32) -> Result<(Vector, Server)> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(200, "null")]).await?;
    register(&mut world, "LogApprovalDecision", port).await?;
    let values =
        [("UserActions", "Approve,Reject"), ("ServerScript", DECISION), ("ResultVariable", "validationResult")];
    let elements = user_task("Decision", &values) + &flow("Start", "Decision");
    let variables = json!({ "loanAmount": loan, "creditScore": score });
    Ok((Vector::in_world(world, &elements, variables).await?, server))
}

/// The answer stops the instance with this message, the task fails, and a retry opens it again.
async fn blocked(loan: u32, score: u32, action: &str, message: &str) -> Result<()> {
    let (mut vector, server) = decision(loan, score).await?;
    let reply = vector.complete("Decision", "jane", action, json!({})).await?;
    let (code, said) = failure(&reply);
    assert!(code == "SCRIPT_ERROR" && said.contains(message), "{code}: {said}");
    assert_eq!(vector.status().await?, InstanceStatus::Error);
    assert_eq!(vector.task("Decision").await?.state, State::Failed);
    vector.retry().await?;
    assert_eq!(vector.task("Decision").await?.state, State::Open);
    assert!(server.seen().is_empty(), "nothing was logged");
    vector.settle().await
}

#[tokio::test]
async fn v_04_a_large_loan_without_comments_stops_and_a_retry_reopens_the_task() -> Result<()> {
    blocked(600_000, 700, "Approve", "Large loans need approval comments").await
}

#[tokio::test]
async fn v_05_a_rejection_without_its_reason_stops() -> Result<()> {
    blocked(1_000, 700, "Reject", "A rejection needs its reason").await
}

#[tokio::test]
async fn v_06_a_low_score_cannot_be_approved() -> Result<()> {
    blocked(1_000, 590, "Approve", "The credit score is below 600").await
}

#[tokio::test]
async fn v_07_a_valid_decision_is_logged_once() -> Result<()> {
    let (mut vector, server) = decision(1_000, 700).await?;
    vector.complete("Decision", "jane", "Approve", json!({})).await?;
    assert_eq!(vector.status().await?, InstanceStatus::Completed);
    assert_eq!(vector.variables().await?["validationResult"]["validated"], true);
    assert_eq!(server.seen().len(), 1);
    vector.settle().await
}

/// The application form, whose errors are handled beside the open task.
async fn application() -> Result<Vector> {
    let form = user_task("LoanApplicationForm", &[("ServerScript", APPLICATION), ("UserActions", "Submit")]);
    let elements = form
        + &boundary_error("Invalid", "LoanApplicationForm", "Error_Form", false)
        + &script_task("Note", "return 'told'", "note")
        + &flow("Start", "LoanApplicationForm")
        + &flow("Invalid", "Note");
    Vector::begun(&elements, json!({})).await
}

/// Code and message with which an answer was refused.
fn denied(reply: &Reply) -> (String, String) {
    let Reply::Denied(errors) = reply else { panic!("{reply:?}") };
    let Problem::Refused { code, message } = &errors[0].problem else { panic!("{errors:?}") };
    (code.clone(), message.clone())
}

#[tokio::test]
async fn v_08_an_empty_form_is_told_everything_at_once_and_stays_open() -> Result<()> {
    let mut vector = application().await?;
    let reply = vector.complete("LoanApplicationForm", "jane", "Submit", json!({})).await?;
    let (code, message) = denied(&reply);
    assert_eq!(code, "FORM_VALIDATION_ERROR");
    assert_eq!(message, "Not valid: amount missing; score out of range; no mail address; no phone number");
    assert_eq!(vector.task("LoanApplicationForm").await?.state, State::Open);
    let variables = vector.variables().await?;
    assert_eq!(variables["_lastError"]["taskId"], "LoanApplicationForm");
    assert_eq!(variables["_errorHistory"].as_array().map(Vec::len), Some(1));
    assert_eq!(variables["note"], "told");
    vector.settle().await
}

fn form(amount: i64) -> Value {
    json!({ "loanAmount": amount, "creditScore": 700, "email": "a@b.example", "phone": "0123456789" })
}

#[tokio::test]
async fn v_09_a_valid_form_after_a_refused_one_completes_the_same_task() -> Result<()> {
    let mut vector = application().await?;
    vector.complete("LoanApplicationForm", "jane", "Submit", json!({})).await?;
    vector.complete("LoanApplicationForm", "jane", "Submit", form(5_000)).await?;
    let state = vector.state().await?;
    assert_eq!((state.instance.status, state.work_tasks.len()), (InstanceStatus::Completed, 1));
    let variables = &state.instance.variables;
    let written = ["loanAmount", "creditScore", "customerEmail", "customerPhone"].map(|name| variables[name].clone());
    assert_eq!(written, [json!(5_000), json!(700), json!("a@b.example"), json!("0123456789")]);
    vector.settle().await
}

#[tokio::test]
async fn v_10_one_mistake_is_one_message() -> Result<()> {
    let mut vector = application().await?;
    let reply = vector.complete("LoanApplicationForm", "jane", "Submit", form(1_000_001)).await?;
    assert_eq!(denied(&reply).1, "Not valid: amount over $1,000,000");
    vector.settle().await
}

fn approval(around: &str) -> String {
    let values = [("UserActions", "Approve,Reject"), ("ServerScript", APPROVAL)];
    user_task("ApprovalDecision", &values) + &flow("Start", "ApprovalDecision") + around
}

#[tokio::test]
async fn v_11_an_amount_beyond_the_authority_stops_where_nobody_catches() -> Result<()> {
    let mut vector = Vector::begun(&approval(""), json!({ "loanAmount": 60_000 })).await?;
    let reply = vector.complete("ApprovalDecision", "jane", "Approve", json!({ "comments": "ok" })).await?;
    let (code, message) = failure(&reply);
    assert!(code == "INSUFFICIENT_AUTHORITY" && message.contains("50000"), "{code}: {message}");
    assert_eq!(vector.status().await?, InstanceStatus::Error);
    vector.settle().await
}

#[tokio::test]
async fn v_12_with_a_boundary_event_the_senior_manager_gets_the_task() -> Result<()> {
    let around = boundary_error("Beyond", "ApprovalDecision", "Error_Authority", true)
        + &user_task("SeniorManagerApproval", &[])
        + &flow("Beyond", "SeniorManagerApproval");
    let mut vector = Vector::begun(&approval(&around), json!({ "loanAmount": 60_000 })).await?;
    vector.complete("ApprovalDecision", "jane", "Approve", json!({})).await?;
    assert_eq!(vector.task("ApprovalDecision").await?.state, State::Canceled);
    assert_eq!(vector.task("SeniorManagerApproval").await?.state, State::Open);
    assert_eq!(vector.status().await?, InstanceStatus::Waiting);
    vector.settle().await
}

#[tokio::test]
async fn v_13_missing_documents_are_named() -> Result<()> {
    let variables = json!({ "loanAmount": 1_000, "uploadedDocuments": ["ID"] });
    let mut vector = Vector::begun(&approval(""), variables).await?;
    let reply = vector.complete("ApprovalDecision", "jane", "Approve", json!({})).await?;
    assert_eq!(failure(&reply), ("MISSING_DOCUMENTS", "Missing: PROOF_OF_INCOME, BANK_STATEMENT"));
    vector.settle().await
}

/// The second signature, with a path that tells the form what was wrong with it.
async fn second() -> Result<Vector> {
    let elements = user_task("Second", &[("UserActions", "Approve"), ("ServerScript", SECOND)])
        + &boundary_error("Same", "Second", "Error_Dual", false)
        + &script_task("Notify", HANDLER, "notice")
        + &flow("Start", "Second")
        + &flow("Same", "Notify");
    Vector::begun(&elements, json!({ "firstApprover": "anna", "applicationCreatedBy": "olga" })).await
}

#[tokio::test]
async fn v_14_the_second_signature_must_come_from_somebody_else() -> Result<()> {
    let mut vector = second().await?;
    let reply = vector.complete("Second", "anna", "Approve", json!({})).await?;
    assert_eq!(denied(&reply), ("DUAL_CONTROL_VIOLATION".to_owned(), "Two people have to approve".to_owned()));
    assert_eq!(vector.task("Second").await?.state, State::Open);
    assert_eq!(vector.variables().await?["notice"], json!({ "notified": true, "errors": 1 }), "the notification ran");
    vector.complete("Second", "bert", "Approve", json!({})).await?;
    assert_eq!(vector.status().await?, InstanceStatus::Completed);
    vector.settle().await
}

#[tokio::test]
async fn v_15_who_created_the_application_cannot_approve_it() -> Result<()> {
    let mut vector = second().await?;
    let reply = vector.complete("Second", "olga", "Approve", json!({})).await?;
    assert_eq!(failure(&reply).0, "CONFLICT_OF_INTEREST");
    assert_eq!(vector.status().await?, InstanceStatus::Error);
    vector.settle().await
}

/// A gateway whose `Condition` names one of two flows, each to a task called as its flow.
fn gateway(condition: &str, flows: [&str; 2]) -> String {
    let mut elements =
        format!("<exclusiveGateway id=\"Gateway\">{}</exclusiveGateway>", properties(&[("Condition", condition)]));
    for flow in flows {
        elements += &format!("<sequenceFlow id=\"{flow}\" sourceRef=\"Gateway\" targetRef=\"After{flow}\"/>");
        elements += &user_task(&format!("After{flow}"), &[]);
    }
    elements
}

#[tokio::test]
async fn v_16_the_action_of_the_task_decides_at_the_gateway() -> Result<()> {
    let condition = "return userAction === 'Recommend' ? 'Flow_ToManager' : 'Flow_Rejected';";
    let elements = user_task("Ask", &[("UserActions", "Recommend,Decline")])
        + &flow("Start", "Ask")
        + &flow("Ask", "Gateway")
        + &gateway(condition, ["Flow_ToManager", "Flow_Rejected"]);
    for (action, expected) in [("Recommend", "AfterFlow_ToManager"), ("Decline", "AfterFlow_Rejected")] {
        let mut vector = Vector::begun(&elements, json!({})).await?;
        vector.complete("Ask", "jane", action, json!({})).await?;
        assert_eq!(vector.task(expected).await?.state, State::Open, "{action}");
        assert_eq!(vector.state().await?.work_tasks.len(), 2);
        vector.settle().await?;
    }
    Ok(())
}

#[tokio::test]
async fn v_17_the_amount_decides_at_the_gateway() -> Result<()> {
    let condition = "return amount > 100000 ? 'Flow_HighValue' : 'Flow_Standard';";
    let elements = flow("Start", "Gateway") + &gateway(condition, ["Flow_HighValue", "Flow_Standard"]);
    for (amount, expected) in [(100_000, "AfterFlow_Standard"), (100_001, "AfterFlow_HighValue")] {
        let vector = Vector::begun(&elements, json!({ "amount": amount })).await?;
        assert_eq!(vector.task(expected).await?.state, State::Open, "{amount}");
        assert_eq!(vector.state().await?.work_tasks.len(), 1);
        vector.settle().await?;
    }
    Ok(())
}

#[tokio::test]
async fn v_18_after_seven_days_the_application_has_expired() -> Result<()> {
    let late = "context.applicationStatus = 'EXPIRED'; context.expiryReason = 'DOCUMENT_SUBMISSION_TIMEOUT';
        doCmd('SendEmail', { to: context.customerEmail, subject: 'Expired', body: 'Your application has expired.' });";
    let elements = user_task("DocumentUpload", &[])
        + &boundary_timer("Late", "DocumentUpload", "P7D", true)
        + &script_task("Expire", late, "expired")
        + &flow("Start", "DocumentUpload")
        + &flow("Late", "Expire");
    let mut vector = Vector::begun(&elements, json!({ "customerEmail": "marta.lind@nordguss.example" })).await?;
    let begun = vector.task("DocumentUpload").await?.created_at;
    vector.world.advance_to(begun.plus_millis(7 * DAY_S * 1_000 - 1_000)).await?;
    assert_eq!(vector.task("DocumentUpload").await?.state, State::Open);
    vector.world.advance(60).await?;
    assert_eq!(vector.task("DocumentUpload").await?.state, State::Canceled);
    let variables = vector.variables().await?;
    assert_eq!(variables["applicationStatus"], "EXPIRED");
    assert_eq!(variables["expiryReason"], "DOCUMENT_SUBMISSION_TIMEOUT");
    assert_eq!(vector.mails().len(), 1);
    assert_eq!(vector.status().await?, InstanceStatus::Completed);
    vector.settle().await
}

fn reminded(boundaries: &[(&str, &str, bool)]) -> String {
    let mut elements = user_task("Decide", &[]) + &flow("Start", "Decide");
    for (id, after, interrupting) in boundaries {
        elements += &boundary_timer(id, "Decide", after, *interrupting);
        elements += &mail(&format!("Mail{id}"), "Waiting", "Loan {{ context.loanId }} waits.");
        elements += &flow(id, &format!("Mail{id}"));
    }
    elements
}

fn manager() -> Value {
    json!({ "managerEmail": "ole.berg@nordguss.example", "loanId": "L-17" })
}

fn reminder() -> (String, String) {
    ("ole.berg@nordguss.example".to_owned(), "Loan L-17 waits.".to_owned())
}

#[tokio::test]
async fn v_19_a_reminder_leaves_the_task_open() -> Result<()> {
    let mut vector = Vector::begun(&reminded(&[("Day", "P1D", false)]), manager()).await?;
    vector.world.advance(DAY_S + 60).await?;
    assert_eq!(vector.mails(), [reminder()]);
    assert_eq!(vector.task("Decide").await?.state, State::Open);
    vector.complete("Decide", "jane", "complete", json!({})).await?;
    assert_eq!(vector.status().await?, InstanceStatus::Completed);
    assert!(vector.complete("Decide", "jane", "complete", json!({})).await.is_err(), "completing works once");
    vector.settle().await
}

#[tokio::test]
async fn v_20_of_three_timers_one_has_fired_when_the_task_is_done_after_two_days() -> Result<()> {
    let boundaries = [("Day", "P1D", false), ("Days", "P3D", false), ("Week", "P7D", true)];
    let mut vector = Vector::begun(&reminded(&boundaries), manager()).await?;
    vector.world.advance(2 * DAY_S).await?;
    vector.complete("Decide", "jane", "complete", json!({})).await?;
    assert_eq!(vector.status().await?, InstanceStatus::Completed);
    assert_eq!(vector.world.aws.held().schedules.len(), 0, "no timer is left");
    vector.world.advance(10 * DAY_S).await?;
    assert_eq!(vector.mails(), [reminder()]);
    vector.settle().await
}

#[tokio::test]
async fn v_21_what_waits_a_day_is_escalated_to_the_manager() -> Result<()> {
    let manager_task =
        user_task("Manager", &[("Priority", "HIGH"), ("Description", "ESCALATED: loan {{ context.loanId }}")]);
    let elements = user_task("Lead", &[])
        + &boundary_timer("Half", "Lead", "PT12H", false)
        + &boundary_timer("Day", "Lead", "PT24H", true)
        + &mail("Remind", "Waiting", "Loan {{ context.loanId }} waits.")
        + &manager_task
        + &flow("Start", "Lead")
        + &flow("Half", "Remind")
        + &flow("Day", "Manager");
    let mut vector = Vector::begun(&elements, manager()).await?;
    vector.world.advance(12 * HOUR_S + 60).await?;
    assert_eq!((vector.mails(), vector.task("Lead").await?.state), (vec![reminder()], State::Open));
    vector.world.advance(12 * HOUR_S).await?;
    assert_eq!(vector.task("Lead").await?.state, State::Canceled);
    let api = api(&vector.world).await?;
    let path = format!("/api/user-tasks/{}/Manager", vector.key.guid());
    let (status, body) = call(&api, MANAGER, "GET", &path, Value::Null, "").await?;
    let data = &body["data"];
    assert_eq!((status, &data["state"]), (200, &json!("open")));
    assert_eq!((&data["metadata"]["priority"], &data["description"]), (&json!("High"), &json!("ESCALATED: loan L-17")));
    assert_eq!(vector.mails().len(), 1);
    vector.settle().await
}

/// A validation at once, then an upload behind an async boundary.
fn mobile() -> String {
    let validate = "if (!context.loanAmount || context.loanAmount <= 0) throw new BpmnError('VALIDATION_ERROR', 'The amount is missing');";
    let upload = user_task("DocumentUpload", &[]).replace("<userTask ", "<userTask camunda:asyncBefore=\"true\" ");
    script_task("Validate", validate, "validation")
        + &upload
        + &flow("Start", "Validate")
        + &flow("Validate", "DocumentUpload")
}

#[tokio::test]
async fn v_22_a_start_that_does_not_validate_fails() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&file(&mobile())).await?;
    let key = world.next_key();
    let outcome = world.execute(key, operator(), start(key, "Vector", 1, json!({ "loanAmount": 0 }))).await?;
    assert_eq!(failure(&outcome.reply).0, "VALIDATION_ERROR");
    world.drain().await?;
    let state = world.load(key).await?.aggregate;
    assert_eq!((state.instance.status, state.work_tasks.len()), (InstanceStatus::Error, 0), "nothing continues");
    world.settle().await
}

#[tokio::test]
async fn v_23_the_start_is_answered_before_the_task_exists() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&file(&mobile())).await?;
    let key = world.next_key();
    let outcome = world.execute(key, operator(), start(key, "Vector", 1, json!({ "loanAmount": 100 }))).await?;
    assert_eq!((outcome.after.instance.status, outcome.after.work_tasks.len()), (InstanceStatus::Running, 0));
    world.drain().await?;
    let state = world.load(key).await?.aggregate;
    let open: Vec<(&str, State)> = state.work_tasks.values().map(|task| (task.activity.as_str(), task.state)).collect();
    assert_eq!(open, [("DocumentUpload", State::Open)]);
    world.settle().await
}

#[tokio::test]
async fn v_25_the_csharp_literal_prepares_the_form_context() -> Result<()> {
    let script = "return new { applicationAmount = loanAmount, customerInfo = customer, riskAssessment = riskScore };";
    let variables = json!({ "loanAmount": 5, "customer": { "name": "A" }, "riskScore": 65, "hidden": true });
    let elements = user_task("Review", &[("Script", script)]) + &flow("Start", "Review");
    let vector = Vector::begun(&elements, variables).await?;
    let expected = json!({ "applicationAmount": 5, "customerInfo": { "name": "A" }, "riskAssessment": 65 });
    assert_eq!(Value::Object(vector.task("Review").await?.form_context), expected);
    vector.settle().await
}

#[tokio::test]
async fn v_26_the_input_mapping_gives_the_task_its_names() -> Result<()> {
    let mapping = r#"{ "applicationAmount": "loanAmount", "customerInfo": "customer", "riskAssessment": "riskScore" }"#;
    let variables = json!({ "loanAmount": 50_000, "customer": { "name": "A" }, "riskScore": 65 });
    let elements =
        user_task("Task_ApprovalDecision", &[("InputMapping", mapping)]) + &flow("Start", "Task_ApprovalDecision");
    let vector = Vector::begun(&elements, variables).await?;
    let expected = json!({ "applicationAmount": 50_000, "customerInfo": { "name": "A" }, "riskAssessment": 65 });
    assert_eq!(Value::Object(vector.task("Task_ApprovalDecision").await?.input_data), expected);
    vector.settle().await
}

#[tokio::test]
async fn v_27_the_output_mapping_writes_the_mapped_fields_alone() -> Result<()> {
    let mapping =
        r#"{ "approvalDecision": "decision", "approverComments": "comments", "approvalTimestamp": "timestamp" }"#;
    let elements =
        user_task("Task_ApprovalDecision", &[("OutputMapping", mapping)]) + &flow("Start", "Task_ApprovalDecision");
    let mut vector = Vector::begun(&elements, json!({})).await?;
    let fields = json!({ "decision": "Approve", "comments": "fine", "timestamp": "2026-12-01T10:00:00Z" });
    vector.complete("Task_ApprovalDecision", "jane", "complete", fields).await?;
    let variables = vector.variables().await?;
    let written = ["approvalDecision", "approverComments", "approvalTimestamp"].map(|name| variables[name].clone());
    assert_eq!(written, [json!("Approve"), json!("fine"), json!("2026-12-01T10:00:00Z")]);
    assert_eq!(variables.get("decision"), None);
    vector.settle().await
}

#[tokio::test]
async fn v_28_without_script_and_form_variables_nothing_leaves_the_process() -> Result<()> {
    let vector = Vector::begun(&(user_task("Ask", &[]) + &flow("Start", "Ask")), json!({ "secret": 1 })).await?;
    assert!(vector.task("Ask").await?.form_context.is_empty());
    let api = api(&vector.world).await?;
    let (status, body) =
        call(&api, MANAGER, "GET", "/api/user-tasks/active?processKey=Vector", Value::Null, "").await?;
    assert_eq!((status, &body["data"][0]["variables"]), (200, &json!({})));
    vector.settle().await
}

#[tokio::test]
async fn v_29_a_script_in_an_attribute_runs_as_it_is_written() -> Result<()> {
    let task =
        "<userTask id=\"Ask\"><extensionElements><custom:properties><custom:property name=\"Script\" value=\"// first
        const amount = loanAmount * 2; // doubled
        return { amount }; // last\"/></custom:properties></extensionElements></userTask>";
    let vector = Vector::begun(&(task.to_owned() + &flow("Start", "Ask")), json!({ "loanAmount": 21 })).await?;
    assert_eq!(Value::Object(vector.task("Ask").await?.form_context), json!({ "amount": 42 }));
    vector.settle().await
}
