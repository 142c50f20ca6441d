//! record
use super::files::Failure;
use clap::Args;
/// The arguments.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {}
/// x
pub(super) fn record(_args: RecordArgs) -> Result<(), Failure> {
    Ok(())
}
