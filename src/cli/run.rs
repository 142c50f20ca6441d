//! run
use super::files::Failure;
use clap::Args;
/// The arguments.
#[derive(Debug, Args)]
pub(super) struct RunArgs {}
/// x
pub(super) fn run(_args: RunArgs) -> Result<(), Failure> {
    Ok(())
}
