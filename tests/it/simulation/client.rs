//! A simulated client that demands every event once and in order.

use std::collections::BTreeMap;

use lowsky::domain::Timestamp;
use lowsky::stream::{Frame, Next, Session, SessionLimits, Welcome};
use serde_json::{Value, json};

use super::Fates;
use super::service::Service;

/// What all clients were told: by history and number, the alert, and whether it was called durable.
pub(crate) type Told = BTreeMap<(String, u64), (String, bool)>;

#[derive(Debug, Default)]
pub(crate) struct Client {
    session: Option<Session>,
    log_id: String,
    last_seq: Option<u64>,
}

impl Client {
    pub(crate) fn is_connected(&self) -> bool {
        self.session.is_some()
    }

    pub(crate) fn last_seq(&self) -> Option<u64> {
        self.last_seq
    }

    pub(crate) fn disconnect(&mut self) {
        self.session = None;
    }

    /// Connects, and resumes if the service still counts the same history.
    pub(crate) fn connect(&mut self, now: Timestamp, service: &Service, told: &mut Told, fates: &mut Fates) {
        let Service { world, log_id, .. } = service;
        let welcome = Welcome { instance: "simulation".into(), log_id: Some(log_id.as_str().into()) };
        let (mut session, hello) = Session::open("c".into(), SessionLimits::default(), now, &welcome, world);
        let hello: Value = serde_json::from_str(&hello).unwrap();
        let mut subscribe = json!({"type": "subscribe"});
        if hello["log_id"] != self.log_id.as_str() {
            self.log_id.clone_from(log_id);
            self.last_seq = None;
        } else if let Some(last) = self.last_seq {
            fates.note("a client that resumes");
            subscribe["after"] = last.into();
            assert!(last <= world.log.last_seq(), "the same history has what a client was told of it");
        }
        let mut frames = Vec::new();
        assert_eq!(session.receive(&subscribe.to_string(), now, world, &mut frames), None);
        self.session = Some(session);
        self.take(frames, told);
    }

    pub(crate) fn poll(&mut self, now: Timestamp, service: &Service, told: &mut Told, fates: &mut Fates) {
        loop {
            let Some(session) = &mut self.session else { return };
            let mut frames = Vec::new();
            let next = session.poll(now, &service.world, &mut frames);
            if let Next::History(after) = next {
                fates.note("a client that resumes from the journal");
                let recorded = service.journal.recorded(after);
                session.supply(after, Some(&recorded), now, &service.world, &mut frames);
            }
            self.take(frames, told);
            if next == Next::Nothing {
                return;
            }
        }
    }

    fn take(&mut self, frames: Vec<Frame>, told: &mut Told) {
        for frame in frames {
            let text = frame.encode();
            let frame: Value = serde_json::from_str(&text).unwrap();
            let seq = frame["seq"].as_u64();
            match frame["type"].as_str().unwrap() {
                "alert" => {
                    let seq = seq.unwrap();
                    assert_eq!(Some(seq - 1), self.last_seq, "dense: {text}");
                    self.last_seq = Some(seq);
                    let alert = text.split_once(r#""alert":{"#).unwrap().1.strip_suffix('}').unwrap();
                    let durable = frame["durable"].as_bool().unwrap();
                    let news = (format!("{{{alert}"), durable);
                    let known = told.entry((self.log_id.clone(), seq)).or_insert_with(|| news.clone());
                    assert_eq!(known.0, news.0, "a number stands for one event");
                    known.1 |= durable;
                }
                "snapshot" => self.last_seq = seq,
                "gap" => self.last_seq = frame["to"].as_u64(),
                "heartbeat" => assert!(seq <= self.last_seq),
                other => panic!("{other}"),
            }
        }
    }
}
