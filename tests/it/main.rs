//! The outside view, in one binary.

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
mod zones_watch;
