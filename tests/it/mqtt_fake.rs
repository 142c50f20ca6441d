//! A broker that does exactly what a test says, packet by packet (MQTT 5).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct FakeBroker(TcpListener);

pub(crate) struct FakeSession {
    socket: TcpStream,
    /// Whether PINGREQ is answered.
    pub(crate) answers_pings: bool,
}

impl FakeBroker {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Accepts a client and its CONNECT.
    pub(crate) async fn accept_silent(&self, session_present: bool) -> FakeSession {
        let accepted = tokio::time::timeout(Duration::from_secs(30), self.0.accept()).await;
        let (socket, _) = accepted.expect("a client comes").unwrap();
        let mut session = FakeSession { socket, answers_pings: true };
        assert_eq!(session.read().await.unwrap().0 >> 4, 1, "CONNECT");
        session.send(&[0x20, 3, u8::from(session_present), 0, 0]).await;
        session
    }

    /// Accepts a client, its CONNECT and its SUBSCRIBE, which it answers with `grants`.
    pub(crate) async fn accept(&self, session_present: bool, grants: &[u8]) -> FakeSession {
        let mut session = self.accept_silent(session_present).await;
        let (kind, body) = session.read().await.unwrap();
        assert_eq!(kind >> 4, 8, "SUBSCRIBE");
        let remaining = u8::try_from(3 + grants.len()).unwrap();
        session.send(&[&[0x90, remaining, body[0], body[1], 0][..], grants].concat()).await;
        session
    }
}

impl FakeSession {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// A PUBLISH at QoS 1.
    pub(crate) async fn publish(&mut self, packet_id: u16, topic: &[u8], payload: &[u8]) {
        let remaining = u8::try_from(2 + topic.len() + 2 + 1 + payload.len()).unwrap();
        let topic_len = u16::try_from(topic.len()).unwrap().to_be_bytes();
        let head = [&[0x32, remaining][..], &topic_len, topic, &packet_id.to_be_bytes(), &[0]];
        self.send(&[&head.concat()[..], payload].concat()).await;
    }

    /// The next PUBACK's packet id; `None` if none comes within `millis` or the client is gone.
    pub(crate) async fn puback(&mut self, millis: u64) -> Option<u16> {
        let wanted = async {
            loop {
                let (kind, body) = self.read().await?;
                if kind >> 4 == 4 {
                    return Some(u16::from_be_bytes([body[0], body[1]]));
                }
            }
        };
        tokio::time::timeout(Duration::from_millis(millis), wanted).await.ok().flatten()
    }

    /// The next PUBLISH at QoS 1: topic, packet id, and what follows.
    pub(crate) async fn published(&mut self) -> (String, u16, Vec<u8>) {
        let wanted = async {
            loop {
                let (kind, body) = self.read().await.expect("the client is there");
                if kind >> 4 == 3 && kind & 6 == 2 {
                    return body;
                }
            }
        };
        let body = tokio::time::timeout(Duration::from_secs(30), wanted).await.expect("a PUBLISH");
        let end = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..end].to_vec()).unwrap();
        (topic, u16::from_be_bytes([body[end], body[end + 1]]), body[end + 2..].to_vec())
    }

    /// The first byte and the body of the next packet but PINGREQ; `None` when the client is gone.
    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let kind = self.socket.read_u8().await.ok()?;
            let (mut len, mut shift) = (0_usize, 0);
            loop {
                let byte = self.socket.read_u8().await.ok()?;
                len |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let mut body = vec![0; len];
            self.socket.read_exact(&mut body).await.ok()?;
            if kind >> 4 != 12 {
                return Some((kind, body));
            }
            if self.answers_pings {
                self.socket.write_all(&[0xd0, 0]).await.ok()?;
            }
        }
    }
}
