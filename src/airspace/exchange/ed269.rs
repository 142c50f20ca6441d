//! A zone as ED-269 says it, with what ED-269 cannot say named.

use serde_json::{Map, Value, json};

use crate::airspace::shape::Shape;
use crate::airspace::zone::{Volume, Zone};
use crate::domain::{VerticalLimit, VerticalReference};
use crate::geodesy::egm96_undulation_m;

use super::Loss;

/// The zone of ED-269, on WGS 84 in metres, and what is lost.
pub fn to_ed269(zone: &Zone) -> (Value, Vec<Loss>) {
    let feature = zone.feature();
    if feature.get("properties").is_none() && feature.get("restriction").is_some() && zone.is_on_wgs84() {
        return (feature, Vec::new());
    }
    let feature = zone.geojson();
    let empty = Map::new();
    let properties = feature.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let properties = properties.get("UASZone").and_then(Value::as_object).unwrap_or(properties);
    let mut writer = Writer { zone, properties, losses: Vec::new(), out: Map::new() };
    writer.write(&feature);
    (Value::Object(writer.out), writer.losses)
}

struct Writer<'z> {
    zone: &'z Zone,
    properties: &'z Map<String, Value>,
    losses: Vec<Loss>,
    out: Map<String, Value>,
}

impl Writer<'_> {
    fn lost(&mut self, member: &'static str, en: &str, zh: &str) {
        let zone = self.zone.id.to_string();
        let loss = Loss { zone, member, message: en.to_owned(), message_zh: zh.to_owned() };
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    fn put(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.out.insert(name.to_owned(), value);
        }
    }

    fn given(&self, name: &str) -> Option<&Value> {
        self.properties.get(name).filter(|value| !value.is_null())
    }

    fn write(&mut self, feature: &Value) {
        self.put("identifier", json!(self.zone.id.as_str()));
        self.put("country", self.given("country").cloned().unwrap_or_default());
        let name = self.text("name");
        self.put("name", json!(name.unwrap_or_else(|| self.zone.name.to_string())));
        self.put("type", self.given("variant").cloned().unwrap_or_else(|| json!("COMMON")));
        let restriction = self.restriction();
        self.put("restriction", json!(restriction));
        for same in ["restrictionConditions", "region", "reason", "regulationExemption"] {
            self.put(same, self.given(same).cloned().unwrap_or_default());
        }
        for member in ["otherReasonInfo", "message"] {
            if let Some(text) = self.text(member) {
                self.put(member, json!(text));
            }
        }
        self.applicability(feature);
        self.authorities(feature);
        self.volumes();
        self.others(feature);
    }

    fn restriction(&mut self) -> &'static str {
        use crate::domain::Restriction as R;
        match self.zone.restriction {
            R::Prohibited => "PROHIBITED",
            R::RequiresAuthorization => "REQ_AUTHORISATION",
            R::Conditional => "CONDITIONAL",
            R::NoRestriction => "NO_RESTRICTION",
            R::USpace => {
                let (en, zh) = (
                    "ED-269 has no USPACE; written as NO_RESTRICTION.",
                    "ED-269 无 USPACE，写作 NO_RESTRICTION。",
                );
                self.lost("type", en, zh);
                "NO_RESTRICTION"
            }
        }
    }

    /// Plain text from a list of texts: Chinese where there is one, else the first.
    fn text(&mut self, member: &'static str) -> Option<String> {
        let value = self.given(member)?.clone();
        let Some(items) = value.as_array() else { return value.as_str().map(str::to_owned) };
        let (text, count) = one_text(items)?;
        if count > 1 {
            let (en, zh) = (
                "ED-269 has one language; the other texts are left out.",
                "ED-269 仅一种语言，其余文本已省略。",
            );
            self.lost(member, en, zh);
        }
        Some(text)
    }

    fn applicability(&mut self, feature: &Value) {
        let outer = feature.pointer("/properties/limitedApplicability");
        let periods = self.given("limitedApplicability").or(outer).cloned();
        let Some(periods) = periods.filter(|_| !self.zone.always_applies()) else {
            self.put("applicability", json!([{"permanent": "YES"}]));
            return;
        };
        let items = periods.as_array().cloned().unwrap_or_else(|| vec![periods]);
        if items.iter().any(|item| item.to_string().contains("Event\"")) {
            let (en, zh) = (
                "hours that follow the sun are not in ED-269; their members are kept as they are.",
                "ED-269 无日出日落时段，相应成员原样保留。",
            );
            self.lost("limitedApplicability", en, zh);
        }
        let periods = items.into_iter().map(|item| {
            let mut period = Map::new();
            period.insert("permanent".into(), json!("NO"));
            period.extend(item.as_object().cloned().unwrap_or_default());
            Value::Object(period)
        });
        self.put("applicability", periods.collect());
    }

    fn authorities(&mut self, feature: &Value) {
        let outer = feature.pointer("/properties/zoneAuthority");
        let Some(value) = self.given("zoneAuthority").or(outer).cloned() else { return };
        let items = value.as_array().cloned().unwrap_or_else(|| vec![value]);
        let mut left_out = false;
        let one = |item: Value| {
            let mut members = item.as_object().cloned().unwrap_or_default();
            for value in members.values_mut() {
                if let Some((text, count)) = value.as_array().and_then(|texts| one_text(texts)) {
                    left_out |= count > 1;
                    *value = json!(text);
                }
            }
            Value::Object(members)
        };
        let items: Vec<Value> = items.into_iter().map(one).collect();
        if left_out {
            let (en, zh) = (
                "ED-269 has one language; the other texts are left out.",
                "ED-269 仅一种语言，其余文本已省略。",
            );
            self.lost("zoneAuthority", en, zh);
        }
        self.put("zoneAuthority", Value::Array(items));
    }

    fn volumes(&mut self) {
        let zone = self.zone;
        let volumes: Vec<Value> = zone.volumes.iter().flat_map(|volume| self.volume(volume)).collect();
        self.put("geometry", Value::Array(volumes));
    }

    /// A volume; one of several polygons as a volume each, for ED-269 has no others.
    fn volume(&mut self, volume: &Volume) -> Vec<Value> {
        let limits = [("lower", volume.lower), ("upper", volume.upper)].map(|(end, limit)| {
            let limit = limit.map(|limit| self.limit(limit, volume));
            (end, limit)
        });
        let projections = match &volume.shape.as_circle() {
            Some((centre, radius_m)) => vec![json!({
                "type": "Circle", "center": [degrees(centre.lng_deg()), degrees(centre.lat_deg())], "radius": radius_m,
            })],
            None => polygons(&volume.shape),
        };
        if projections.len() > 1 {
            let (en, zh) = ("several polygons are written as a volume each.", "多个多边形分别写为独立空间。");
            self.lost("geometry", en, zh);
        }
        let one = |projection| {
            let mut out = Map::new();
            out.insert("uomDimensions".into(), json!("M"));
            for (end, limit) in &limits {
                let Some((metres, reference)) = limit else { continue };
                out.insert(format!("{end}Limit"), json!(metres));
                out.insert(format!("{end}VerticalReference"), json!(reference));
            }
            out.insert("horizontalProjection".into(), projection);
            Value::Object(out)
        };
        projections.into_iter().map(one).collect()
    }

    /// A limit in a reference that ED-269 has: AGL or AMSL.
    fn limit(&mut self, limit: VerticalLimit, volume: &Volume) -> (f64, &'static str) {
        let VerticalLimit { metres, reference } = limit;
        match reference {
            VerticalReference::Agl => (metres, "AGL"),
            VerticalReference::Amsl => (metres, "AMSL"),
            VerticalReference::Wgs84 => {
                let bounds = volume.bounds;
                let lat = f64::midpoint(bounds.south_deg, bounds.north_deg);
                let middle =
                    crate::domain::LatLng::wrapped(lat, f64::midpoint(bounds.west_deg, bounds.east_deg));
                let (en, zh) = (
                    "limits above WGS 84 are written as AMSL (EGM96, at the middle of the zone).",
                    "WGS 84 高度限制改写为 AMSL（EGM96，取区域中心）。",
                );
                self.lost("layer", en, zh);
                (((metres - egm96_undulation_m(middle)) * 100.0).round() / 100.0, "AMSL")
            }
            VerticalReference::Takeoff => {
                let (en, zh) =
                    ("limits above take-off are written as AGL.", "相对起飞点的高度限制改写为 AGL。");
                self.lost("layer", en, zh);
                (metres, "AGL")
            }
            VerticalReference::Cn1985 => {
                let (en, zh) =
                    ("limits of the 1985 datum are written as AMSL.", "1985 国家高程基准改写为 AMSL。");
                self.lost("layer", en, zh);
                (metres, "AMSL")
            }
        }
    }

    /// What ED-269 has no member for.
    fn others(&mut self, feature: &Value) {
        if let Some(extended) = self.given("extendedProperties").and_then(Value::as_object).cloned() {
            for (name, value) in extended {
                if !self.out.contains_key(&name) {
                    self.out.insert(name, value);
                }
            }
            let (en, zh) = ("its members are written beside the others.", "其成员与其他成员并列写出。");
            self.lost("extendedProperties", en, zh);
        }
        let shown: Vec<String> = self.properties.keys().cloned().collect();
        for name in ["dataSource", "tz"] {
            if shown.iter().any(|shown| shown == name) {
                self.lost("properties", "dataSource and tz are left out.", "dataSource 与 tz 已省略。");
            }
        }
        let has_extent = |geometry: &Value| geometry.to_string().contains("\"extent\"");
        let drawn = feature.get("geometry").is_some_and(has_extent)
            && self.zone.volumes.iter().any(|volume| volume.shape.as_circle().is_none());
        if drawn {
            let (en, zh) = (
                "a sector, cone, corridor or surface is written as polygons.",
                "扇形、圆台、走廊或限制面改写为多边形。",
            );
            self.lost("geometry", en, zh);
        }
    }
}

/// Chinese text where there is one, else the first; and how many there are.
fn one_text(items: &[Value]) -> Option<(String, usize)> {
    let texts: Vec<(&str, &str)> = items
        .iter()
        .filter_map(|item| {
            let text = item.get("text")?.as_str()?;
            Some((text, item.get("lang").and_then(Value::as_str).unwrap_or_default()))
        })
        .collect();
    let chosen = texts.iter().find(|(_, lang)| lang.starts_with("zh")).or(texts.first())?;
    Some((chosen.0.to_owned(), texts.len()))
}

fn polygons(shape: &Shape) -> Vec<Value> {
    let ring = |ring: &Vec<[f64; 2]>| {
        ring.iter().map(|[lng, lat]| json!([degrees(*lng), degrees(*lat)])).collect::<Value>()
    };
    let polygon = |rings: Vec<Vec<[f64; 2]>>| json!({"type": "Polygon", "coordinates": rings.iter().map(ring).collect::<Value>()});
    shape.outlines().into_iter().map(polygon).collect()
}

/// Degrees to a tenth of a millimetre.
fn degrees(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
