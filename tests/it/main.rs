//! The outside view.

#[cfg(test)]
mod airspace_oracle;
