//! The stream protocol as a state machine without sockets.
