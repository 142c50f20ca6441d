//! The outside view, in one binary.

#[cfg(test)]
mod airspace_heights;
#[cfg(test)]
mod airspace_oracle;
#[cfg(test)]
mod airspace_schema;
#[cfg(test)]
mod airspace_sun;
#[cfg(test)]
mod calm;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
#[cfg(target_os = "linux")]
mod clock_jump;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod config_file;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod console_browser;
#[cfg(test)]
mod delivery_faults;
#[cfg(test)]
mod delivery_support;
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
mod fault_check;
#[cfg(test)]
mod fault_disk;
#[cfg(test)]
mod fault_disturb;
#[cfg(test)]
mod fault_fleet;
#[cfg(test)]
mod fault_flood;
#[cfg(test)]
mod fault_kill;
#[cfg(test)]
mod fault_memory;
#[cfg(test)]
mod fault_overload;
#[cfg(test)]
mod fault_ready;
#[cfg(test)]
mod fault_recorder;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod fault_zones;
#[cfg(test)]
#[path = "../../tools/load/histogram.rs"]
mod histogram;
#[cfg(test)]
mod history_damage;
#[cfg(test)]
mod history_export;
#[cfg(test)]
mod history_over_http;
#[cfg(test)]
mod history_restart;
#[cfg(test)]
mod history_store;
#[cfg(test)]
mod house;
#[cfg(test)]
mod http_fleet;
#[cfg(test)]
mod http_history;
#[cfg(test)]
mod http_rest;
#[cfg(test)]
mod http_siege;
#[cfg(test)]
mod http_socket;
#[cfg(test)]
mod http_support;
#[cfg(test)]
mod intents;
#[cfg(test)]
mod intents_mqtt;
#[cfg(test)]
mod journal_damage;
#[cfg(test)]
mod journal_faults;
#[cfg(test)]
mod journal_late;
#[cfg(test)]
mod journal_salvage;
#[cfg(test)]
mod journal_store;
#[cfg(test)]
mod journal_support;
#[cfg(test)]
mod journal_tools;
#[cfg(test)]
#[path = "../../tools/load/machine.rs"]
mod machine;
#[cfg(test)]
mod means;
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
mod promises;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod seed_recordings;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod self_metrics;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod self_watch;
#[cfg(test)]
#[cfg(unix)]
mod self_watchdog;
#[cfg(test)]
#[path = "../../tools/load/service.rs"]
#[expect(dead_code, reason = "the load generator asks for more")]
mod service;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod standstill;
#[cfg(test)]
mod stream_resume;
#[cfg(test)]
mod stream_sessions;
#[cfg(test)]
mod stream_slow;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod zones_bench;
#[cfg(test)]
mod zones_cages;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_drafts;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_edit;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_emergency;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_faults;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_held;
#[cfg(test)]
mod zones_lifted;
#[cfg(test)]
mod zones_past;
#[cfg(test)]
mod zones_rehearsal;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_support;
#[cfg(test)]
mod zones_tools;
#[cfg(test)]
#[cfg(feature = "embedded-broker")]
mod zones_warned;
#[cfg(test)]
mod zones_watch;
