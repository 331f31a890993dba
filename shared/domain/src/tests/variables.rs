//! Paths: spelling, reading, writing without half-made changes, reserved names.

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::variables::{Path, VARIABLES_DEPTH_MAX, Variables, is_reserved};
use proptest::prelude::*;
use serde_json::{Value, json};

fn path(text: &str) -> Path {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

fn variables(value: Value) -> Variables {
    let Value::Object(map) = value else { panic!("variables are an object") };
    map
}

#[test]
fn paths_are_read_and_written_in_one_spelling() {
    let table = [
        ("a", "a"),
        (" a.b ", "a.b"),
        ("context.a", "a"),
        ("context.a.context.b", "a.context.b"),
        ("context", "context"),
        ("contextual.a", "contextual.a"),
        ("items[0].price", "items[0].price"),
        ("m[1][22].x", "m[1][22].x"),
        ("items[007]", "items[7]"),
        ("_lastError.errorCode", "_lastError.errorCode"),
        ("$ref.first-name", "$ref.first-name"),
        ("Größe.ß2", "Größe.ß2"),
    ];
    for (text, written) in table {
        let path = path(text);
        assert_eq!(path.to_string(), written, "{text}");
        assert_eq!(format!("{path:?}"), written, "{text}");
        let stored = serde_json::to_string(&path).unwrap();
        assert_eq!(stored, format!("\"{written}\""), "{text}");
        assert_eq!(serde_json::from_str::<Path>(&stored).unwrap(), path, "{text}");
    }
}

#[test]
fn what_is_no_path_is_refused() {
    for text in [
        "",
        " ",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a. b",
        "1a",
        "-a",
        "[0]",
        "a[",
        "a]",
        "a[]",
        "a[-1]",
        "a[+1]",
        "a[1.5]",
        "a[x]",
        "a['b']",
        "a[0]b",
        "a[0][",
        "a[0]]",
        "a[99999999999999999999]",
        "context.",
        "context.context.a",
        "a{b}",
        "a/b",
        "a\u{0}",
        "a=b",
        "a()",
    ] {
        let refused = text.parse::<Path>().expect_err(text);
        assert!(refused.to_string().contains("items[0].price"), "{text}: {refused}");
    }
    assert!(vec!["a"; 32].join(".").parse::<Path>().is_ok());
    assert!(vec!["a"; 33].join(".").parse::<Path>().is_err());
    assert!(format!("a{}", "[0]".repeat(32)).parse::<Path>().is_err());
    assert!(serde_json::from_str::<Path>("\"a b\"").is_err());
}

#[test]
fn a_path_reads_members_and_items() {
    let variables = variables(json!({"a": {"b": [1, {"c": null}]}, "n": 3, "t": "text"}));
    let table = [
        ("a.b[0]", Some(json!(1))),
        ("a.b[1].c", Some(Value::Null)),
        ("a.b[2]", None),
        ("a.b.c", None),
        ("a[0]", None),
        ("n.x", None),
        ("t[0]", None),
        ("t.length", None),
        ("missing", None),
        ("context.n", Some(json!(3))),
    ];
    for (text, expected) in table {
        assert_eq!(path(text).get(&variables).cloned(), expected, "{text}");
    }
}

#[test]
fn a_path_writes_and_makes_objects_on_its_way() {
    let table = [
        (json!({}), "a", json!({"a": 1})),
        (json!({"a": 0, "z": 9}), "a", json!({"a": 1, "z": 9})),
        (json!({}), "a.b.c", json!({"a": {"b": {"c": 1}}})),
        (json!({"a": null}), "a.b", json!({"a": {"b": 1}})),
        (json!({"a": {"x": 0}}), "a.b", json!({"a": {"x": 0, "b": 1}})),
        (json!({"a": [0, {"b": 0}]}), "a[1].b", json!({"a": [0, {"b": 1}]})),
        (json!({"a": [0, null]}), "a[1].b", json!({"a": [0, {"b": 1}]})),
        (json!({"a": [0]}), "a[0]", json!({"a": [1]})),
    ];
    for (before, text, after) in table {
        let mut variables = variables(before);
        assert!(path(text).set(&mut variables, json!(1)), "{text}");
        assert_eq!(Value::Object(variables), after, "{text}");
    }
}

#[test]
fn a_path_that_crosses_other_values_changes_nothing() {
    for (before, text) in [
        (json!({"a": 5}), "a.b"),
        (json!({"a": "text"}), "a.b.c"),
        (json!({"a": [1]}), "a.b"),
        (json!({"a": [1]}), "a[1]"),
        (json!({"a": {"b": 1}}), "a[0]"),
        (json!({"a": {"b": true}}), "a.b.c.d"),
        (json!({"a": {}}), "a.x.y[0]"),
        (json!({"a": null}), "a.b[0]"),
        (json!({}), "a[0]"),
        (json!({}), "a.b[0].c"),
    ] {
        let mut variables = variables(before.clone());
        assert!(!path(text).set(&mut variables, json!(1)), "{text}");
        assert_eq!(Value::Object(variables), before, "{text}");
    }
}

#[test]
fn a_path_knows_its_variable_and_its_last_name() {
    for (text, root, leaf) in
        [("a", "a", "a"), ("context.a.b", "a", "b"), ("items[3]", "items", "items"), ("a.b[0][1]", "a", "b")]
    {
        assert_eq!((path(text).root(), path(text).leaf()), (root, leaf), "{text}");
    }
}

#[test]
fn the_names_of_the_engine_are_reserved() {
    for (name, reserved) in [
        ("context", true),
        ("formData", true),
        ("userAction", true),
        ("currentUser", true),
        ("_lastError", true),
        ("_", true),
        ("Context", false),
        ("formdata", false),
        ("amount", false),
        ("a_b", false),
    ] {
        assert_eq!(is_reserved(name), reserved, "{name}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from)];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_a_path_or_refused_and_its_spelling_is_stable(text in ".{0,30}", near in "[a\\[\\]0-9. contex]{0,30}") {
        for text in [text, near] {
            if let Ok(path) = text.parse::<Path>() {
                prop_assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
            }
        }
    }

    #[test]
    fn what_is_set_is_read_back_and_a_refused_write_changes_nothing(
        before in proptest::collection::btree_map("[abc]", json_value(), 0..3),
        text in "[abc](\\.[abc]|\\[[012]\\]){0,4}",
    ) {
        let before: Variables = before.into_iter().collect();
        let mut after = before.clone();
        if path(&text).set(&mut after, json!("written")) {
            prop_assert_eq!(path(&text).get(&after), Some(&json!("written")));
            for (name, value) in before.iter().filter(|(name, _)| *name != path(&text).root()) {
                prop_assert_eq!(after.get(name), Some(value));
            }
        } else {
            prop_assert_eq!(after, before);
        }
    }
}

/// A value with so many lists and objects in one another.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "in": inner }) })
}

fn is_read_again(world: &World) {
    let state = world.state();
    let text = serde_json::to_string(&(&state.instance, &state.tasks, &state.work_tasks, &world.journal)).unwrap();
    serde_json::from_str::<Value>(&text).expect("what is stored is read again");
}

/// State and journal are JSON: a value that is too deep for its readers would make the instance unreadable for ever.
#[test]
fn what_is_nested_too_deep_is_refused_wherever_it_comes_from() {
    let process = || {
        model("deep")
            .start("start")
            .script("wrap", "wrap")
            .for_each("wrap", true, "rounds", "round")
            .task("ask", work())
            .end("end")
            .flow("start > wrap > ask > end")
            .build()
    };
    let wrapping = || {
        let mut world = given(process());
        world.scripts.on("wrap", |request| {
            let wrapped = json!([request.variables.get("x")]);
            Ok(crate::script::ScriptOutcome {
                result: wrapped.clone(),
                writes: vars(json!({ "x": wrapped })),
                log: Vec::new(),
            })
        });
        world
    };
    assert_eq!(VARIABLES_DEPTH_MAX, 32);
    wrapping().start(json!({"x": nested(33)})).refused("LIMIT");
    let mut world = wrapping();
    world.start(json!({"x": nested(30), "rounds": [nested(31)]})).status(InstanceStatus::Waiting);
    is_read_again(&world);
    world.complete("ask", "Done", json!({"y": nested(33)})).refused("LIMIT");
    world.complete("ask", "Done", json!({"y": nested(32)})).status(InstanceStatus::Completed);
    is_read_again(&world);

    let mut world = wrapping();
    world.start(json!({"x": nested(30), "rounds": [1, 2, 3]})).failed("LIMIT");
    assert_eq!(world.variable("x"), json!([[nested(30)]]));
    is_read_again(&world);
    world.retry_with(json!({"x": 1})).status(InstanceStatus::Waiting);
}
