//! The `lowsky` binary.

use std::process::ExitCode;

/// Hours of events made in one thread and dropped in another scatter the system allocator's heaps, and what it takes
/// for that it keeps. This one gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lowsky::cli::main()
}
