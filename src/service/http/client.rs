//! One stream client: carries frames between its session and its socket, and knows when to give up.

use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as RawFrame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::App;
use crate::service::clock;
use crate::stream::{Frame, Next, Recorded, ResumePoint, Session, Text, error_frame};

/// Most bytes of a client's message.
const MESSAGE_MAX: usize = 64 << 10;
/// The same where messages are echoed: suites send large ones.
const ECHO_MAX: usize = 16 << 20;
/// A frame of more aircraft and alerts is a large one.
const SMALL_FRAME: usize = 500;
/// Larger texts leave in pieces of this size, so that no client has a large buffer of its own.
const PIECE: usize = 64 << 10;
/// Bytes that may wait in the buffer: what is written between two flushes, and answers to pings.
const WRITE_BUFFER_MAX: usize = 1 << 20;
/// How often the client is pinged, for proxies and to notice one that is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A client that says nothing for so long, not even a pong, is gone.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// How long the last frames and the close handshake may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Serves a client until it leaves, is cut, or the service stops.
pub(super) async fn serve(upgraded: Upgraded, app: &Arc<App>, author: String, resume: Option<ResumePoint>) {
    let socket = open_socket(upgraded, MESSAGE_MAX).await;
    let wakes = app.hub.wakes();
    let now = clock::now();
    let (session, first) = {
        let world = app.hub.world();
        let (mut session, hello) =
            Session::open(author, app.hub.session_limits, now, &app.hub.welcome, &world);
        let mut first = vec![Frame::Text(hello)];
        if let Some(point) = resume {
            session.resume(point, now, &world, &mut first);
        }
        (session, first)
    };
    app.metrics.stream_clients.inc();
    let mut client = Client { app, socket, session, wakes, reading: None, told_gaps: 0 };
    let outcome = client.run(first).await;
    app.metrics.stream_clients.dec();
    match outcome {
        Ok(()) | Err(Error::ConnectionClosed) => {}
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut => {
            app.metrics.stream_cuts.inc();
            tracing::info!("a stream client did not read and was cut");
        }
        Err(error) => tracing::debug!(%error, "stream client ended"),
    }
}

/// The socket of a client after its handshake, with bounds on everything that it can make us keep.
pub(super) async fn open_socket(upgraded: Upgraded, message_max: usize) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(PIECE)
        .max_write_buffer_size(WRITE_BUFFER_MAX.max(message_max.saturating_mul(2)))
        .max_message_size(Some(message_max))
        .max_frame_size(Some(message_max));
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// Sends back what comes, until the client leaves or breaks the protocol.
pub(super) async fn echo(upgraded: Upgraded) -> Result<(), Error> {
    let mut socket = open_socket(upgraded, ECHO_MAX).await;
    while let Some(message) = socket.next().await {
        match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await?,
            // The library has queued the answer.
            Ok(Message::Ping(_) | Message::Close(_)) => socket.flush().await?,
            Ok(Message::Pong(_) | Message::Frame(_)) => {}
            Err(error) => return refuse(&mut socket, error).await,
        }
    }
    Ok(())
}

/// Ends a connection whose client broke a rule, with the code that says which.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are of the connection itself")]
async fn refuse(socket: &mut Socket, error: Error) -> Result<(), Error> {
    let (code, reason) = match error {
        Error::Capacity(error) => (CloseCode::Size, error.to_string()),
        Error::Utf8(error) => (CloseCode::Invalid, error),
        Error::Protocol(error) => (CloseCode::Protocol, error.to_string()),
        error => return Err(error),
    };
    let frame = CloseFrame { code, reason: reason.chars().take(100).collect::<String>().into() };
    timeout(CLOSE_PATIENCE, socket.close(Some(frame))).await.unwrap_or(Ok(()))
}

struct Client<'a> {
    app: &'a App,
    socket: Socket,
    session: Session,
    wakes: watch::Receiver<u64>,
    /// History that was asked for, and after which number.
    reading: Option<Reading<'a>>,
    told_gaps: u64,
}

type Reading<'a> = (u64, Pin<Box<dyn Future<Output = Option<Arc<Recorded>>> + Send + 'a>>);

/// The history that is being read, once it is there.
async fn arrival(reading: &mut Option<Reading<'_>>) -> (u64, Option<Arc<Recorded>>) {
    match reading {
        Some((after, reading)) => (*after, reading.as_mut().await),
        None => pending().await,
    }
}

/// A large frame takes tens of milliseconds. That is done off the runtime's threads and for one client after the
/// other: where many begin anew at once, as after a storm of alerts, intake and heartbeats must go on.
async fn encode(app: &App, frame: Frame) -> Result<Text, Error> {
    if frame.parts() <= SMALL_FRAME {
        return Ok(frame.encode());
    }
    let turn = Arc::clone(&app.encode_turns).acquire_owned().await;
    let encoded = spawn_blocking(move || {
        let text = frame.encode();
        drop(turn);
        text
    });
    encoded.await.map_err(|error| Error::Io(std::io::Error::other(error)))
}

