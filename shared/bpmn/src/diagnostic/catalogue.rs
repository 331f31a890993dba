//! Every diagnostic in words: what it means and what to do. `docs/diagnostics.md` is written from it, and debug builds
//! refuse a diagnostic that does not stand here with its severity. Finds nothing itself.

mod action;
mod page;

use super::Severity;
use Severity::{Error, Info, Warning};

/// One code.
pub struct Entry {
    /// As it stands in answers.
    pub code: &'static str,
    /// The worst first.
    pub severities: &'static [Severity],
    /// What was found.
    pub means: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

const fn on(severities: &'static [Severity], code: &'static str, means: &'static str, help: &'static str) -> Entry {
    Entry { code, severities, means, help }
}

const fn error(code: &'static str, means: &'static str, help: &'static str) -> Entry {
    on(&[Error], code, means, help)
}

const fn warning(code: &'static str, means: &'static str, help: &'static str) -> Entry {
    on(&[Warning], code, means, help)
}

const fn info(code: &'static str, means: &'static str, help: &'static str) -> Entry {
    on(&[Info], code, means, help)
}

/// All codes: of the file and its structure, of elements and flows, of properties and scripts, of pages and mails.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [FILE, FLOWS, EVENTS, PROPERTIES, SCRIPTS, EXTERNAL, action::ACTIONS, page::PAGES].into_iter().flatten()
}

/// True where the code stands here with this severity.
pub(crate) fn knows(severity: Severity, code: &str) -> bool {
    entries().any(|entry| entry.code == code && entry.severities.contains(&severity))
}

const FILE: &[Entry] = &[
    error("EMPTY_FILE", "Nothing but white space was sent.", "Send a BPMN 2.0 XML document."),
    error("TOO_LARGE", "The file has more than 4 MiB.", "Remove pictures and unused diagrams, or split the file."),
    error("NOT_UTF8", "The bytes are not UTF-8.", "Save the file as UTF-8."),
    error(
        "ENCODING_NOT_SUPPORTED",
        "The file is in another encoding than UTF-8, or says so.",
        "Save and declare it as UTF-8.",
    ),
    error(
        "DTD_NOT_ALLOWED",
        "The file has a document type declaration or defines entities.",
        "Remove it and write the characters themselves.",
    ),
    error(
        "NOT_WELL_FORMED",
        "The text is no well-formed XML.",
        "Correct the place that is named, or import with `mode=lenient`, which repairs what is usual in pasted examples.",
    ),
    error(
        "TOO_DEEP",
        "Elements, or sub-processes, are nested deeper than any process model needs.",
        "Flatten the model; a call activity can replace inner sub-processes.",
    ),
    error("TOO_MANY_ATTRIBUTES", "One element has more than 256 attributes.", "Remove those that no tool needs."),
    error("TOO_MANY_NAMESPACES", "The file declares too many namespaces.", "Declare each one once, at the root."),
    error(
        "TOO_MANY_ELEMENTS",
        "The file has more elements than are read.",
        "Split it into several processes and files.",
    ),
    error(
        "NOT_BPMN",
        "The root element is not BPMN's `definitions`.",
        "Begin with `<bpmn:definitions>` in the BPMN 2.0 namespace.",
    ),
    error(
        "NO_EXECUTABLE_PROCESS",
        "No process of the file may run.",
        "Set `isExecutable=\"true\"` on the process to deploy.",
    ),
    warning(
        "PROCESS_SKIPPED",
        "A process with `isExecutable=\"false\"` stands beside others and is not deployed.",
        "Nothing, if it is only drawn.",
    ),
    info("PARTICIPANT_SKIPPED", "A pool has no process.", "Nothing: it is drawn, and no message reaches it."),
    info("MORE_DIAGNOSTICS", "There were more findings than are listed.", "Correct those and deploy again."),
    error(
        "MISSING_ID",
        "A process or an element has no id.",
        "Give it one: instances, incidents and the API name elements by it.",
    ),
    error(
        "INVALID_ID",
        "An id is no XML name or is too long.",
        "Begin with a letter or `_` and use letters, digits, `_`, `-`, `.`",
    ),
    error("DUPLICATE_ID", "Two elements have the same id.", "Give each its own."),
    error("INVALID_ATTRIBUTE", "A yes-or-no attribute has another value.", "Write `true` or `false`."),
    error(
        "UNSUPPORTED_ELEMENT",
        "An element, or something inside one, does not run here.",
        "Model it otherwise; [Writing processes](processes.md) lists what runs.",
    ),
];

