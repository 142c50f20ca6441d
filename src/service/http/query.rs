//! Query parameters, read with every fault named.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;

use super::{Fault, Problem};
use crate::domain::BoundingBox;

/// The parameters of a request and the faults found so far.
#[derive(Debug)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Parameters {
    /// Splits the query; a name that is not known is a fault, as a mistyped filter would show too much.
    pub(super) fn of(uri: &Uri, known: &[&str]) -> Self {
        let (pairs, mut faults) = match Query::<Vec<(String, String)>>::try_from_uri(uri) {
            Ok(Query(pairs)) => (pairs, Vec::new()),
            Err(rejection) => (Vec::new(), vec![Fault::of("", rejection.to_string())]),
        };
        for (name, _) in pairs.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let detail = format!("unknown parameter; known are {}", known.join(", "));
            faults.push(Fault::of(name, detail));
        }
        Self { pairs, faults }
    }

    /// The values of a parameter that may be repeated or hold several, separated by commas.
    pub(super) fn list<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Vec<T> {
        let given = self.pairs.iter().filter(|(key, _)| key == name);
        let mut values = Vec::new();
        for part in given.flat_map(|(_, value)| value.split(',')) {
            match part.parse() {
                Ok(value) => values.push(value),
                Err(error) => self.faults.push(Fault::of(name, format!("`{part}`: {error}"))),
            }
        }
        values
    }

    /// The value of a parameter that stands at most once.
    pub(super) fn one<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let mut given = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = given.next()?;
        if given.next().is_some() {
            self.faults.push(Fault::of(name, "may stand only once"));
            return None;
        }
        value.parse().map_err(|error| self.faults.push(Fault::of(name, format!("`{value}`: {error}")))).ok()
    }

    /// A box `west,south,east,north` in degrees.
    pub(super) fn bbox(&mut self, name: &str) -> Option<BoundingBox> {
        let edges: Edges = self.one(name)?;
        Some(edges.0)
    }

    /// Nothing if all was well; else all faults.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::bad_request(self.faults)) }
    }
}

struct Edges(BoundingBox);

impl FromStr for Edges {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "west,south,east,north in degrees is wanted, with west <= east and south <= north";
        let edges: Vec<f64> = text
            .split(',')
            .map(|edge| edge.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_error| wanted)?;
        <[f64; 4]>::try_from(edges).ok().and_then(BoundingBox::new).map(Self).ok_or(wanted)
    }
}
