//! The outside view: what must hold of the whole, judged through public interfaces.

#[cfg(test)]
mod airspace_oracle;
#[cfg(test)]
mod house;
#[cfg(test)]
mod http_rest;
#[cfg(test)]
mod http_socket;
#[cfg(test)]
mod http_support;
#[cfg(test)]
mod monitor_properties;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_broker;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_fake;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_gate;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_intake;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_publisher;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod mqtt_support;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod seed_recordings;
#[cfg(test)]
mod stream_sessions;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod zones_watch;
