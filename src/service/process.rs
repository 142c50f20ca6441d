//! What this process takes of the machine, where the system tells: Linux, proc(5).

use crate::domain::whole;

/// A clock tick as `/proc` counts it is a hundredth of a second for every program.
const TICKS_PER_S: f64 = 100.0;

/// What the process took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Taken {
    /// Memory that it holds now, bytes.
    pub(super) resident_bytes: f64,
    /// Time on all processors since it began, seconds.
    pub(super) cpu_s: f64,
}

/// Asks the system; `None` where it does not tell.
pub(super) fn taken() -> Option<Taken> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    read(&status, &stat)
}

fn read(status: &str, stat: &str) -> Option<Taken> {
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = resident.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    // The program's name stands in brackets and may hold anything; `utime` and `stime` are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<i64>().ok());
    let ticks: i64 = ticks.sum::<Option<i64>>()?;
    Some(Taken { resident_bytes: whole(kib) * 1024.0, cpu_s: whole(ticks) / TICKS_PER_S })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_read_as_the_system_writes_them() {
        let status = "Name:\ta) b\nVmHWM:\t    9999 kB\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 3 0 100 1000 512";
        assert_eq!(read(status, stat), Some(Taken { resident_bytes: 2_097_152.0, cpu_s: 4.0 }));
        assert_eq!(read("", stat), None);
        assert_eq!(read(status, "7 (a S 1"), None);
    }
}
