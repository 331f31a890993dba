//! Reads a body's JSON as `serde_json` does, but refuses an object that has a name twice: which of the two values was meant
//! nobody can know, and other readers on the way may take the other one.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A value whose objects name everything once.
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(Reader).map(Strict)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if map.contains_key(&name) {
                let name: String = name.chars().take(100).collect();
                return Err(de::Error::custom(format_args!("the name {name:?} stands twice in an object")));
            }
            let Strict(value) = entries.next_value()?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::Strict;
    use serde_json::{Value, json};

    fn read(text: &str) -> Result<Value, String> {
        serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_read_as_ever() {
        let text = r#" {"a": [null, true, -1, 18446744073709551615, 1.5e3, "ü\n"], "b": {"a": {}}} "#;
        assert_eq!(read(text), Ok(json!({ "a": [null, true, -1, u64::MAX, 1500.0, "ü\n"], "b": { "a": {} } })));
        assert_eq!(read(text).ok(), serde_json::from_str(text).ok());
        for bad in ["", "{", "{\"a\":}", "[1,]", "NaN", "1e999", &"[".repeat(200)] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    /// Quality 6.3, answers: duplicate keys.
    #[test]
    fn a_name_that_stands_twice_is_refused_with_its_place() {
        let error = read("{\"variables\": {\n \"approved\": false, \"approved\": true}}").expect_err("twice");
        assert!(error.contains("\"approved\" stands twice") && error.contains("line 2"), "{error}");
        assert!(read(r#"[{"a": 1}, {"a": 2}]"#).is_ok());
    }
}
