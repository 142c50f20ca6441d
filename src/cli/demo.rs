//! demo
use super::files::Failure;
use clap::Args;
/// The arguments.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {}
/// x
pub(super) fn demo(_args: DemoArgs) -> Result<(), Failure> {
    Ok(())
}
