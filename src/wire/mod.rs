//! Wire formats: bytes to observations, one file a format.
