//! A simulated fleet and scripted encounters, as a source of wire messages.
