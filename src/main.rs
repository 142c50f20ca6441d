//! The `lowsky` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    lowsky::cli::main()
}
