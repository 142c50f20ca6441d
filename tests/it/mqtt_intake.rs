//! The intake: back after every kind of loss, acknowledgements in order and never of another connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lowsky::service::broker;
use lowsky::service::clock::Stopwatch;
use lowsky::service::counters::Counters;
use lowsky::service::intake::{self, IntakeHandle, IntakeState, Message};
use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::mpsc::Receiver;

use super::calm::promised;
use super::mqtt_fake::FakeBroker;
use super::mqtt_support::{Mosquitto, Probe, embedded, endpoint, free_address, until};

struct Bench {
    handle: IntakeHandle,
    messages: Receiver<Message>,
    counters: Arc<Counters>,
}

fn bench(address: SocketAddr) -> Bench {
    let counters = Arc::new(Counters::default());
    let filters = vec!["t/+/+".to_owned(), "n/#".to_owned()];
    let (handle, messages) = intake::start(endpoint(address), "intake", filters, Arc::clone(&counters));
    Bench { handle, messages, counters }
}

impl Bench {
    async fn connected(&self) -> bool {
        let mut state = self.handle.state();
        let wanted = state.wait_for(|state| matches!(state, IntakeState::Connected { .. }));
        let state = tokio::time::timeout(Duration::from_secs(10), wanted).await.expect("connects").unwrap();
        matches!(*state, IntakeState::Connected { session_present: true, .. })
    }

    async fn lost(&self, within_s: u64) -> String {
        let mut state = self.handle.state();
        let wanted = state.wait_for(|state| matches!(state, IntakeState::Lost { .. }));
        let state =
            tokio::time::timeout(Duration::from_secs(within_s), wanted).await.expect("noticed").unwrap();
        let IntakeState::Lost { reason, .. } = &*state else { unreachable!() };
        reason.clone()
    }