const FLOWS: &[Entry] = &[
    on(
        &[Error],
        "NO_START_EVENT",
        "A process or sub-process has no start event.",
        "Add one, with a flow from it; an event sub-process needs one with its event.",
    ),
    error(
        "SEVERAL_START_EVENTS",
        "A scope has more than one start event.",
        "Keep one; make an event sub-process of each further event.",
    ),
    error(
        "DANGLING_REFERENCE",
        "A reference leads to nothing: the end of a flow, a default flow, an attachment, an error, a message, a signal or `OnTimeout`.",
        "Correct the id, or add what it names.",
    ),
    error(
        "FLOW_NOT_ALLOWED",
        "A flow leaves an end event, arrives at a start or boundary event, or touches an event sub-process.",
        "Connect other elements.",
    ),
    error(
        "FLOW_ACROSS_SCOPES",
        "A flow crosses the border of a sub-process.",
        "Connect the sub-process itself, or leave it through an end event or a boundary event.",
    ),
    on(
        &[Error, Warning],
        "NO_OUTGOING_FLOW",
        "No flow leaves a gateway that must decide (error), a start event or a boundary event (warning).",
        "Connect it.",
    ),
    warning(
        "BUSY_LOOP",
        "A path leads back to an element and nothing on it waits: after 100,000 elements the instance stops with `LIMIT`.",
        "Make sure that a condition ends the loop.",
    ),
    warning("FLOW_WITHOUT_ID", "A flow has no id and is called by its ends.", "Give it one, to name it in conditions."),
    warning(
        "FLOW_LIST_MISMATCH",
        "`incoming` or `outgoing` of an element names another flow than the sequence flows show.",
        "Nothing: the sequence flows count. Save the file again with a modelling tool.",
    ),
    error("DEFAULT_FLOW", "The default flow of a gateway leaves another element.", "Name one that leaves the gateway."),
    error(
        "UNSUPPORTED_CONDITIONAL_FLOW",
        "A condition or a default flow stands where nothing decides.",
        "Put an exclusive gateway behind the element; conditions may stand on flows of gateways and activities.",
    ),
    error(
        "EVENT_GATEWAY_TARGET",
        "Behind an event-based gateway stands something that is no event of its own.",
        "Put an intermediate catch event there to which no other flow leads.",
    ),
    warning(
        "CONDITION_IGNORED",
        "A `conditionExpression` is not looked at, because the gateway's `Condition` decides or the flow is the default.",
        "Remove it.",
    ),
    warning(
        "FLOW_ALWAYS_TAKEN",
        "A flow without condition stands before others, which are never taken.",
        "Give it a condition, or make it the default flow.",
    ),
    error(
        "UNKNOWN_FLOW",
        "A `Condition` returns a text that names no outgoing flow.",
        "Return the id or the name of one.",
    ),
    warning("UNREACHABLE", "No path leads to an element.", "Connect it or remove it."),
];

