//! A simulated broker with one persistent session: QoS 1, a window of messages in flight, packet ids that are used
//! again, redelivery after a lost connection, and a session that it may forget.

use std::collections::VecDeque;
use std::rc::Rc;

use lowsky::domain::Timestamp;

use super::Fates;
use super::traffic::Message;

/// A message on the wire.
#[derive(Debug)]
struct Flying<T> {
    arrives_at: Timestamp,
    what: T,
}

#[derive(Debug)]
pub(crate) struct Broker {
    window: usize,
    queue: VecDeque<Rc<Message>>,
    /// Sent and not acknowledged, in the order in which they were sent on this connection.
    inflight: VecDeque<(u16, Rc<Message>)>,
    to_service: VecDeque<Flying<(u16, Rc<Message>)>>,
    to_broker: VecDeque<Flying<u16>>,
    connected: bool,
    /// Copies at QoS 0 for a second connection, while there is one.
    bypass: Option<VecDeque<Rc<Message>>>,
}

impl Broker {
    pub(crate) fn new(window: usize) -> Self {
        Self {
            window,
            queue: VecDeque::new(),
            inflight: VecDeque::new(),
            to_service: VecDeque::new(),
            to_broker: VecDeque::new(),
            connected: false,
            bypass: None,
        }
    }

    pub(crate) fn publish(&mut self, message: &Rc<Message>, fates: &mut Fates) {
        self.queue.push_back(Rc::clone(message));
        if fates.chance("a message published twice", 0.03) {
            self.queue.push_back(Rc::clone(message));
        }
        if let Some(copies) = &mut self.bypass {
            copies.push_back(Rc::clone(message));
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Everything was delivered and acknowledged.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.inflight.is_empty()
    }

    /// Whether no message can come because too many are unacknowledged.
    pub(crate) fn is_blocked(&self) -> bool {
        self.connected && self.window <= self.inflight.len() && self.to_service.is_empty()
    }

    pub(crate) fn bypass(&mut self, on: bool) {
        if on != self.bypass.is_some() {
            self.bypass = on.then(VecDeque::new);
        }
    }

    pub(crate) fn bypassed(&mut self) -> Option<Rc<Message>> {
        self.bypass.as_mut()?.pop_front()
    }

    /// The connection ends; what was on the wire is gone.
    pub(crate) fn disconnect(&mut self, forget: bool) {
        self.connected = false;
        self.to_service.clear();
        self.to_broker.clear();
        if forget {
            self.queue.clear();
            self.inflight.clear();
        }
    }

    /// A new connection: what was in flight is sent again, not always in the same order or under the same ids.
    pub(crate) fn connect(&mut self, fates: &mut Fates) {
        self.connected = true;
        if !self.inflight.is_empty() && fates.chance("a redelivery in another order", 0.2) {
            let messages: Vec<_> = self.inflight.drain(..).map(|(_, message)| message).collect();
            let start = fates.below(messages.len());
            let (after, before) = messages.split_at(start);
            let turned = before.iter().chain(after).cloned();
            self.inflight = (1..).zip(turned).collect();
        }
        let now = Timestamp::default();
        self.to_service =
            self.inflight.iter().cloned().map(|what| Flying { arrives_at: now, what }).collect();
    }

    pub(crate) fn step(&mut self, now: Timestamp, fates: &mut Fates) {
        while let Some(ack) = self.to_broker.pop_front_if(|ack| ack.arrives_at <= now) {
            let (packet_id, _) = self.inflight.pop_front().expect("an acknowledgement of something");
            assert_eq!(packet_id, ack.what, "acknowledgements come in order of receipt");
        }
        while self.connected && self.inflight.len() < self.window && !self.queue.is_empty() {
            let used = |id: &u16| self.inflight.iter().any(|(other, _)| other == id);
            let packet_id = (1..=u16::MAX).find(|id| !used(id)).expect("a free id");
            let message = self.queue.pop_front().expect("one waits");
            self.inflight.push_back((packet_id, Rc::clone(&message)));
            let arrives_at = now.plus_seconds(0.005 * fates.share());
            self.to_service.push_back(Flying { arrives_at, what: (packet_id, message) });
        }
    }

    /// The next message that has arrived at the service.
    pub(crate) fn deliver(&mut self, now: Timestamp) -> Option<(u16, Rc<Message>)> {
        self.to_service.pop_front_if(|flying| flying.arrives_at <= now).map(|flying| flying.what)
    }

    /// The service acknowledges.
    pub(crate) fn puback(&mut self, packet_id: u16, now: Timestamp) {
        assert!(self.connected, "acknowledged without a connection");
        self.to_broker.push_back(Flying { arrives_at: now.plus_seconds(0.001), what: packet_id });
    }
}
