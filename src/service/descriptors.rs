//! Room for connections: the limit of open files, of which every connection needs one.

/// Under so many open files a large fleet or many stream clients find the door shut.
#[cfg(unix)]
const ENOUGH: u64 = 10_000;

/// Raises the limit of open files as far as the system lets this process, and says so if that is little.
#[cfg(unix)]
pub fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        warn_if_few(current);
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => warn_if_few(maximum),
        Err(error) => {
            tracing::debug!(%error, "the limit of open files cannot be raised");
            warn_if_few(current);
        }
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn raise_limit() {}

/// `None` is no limit.
#[cfg(unix)]
fn warn_if_few(limit: Option<u64>) {
    if let Some(open_files) = limit.filter(|limit| *limit < ENOUGH) {
        tracing::warn!(open_files, "the system allows few connections; raise it with `ulimit -Hn`");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn the_limit_is_as_high_as_may_be() {
        super::raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
