//! The models of `growth`: each grows in one direction by a number. Runs nothing.

use domain::variables::Variables;
use serde_json::{Value, json};

/// A kind of growth.
pub struct Shape {
    pub name: &'static str,
    /// What the size counts.
    pub unit: &'static str,
    /// The second is ten times the first.
    pub sizes: [usize; 2],
    pub model: fn(usize) -> String,
    pub variables: fn(usize) -> Variables,
}

/// Sizes end where the engine's limits do: 10,000 turns, 1,000 paths that wait to go on, 20 sub-processes in one another.
pub const ALL: &[Shape] = &[
    Shape { name: "tasks in a row", unit: "tasks", sizes: [1_000, 10_000], model: row, variables: none },
    Shape { name: "a loop with a script", unit: "turns", sizes: [1_000, 10_000], model: looping, variables: counter },
    Shape {
        name: "multi-instance script task, one after the other",
        unit: "turns",
        sizes: [1_000, 10_000],
        model: |turns| file(&work(SCRIPT_TASK, &times(turns, true))),
        variables: counter,
    },
    Shape {
        name: "multi-instance script task over a list, results collected",
        unit: "items",
        sizes: [1_000, 10_000],
        model: |_| file(&work(SCRIPT_TASK, OVER_A_LIST)),
        variables: list,
    },
    Shape {
        name: "multi-instance script task, side by side",
        unit: "turns",
        sizes: [100, 1_000],
        model: |turns| file(&work(SCRIPT_TASK, &times(turns, false))),
        variables: counter,
    },
    Shape {
        name: "multi-instance sub-process, one after the other",
        unit: "turns",
        sizes: [1_000, 10_000],
        model: |turns| file(&work(SUB_PROCESS, &times(turns, true))),
        variables: none,
    },
    Shape {
        name: "multi-instance sub-process, side by side",
        unit: "turns",
        sizes: [100, 1_000],
        model: |turns| file(&work(SUB_PROCESS, &times(turns, false))),
        variables: none,
    },
    Shape {
        name: "multi-instance sub-process, side by side, each waits for a timer",
        unit: "turns",
        sizes: [100, 1_000],
        model: |turns| file(&work(WAITING_SUB_PROCESS, &times(turns, false))),
        variables: none,
    },
    Shape {
        name: "sub-processes in one another",
        unit: "sub-processes",
        sizes: [2, 20],
        model: nested,
        variables: none,
    },
    Shape {
        name: "parallel gateways, split and join",
        unit: "branches",
        sizes: [100, 1_000],
        model: |branches| split("parallelGateway", branches, task, |_| None),
        variables: none,
    },
    Shape {
        name: "inclusive gateways, split and join, every second branch taken",
        unit: "branches",
        sizes: [100, 1_000],
        model: |branches| split("inclusiveGateway", branches, task, |number| Some(format!("={} = 0", number % 2))),
        variables: none,
    },
    Shape {
        name: "call activity, one after the other",
        unit: "calls",
        sizes: [100, 1_000],
        model: |turns| files(&work(CALL_ACTIVITY, &times(turns, true)), CALLED),
        variables: none,
    },
    Shape {
        name: "timers that wait side by side and fire one by one",
        unit: "timers",
        sizes: [100, 1_000],
        model: |branches| split("parallelGateway", branches, timer, |_| None),
        variables: none,
    },
];

const SCRIPT_TASK: [&str; 2] =
    ["<bpmn:scriptTask id=\"Work\"><bpmn:script>n = n + 1</bpmn:script>", "</bpmn:scriptTask>"];
const SUB_PROCESS: [&str; 2] = [
    "<bpmn:subProcess id=\"Work\"><bpmn:startEvent id=\"In\"/><bpmn:sequenceFlow id=\"Inside\" sourceRef=\"In\" \
     targetRef=\"Out\"/><bpmn:endEvent id=\"Out\"/>",
    "</bpmn:subProcess>",
];
const WAITING_SUB_PROCESS: [&str; 2] = [
    "<bpmn:subProcess id=\"Work\"><bpmn:startEvent id=\"In\"/><bpmn:sequenceFlow id=\"Inside\" sourceRef=\"In\" \
     targetRef=\"Rest\"/><bpmn:intermediateCatchEvent id=\"Rest\"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H\
     </bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent><bpmn:sequenceFlow id=\"On\" \
     sourceRef=\"Rest\" targetRef=\"Out\"/><bpmn:endEvent id=\"Out\"/>",
    "</bpmn:subProcess>",
];
const CALL_ACTIVITY: [&str; 2] = ["<bpmn:callActivity id=\"Work\" calledElement=\"Called\">", "</bpmn:callActivity>"];
const CALLED: &str = "<bpmn:process id=\"Called\" isExecutable=\"true\"><bpmn:startEvent id=\"Begin\"/><bpmn:sequenceFlow \
                      id=\"On\" sourceRef=\"Begin\" targetRef=\"Finish\"/><bpmn:endEvent id=\"Finish\"/></bpmn:process>";