const EVENTS: &[Entry] = &[
    error(
        "BOUNDARY_ATTACHMENT",
        "A boundary event is attached to nothing, to what is no activity, or to an activity of another scope.",
        "Attach it to an activity of its own scope.",
    ),
    warning(
        "BOUNDARY_NEVER_FIRES",
        "A boundary event waits for what cannot happen: its activity ends at once, or cannot fail.",
        "Remove it, or attach it elsewhere.",
    ),
    error("EVENT_DEFINITION", "An event has no event definition, or several.", "Give it one."),
    error(
        "INVALID_TIMER",
        "A timer has not exactly one of duration, date and cycle, or it is empty.",
        "Write one, for example `<bpmn:timeDuration>PT12H</bpmn:timeDuration>`.",
    ),
    error(
        "INVALID_DURATION",
        "A duration cannot be read.",
        "Write an ISO 8601 duration such as `P14D` or `PT12H`; `TimeoutMs` takes milliseconds.",
    ),
    error("INVALID_DATE", "A date and time cannot be read.", "Write `2026-12-03T09:00:00Z`."),
    error(
        "INVALID_CYCLE",
        "A repetition cannot be read or repeats without end.",
        "Write `R3/P1D` (three times), `R/PT12H` (until the activity ends) or a cron expression of five fields such as \
         `0 2 * * MON-FRI`.",
    ),
    warning(
        "DATE_WITHOUT_OFFSET",
        "A date and time does not say how far it is from UTC.",
        "Add `Z` or an offset such as `+01:00`.",
    ),
    warning("CYCLE_LIMITED", "A cycle asks for more firings than there are.", "Write at most 1,000."),
    warning(
        "CYCLE_ON_INTERRUPTING",
        "A cycle stands on a timer that fires only once.",
        "Write a duration, or let the timer not interrupt.",
    ),
    error("INVALID_ERROR_CODE", "An error code is longer than the engine keeps.", "Use at most 100 characters."),
    error("ERROR_WITHOUT_CODE", "An error end event throws no code.", "Refer to a `bpmn:error` with an `errorCode`."),
    warning(
        "ERROR_REF_BY_CODE",
        "An `errorRef` is the code of an error and not its id.",
        "Write the id; other tools need it.",
    ),
    warning(
        "ERROR_INTERRUPTS",
        "An error event that is to interrupt nothing does interrupt.",
        "Nothing, if that is what is meant: only a user task can go on after its error.",
    ),
    on(
        &[Warning, Info],
        "UNCAUGHT_ERROR",
        "Nothing catches a code that a script (warning) or an end event (note) throws.",
        "Attach an error boundary event with this code, around it or in the process that calls.",
    ),
    warning(
        "NO_ERROR_BOUNDARY",
        "A ServerScript throws and nothing around the task catches anything.",
        "Attach an error boundary event and throw `BpmnError`.",
    ),
    warning(
        "VALIDATION_INTERRUPTS",
        "An error boundary event takes a task away because its form was refused.",
        "Set `cancelActivity=\"false\"`, so that the form can be corrected.",
    ),
    warning(
        "MESSAGE_WITHOUT_NAME",
        "Nothing says which message is waited for or sent; it is one with the element's id as name.",
        "Refer to a `bpmn:message` in `messageRef`.",
    ),
    warning(
        "MESSAGE_NOT_AWAITED",
        "A message is sent without a correlation key, so only to its own instance, where nothing waits for it.",
        "Write into `correlationKey` by which value the receiver is found, the same at both ends.",
    ),
    error(
        "SIGNAL_WITHOUT_NAME",
        "Nothing says which signal is waited for or sent.",
        "Refer to a `bpmn:signal` in `signalRef`.",
    ),
    error(
        "MULTI_INSTANCE",
        "It is not clear how often an activity is done.",
        "Give it one `loopCardinality` or one collection.",
    ),
    warning("OUTPUT_NOT_COLLECTED", "Turns give a value that is collected nowhere.", "Name the `outputCollection`."),
    warning(
        "TIMEOUT_IGNORED",
        "`TimeoutMs` stands beside an interrupting boundary timer, or `OnTimeout` of a request beside an error event that catches HTTP_TIMEOUT; the event counts.",
        "Keep one of them.",
    ),
    warning(
        "NO_TIME_LIMIT",
        "A user task waits for ever when nobody does it.",
        "Add `ExpiresAfter`, `TimeoutMs` or a boundary timer.",
    ),
];

