//! What is wrong with a configuration, and where.

/// Something wrong with a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Line and column, from 1, where the text says it; absent if the environment says it, or nobody.
    pub at: Option<(usize, usize)>,
    /// The key as a JSON path, such as `$.mqtt.prefix`.
    pub path: String,
    /// What is wrong and what to do, in English.
    pub message: String,
    /// The same in Chinese.
    pub message_zh: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.at {
            write!(f, "{line}:{column}: ")?;
        }
        write!(f, "error: {} ({})", self.message, self.path)
    }
}

/// Line and column, from 1, of a byte in a text; columns count characters.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The known name nearest to the wrong one in a message of serde that lists what was expected, and whether it is so near
/// that it may be a slip of the pen.
pub(super) fn nearest_name(message: &str) -> Option<(String, bool)> {
    let listed = message.strip_prefix("unknown field").or_else(|| message.strip_prefix("unknown variant"))?;
    let mut names = listed.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|name| (edit_distance(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .min()
        .map(|(distance, name)| (name.into(), distance <= 1 + name.len() / 3))
}

/// Levenshtein distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let best = (corner + usize::from(from != to)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}
