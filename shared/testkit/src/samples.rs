//! Small processes as designers would deploy them. BPMN text only.

use std::fmt::Write;

/// One external task, then a gateway over the recipient's action: an order is approved or rejected. Reminders after 5 and
/// 10 days, expiry after 14; a modelled time-out would hide the expiry and is left out.
pub fn approval() -> String {
    let task =
        external("Confirm", &[("ExpiresAfter", "P14D"), ("Reminders", "P5D,P10D"), ("ResultVariable", "decision")]);
    let gateway = r#"<exclusiveGateway id="Accepted" default="No"/>
        <sequenceFlow id="Yes" sourceRef="Accepted" targetRef="Ordered">
          <conditionExpression>${userAction == "approve"}</conditionExpression>
        </sequenceFlow>
        <sequenceFlow id="No" sourceRef="Accepted" targetRef="Declined"/>
        <endEvent id="Ordered"/><endEvent id="Declined"/>"#;
    process("Approval", &["Confirm"], &format!("{task}{}{gateway}", flow("Confirm", "Accepted")))
}

/// One external task without reminders or expiry: the shortest life with a mail.
pub fn question() -> String {
    let task = external("Answer", &[]);
    process("Question", &["Answer"], &format!("{task}{}<endEvent id=\"Done\"/>", flow("Answer", "Done")))
}

/// One external task with a reminder and an expiry, then an end: the life that crashes are tried on.
pub fn reminded_question() -> String {
    let task = external("Answer", &[("ExpiresAfter", "P3D"), ("Reminders", "P1D")]);
    process("RemindedQuestion", &["Answer"], &format!("{task}{}<endEvent id=\"Done\"/>", flow("Answer", "Done")))
}

/// Two external tasks side by side; the instance completes when both are answered.
pub fn two_at_once() -> String {
    let mut body = String::new();
    for id in ["Left", "Right"] {
        body.push_str(&external(id, &[("ExpiresAfter", "P3D"), ("Reminders", "P1D")]));
        body.push_str(&flow(id, &format!("{id}Done")));
        body.push_str(&format!("<endEvent id=\"{id}Done\"/>"));
    }
    process("TwoAtOnce", &["Left", "Right"], &body)
}

/// An external task with an interrupting and a repeating boundary timer beside reminders in seconds: everything that
/// can be due travels through queues.
pub fn hurried() -> String {
    let task = external("Answer", &[("ExpiresAfter", "PT50S"), ("Reminders", "PT10S,PT20S")]);
    let boundary = r#"<boundaryEvent id="Nudge" attachedToRef="Answer" cancelActivity="false">
          <timerEventDefinition><timeCycle>R2/PT15S</timeCycle></timerEventDefinition>
        </boundaryEvent>
        <boundaryEvent id="TimeIsUp" attachedToRef="Answer">
          <timerEventDefinition><timeDuration>PT55S</timeDuration></timerEventDefinition>
        </boundaryEvent>"#;
    let flows = format!("{}{}{}", flow("Answer", "Done"), flow("Nudge", "Nudged"), flow("TimeIsUp", "Late"));
    let ends = r#"<endEvent id="Done"/><endEvent id="Nudged"/><endEvent id="Late"/>"#;
    process("Hurried", &["Answer"], &format!("{task}{boundary}{flows}{ends}"))
}

/// An ordinary user task with its own properties, then an end; a second one behind it where the first was approved.
pub fn review(properties: &[(&str, &str)]) -> String {
    let gateway = r#"<exclusiveGateway id="Approved" default="No"/>
        <sequenceFlow id="Yes" sourceRef="Approved" targetRef="Second">
          <conditionExpression>${userAction == "Approve"}</conditionExpression>
        </sequenceFlow>
        <sequenceFlow id="No" sourceRef="Approved" targetRef="Refused"/>
        <endEvent id="Refused"/><endEvent id="Granted"/>"#;
    let (first, second) = (user_task("First", properties), user_task("Second", properties));
    let flows = format!("{}{}", flow("First", "Approved"), flow("Second", "Granted"));
    process("Review", &["First"], &format!("{first}{second}{gateway}{flows}"))
}

/// Two paths that reach the same ordinary user task: two tasks of one activity.
pub fn review_twice() -> String {
    let flows = r#"<sequenceFlow id="again" sourceRef="Start" targetRef="First"/>"#;
    let (task, end) = (user_task("First", &[]), flow("First", "Done"));
    process("ReviewTwice", &["First"], &format!("{flows}{task}{end}<endEvent id=\"Done\"/>"))
}

/// A user task for a recipient named by the variable `recipient`, with two actions and a comment to all of them.
fn external(id: &str, properties: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("TaskProfile", "external"),
        ("Description", "Please answer to order {{ order }}."),
        ("Recipient", "context.recipient"),
        ("FormVariables", "order,supplier"),
        ("Actions", "approve|Approve,reject|Reject"),
    ];
    all.extend_from_slice(properties);
    user_task(id, &all)
}

fn user_task(id: &str, properties: &[(&str, &str)]) -> String {
    let mut text = format!("<userTask id=\"{id}\" name=\"Please answer\"><extensionElements><cs:properties>");
    for (name, value) in properties {
        write!(text, "<cs:property name=\"{name}\"><![CDATA[{value}]]></cs:property>")
            .expect("a string takes everything");
    }
    text + "</cs:properties></extensionElements></userTask>"
}

fn flow(from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

fn process(id: &str, first: &[&str], body: &str) -> String {
    let flows: String = first.iter().map(|first| flow("Start", first)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:cs=\"https://countersign.example/bpmn\" targetNamespace=\"https://norvik.example\">\
         <process id=\"{id}\" name=\"{id}\" isExecutable=\"true\"><startEvent id=\"Start\"/>{flows}{body}</process>\
         </definitions>"
    )
}
