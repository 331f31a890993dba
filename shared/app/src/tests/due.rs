//! What schedules and queues carry keeps its form: messages outlive deployments.

use crate::due::DueMessage;
use crate::throws::ThrowJob;
use domain::effect::{Due, TimerStart};
use domain::ids::{ElementNumber, InstanceKey, TaskNumber, TenantId};
use domain::time::Timestamp;

#[test]
fn due_messages_keep_their_stored_form() {
    let instance = InstanceKey::new(1 << 20).expect("below 2^63");
    let message = |due| DueMessage::new(TenantId(1), instance, due);
    let cases = [
        (
            message(Some(Due::Reminder { task: TaskNumber(4), occurrence: 2 })),
            r#"{"tenant":1,"instance":"1048576","due":{"r":{"t":4,"n":2}}}"#,
        ),
        (
            message(Some(Due::Expiry { task: TaskNumber(4) })),
            r#"{"tenant":1,"instance":"1048576","due":{"e":{"t":4}}}"#,
        ),
        (
            message(Some(Due::Timer { element: ElementNumber(3), event: "B".to_owned(), occurrence: 1 })),
            r#"{"tenant":1,"instance":"1048576","due":{"b":{"k":3,"e":"B","n":1}}}"#,
        ),
        (
            message(Some(Due::Start(Box::new(TimerStart {
                process_id: "P".to_owned(),
                version: 3,
                event: "S".to_owned(),
                occurrence: 2,
                at: Timestamp::from_millis(7),
            })))),
            r#"{"tenant":1,"instance":"1048576","due":{"s":{"p":"P","v":3,"e":"S","n":2,"a":7}}}"#,
        ),
        (message(None), r#"{"tenant":1,"instance":"1048576"}"#),
        (
            DueMessage { thrown: Some(ThrowJob { journal: "~J#1".to_owned(), effect: 2 }), ..message(None) },
            r#"{"tenant":1,"instance":"1048576","thrown":{"journal":"~J#1","effect":2}}"#,
        ),
    ];
    for (message, stored) in cases {
        assert_eq!(serde_json::to_string(&message).expect("JSON"), stored);
        assert_eq!(serde_json::from_str::<DueMessage>(stored).expect("a message"), message);
    }
}

#[test]
fn a_message_without_anything_due_goes_on_with_the_instance() {
    let stored = r#"{"tenant":1,"instance":"1048576","continue":true}"#;
    let message: DueMessage = serde_json::from_str(stored).expect("a message");
    assert_eq!(message, DueMessage::new(TenantId(1), message.instance, None));
}
