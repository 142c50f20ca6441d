//! Clients that do not read, and clients that come and go: what they do to the others and to themselves.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use lowsky::domain::{AlertEventKind, Severity};
use lowsky::service::clock;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::calm::Calm;
use crate::e2e_support::{raw_stream, resident_kib};
use crate::http_support::{Journaled, alert, event, raised, start, vitals};
use crate::standstill::Standstills;

/// Events of about 4 kB, so that each client is sent 8.8 MB and buffers fill.
const EVENTS: u64 = 2_200;
const HEALTHY: usize = 40;
const STOPPED: usize = 5;
const TRICKLING: usize = 5;

/// How much later the others' alerts may come for it, at the 99th percentile, seconds.
const HARM_MAX_S: f64 = 0.1;
/// Most memory that the test may grow by: what the log keeps, and for each of 50 clients the pieces on its way.
const GROWTH_MAX_KIB: u64 = 150 << 10;

fn long_event(number: u64) -> Arc<lowsky::domain::AlertEvent> {
    let mut long = alert(&format!("a{}", number % 50), Severity::Warning);
    long.observed_at = clock::now();
    long.explanation.en = "x".repeat(3_600);
    event(AlertEventKind::Updated, long)
}

fn count(clients: usize) -> u64 {
    u64::try_from(clients).unwrap()
}

/// Subscribes on a plain socket; it is then read as slowly as one likes.
fn by_hand(address: SocketAddr) -> TcpStream {
    let mut socket = raw_stream(address);
    let text = br#"{"type":"subscribe"}"#;
    // Masked with zeros.
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(text);
    socket.write_all(&frame).unwrap();
    socket
}

