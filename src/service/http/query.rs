//! Query parameters, read with every fault named.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;

use super::{Fault, Problem};

/// How many are asked for at most: a whole number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) usize);

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = if is_whole { text.parse().unwrap_or(usize::MAX) } else { 0 };
        if count == 0 { Err("a whole number from 1 is wanted. 应为正整数") } else { Ok(Self(count)) }
    }
}

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

    /// The values of a parameter that may be repeated, each as it stands.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
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

    /// Nothing if all was well; else all faults.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::bad_request(self.faults)) }
    }
}
