//! From a drone's MQTT message to the monitor's door: decoded, counted, acknowledged, faults told.

use std::sync::Arc;
use std::time::Duration;

use lowsky::domain::Reason;
use lowsky::service::broker::Broker;
use lowsky::service::clock;
use lowsky::service::counters::Counters;
use lowsky::service::feedback_desk::FeedbackDesk;
use lowsky::service::gate::Gate;
use lowsky::service::inbox::{Inbox, Next, Report};
use lowsky::service::intake::{self, IntakeHandle, IntakeState};
use lowsky::service::publisher::{self, PublisherSettings};
use lowsky::wire::{Doors, subscription_filters};
use rumqttc::v5::mqttbytes::QoS;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::mqtt_support::{Probe, embedded, endpoint, until};

const PREFIX: &str = "lowsky/v1";

struct Bench {
    broker: Broker,
    inbox: Arc<Inbox<()>>,
    intake: IntakeHandle,
    counters: Arc<Counters>,
    gate: JoinHandle<()>,
    stop: CancellationToken,
}

async fn bench(inbox: Inbox<()>) -> Bench {
    let broker = embedded().await;
    let (inbox, counters) = (Arc::new(inbox), Arc::new(Counters::default()));
    let settings = PublisherSettings {
        endpoint: endpoint(broker.address()),
        client_id: "out".into(),
        prefix: PREFIX.into(),
        instance: "test".into(),
    };
    let desk = FeedbackDesk::new(publisher::start(settings, Arc::clone(&counters)));
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&desk).run(stop.clone()));
    let filters = subscription_filters(PREFIX);
    let (intake, messages) = intake::start(endpoint(broker.address()), "in", filters, Arc::clone(&counters));
    let doors = Doors { prefix: PREFIX.into(), area: None };
    let gate = Gate::new(doors, Arc::clone(&inbox), desk, Arc::clone(&counters)).hinting(|_, _| ());
    let gate = tokio::spawn(gate.run(messages));
    let mut state = intake.state();
    state.wait_for(|state| matches!(state, IntakeState::Connected { .. })).await.unwrap();
    Bench { broker, inbox, intake, counters, gate, stop }
}

impl Bench {
    /// What the monitor's thread does with a report.
    fn evaluate(&self) -> Option<Box<Report>> {
        loop {
            match self.inbox.next(Duration::from_secs(5)) {
                Next::Settled(token) => self.intake.acknowledge(&token),
                Next::Report(report) => {
                    self.counters.evaluated.one();
                    if let Some(token) = &report.token {
                        self.intake.acknowledge(token);
                    }
                    return Some(report);
                }
                Next::Control(()) | Next::Idle | Next::Closed => return None,
            }
        }
    }

    /// Acknowledges what was refused or replaced, as the monitor's thread does.
    fn settle(&self) {
        while let Next::Settled(token) = self.inbox.next(Duration::ZERO) {
            self.intake.acknowledge(&token);
        }
    }
}

