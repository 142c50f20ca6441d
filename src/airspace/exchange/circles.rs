//! Tables of circles: one zone a line of comma-separated values.

use serde_json::{Value, json};

use super::Mapping;

/// Names of the columns, each with other words for it.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("id", &["id", "identifier", "编号", "标识"]),
    ("name", &["name", "名称"]),
    ("lat", &["lat", "latitude", "纬度"]),
    ("lng", &["lng", "lon", "longitude", "经度"]),
    ("radius_m", &["radius_m", "radius", "半径"]),
    ("type", &["type", "restriction", "类型"]),
    ("lower_m", &["lower_m", "lower", "下限"]),
    ("upper_m", &["upper_m", "upper", "上限"]),
    ("reference", &["reference", "datum", "基准"]),
];

/// A document of ED-318 from a table whose first line names its columns: `lat`, `lng` and `radius_m`, and if they are there
/// `id`, `name`, `type`, `lower_m`, `upper_m`, `reference`. What is wrong is told with line and column, each from 1.
pub fn circles(text: &str, mapping: &Mapping) -> Result<Value, Vec<(usize, usize, String)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((first, head)) = rows.next() else {
        return Err(vec![(1, 1, "the table is empty; its first line names the columns".into())]);
    };
    let names: Vec<String> = fields(head).into_iter().map(|(_, name)| name.to_lowercase()).collect();
    let place = |column: &str| {
        let words = COLUMNS.iter().find(|(name, _)| *name == column)?.1;
        names.iter().position(|name| words.contains(&name.as_str()))
    };
    let missing: Vec<&str> =
        ["lat", "lng", "radius_m"].into_iter().filter(|name| place(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(vec![(first + 1, 1, format!("there is no column {}", missing.join(", ")))]);
    }
    let (mut features, mut wrong) = (Vec::new(), Vec::new());
    for (line, row) in rows {
        let cells = fields(row);
        let cell = |column: &str| {
            let (at, text) = cells.get(place(column)?)?;
            (!text.is_empty()).then_some((*at, text.as_str()))
        };
        let mut number = |column: &str, needed: bool| {
            let Some((at, text)) = cell(column) else {
                if needed {
                    wrong.push((line + 1, 1, format!("{column} is missing")));
                }
                return None;
            };
            let read = text.parse::<f64>().ok().filter(|number| number.is_finite());
            if read.is_none() {
                wrong.push((line + 1, at, format!("{column} `{text}` is no number")));
            }
            read
        };
        let (lat, lng) = (number("lat", true), number("lng", true));
        let (radius, lower, upper) =
            (number("radius_m", true), number("lower_m", false), number("upper_m", false));
        let text = |column: &str| cell(column).map(|(_, text)| text);
        let identifier =
            text("id").map_or_else(|| format!("{}{}", mapping.prefix, features.len() + 1), str::to_owned);
        let kind = text("type").map(str::to_uppercase);
        features.push(json!({
            "type": "Feature",
            "properties": mapping.properties(&identifier, text("name").unwrap_or_default(), kind.as_deref()),
            "geometry": {
                "type": "Point", "coordinates": [lng, lat], "extent": {"subType": "Circle", "radius": radius},
                "layer": mapping.layer(lower, upper, text("reference")),
            },
        }));
    }
    if wrong.is_empty() { Ok(json!({"type": "FeatureCollection", "features": features})) } else { Err(wrong) }
}

/// The fields of a line with their columns; quoted ones may hold commas, and a quote that is written twice.
fn fields(line: &str) -> Vec<(usize, String)> {
    let mut fields = Vec::new();
    let (mut field, mut start, mut quoted, mut last) = (String::new(), 1, false, ' ');
    for (column, letter) in (1..).zip(line.chars()) {
        match letter {
            '"' if quoted => quoted = false,
            '"' => {
                if last == '"' {
                    field.push('"');
                }
                quoted = true;
            }
            ',' if !quoted => {
                fields.push((start, std::mem::take(&mut field).trim().to_owned()));
                start = column + 1;
            }
            _ => field.push(letter),
        }
        last = letter;
    }
    fields.push((start, field.trim().to_owned()));
    fields
}
