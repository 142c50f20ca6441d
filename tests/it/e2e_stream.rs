//! A stream client on a real socket, for tests that must not depend on foreign programs.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::calm::Patience;

/// A connected client.
pub(crate) struct Stream(WebSocket<TcpStream>);

impl Stream {
    /// Connects, reads the `hello` and subscribes to every alert, from `after` on if given.
    pub(crate) fn subscribe(address: SocketAddr, after: Option<u64>) -> Self {
        Self::try_subscribe(address, after).expect("a stream").0
    }

    /// As [`Self::subscribe`], with the `hello`; `None` where nobody serves.
    pub(crate) fn try_subscribe(address: SocketAddr, after: Option<u64>) -> Option<(Self, Value)> {
        let socket = TcpStream::connect(address).ok()?;
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let url = format!("ws://{address}/api/v1/stream");
        let mut handshake = tungstenite::client(url, socket);
        let mut patience = Patience::new(5.0);
        let socket = loop {
            match handshake {
                Ok((socket, _)) => break socket,
                Err(tungstenite::HandshakeError::Interrupted(middle)) if patience.lasts() => {
                    handshake = middle.handshake();
                }
                Err(_) => return None,
            }
        };
        let mut stream = Self(socket);
        let hello = stream.next(5.0).filter(|frame| frame["type"] == "hello")?;
        let mut subscribe = json!({"type": "subscribe"});
        if let Some(seq) = after {
            subscribe["after"] = seq.into();
        }
        stream.0.send(Message::text(subscribe.to_string())).ok()?;
        Some((stream, hello))
    }

    /// The next frame within so many seconds, and more on a busy machine; `{"type": "closed"}` at the end.
    pub(crate) fn next(&mut self, within_s: f64) -> Option<Value> {
        let mut patience = Patience::new(within_s);
        while patience.lasts() {
            match self.0.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => {
                    return Some(json!({"type": "closed", "code": frame.map(|frame| u16::from(frame.code))}));
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Some(json!({"type": "closed", "why": error.to_string()})),
            }
        }
        None
    }

    /// Sends a message.
    pub(crate) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    /// Says goodbye, as a client that closes its page.
    pub(crate) fn close(mut self) {
        self.0.close(None).unwrap();
        while self.next(1.0).is_some_and(|frame| frame["type"] != "closed") {}
    }
}

/// A client that reads everything in a thread until dropped.
pub(crate) struct Listener {
    frames: Arc<Mutex<Vec<Value>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let mut stream = Stream::subscribe(address, None);
        let (frames, stop) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::<AtomicBool>::default());
        let (kept, stopped) = (Arc::clone(&frames), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Some(frame) = stream.next(0.1) else { continue };
                let closed = frame["type"] == "closed";
                kept.lock().unwrap().push(frame);
                if closed {
                    return;
                }
            }
        });
        Self { frames, stop, thread: Some(thread) }
    }

    pub(crate) fn frames(&self) -> Vec<Value> {
        self.frames.lock().unwrap().clone()
    }

    /// The first frame, past or to come, that is wanted.
    pub(crate) fn find(&self, what: &str, within_s: f64, wanted: impl Fn(&Value) -> bool) -> Value {
        super::e2e_support::until(what, within_s, || {
            self.frames.lock().unwrap().iter().find(|frame| wanted(frame)).cloned()
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