const OVER_A_LIST: &str = "<bpmn:multiInstanceLoopCharacteristics isSequential=\"true\"><bpmn:extensionElements>\
                           <zeebe:loopCharacteristics inputCollection=\"=items\" inputElement=\"item\" \
                           outputCollection=\"doubled\" outputElement=\"=item * 2\"/></bpmn:extensionElements>\
                           </bpmn:multiInstanceLoopCharacteristics>";

fn file(body: &str) -> String {
    files(body, "")
}

/// The process that is started, with its start and end event, and others.
fn files(body: &str, others: &str) -> String {
    format!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" id=\"File\"><bpmn:process id=\"Growth\" \
         isExecutable=\"true\"><bpmn:startEvent id=\"Start\"/>{body}<bpmn:endEvent id=\"End\"/></bpmn:process>{others}\
         </bpmn:definitions>"
    )
}

fn flow(from: &str, to: &str, condition: Option<&str>) -> String {
    let condition = condition.map(|text| format!("<bpmn:conditionExpression>{text}</bpmn:conditionExpression>"));
    format!(
        "<bpmn:sequenceFlow id=\"{from}-{to}\" sourceRef=\"{from}\" targetRef=\"{to}\">{}</bpmn:sequenceFlow>",
        condition.unwrap_or_default()
    )
}

fn task(id: &str) -> String {
    format!("<bpmn:task id=\"{id}\"/>")
}

fn timer(id: &str) -> String {
    format!(
        "<bpmn:intermediateCatchEvent id=\"{id}\"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H\
         </bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )
}

fn row(tasks: usize) -> String {
    let mut body = String::new();
    let mut before = "Start".to_owned();
    for number in 0..tasks {
        let id = format!("Task{number}");
        body += &(flow(&before, &id, None) + &task(&id));
        before = id;
    }
    file(&(body + &flow(&before, "End", None)))
}

fn looping(turns: usize) -> String {
    let back = flow("Enough", "Count", Some(&format!("=n &lt; {turns}")));
    file(&format!(
        "{}<bpmn:scriptTask id=\"Count\"><bpmn:script>n = n + 1</bpmn:script></bpmn:scriptTask>{}\
         <bpmn:exclusiveGateway id=\"Enough\" default=\"Enough-End\"/>{back}{}",
        flow("Start", "Count", None),
        flow("Count", "Enough", None),
        flow("Enough", "End", None)
    ))
}

/// One activity between start and end, done as `turns` says.
fn work([open, close]: [&str; 2], turns: &str) -> String {
    format!("{}{open}{turns}{close}{}", flow("Start", "Work", None), flow("Work", "End", None))
}

fn times(turns: usize, sequential: bool) -> String {
    format!(
        "<bpmn:multiInstanceLoopCharacteristics isSequential=\"{sequential}\"><bpmn:loopCardinality>{turns}\
         </bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
}

fn nested(depth: usize) -> String {
    let mut inner = String::new();
    for level in (0..depth).rev() {
        let (below, from, to) = (format!("Sub{}", level + 1), format!("In{level}"), format!("Out{level}"));
        let flows = if inner.is_empty() {
            flow(&from, &to, None)
        } else {
            flow(&from, &below, None) + &flow(&below, &to, None)
        };
        inner = format!(
            "<bpmn:subProcess id=\"Sub{level}\"><bpmn:startEvent id=\"{from}\"/>{inner}{flows}<bpmn:endEvent \
             id=\"{to}\"/></bpmn:subProcess>"
        );
    }
    file(&format!("{inner}{}{}", flow("Start", "Sub0", None), flow("Sub0", "End", None)))
}

/// Branches between two gateways of a kind, each with a condition or none.
fn split(
    gateway: &str,
    branches: usize,
    between: fn(&str) -> String,
    condition: fn(usize) -> Option<String>,
) -> String {
    let mut body = format!("<bpmn:{gateway} id=\"Split\"/><bpmn:{gateway} id=\"Join\"/>");
    body += &(flow("Start", "Split", None) + &flow("Join", "End", None));
    for number in 0..branches {
        let id = format!("Branch{number}");
        body += &between(&id);
        body += &flow("Split", &id, condition(number).as_deref());
        body += &flow(&id, "Join", None);
    }
    file(&body)
}

fn none(_: usize) -> Variables {
    Variables::new()
}

fn counter(_: usize) -> Variables {
    Variables::from_iter([("n".to_owned(), json!(0))])
}

fn list(items: usize) -> Variables {
    Variables::from_iter([("n".to_owned(), json!(0)), ("items".to_owned(), (0..items).map(Value::from).collect())])
}
