//! The stream over real sockets: foreign clients, clients that do not read, and the end of the service.

use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use lowsky::domain::{AlertEventKind, Severity};
use lowsky::service::clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::http_support::{Socket, alert, connect, event, next, noted, raised, request, start, vitals};
use crate::means::{PYTHON, there, websockets};
use crate::standstill::Standstills;

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

#[tokio::test]
async fn from_hello_to_a_cleared_alert_and_a_resume() {
    let mut server = start(|_, settings| settings.log_id = Some("h1".into())).await;
    let mut socket = connect(&server, "").await;
    let hello = next(&mut socket).await;
    assert_eq!((hello["type"].as_str(), hello["log_id"].as_str()), (Some("hello"), Some("h1")));
    say(&mut socket, json!({"type": "subscribe"})).await;
    assert_eq!(next(&mut socket).await["type"], "snapshot");
    server.alert(raised("a1"));
    server.publisher.commit();
    let told = next(&mut socket).await;
    assert_eq!((told["seq"].as_u64(), told["event"].as_str()), (Some(1), Some("RAISED")));
    server.publisher.heartbeat(vitals(clock::now(), 3));
    assert_eq!(next(&mut socket).await["lag_ms"], 3);
    say(&mut socket, json!({"type": "ack", "alert_id": "a1"})).await;
    assert_eq!(&*noted(server.acks.recv().await).alert_id, "a1");
    drop(socket);
    server.alert(event(AlertEventKind::Cleared, alert("a1", Severity::Warning)));
    server.publisher.commit();
    let mut socket = connect(&server, "").await;
    next(&mut socket).await;
    say(&mut socket, json!({"type": "subscribe", "after": 1})).await;
    assert_eq!(next(&mut socket).await["event"], "CLEARED");
}

#[tokio::test]
async fn p30_nonsense_is_answered_and_only_oversize_ends_the_connection() {
    let server = start(|_, _| {}).await;
    let mut socket = connect(&server, "").await;
    next(&mut socket).await;
    socket.send(Message::text("{")).await.unwrap();
    assert_eq!(next(&mut socket).await["code"], "BAD_JSON");
    socket.send(Message::binary(vec![0, 159])).await.unwrap();
    assert_eq!(next(&mut socket).await["code"], "BAD_MESSAGE");
    say(&mut socket, json!({"type": "ping"})).await;
    assert_eq!(next(&mut socket).await["type"], "pong");
    // The server may close before it has read all of it.
    socket.send(Message::text("x".repeat(70_000))).await.unwrap_or_default();
    let end = timeout(Duration::from_secs(5), async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    });
    assert!(matches!(end.await.expect("ended"), Some(1009) | None));
}

#[tokio::test]
async fn p29_the_upgrade_is_refused_for_foreign_pages_and_old_versions() {
    let server = start(|http, _| http.allowed_origins = vec!["https://wall.example.cn".into()]).await;
    let ask = async |extra: &str, version: &str| {
        let headers = format!(
            "Upgrade: websocket\r\nSec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}"
        );
        let address = server.address;
        let text =
            format!("GET /api/v1/stream HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n{headers}\r\n");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        String::from_utf8_lossy(&head)[9..12].to_owned()
    };
    assert_eq!(ask("", "13").await, "101");
    assert_eq!(ask("Origin: https://wall.example.cn\r\n", "13").await, "101");
    assert_eq!(ask(&format!("Origin: http://{}\r\n", server.address), "13").await, "101");
    assert_eq!(ask("Origin: https://evil.example\r\n", "13").await, "403");
    assert_eq!(ask("Origin: null\r\n", "13").await, "403");
    assert_eq!(ask("", "8").await, "426");
    let plain = request(server.address, "GET /api/v1/stream", "", "").await;
    assert!(plain.status == 426 && plain.head.contains("upgrade: websocket"), "{}", plain.head);
}

#[tokio::test]
async fn without_a_subscription_the_snapshot_comes_after_two_seconds() {
    let mut server = start(|_, _| {}).await;
    server.alert(raised("a1"));
    server.publisher.commit();
    let mut socket = connect(&server, "").await;
    next(&mut socket).await;
    let snapshot = next(&mut socket).await;
    assert_eq!(
        (snapshot["type"].as_str(), snapshot["alerts"].as_array().unwrap().len()),
        (Some("snapshot"), 1)
    );
}

