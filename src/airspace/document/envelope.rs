//! What a document holds beside its zones, so that it can be written again with nothing lost.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::bounded::bounded;

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// ED-318: a GeoJSON `FeatureCollection`.
    #[default]
    Ed318,
    /// ED-269 with its zones in `features`.
    Ed269,
    /// ED-269 with its zones in `UASZoneList`.
    Ed269List,
}

/// A document without its zones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Envelope {
    /// The document's name as it was given.
    pub name: String,
    /// Its form.
    pub form: Form,
    /// Its members in their order; the list of zones is empty.
    pub(super) members: Map<String, Value>,
}

impl Form {
    /// The member that holds the zones.
    pub const fn list(self) -> &'static str {
        match self {
            Self::Ed318 | Self::Ed269 => "features",
            Self::Ed269List => "UASZoneList",
        }
    }
}

impl Envelope {
    /// An empty ED-318 document.
    pub fn ed318(name: &str) -> Self {
        let members = [("type", Value::from("FeatureCollection")), ("features", Value::Array(Vec::new()))];
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { name: name.to_owned(), form: Form::Ed318, members }
    }

    /// The members beside the zones, as they were read.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The document with these zones, each as [`Zone::feature_json`](crate::airspace::Zone::feature_json) gives it: one
    /// zone a line, which is what differences are read by.
    pub fn write<'z>(&self, zones: impl IntoIterator<Item = &'z str>) -> String {
        let mut lines = String::from("[");
        for (i, zone) in zones.into_iter().enumerate() {
            lines.push_str(if i == 0 { "\n" } else { ",\n" });
            lines.push_str(zone);
        }
        lines.push_str("\n]");
        let list = self.form.list();
        let mut text = String::from("{");
        let missing = (!self.members.contains_key(list)).then_some((list, None));
        let known = self.members.iter().map(|(name, value)| (name.as_str(), Some(value)));
        for (i, (name, value)) in known.chain(missing).enumerate() {
            text.push_str(if i == 0 { "\n" } else { ",\n" });
            text.push_str(&Value::from(name).to_string());
            text.push_str(": ");
            match value.filter(|_| name != list) {
                Some(value) => text.push_str(&value.to_string()),
                None => text.push_str(&lines),
            }
        }
        text.push_str("\n}\n");
        text
    }

    /// The envelope of a document that was read without error before. `None` if there is not one list of zones, which
    /// could not be written again.
    pub(in crate::airspace) fn of(name: &str, text: &[u8]) -> Option<Self> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let (envelope, twice) = Self::scan(name, text);
        let lists = ["features", "UASZoneList"].iter().filter(|list| envelope.members.contains_key(**list));
        (twice.is_none() && lists.count() == 1).then_some(envelope)
    }

    /// The members of a text that is a JSON object; nothing of another text, whose fault the reader of zones tells.
    /// The second is a member that is there twice.
    pub(super) fn scan(name: &str, text: &[u8]) -> (Self, Option<String>) {
        let mut outer = Outer::default();
        let mut parser = serde_json::Deserializer::from_slice(text);
        let scanned = outer.deserialize(&mut parser);
        let members = if scanned.is_ok() { outer.members } else { Map::new() };
        let form = if members.contains_key("UASZoneList") { Form::Ed269List } else { Form::Ed318 };
        (Self { name: name.to_owned(), form, members }, outer.twice.filter(|_| scanned.is_ok()))
    }
}

#[derive(Default)]
struct Outer {
    members: Map<String, Value>,
    twice: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Outer {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Outer {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        const MEMBERS_MAX: usize = 1000;
        while let Some(name) = members.next_key::<String>()? {
            let value = if matches!(name.as_str(), "features" | "UASZoneList") {
                members.next_value::<IgnoredAny>()?;
                Value::Array(Vec::new())
            } else {
                bounded(|seed| members.next_value_seed(seed))?
            };
            if self.members.len() == MEMBERS_MAX {
                return Err(A::Error::custom(format_args!("a document has over {MEMBERS_MAX} members")));
            }
            if self.members.insert(name.clone(), value).is_some() {
                self.twice = Some(name);
            }
        }
        Ok(())
    }
}
