//! A JSON value of bounded size, without members that are there twice.
//!
//! A value takes many times the memory of its text, and of two members with one name a parser keeps the last: half of
//! a zone would be lost without a word.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Most values in one feature, of which a position takes three. 2,000,000 take about 150 MB while they are read.
const VALUES_MAX: usize = 2_000_000;

/// Reads one value and counts down what is left.
pub(super) struct Bounded<'b> {
    left: &'b mut usize,
}

/// Reads a value of at most [`VALUES_MAX`] values by `read`.
pub(super) fn bounded<T>(read: impl FnOnce(Bounded<'_>) -> T) -> T {
    let mut left = VALUES_MAX;
    read(Bounded { left: &mut left })
}

impl Bounded<'_> {
    fn inner(&mut self) -> Bounded<'_> {
        Bounded { left: self.left }
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| {
            D::Error::custom(format_args!("a feature holds over {VALUES_MAX} values; make several zones"))
        })?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if values.contains_key(&name) {
                let name: String = name.chars().take(40).collect();
                return Err(A::Error::custom(format_args!("the member `{name}` is there twice")));
            }
            values.insert(name, members.next_value_seed(self.inner())?);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, serde_json::Error> {
        bounded(|seed| seed.deserialize(&mut serde_json::Deserializer::from_str(text)))
    }

    #[test]
    fn reads_what_the_parser_reads() {
        let text = r#"{"b": [1, -2, 2.5e3, 18446744073709551615, "ä\n"], "a": {"x": null, "y": true}}"#;
        assert_eq!(read(text).unwrap().to_string(), serde_json::from_str::<Value>(text).unwrap().to_string());
    }

    #[test]
    fn refuses_what_is_too_large_or_twice() {
        let large = format!("[{}1]", "1,".repeat(VALUES_MAX));
        assert!(read(&large).unwrap_err().to_string().contains("over 2000000 values"));
        let twice = read("{\"a\": 1,\n \"a\": 2}").unwrap_err();
        assert!(twice.to_string().starts_with("the member `a` is there twice at line 2"), "{twice}");
    }
}
