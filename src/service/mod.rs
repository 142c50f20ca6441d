//! Everything that touches the world: clock, MQTT, HTTP, files, wiring.
