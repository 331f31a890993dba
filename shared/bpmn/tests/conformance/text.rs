//! The words of `docs/conformance.md` that are written by hand.

pub const INTRODUCTION: &str = "# Conformance

How the engine runs models that were written for other engines: test models of Flowable and Operaton, Operaton's invoice \
example, and the interchange models of the BPMN Model Interchange Working Group. The files are not part of this \
repository; where they lie beside it, a test reads each one as a deployment does, runs every process it accepts in \
memory, with the real engine and the real script language, and writes this document.

**What became of it.** An accepted process is started once with variables made up from what its expressions read, or \
with those of its first expectation. The outside then completes each open task, delivers each awaited message, and lets \
time pass only where nothing else moves, until the instance has ended or nothing moves it. *completed* shows the \
elements it reached. *incident* is an instance that stopped with a code; *waits* one that nothing outside can move. A \
call activity finds the processes of its own file first, then those of files in the same folder, the most similar name \
first. A file that is *refused* is not deployed at all; its codes stand there, and what of another engine it needs.

**Expected and found.** For these files `expectations.txt` says, by the name and content of the model and the rules of \
BPMN 2.0, which variables it starts with, what is done in which order, and what must be true then: which tasks are open, \
how often an element was reached, what a variable holds, how it ended. A sentence stands here only when every line \
of it holds; the test fails otherwise.

A third test plays every process that can be run in drawn orders of tasks, messages and timers: each move that is \
possible must be accepted, and between two moves nothing may be lost, left over or open without its element.

Written by a test in `shared/bpmn/tests/conformance`; `UPDATE_EXPECTED=1 cargo test -p bpmn --test conformance` writes it \
again.
";

pub const DIFFERENCES: &str = "
## Known differences

What the runs showed to be different from Flowable, Camunda 7 and Operaton. Nothing here is refused in silence: what a \
file may not say is a diagnostic of its deployment.

- **Java.** Service tasks with a class, a delegate or an expression on Java objects are refused; `Type`, `Endpoint` or \
`ConnectorKey` says what a service task does. Listeners are ignored with a warning. Scripts are JavaScript without the \
engine's Java API: `execution.getVariable(...)` is `SCRIPT_ERROR`, variables are bare names.
- **Expressions** call no methods. A variable that is missing is null and a condition with it does not hold, where \
Flowable refuses to evaluate. Values of different kinds are never equal: the text `\"1\"` is not the number 1. \
An expression is the whole value; inside a text `${...}` is text, with a warning, and `{{ path }}` brings values. A \
task's name is never an expression.
- **No flow.** A gateway without a flow whose condition holds stops the instance with the incident `NO_FLOW`, which a \
retry with corrected variables mends; Flowable rolls the last step back.
- **Conditions on flows** are looked at behind exclusive and inclusive gateways and behind activities. Behind a start \
event, where BPMN has none and Flowable takes them, they are refused.
- **Errors.** An `errorRef` must name a `bpmn:error`; Flowable takes an unknown one as the code itself. An error end \
event needs a code. An error that nobody catches stops the instance with an incident of that code; of a called process \
it is the call activity that stops.
- **Timers.** A timer whose expression gives no time stops the activity with `INVALID_TIMER` before it begins; Flowable \
goes on without the timer. A `timeCycle` is `R3/PT1H`: no expression, no end date, no six-field cron expression.
- **Call activities.** Without a mapping a called process gets every variable of the caller, whatever \
`inheritVariables` says, and what it gives back is one object, `lastSubprocessResult`. A process that is not deployed \
is the incident `UNKNOWN_PROCESS`, which no error event catches; deploy it and retry. Type conversions of mappings \
are not known.
- **Multi-instance.** A collection must be a list when the activity is reached; anything else is `INVALID_COLLECTION`. \
How many turns there are is fixed then.
- **People.** A single candidate user of a task without groups is its assignee at once. Owners of tasks, skip \
expressions, initiators and variables that name tasks or called processes mean nothing, with a warning: `initiator` is \
null unless it is given at the start.
- **Not executable.** A file whose processes all say `isExecutable=\"false\"` is refused, because it would deploy nothing.
";
