//! What the broker says of the messages that it dropped (`$SYS/broker/publish/messages/dropped`, mosquitto's name).

/// Where mosquitto counts them.
pub const DROPPED_TOPIC: &str = "$SYS/broker/publish/messages/dropped";
/// Where mosquitto says what it is; kept by the broker, so it comes at once.
pub const VERSION_TOPIC: &str = "$SYS/broker/version";

/// The broker's count of dropped messages, from reading to reading.
#[derive(Debug, Default)]
pub struct DropMeter {
    last: Option<u64>,
}

impl DropMeter {
    /// A reading; how many were dropped since the one before, if any were. The first reading is of the past, and
    /// a count that is lower than before began anew with the broker.
    pub fn read(&mut self, payload: &[u8]) -> Option<u64> {
        let count: u64 = std::str::from_utf8(payload).ok()?.trim().parse().ok()?;
        let last = self.last.replace(count)?;
        let more = if last <= count { count - last } else { count };
        (0 < more).then_some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_counts() {
        let mut meter = DropMeter::default();
        let read = ["7", "7", "x", "9\n", "9", "2", "0", "18446744073709551616", ""]
            .map(|text| meter.read(text.as_bytes()));
        assert_eq!(read, [None, None, None, Some(2), None, Some(2), None, None, None]);
        assert_eq!(meter.read(&[0xff]), None);
    }
}
