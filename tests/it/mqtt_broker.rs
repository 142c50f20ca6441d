//! The embedded broker against real clients: retained, shared, will, both protocol versions, many at once.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use lowsky::service::broker::{self, BrokerError};
use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::LastWill;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::mqtt_support::{Probe, embedded};
use crate::means::{starts, there};

#[tokio::test(flavor = "multi_thread")]
async fn retained_messages_are_kept_and_can_be_cleared() {
    let broker = embedded().await;
    let sender = Probe::new(broker.address(), "sender", &[]).await;
    sender.publish("r/a", QoS::AtLeastOnce, true, "kept").await;
    let mut live = Probe::new(broker.address(), "live", &["r/#"]).await;
    let first = live.next().await;
    assert_eq!((first.retain, &first.payload[..]), (true, &b"kept"[..]));
    sender.publish("r/a", QoS::AtLeastOnce, true, "newer").await;
    assert!(!live.next().await.retain, "to those who were there it is news");
    sender.publish("r/a", QoS::AtLeastOnce, true, "").await;
    live.next().await;
    let mut late = Probe::new(broker.address(), "late", &["r/#"]).await;
    assert!(late.is_silent(300).await, "cleared");
    sender.publish("r/a", QoS::AtLeastOnce, true, &"x".repeat(20_000)).await;
    assert_eq!(late.next().await.payload.len(), 20_000, "delivered, but too large to be kept");
    assert!(Probe::new(broker.address(), "last", &["r/#"]).await.is_silent(300).await);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_subscription_gives_each_message_to_one_member() {
    let broker = embedded().await;
    let mut one = Probe::new(broker.address(), "one", &["$share/g/s/#"]).await;
    let mut two = Probe::new(broker.address(), "two", &["$share/g/s/#"]).await;
    let sender = Probe::new(broker.address(), "sender", &[]).await;
    for number in 0..100 {
        sender.publish("s/x", QoS::AtLeastOnce, false, &number.to_string()).await;
    }
    let (mut got, mut each) = (BTreeSet::new(), [0, 0]);
    for _ in 0..100 {
        let (who, publish) = tokio::select! {
            Some(publish) = one.received.recv() => (0, publish),
            Some(publish) = two.received.recv() => (1, publish),
            () = tokio::time::sleep(Duration::from_secs(10)) => panic!("only {} came", got.len()),
        };
        assert!(got.insert(publish.payload), "delivered twice");
        each[who] += 1;
    }
    assert!(each[0] > 10 && each[1] > 10, "{each:?}");
    drop(one);
    tokio::time::sleep(Duration::from_millis(200)).await;
    sender.publish("s/x", QoS::AtLeastOnce, false, "after").await;
    assert_eq!(two.next_text().await.1, "after", "a member that left gets nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_will_of_a_client_that_vanishes_is_published() {
    let broker = embedded().await;
    let mut heir = Probe::new(broker.address(), "heir", &["w"]).await;
    let mut options = MqttOptions::new("mortal", "127.0.0.1", broker.address().port());
    options.set_last_will(LastWill::new("w", "gone", QoS::AtLeastOnce, false, None));
    drop(Probe::with_options(options, &[]).await);
    assert_eq!(heir.next_text().await, ("w".into(), "gone".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_programs_of_both_versions_reach_it() {
    if !there(&[("mosquitto_pub", starts("mosquitto_pub", &["--help"]))]) {
        return;
    }
    let broker = embedded().await;
    let mut probe = Probe::new(broker.address(), "probe", &["f/#"]).await;
    let port = broker.address().port().to_string();
    for version in ["mqttv311", "mqttv5"] {
        let arguments =
            ["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", "1", "-t", "f/x", "-m", version];
        let sent = tokio::task::spawn_blocking({
            let arguments = arguments.map(str::to_owned);
            move || Command::new("mosquitto_pub").args(arguments).status()
        });
        assert!(sent.await.unwrap().unwrap().success());
        assert_eq!(probe.next_text().await, ("f/x".into(), version.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_fleet_connects_in_one_second() {
    let broker = embedded().await;
    let mut fleet = Vec::new();
    for number in 0..1_000_u16 {
        let address = broker.address();
        fleet.push(tokio::spawn(async move {
            let mut socket = TcpStream::connect(address).await?;
            // CONNECT, MQTT 3.1.1, clean session, keep alive 60 s, a client name of 5 digits.
            let head = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05";
            socket.write_all(&[&head[..], format!("{number:05}").as_bytes()].concat()).await?;
            let mut answer = [0; 4];
            socket.read_exact(&mut answer).await?;
            std::io::Result::Ok((socket, answer))
        }));
    }
    for client in fleet {
        let (_socket, answer) = client.await.unwrap().unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_only_listens_on_this_machine_and_says_when_it_cannot() {
    let open = broker::start("0.0.0.0:0".parse().unwrap()).await;
    assert!(matches!(open, Err(BrokerError::NotLoopback(_))));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = broker::start(taken.local_addr().unwrap()).await.unwrap_err();
    assert!(matches!(error, BrokerError::Listen { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_frees_its_port_and_its_clients() {
    let broker = embedded().await;
    let address = broker.address();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x0500001").await.unwrap();
    socket.read_exact(&mut [0; 4]).await.unwrap();
    broker.stop().await;
    let closed = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(closed, Ok(0) | Err(_)));
    broker::start(address).await.unwrap();
}