/// Reads everything; the latencies of all events from their publication, seconds.
async fn healthy(address: SocketAddr, ready: Arc<AtomicU64>, base: u64, events: u64) -> Vec<f64> {
    let (mut socket, _) = connect_async(format!("ws://{address}/api/v1/stream")).await.unwrap();
    socket.send(Message::text(r#"{"type":"subscribe"}"#)).await.unwrap();
    let (mut latencies, mut expected) = (Vec::new(), base + 1);
    while expected <= base + events {
        let message = timeout(Duration::from_mins(1), socket.next()).await.expect("a frame in 60 s");
        let Message::Text(text) = message.expect("still connected").unwrap() else { continue };
        if text.starts_with(r#"{"type":"snapshot""#) {
            ready.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if !text.starts_with(r#"{"type":"alert""#) {
            assert!(!text.starts_with(r#"{"type":"gap""#), "{text}");
            continue;
        }
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["seq"].as_u64(), Some(expected));
        expected += 1;
        let at = lowsky::domain::Timestamp::parse(frame["alert"]["observed_at"].as_str().unwrap()).unwrap();
        latencies.push(clock::now().seconds_since(at));
    }
    latencies
}

/// Publishes to that many healthy clients; the 99th percentile of the latency of all they got, seconds.
async fn round(server: &mut crate::http_support::Server, base: u64, events: u64) -> f64 {
    let ready = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..HEALTHY)
        .map(|_| tokio::spawn(healthy(server.address, Arc::clone(&ready), base, events)))
        .collect();
    timeout(Duration::from_mins(1), async {
        while ready.load(Ordering::Relaxed) < count(HEALTHY) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("all are subscribed");
    for number in 0..events {
        server.alert(long_event(number));
        server.publisher.commit();
        if number % 50 == 0 {
            server.publisher.heartbeat(vitals(clock::now(), 0));
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all.sort_unstable_by(f64::total_cmp);
    assert_eq!(all.len(), HEALTHY * usize::try_from(events).unwrap(), "everything to everybody healthy");
    all[all.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p15_slow_clients_harm_only_themselves() {
    let calm = Calm::measure();
    let mut server = start(|_, _| {}).await;
    let alone_s = round(&mut server, 0, 300).await;
    let before_kib = resident_kib(std::process::id());
    let address = server.address;
    let over = Arc::new(AtomicBool::new(false));
    let slow = tokio::task::spawn_blocking(move || {
        (0..STOPPED + TRICKLING).map(|_| by_hand(address)).collect::<Vec<_>>()
    });
    let mut slow = slow.await.unwrap();
    let ports = slow.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
    let standstills = Standstills::watch(address.port(), ports);
    let stopped = slow.split_off(TRICKLING);
    let tricklers: Vec<_> = slow
        .into_iter()
        .map(|mut socket| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut byte = [0];
                while !over.load(Ordering::Relaxed) && socket.read(&mut byte).is_ok_and(|read| read == 1) {
                    std::thread::sleep(Duration::from_secs(1));
                }
            })
        })
        .collect();
    let beside_s = round(&mut server, 300, EVENTS).await;
    let after_kib = resident_kib(std::process::id());
    let metrics = Arc::clone(&server.app.metrics);
    // The fault fired: each slow one was cut, without any more events.
    tokio::task::spawn_blocking(|| standstills.judge()).await.unwrap();
    timeout(Duration::from_secs(20), async {
        while metrics.stream_cuts.get() < count(STOPPED + TRICKLING) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("all slow clients are counted");
    println!("p99 alone {alone_s:.4} s, beside slow ones {beside_s:.4} s");
    if let (Some(before), Some(after)) = (before_kib, after_kib) {
        println!("resident: {before} KiB before, {after} KiB after");
        assert!(after < before + GROWTH_MAX_KIB, "{before} KiB grew to {after} KiB");
    }
    let missed = (alone_s + HARM_MAX_S < beside_s).then(|| format!("{alone_s:.4} s became {beside_s:.4} s"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
    over.store(true, Ordering::Relaxed);
    drop(stopped);
    server.app.stop.cancel();
    for trickler in tricklers {
        trickler.join().unwrap();
    }
}

/// How often the client of the resume test is torn away.
const DISCONNECTS: u32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p16_a_thousand_disconnects_without_a_hole_or_a_double() {
    let dir = tempfile::tempdir().unwrap();
    // So little memory that nearly every resume begins in the journal and crosses the seam.
    let mut service = Journaled::start(dir.path(), 8, 8).await;
    let address = service.server.address;
    let log_id = service.server.app.hub.welcome.log_id.clone().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let publishing = {
        let over = Arc::clone(&over);
        tokio::spawn(async move {
            let mut number = 0_u64;
            while !over.load(Ordering::Relaxed) {
                let burst = 1 + number % 61;
                let events = (0..burst).map(|more| raised(&format!("a{}", (number + more) % 40)));
                service.publish(events.collect::<Vec<_>>()).await;
                number += burst;
                if number % 40 < burst {
                    service.server.publisher.heartbeat(vitals(clock::now(), 0));
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            service
        })
    };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut seen, mut from_journal, mut by_address) = (0_u64, 0_u32, 0_u32);
    for round in 0..DISCONNECTS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let in_address = random >> 63 == 1;
        let query = if in_address { format!("?after={log_id}:{seen}") } else { String::new() };
        let (mut socket, _) = connect_async(format!("ws://{address}/api/v1/stream{query}")).await.unwrap();
        by_address += u32::from(in_address);
        if !in_address {
            let subscribe = json!({"type": "subscribe", "after": seen, "log_id": &*log_id});
            socket.send(Message::text(subscribe.to_string())).await.unwrap();
        }
        let frames = 1 + (random >> 40) % 80;
        for _ in 0..frames {
            let message = timeout(Duration::from_secs(30), socket.next()).await.expect("a frame in 30 s");
            let Message::Text(text) = message.expect("still connected").unwrap() else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["type"].as_str().unwrap() {
                "alert" => {
                    assert_eq!(frame["seq"].as_u64(), Some(seen + 1), "round {round}");
                    seen += 1;
                }
                "hello" => from_journal += u32::from(seen + 8 < frame["seq"].as_u64().unwrap()),
                "heartbeat" => assert!(frame["seq"].as_u64().unwrap() <= seen.max(1), "{frame} after {seen}"),
                other => panic!("round {round}: {other}: {text}"),
            }
        }
        if random.is_multiple_of(3) {
            drop(socket.close(None).await);
        }
        // Else torn away, with whatever is on its way.
    }
    over.store(true, Ordering::Relaxed);
    let service = publishing.await.unwrap();
    let last = service.last_seq();
    println!(
        "{seen} of {last} events seen; {from_journal} resumes began in the journal, {by_address} by the address"
    );
    assert!(from_journal > DISCONNECTS / 10, "the seam was crossed: {from_journal}");
}
