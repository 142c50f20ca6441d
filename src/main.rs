//! The `lowsky` binary.

use std::process::ExitCode;

/// Events are made in one thread and dropped in another, beside pictures of megabytes. Over hours that leaves holes in the
/// heaps of the system's allocator, and the process grows; this one fills them and gives back what is free.
#[cfg(all(unix, feature = "jemalloc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    lowsky::cli::main()
}
