//! The table that the stack deploys is the table this crate is written for.

use crate::table::{INDEXES, PARTITION_KEY, SORT_KEY, TTL};

/// The template's text of the table, from its name to the next resource, without white space.
fn table_of_the_template() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    let template = std::fs::read_to_string(path).expect("the stack's template");
    let start = template.find("\n  Table:\n").expect("a resource named Table") + 1;
    let table: Vec<&str> = template[start..]
        .lines()
        .enumerate()
        .take_while(|(number, line)| *number == 0 || line.is_empty() || line.starts_with("   "))
        .map(|(_, line)| line)
        .collect();
    table.join("\n").split_whitespace().collect()
}

#[test]
fn keys_and_ttl_are_the_templates() {
    let table = table_of_the_template();
    for (name, kind) in [(PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE")] {
        assert!(table.contains(&format!("{{AttributeName:{name},KeyType:{kind}}}")), "{table}");
        assert!(table.contains(&format!("{{AttributeName:{name},AttributeType:S}}")), "{table}");
    }
    assert!(table.contains(&format!("TimeToLiveSpecification:AttributeName:{TTL}Enabled:true")), "{table}");
    assert!(table.contains("StreamViewType:NEW_IMAGE"), "{table}");
}

#[test]
fn every_index_is_the_templates() {
    let table = table_of_the_template();
    for index in INDEXES {
        let expected = format!(
            "-IndexName:{}KeySchema:-{{AttributeName:{},KeyType:HASH}}-{{AttributeName:{},KeyType:RANGE}}\
             Projection:ProjectionType:INCLUDENonKeyAttributes:[{}]",
            index.name,
            index.partition_key,
            index.sort_key,
            index.includes.join(","),
        );
        assert!(table.contains(&expected), "{expected}\nis not in\n{table}");
    }
    assert_eq!(table.matches("IndexName:").count(), INDEXES.len(), "an index that nobody reads costs writes");
}