const PROPERTIES: &[Entry] = &[
    error("CALLED_ELEMENT_MISSING", "A call activity names no process.", "Write its id into `calledElement`."),
    error("PROPERTY_WITHOUT_NAME", "A property has no name.", "Write `name=\"...\"`."),
    error("PROPERTY_NOT_TEXT", "A property contains elements.", "Put its text into CDATA."),
    error("PROPERTY_VALUE_TWICE", "A property has a value attribute and a text.", "Keep one of them."),
    error("DUPLICATE_PROPERTY", "A property is given twice.", "Keep one of them."),
    error(
        "UNSUPPORTED_PROPERTY",
        "A property, or what it asks for, is not built yet.",
        "Do what the message says; without the property the process would behave differently.",
    ),
    warning(
        "UNKNOWN_PROPERTY",
        "A property is not known, but nearly.",
        "Correct the spelling; as it is, it becomes a custom header.",
    ),
    warning(
        "PROPERTY_IGNORED",
        "A property has no effect where it stands, or beside another one.",
        "Move or remove it.",
    ),
    warning("VENDOR_PROPERTY_IGNORED", "A vendor's attribute repeats a property that is given.", "Keep one of them."),
    warning(
        "EXTENSION_IGNORED",
        "An extension of another engine has no effect here.",
        "Nothing, if the process does not depend on it.",
    ),
    error("INVALID_VALUE", "A property has a value it cannot have.", "Use one of those in the message."),
    error(
        "INVALID_LIST",
        "A list is neither separated by commas nor a JSON array of texts.",
        "Write `Approve, Reject` or `[\"Approve\", \"Reject\"]`.",
    ),
    error(
        "INVALID_MAPPING",
        "A mapping cannot be read.",
        "Write a JSON object of destination and source, such as `{\"decision\": \"action\"}`.",
    ),
    error(
        "INVALID_NAME",
        "A name of a variable, message or signal cannot be used.",
        "Use letters, digits and `_`, and no name of the engine's.",
    ),
    error("INVALID_PATH", "A path to a variable cannot be read.", "Write `order.lines[0].price`."),
    warning(
        "FORM_VARIABLES_ALIKE",
        "Two paths of `FormVariables` end in the same name, and the form sees only one of them.",
        "Map them to names of their own in `InputMapping`.",
    ),
    warning(
        "PARTIAL_EXPRESSION",
        "A text contains `${...}`, which is an expression only as the whole value.",
        "Write `{{ path }}` for values inside a text.",
    ),
    error(
        "INVALID_EXPRESSION",
        "An expression or a condition cannot be read.",
        "Correct it at the place that is named.",
    ),
    error(
        "INVALID_TEMPLATE",
        "A text has a placeholder that cannot be read.",
        "Write `{{ path }}` with at most the filters that exist.",
    ),
    error("TASK_TYPE_MISMATCH", "`TaskType` contradicts the element.", "Remove it."),
    error(
        "UNSUPPORTED_PROFILE",
        "A user task has a profile that does not exist or is not built yet.",
        "Use one that the message names.",
    ),
    warning("MISSING_DESCRIPTION", "A user task does not say what is to be done.", "Add a `Description`."),
    error(
        "MANUAL_GATEWAY",
        "A gateway without `Condition` has the properties of a question to a person (`FormKey`, `UserActions`, `ResponsibleTeams`, `ResponsibleUsers`).",
        "Put a user task with these `UserActions` before the gateway and let the conditions of its flows ask `userAction`.",
    ),
    warning("FORM_KEY_MISSING", "An approval shows no form to whoever decides.", "Name one in `FormKey`."),
    warning(
        "USERS_WITHOUT_TEAM",
        "A task is for named persons only and waits while they are away.",
        "Add `ResponsibleTeams`.",
    ),
];

