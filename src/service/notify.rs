//! What the service tells who supervises it (systemd's `sd_notify` protocol): datagrams of `KEY=value` lines to the
//! socket that `NOTIFY_SOCKET` names. Without one, nothing is told and nothing is missed.

use std::sync::Arc;

/// The way to the supervisor, if there is one.
#[derive(Debug, Clone, Default)]
pub struct Notifier(Option<Arc<Way>>);

impl Notifier {
    /// The way that the environment names.
    pub fn from_environment() -> Self {
        std::env::var("NOTIFY_SOCKET").map_or_else(|_| Self::default(), |socket| Self::new(&socket))
    }

    /// The way to a socket: a path, or `@` and an abstract name.
    pub fn new(socket: &str) -> Self {
        match Way::new(socket) {
            Ok(way) => Self(Some(Arc::new(way))),
            Err(error) => {
                tracing::warn!(socket, %error, "the supervisor cannot be told anything");
                Self(None)
            }
        }
    }

    /// The service does its work.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// How it does, a line for people.
    pub fn status(&self, status: &str) {
        self.tell(&format!("STATUS={status}"));
    }

    /// Every part of it moves.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// It ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, text: &str) {
        if let Some(way) = &self.0
            && let Err(error) = way.send(text.as_bytes())
        {
            tracing::debug!(%error, "the supervisor was not told");
        }
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct Way {
    socket: std::os::unix::net::UnixDatagram,
    address: std::os::unix::net::SocketAddr,
}

#[cfg(unix)]
impl Way {
    fn new(name: &str) -> std::io::Result<Self> {
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let address = match name.strip_prefix('@') {
            Some(name) => abstract_address(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        // A supervisor that does not read must not hold up the watchdog.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }

    fn send(&self, bytes: &[u8]) -> std::io::Result<usize> {
        self.socket.send_to_addr(bytes, &self.address)
    }
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &str) -> std::io::Result<std::os::unix::net::SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    std::os::unix::net::SocketAddr::from_abstract_name(name)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn abstract_address(_name: &str) -> std::io::Result<std::os::unix::net::SocketAddr> {
    Err(std::io::Error::other("this system has no abstract sockets"))
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Way;

#[cfg(not(unix))]
impl Way {
    fn new(_name: &str) -> std::io::Result<Self> {
        Err(std::io::Error::other("this system has no such sockets"))
    }

    fn send(&self, _bytes: &[u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}