/// An alert whose text is about 4 kB, so that buffers fill.
fn long_event(number: u32) -> std::sync::Arc<lowsky::domain::AlertEvent> {
    let mut long = alert(&format!("a{}", number % 50), Severity::Warning);
    long.explanation.en = "x".repeat(3_000);
    event(AlertEventKind::Updated, long)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p15_who_does_not_read_is_cut_and_disturbs_nobody() {
    let mut server = start(|_, _| {}).await;
    let mut stopped = connect(&server, "").await;
    next(&mut stopped).await;
    say(&mut stopped, json!({"type": "subscribe"})).await;
    let MaybeTlsStream::Plain(plain) = stopped.get_ref() else { panic!("no TLS here") };
    let port = plain.local_addr().unwrap().port();
    let standstill = Standstills::watch(server.address.port(), vec![port]);
    let mut reader = connect(&server, "").await;
    next(&mut reader).await;
    say(&mut reader, json!({"type": "subscribe"})).await;
    next(&mut reader).await;
    // 20 MB at 4 MB/s: far more than the buffers between two ends hold.
    let total = 6_000_u32;
    let app = std::sync::Arc::clone(&server.app);
    let publishing = tokio::spawn(async move {
        for number in 0..total {
            server.alert(long_event(number));
            if number % 10 == 9 {
                server.publisher.commit();
                tokio::time::sleep(Duration::from_millis(8)).await;
            }
        }
        server
    });
    let mut expected = 1;
    while expected <= u64::from(total) {
        let frame = next(&mut reader).await;
        assert_eq!((frame["type"].as_str(), frame["seq"].as_u64()), (Some("alert"), Some(expected)));
        expected += 1;
    }
    let server = publishing.await.unwrap();
    tokio::task::spawn_blocking(|| standstill.judge()).await.unwrap();
    timeout(Duration::from_secs(20), async {
        while app.metrics.stream_cuts.get() == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("counted");
    assert_eq!(app.metrics.stream_clients.get(), 1);
    drop((stopped, server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_snapshot_arrives_in_one_message() {
    let mut server = start(|_, _| {}).await;
    for number in 0..2_000 {
        let mut long = alert(&format!("a{number}"), Severity::Warning);
        long.explanation.zh = "高".repeat(300);
        server.alert(event(AlertEventKind::Raised, long));
    }
    server.publisher.commit();
    let mut socket = connect(&server, "").await;
    next(&mut socket).await;
    say(&mut socket, json!({"type": "subscribe"})).await;
    assert_eq!(next(&mut socket).await["alerts"].as_array().unwrap().len(), 2_000);
}

#[tokio::test]
async fn p35_the_service_stops_within_five_seconds_and_says_where_to_resume() {
    let mut server = start(|_, settings| settings.log_id = Some("h1".into())).await;
    let mut socket = connect(&server, "").await;
    next(&mut socket).await;
    say(&mut socket, json!({"type": "subscribe"})).await;
    next(&mut socket).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    server.alert(raised("last"));
    server.publisher.commit();
    server.app.stop.cancel();
    assert_eq!(next(&mut socket).await["seq"], 1, "what was published before the stop still arrives");
    assert_eq!(next(&mut socket).await, json!({"type": "bye", "resume": {"log_id": "h1", "seq": 1}}));
    let close = timeout(Duration::from_secs(20), socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(frame)) = close else { panic!("{close:?}") };
    assert_eq!(u16::from(frame.code), 1012);
    drop(socket);
    timeout(Duration::from_secs(5), server.served).await.expect("stopped within 5 s").unwrap();
    drop(idle);
}

const FOREIGN: &str = r#"
import asyncio, json, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=None) as ws:
        hello = json.loads(await ws.recv())
        assert hello["protocol"] == "lowsky.stream/1", hello
        await ws.send(json.dumps({"type": "subscribe", "alerts": {"min_severity": "CAUTION"}}))
        print(json.loads(await ws.recv())["type"], flush=True)
        seqs = [json.loads(await ws.recv())["seq"] for _ in range(200)]
        assert seqs == list(range(1, 201)), seqs
        print("dense", flush=True)
asyncio.run(asyncio.wait_for(main(), 30))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_client_reads_the_stream() {
    if !there(&[("python3-websockets", websockets())]) {
        return;
    }
    let mut server = start(|_, _| {}).await;
    let url = format!("ws://{}/api/v1/stream", server.address);
    let child = Command::new(PYTHON).args(["-c", FOREIGN, &url]).stdout(Stdio::piped()).spawn().unwrap();
    timeout(Duration::from_secs(20), async {
        while server.app.metrics.stream_frames.get() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("hello and snapshot are sent");
    for number in 0..200 {
        server.alert(raised(&format!("a{number}")));
    }
    server.publisher.commit();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "snapshot\ndense\n");
}