impl Client<'_> {
    async fn run(&mut self, first: Vec<Frame>) -> Result<(), Error> {
        self.send(first).await?;
        let mut ping_at = Instant::now() + PING_EVERY;
        let mut heard_at = Instant::now();
        let mut more = self.step().await?;
        loop {
            let due = self.session.due().map(|due| due.seconds_since(clock::now()).clamp(0.0, 60.0));
            let pause = Duration::from_secs_f64(due.unwrap_or(60.0));
            tokio::select! {
                () = self.app.stop.cancelled() => return self.close().await,
                message = self.socket.next() => {
                    let Some(message) = message else { return Ok(()) };
                    heard_at = Instant::now();
                    match message {
                        Ok(message) => if !self.hear(message).await? { return Ok(()) },
                        Err(error) => return refuse(&mut self.socket, error).await,
                    }
                }
                () = ready(()), if more => {}
                (after, recorded) = arrival(&mut self.reading) => {
                    let frames = self.supply(after, recorded.as_deref());
                    self.send(frames).await?;
                }
                changed = self.wakes.changed(), if !more => if changed.is_err() { return self.close().await },
                () = sleep(pause), if !more && due.is_some() => {}
                () = sleep_until(ping_at), if !more => {
                    if SILENCE_MAX < heard_at.elapsed() {
                        return Err(Error::Io(std::io::ErrorKind::TimedOut.into()));
                    }
                    ping_at = Instant::now() + PING_EVERY;
                    self.socket.send(Message::Ping(Bytes::new())).await?;
                }
            }
            more = self.step().await?;
        }
    }

    /// Sends what is due; `true` if there is more.
    async fn step(&mut self) -> Result<bool, Error> {
        let mut frames = Vec::new();
        let next = self.session.poll(clock::now(), &self.app.hub.world(), &mut frames);
        let gaps = self.session.slow_gaps();
        self.app.metrics.stream_gaps.inc_by(gaps - self.told_gaps);
        self.told_gaps = gaps;
        if let Next::History(after) = next
            && self.reading.as_ref().is_none_or(|(asked, _)| *asked != after)
        {
            let app = self.app;
            let read = async move { app.archive.get()?.after(after).await };
            self.reading = Some((after, Box::pin(read)));
        }
        self.send(frames).await?;
        Ok(next == Next::More)
    }

    /// Hands history to the session; what follows from it.
    fn supply(&mut self, after: u64, recorded: Option<&Recorded>) -> Vec<Frame> {
        self.reading = None;
        let mut frames = Vec::new();
        let mut world = self.app.hub.world();
        if let Some(recorded) = recorded {
            world.recorded_from = world.recorded_from.max(Some(recorded.oldest_seq));
        }
        self.session.supply(after, recorded, clock::now(), &world, &mut frames);
        frames
    }

    /// Takes a message of the client; `false` if it was its last.
    async fn hear(&mut self, message: Message) -> Result<bool, Error> {
        let mut frames = Vec::new();
        match message {
            Message::Text(text) => {
                let request = self.session.receive(&text, clock::now(), &self.app.hub.world(), &mut frames);
                if request.is_some_and(|request| !self.app.hub.acknowledge(request)) {
                    let text = error_frame("BUSY", "too many acknowledgements wait; try again");
                    frames.push(Frame::Text(text));
                }
            }
            Message::Binary(_) => {
                frames.push(Frame::Text(error_frame("BAD_MESSAGE", "messages are text frames of JSON")));
            }
            Message::Close(_) => {
                // The library has queued the answer; it leaves with the flush.
                self.socket.flush().await?;
                return Ok(false);
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        self.send(frames).await?;
        Ok(true)
    }

    /// Writes the frames and waits until the kernel has them, so that nothing piles up here.
    async fn send(&mut self, frames: Vec<Frame>) -> Result<(), Error> {
        for frame in frames {
            let text = encode(self.app, frame).await?;
            self.app.metrics.stream_frames.inc();
            self.app.metrics.stream_bytes.inc_by(u64::try_from(text.len()).unwrap_or(u64::MAX));
            if text.len() <= PIECE {
                self.socket.feed(Message::Text(text)).await?;
            } else {
                self.send_in_pieces(text.into()).await?;
            }
        }
        self.socket.flush().await
    }

    async fn send_in_pieces(&mut self, mut rest: Bytes) -> Result<(), Error> {
        let mut kind = Data::Text;
        while !rest.is_empty() {
            let piece = rest.split_to(PIECE.min(rest.len()));
            let raw = RawFrame::message(piece, OpCode::Data(kind), rest.is_empty());
            self.socket.send(Message::Frame(raw)).await?;
            kind = Data::Continue;
        }
        Ok(())
    }

    /// Sends what is still due, then says goodbye and waits briefly for the answer.
    async fn close(&mut self) -> Result<(), Error> {
        let last = async {
            while self.step().await? {}
            self.send(vec![Frame::Text(self.session.farewell())]).await?;
            let frame = CloseFrame { code: CloseCode::Restart, reason: "the service stops".into() };
            self.socket.close(Some(frame)).await?;
            while let Some(Ok(_late)) = self.socket.next().await {}
            Ok(())
        };
        timeout(CLOSE_PATIENCE, last).await.unwrap_or(Ok(()))
    }
}