const SCRIPTS: &[Entry] = &[
    error("SCRIPT_MISSING", "A script task has no script.", "Put it into `<bpmn:script>`."),
    error("SCRIPT_TWICE", "A script task has two scripts.", "Keep one of them."),
    error("SCRIPT_SYNTAX", "A script is no valid JavaScript.", "Correct it at the place that is named."),
    warning("SCRIPT_WARNING", "A script is valid but probably not meant like this.", "Read the message."),
    error("UNSUPPORTED_SCRIPT_FORMAT", "A script is in another language.", "Write JavaScript."),
    info(
        "SCRIPT_IN_ATTRIBUTE",
        "A script of several lines stands in an attribute. It runs as written here; other tools make one line of it.",
        "Put it into CDATA.",
    ),
    error(
        "CLIENT_SCRIPT_NOT_ALLOWED",
        "A ClientScript contains what would end it in a page, or loads another script.",
        "Write `<\\/script` for `</script`, and no `import`.",
    ),
    warning(
        "CLIENT_SCRIPT_NAME",
        "A ClientScript uses a name that a page does not give it: it is undefined there.",
        "Use the form context, the form data and the helpers; leave the rest to `Script` and `ServerScript`.",
    ),
    warning(
        "CLIENT_SCRIPT_FIELD",
        "A ClientScript names a field that the form does not have.",
        "Correct the name, or add the field to the `TaskPage`.",
    ),
    warning(
        "CLIENT_SCRIPT_HIDES_REQUIRED",
        "A ClientScript can hide a field whose answer is required.",
        "Make the field optional in the form and call `requireField` where it is shown.",
    ),
    warning(
        "CLIENT_SCRIPT_SHOWS_COMPUTED",
        "A ClientScript shows a field whose name it computes, so that the field does not begin hidden.",
        "Write the name as a text, one call for each field.",
    ),
    warning(
        "ERROR_RETURNED",
        "A script returns an error instead of throwing it, which counts as success.",
        "Throw `BpmnError(code, message)`.",
    ),
    warning(
        "ANSWERS_UNMAPPED",
        "A ServerScript checks who answers against a variable that the same person may submit.",
        "Add an `OutputMapping` that names the fields to keep; the script sees the others in `formData`.",
    ),
    warning(
        "VAGUE_ERROR",
        "A thrown code or message says too little to whoever must act on it.",
        "Use a telling code and a sentence.",
    ),
    warning("VAGUE_ACTIONS", "Buttons are called Yes, No or Maybe.", "Say what happens, such as Approve and Reject."),
];

const EXTERNAL: &[Entry] = &[
    error(
        "RECIPIENT_MISSING",
        "An external task has no `Recipient`.",
        "Name a mail address or where it stands, such as `context.supplier.email`.",
    ),
    error("INVALID_RECIPIENT", "A `Recipient` is no mail address.", "Write one address."),
    error(
        "CHANNEL_NOT_AVAILABLE",
        "Notifications cannot travel on this channel yet.",
        "Write `email` or remove the property.",
    ),
    error("EXPIRY_TWICE", "`ExpiresAfter` and `ExpiresAt` are both given.", "Keep one of them."),
    warning(
        "REMINDER_AFTER_EXPIRY",
        "A reminder would go out after the task has expired.",
        "Let it go out earlier, or the task expire later.",
    ),
    warning("DUPLICATE_REMINDER", "Two reminders go out at the same time.", "Keep one of them."),
    error("TOO_MANY_REMINDERS", "More reminders are asked for than are sent.", "Ask for fewer."),
    error("INVALID_ACTION", "An action cannot be read.", "Write `Name`, `Name|Label` or `Name|Label|style`."),
    error("DUPLICATE_ACTION", "Two actions have the same name.", "Give each its own."),
    error("TOO_MANY_ACTIONS", "More actions than fit on a page.", "Offer fewer."),
    error(
        "UNKNOWN_ACTION",
        "A button of the task page submits an action that is not in `Actions`.",
        "Add it there, or correct the button.",
    ),
];