    async fn next(&mut self) -> Message {
        tokio::time::timeout(Duration::from_secs(30), self.messages.recv()).await.expect("a message").unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_the_embedded_broker_restarts() {
    let broker = embedded().await;
    let address = broker.address();
    let mut bench = bench(address);
    assert!(!bench.connected().await, "no session at first");
    let probe = Probe::new(address, "p", &[]).await;
    probe.publish("t/a/b", QoS::AtLeastOnce, false, "1").await;
    let message = bench.next().await;
    assert_eq!((&*message.topic, &message.payload[..], message.retained), ("t/a/b", &b"1"[..], false));
    drop(probe);
    broker.stop().await;
    bench.lost(10).await;
    let broker = broker::start(address).await.unwrap();
    let back = Stopwatch::start();
    bench.connected().await;
    promised("the intake is back", back.elapsed(), 5.0);
    let probe = Probe::new(address, "p", &[]).await;
    probe.publish("n/x", QoS::AtMostOnce, false, "2").await;
    let message = bench.next().await;
    assert_eq!((&message.payload[..], message.token.is_none()), (&b"2"[..], true));
    broker.stop().await;
}

async fn message_with_token(bench: &mut Bench, probe: &Probe) -> Message {
    probe.publish("t/a/b", QoS::AtLeastOnce, false, "x").await;
    bench.next().await
}

fn bench_token(message: Message) -> lowsky::service::ack_window::AckToken {
    message.token.expect("QoS 1")
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_mosquitto_is_killed_and_comes_back_without_our_session() {
    let Some(mosquitto) = Mosquitto::start(free_address()).await else { return };
    let mut bench = bench(mosquitto.address);
    bench.connected().await;
    let probe = Probe::new(mosquitto.address, "p", &[]).await;
    let held = bench_token(message_with_token(&mut bench, &probe).await);
    drop(probe);
    let address = mosquitto.kill();
    bench.lost(10).await;
    let Some(mosquitto) = Mosquitto::start(address).await else { return };
    assert!(!bench.connected().await);
    let probe = Probe::new(mosquitto.address, "p", &[]).await;
    let fresh = message_with_token(&mut bench, &probe).await;
    bench.handle.acknowledge(&held);
    assert_eq!(bench.counters.intake_stale_acks.get(), 1);
    bench.handle.acknowledge(&bench_token(fresh));
    assert_eq!(bench.counters.intake_stale_acks.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_outlives_a_stop() {
    let Some(mosquitto) = Mosquitto::start(free_address()).await else { return };
    let mut first = bench(mosquitto.address);
    first.connected().await;
    let probe = Probe::new(mosquitto.address, "p", &[]).await;
    let evaluated = message_with_token(&mut first, &probe).await;
    let unevaluated = message_with_token(&mut first, &probe).await;
    let handle = first.handle.clone();
    let stop = tokio::spawn(async move { handle.stop(Duration::from_secs(1)).await });
    assert!(tokio::time::timeout(Duration::from_secs(1), first.messages.recv()).await.unwrap().is_none());
    first.handle.acknowledge(&bench_token(evaluated));
    stop.await.unwrap();
    drop(unevaluated);
    probe.publish("t/a/b", QoS::AtLeastOnce, false, "while away").await;
    let mut second = bench(mosquitto.address);
    assert!(second.connected().await, "session present");
    assert_eq!(&second.next().await.payload[..], b"x", "what was not acknowledged comes again");
    assert_eq!(&second.next().await.payload[..], b"while away");
    assert!(second.messages.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn p06_acks_leave_in_order_of_receipt_and_never_on_another_connection() {
    let fake = FakeBroker::new().await;
    let mut bench = bench(fake.address());
    let mut session = fake.accept(false, &[1, 1]).await;
    let mut tokens = Vec::new();
    for packet_id in [7, 3, 5] {
        session.publish(packet_id, b"t/a/b", b"{}").await;
        tokens.push(bench_token(bench.next().await));
    }
    let [first, second, third] = <[_; 3]>::try_from(tokens).unwrap();
    bench.handle.acknowledge(&third);
    bench.handle.acknowledge(&second);
    assert_eq!(session.puback(200).await, None, "the first is not evaluated yet");
    bench.handle.acknowledge(&first);
    assert_eq!([session.puback(20_000).await, session.puback(20_000).await], [Some(7), Some(3)]);
    assert_eq!(session.puback(20_000).await, Some(5));

    session.publish(9, b"t/a/b", b"old").await;
    let old = bench_token(bench.next().await);
    drop(session);
    let mut session = fake.accept(true, &[1, 1]).await;
    // As many before it as on the first connection: the same packet id in the same place.
    let mut tokens = Vec::new();
    for packet_id in [1, 2, 4, 9] {
        session.publish(packet_id, b"t/a/b", b"new").await;
        tokens.push(bench_token(bench.next().await));
    }
    bench.handle.acknowledge(&old);
    let new = tokens.pop().unwrap();
    for (token, packet_id) in tokens.iter().zip([1, 2, 4]) {
        bench.handle.acknowledge(token);
        assert_eq!(session.puback(20_000).await, Some(packet_id));
    }
    assert_eq!(session.puback(300).await, None, "9 stands for another message now");
    bench.handle.acknowledge(&new);
    assert_eq!(session.puback(20_000).await, Some(9));
    assert_eq!(bench.counters.intake_stale_acks.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_sends_more_than_it_may_is_borne_with() {
    let fake = FakeBroker::new().await;
    let mut bench = bench(fake.address());
    let mut session = fake.accept(false, &[1, 1]).await;
    let mut tokens = Vec::new();
    for packet_id in 1..=3_000 {
        session.publish(packet_id, b"t/a/b", b"{}").await;
        tokens.push(bench_token(bench.next().await));
    }
    // The first one last, so that all of them become due at once.
    for token in tokens.iter().rev() {
        bench.handle.acknowledge(token);
    }
    for packet_id in 1..=3_000 {
        assert_eq!(session.puback(20_000).await, Some(packet_id));
    }
    assert_eq!(bench.counters.intake_attempts.get(), 1, "the same connection all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_half_open_connection_is_noticed_within_ten_seconds() {
    let fake = FakeBroker::new().await;
    let bench = bench(fake.address());
    let mut session = fake.accept(false, &[1, 1]).await;
    bench.connected().await;
    session.answers_pings = false;
    let since = Stopwatch::start();
    let reading = tokio::spawn(async move { session.puback(20_000).await });
    let reason = bench.lost(10).await;
    println!("noticed after {:?}: {reason}", since.elapsed());
    assert_eq!(reading.await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_filter_is_not_health_and_a_topic_without_name_is_no_aircraft() {
    let fake = FakeBroker::new().await;
    let mut bench = bench(fake.address());
    let _refused = fake.accept(false, &[1, 0x87]).await;
    let reason = bench.lost(5).await;
    assert!(reason.contains("n/#") && reason.contains("NotAuthorized"), "{reason}");
    let mut session = fake.accept(false, &[1, 1]).await;
    bench.connected().await;
    session.publish(1, b"", b"{}").await;
    session.publish(2, b"t/\xff/b", b"{}").await;
    session.publish(3, b"t/a/b", b"{}").await;
    assert_eq!(&*bench.next().await.topic, "t/a/b");
    assert_eq!(bench.counters.intake_bad_topics.get(), 2);
    assert_eq!([session.puback(20_000).await, session.puback(20_000).await], [Some(1), Some(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_there_are_few_attempts() {
    let bench = bench(free_address());
    until("the first attempt", || bench.counters.intake_attempts.get() > 0).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let attempts = bench.counters.intake_attempts.get();
    assert!((3..=12).contains(&attempts), "{attempts} attempts in 3 s");
    assert!(bench.lost(1).await.contains("refused"), "and the reason is told");
    bench.handle.stop(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_decoding_stands_still_the_broker_keeps_what_was_not_acknowledged() {
    let broker = embedded().await;
    let mut bench = bench(broker.address());
    bench.connected().await;
    let probe = Probe::new(broker.address(), "p", &[]).await;
    for number in 0..9_000_u32 {
        probe.publish("n/x", QoS::AtMostOnce, false, &number.to_string()).await;
    }
    probe.publish("t/a/b", QoS::AtLeastOnce, false, "last").await;
    let reason = bench.lost(10).await;
    assert!(reason.contains("stands still"), "{reason}");
    assert!(bench.counters.intake_waits.get() > 0 && bench.counters.intake_overruns.get() > 0);
    let mut taken = 0;
    while &*bench.next().await.topic != "t/a/b" {
        taken += 1;
    }
    assert!(taken > 8_000, "{taken}");
    bench.connected().await;
}
