//! The outside view, in one binary.

#[cfg(test)]
mod airspace_oracle;
#[cfg(test)]
mod http_rest;
#[cfg(test)]
mod http_socket;
#[cfg(test)]
mod http_support;
#[cfg(test)]
mod stream_sessions;
#[cfg(test)]
mod watch;
