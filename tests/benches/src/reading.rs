//! How fast BPMN files are read: every file of a folder, and generated ones of growing size. Prints one JSON object;
//! judges nothing.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod clock;

use anyhow::ensure;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const RUNS: usize = 5;
const RUN_SECONDS_MIN: f64 = 0.1;
const SIZES: [usize; 4] = [64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024 - 4096];

fn main() -> anyhow::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bpmn-corpus");
    let generated: Vec<Value> = SIZES.iter().map(|size| generated(*size)).collect::<anyhow::Result<_>>()?;
    println!("{}", json!({ "generated": generated, "corpus": self::corpus(&corpus)? }));
    Ok(())
}

/// `null` where the folder is absent.
fn corpus(folder: &Path) -> anyhow::Result<Value> {
    if !folder.is_dir() {
        return Ok(Value::Null);
    }
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    let sources: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let (mut steps, mut accepted) = (0, 0);
    for source in &sources {
        let reading = bpmn::read(source);
        steps += reading.steps;
        accepted += usize::from(!reading.has_errors());
    }
    let seconds = median(|| {
        for source in &sources {
            std::hint::black_box(bpmn::read(source));
        }
    });
    Ok(json!({
        "files": sources.len(), "accepted": accepted, "bytes": bytes, "mb_per_s": bytes as f64 / 1e6 / seconds,
        "ms_per_mib": seconds * 1e3 / mib(bytes), "steps_per_byte": steps as f64 / bytes as f64,
    }))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "bpmn" || extension == "xml") {
            paths.push(path);
        }
    }
    Ok(())
}

fn generated(size: usize) -> anyhow::Result<Value> {
    let source = model(size);
    let reading = bpmn::read(source.as_bytes());
    ensure!(!reading.has_errors(), "the generated model is refused: {:?}", reading.diagnostics.first());
    let seconds = median(|| {
        std::hint::black_box(bpmn::read(source.as_bytes()));
    });
    Ok(json!({
        "bytes": source.len(), "mb_per_s": source.len() as f64 / 1e6 / seconds,
        "ms_per_mib": seconds * 1e3 / mib(source.len()), "steps_per_byte": reading.steps as f64 / source.len() as f64,
    }))
}

/// A chain of tasks, gateways and scripts of about `size` bytes.
fn model(size: usize) -> String {
    let mut text = String::from(
        r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:cs="https://countersign.example/bpmn" id="File">
<bpmn:process id="Chain" isExecutable="true"><bpmn:startEvent id="Start"/><bpmn:sequenceFlow id="First" sourceRef="Start" targetRef="Ask0"/>
"#,
    );
    let mut number = 0;
    while text.len() + 1_400 < size {
        let next = number + 1;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            r#"<bpmn:userTask id="Ask{number}" name="Question {number}"><bpmn:extensionElements><cs:properties>
  <cs:property name="TaskProfile" value="external"/><cs:property name="Description" value="Question {{{{ order.number }}}}"/>
  <cs:property name="Recipient" value="context.supplier.email"/><cs:property name="Actions" value="Yes,No"/>
</cs:properties></bpmn:extensionElements></bpmn:userTask>
<bpmn:sequenceFlow id="Decide{number}" sourceRef="Ask{number}" targetRef="Gate{number}"/>
<bpmn:exclusiveGateway id="Gate{number}" default="No{number}"/>
<bpmn:sequenceFlow id="Yes{number}" sourceRef="Gate{number}" targetRef="Work{number}"><bpmn:conditionExpression><![CDATA[return userAction === "Yes" && amount < {number};]]></bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="No{number}" sourceRef="Gate{number}" targetRef="Ask{next}"/>
<bpmn:scriptTask id="Work{number}"><bpmn:script><![CDATA[context.total = amount * {number};
return context.total;]]></bpmn:script></bpmn:scriptTask>
<bpmn:sequenceFlow id="On{number}" sourceRef="Work{number}" targetRef="Ask{next}"/>
"#
        );
        number = next;
    }
    let _ = write!(text, "<bpmn:endEvent id=\"Ask{number}\"/></bpmn:process></bpmn:definitions>");
    text
}

/// Seconds of one go, of the middle run. A run repeats until it is long against the steps of the processor's clock.
fn median(mut work: impl FnMut()) -> f64 {
    let mut goes = 1_u32;
    while clock::time(|| (0..goes).for_each(|_| work())).1 < RUN_SECONDS_MIN {
        goes *= 2;
    }
    let runs = (0..RUNS).map(|_| clock::time(|| (0..goes).for_each(|_| work())).1 / f64::from(goes));
    clock::median(runs.collect())
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / 1_048_576.0
}
