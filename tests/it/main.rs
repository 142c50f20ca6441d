//! The outside view, in one binary.

#[cfg(test)]
mod airspace_oracle;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod config_file;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod console_browser;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod e2e_demo;
#[cfg(test)]
mod e2e_exit_codes;
#[cfg(test)]
mod e2e_foreign;
#[cfg(test)]
mod e2e_stop;
#[cfg(test)]
mod e2e_stream;
#[cfg(test)]
mod e2e_support;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod e2e_tools;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod e2e_zones;
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
mod readme;
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
