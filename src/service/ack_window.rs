//! Which messages of a connection may be acknowledged: in order of receipt, and only while it lasts.
//!
//! Packet ids are used again after a reconnect. An acknowledgement that arrives late would confirm a message
//! that nobody evaluated, so every token carries the epoch of its connection.

use std::collections::VecDeque;

/// The right to acknowledge one message once, on the connection that delivered it.
#[derive(Debug, PartialEq, Eq)]
pub struct AckToken {
    epoch: u64,
    index: u64,
}

impl AckToken {
    /// The connection that delivered the message, counted from 1.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// Acknowledged, or will be as soon as all messages before it are.
    Taken,
    /// Its connection is gone; the broker delivers the message again.
    Stale,
}

/// Received and unacknowledged messages of the connection of one epoch.
#[derive(Debug)]
pub struct AckWindow {
    epoch: u64,
    /// Index of the first slot.
    base: u64,
    slots: VecDeque<Slot>,
    capacity: usize,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    packet_id: u16,
    done: bool,
}

impl AckWindow {
    /// A window for at most `capacity` unacknowledged messages.
    pub fn new(capacity: usize) -> Self {
        Self { epoch: 0, base: 0, slots: VecDeque::new(), capacity }
    }

    /// A new connection: all earlier tokens are stale.
    pub fn next_epoch(&mut self) -> u64 {
        self.epoch += 1;
        self.base = 0;
        self.slots.clear();
        self.epoch
    }

    /// A message was received. `None` if the peer has sent more unacknowledged messages than it may.
    pub fn receive(&mut self, packet_id: u16) -> Option<AckToken> {
        if self.capacity <= self.slots.len() {
            return None;
        }
        let index = self.base + u64::try_from(self.slots.len()).ok()?;
        self.slots.push_back(Slot { packet_id, done: false });
        Some(AckToken { epoch: self.epoch, index })
    }

    /// Marks a message as done and appends to `ready` the packet ids that may leave now, in order.
    pub fn acknowledge(&mut self, token: &AckToken, ready: &mut Vec<u16>) -> Acknowledged {
        let slot = token.index.checked_sub(self.base).and_then(|offset| usize::try_from(offset).ok());
        let slot = slot.filter(|_| token.epoch == self.epoch).and_then(|offset| self.slots.get_mut(offset));
        let Some(slot) = slot else { return Acknowledged::Stale };
        slot.done = true;
        while let Some(slot) = self.slots.pop_front_if(|slot| slot.done) {
            ready.push(slot.packet_id);
            self.base += 1;
        }
        Acknowledged::Taken
    }

    /// Messages received and not yet acknowledged.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether everything received is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn p06_whatever_the_order_of_evaluation_acks_leave_in_order_of_receipt(
            order in Just((0..50_u16).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut window = AckWindow::new(50);
            window.next_epoch();
            let mut tokens: Vec<_> = (0..50_u16).map(|id| window.receive(id + 1)).collect();
            prop_assert!(window.receive(99).is_none(), "over the limit");
            let mut sent = Vec::new();
            for at in order {
                let token = tokens[usize::from(at)].take().unwrap();
                prop_assert_eq!(window.acknowledge(&token, &mut sent), Acknowledged::Taken);
            }
            prop_assert!(window.is_empty());
            prop_assert_eq!(sent, (1..=50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn p06_a_token_of_an_earlier_connection_acknowledges_nothing() {
        let mut window = AckWindow::new(10);
        window.next_epoch();
        let old = window.receive(1).unwrap();
        window.next_epoch();
        let new = window.receive(1).unwrap();
        let mut sent = Vec::new();
        assert_eq!(window.acknowledge(&old, &mut sent), Acknowledged::Stale);
        assert!(sent.is_empty(), "packet id 1 belongs to another message now");
        assert_eq!(window.acknowledge(&new, &mut sent), Acknowledged::Taken);
        assert_eq!(sent, [1]);
    }
}