fn telemetry(uas_id: &str, millis_ago: i64, lat: f64) -> String {
    let at = clock::now().plus_micros(-millis_ago * 1_000);
    format!(r#"{{"uas_id":"{uas_id}","timestamp":"{at}","lat":{lat},"lng":114.0}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_the_books_balance_and_faults_are_told_to_the_operator() {
    let bench = bench(Inbox::default()).await;
    let mut drone = Probe::new(bench.broker.address(), "drone", &["lowsky/v1/feedback/#"]).await;
    let topic = "lowsky/v1/telemetry/acme/UAS-1";
    drone.publish(topic, QoS::AtLeastOnce, false, &telemetry("UAS-1", 0, 22.5)).await;
    let report = bench.evaluate().expect("evaluated");
    assert_eq!((report.observation.uas_id.as_str(), report.token.is_some()), ("UAS-1", true));

    drone.publish(topic, QoS::AtLeastOnce, false, &telemetry("UAS-1", 0, 95.0)).await;
    let (to, feedback) = drone.next_text().await;
    assert_eq!(to, "lowsky/v1/feedback/acme/UAS-1");
    let feedback: serde_json::Value = serde_json::from_str(&feedback).unwrap();
    assert_eq!(feedback["refused"][0]["reason"], "OUT_OF_RANGE");
    assert_eq!(feedback["refused"][0]["field"], "lat");
    for _ in 0..3 {
        drone.publish(topic, QoS::AtLeastOnce, false, "nonsense").await;
    }
    let feedback: serde_json::Value = serde_json::from_str(&drone.next_text().await.1).unwrap();
    assert_eq!(
        (&feedback["refused"][0]["reason"], &feedback["refused"][0]["count"]),
        (&"MALFORMED".into(), &3.into())
    );

    let longer = "lowsky/v1/telemetry/acme/UAS-2/position";
    drone.publish(longer, QoS::AtLeastOnce, false, &telemetry("UAS-2", 0, 22.5)).await;
    let (to, feedback) = drone.next_text().await;
    assert_eq!(to, "lowsky/v1/feedback/acme/UAS-2");
    assert!(feedback.contains("UNKNOWN_TOPIC"), "{feedback}");

    let counters = &bench.counters;
    assert_eq!((counters.messages.get(), counters.evaluated.get(), counters.in_flight()), (6, 1, 0));
    assert_eq!(
        (counters.refused(Reason::OutOfRange).get(), counters.refused(Reason::Malformed).get()),
        (1, 3)
    );
    bench.stop.cancel();
    bench.settle();
    // Every message is acknowledged, or this would take its whole time.
    let stopping = clock::Stopwatch::start();
    bench.intake.stop(Duration::from_secs(10)).await;
    assert!(stopping.elapsed() < Duration::from_secs(9));
    bench.gate.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_a_retained_position_is_a_ghost() {
    let broker = embedded().await;
    let drone = Probe::new(broker.address(), "drone", &[]).await;
    drone.publish("lowsky/v1/telemetry/acme/OLD", QoS::AtLeastOnce, true, &telemetry("OLD", 0, 22.5)).await;
    let mut feedback = Probe::new(broker.address(), "feedback", &["lowsky/v1/+/acme/OLD"]).await;
    assert_eq!(feedback.next_text().await.0, "lowsky/v1/telemetry/acme/OLD");
    let counters = Arc::new(Counters::default());
    let inbox = Arc::new(Inbox::<()>::default());
    let settings = PublisherSettings {
        endpoint: endpoint(broker.address()),
        client_id: "out".into(),
        prefix: PREFIX.into(),
        instance: "test".into(),
    };
    let desk = FeedbackDesk::new(publisher::start(settings, Arc::clone(&counters)));
    let filters = subscription_filters(PREFIX);
    let (_intake, messages) = intake::start(endpoint(broker.address()), "in", filters, Arc::clone(&counters));
    let doors = Doors { prefix: PREFIX.into(), area: None };
    tokio::spawn(Gate::new(doors, Arc::clone(&inbox), desk, Arc::clone(&counters)).run(messages));
    assert!(feedback.next_text().await.1.contains("RETAINED"));
    assert_eq!((counters.refused(Reason::Retained).get(), inbox.depth()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_under_overload_each_aircraft_keeps_its_newest_position() {
    let bench = bench(Inbox::new(0, 100)).await;
    let drone = Probe::new(bench.broker.address(), "drone", &[]).await;
    for round in (0..20).rev() {
        for uas_id in ["A", "B", "C"] {
            let topic = format!("lowsky/v1/telemetry/acme/{uas_id}");
            let payload = telemetry(uas_id, round * 100, 22.5 + f64::from(i32::try_from(round).unwrap()));
            drone.publish(&topic, QoS::AtLeastOnce, false, &payload).await;
        }
    }
    until("all have arrived", || bench.counters.offered.get() == 60).await;
    until("all are settled or wait", || bench.counters.in_flight() == 3).await;
    assert_eq!((bench.inbox.depth(), bench.counters.conflated.get()), (3, 57));
    for uas_id in ["A", "B", "C"] {
        let report = bench.evaluate().unwrap();
        assert_eq!(report.observation.uas_id.as_str(), uas_id, "in order of first arrival");
        assert!((report.observation.position.lat_deg() - 22.5).abs() < 1e-9, "the newest");
    }
    assert_eq!(bench.counters.in_flight(), 0);
    bench.settle();
    let stopping = clock::Stopwatch::start();
    bench.intake.stop(Duration::from_secs(10)).await;
    assert!(stopping.elapsed() < Duration::from_secs(9), "replaced positions are acknowledged too");
}

/// A sentence of a receiver, with its checksum.
fn sentence(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}")
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_a_sentence_that_waits_for_the_rest_of_its_epoch_is_acknowledged_with_it() {
    let bench = bench(Inbox::default()).await;
    let drone = Probe::new(bench.broker.address(), "drone", &[]).await;
    let time = clock::now().to_string()[11..19].replace(':', "");
    let body = format!("GPGGA,{time}.00,2232.0000,N,11403.0000,E,1,10,0.9,50.0,M,-2.0,M,,");
    drone.publish("lowsky/v1/nmea/op/N1", QoS::AtLeastOnce, false, &sentence(&body)).await;
    let mut found = Next::Idle;
    for _ in 0..100 {
        found = bench.inbox.next(Duration::from_millis(100));
        if !matches!(found, Next::Idle) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let Next::Report(report) = found else { panic!("acknowledged before its evaluation: {found:?}") };
    assert_eq!((report.earlier.len(), report.token.is_none()), (1, true), "{report:?}");
    bench.intake.acknowledge(&report.earlier[0]);
    let stopping = clock::Stopwatch::start();
    bench.intake.stop(Duration::from_secs(10)).await;
    assert!(stopping.elapsed() < Duration::from_secs(9), "nothing else waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_a_refused_sentence_that_came_alone_and_a_topic_without_an_identity_are_told_where_they_were_sent()
 {
    let bench = bench(Inbox::default()).await;
    let mut drone = Probe::new(bench.broker.address(), "drone", &["lowsky/v1/feedback/#"]).await;
    let lonely = sentence("GPGGA,120000.00,,,,,0,0,,,M,,M,,");
    for (topic, payload, reason) in [
        ("nmea/op/N1", lonely.as_str(), "NO_FIX"),
        ("telemetry/acme/无人机", "{}", "INVALID_VALUE"),
        ("telemetry/acme/SP 1", "{}", "INVALID_VALUE"),
        ("telemetry/运营人/UAS-1", "{}", "INVALID_VALUE"),
    ] {
        drone.publish(&format!("lowsky/v1/{topic}"), QoS::AtLeastOnce, false, payload).await;
        let (to, feedback) = drone.next_text().await;
        let levels = topic.split_once('/').unwrap().1;
        assert_eq!(to, format!("lowsky/v1/feedback/{levels}"));
        let feedback: serde_json::Value = serde_json::from_str(&feedback).unwrap();
        assert_eq!(feedback["refused"][0]["reason"], reason, "{feedback}");
        let (operator, uas_id) = levels.split_once('/').unwrap();
        assert_eq!((&feedback["operator"], &feedback["uas_id"]), (&operator.into(), &uas_id.into()));
    }
    bench.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monitor_hears_of_a_clock_that_is_ahead() {
    let bench = bench(Inbox::default()).await;
    let drone = Probe::new(bench.broker.address(), "drone", &[]).await;
    let topic = "lowsky/v1/telemetry/acme/UAS-1";
    drone.publish(topic, QoS::AtMostOnce, false, &telemetry("UAS-1", 0, 95.0)).await;
    drone.publish(topic, QoS::AtMostOnce, false, &telemetry("UAS-1", -8_000, 22.5)).await;
    assert!(matches!(bench.inbox.next(Duration::from_secs(5)), Next::Control(())));
    assert!(matches!(bench.inbox.next(Duration::ZERO), Next::Idle), "and of no other fault");
    bench.stop.cancel();
}
