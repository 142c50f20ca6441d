//! simulate
use super::files::Failure;
use clap::Args;
/// The arguments.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {}
/// x
pub(super) fn simulate(_args: SimulateArgs) -> Result<(), Failure> {
    Ok(())
}
/// x
pub(super) fn publish_recording(
    _: &std::path::Path,
    _: &str,
    _: f64,
    _: Option<&std::path::Path>,
) -> Result<(), Failure> {
    Ok(())
}
