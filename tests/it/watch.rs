//! `lowsky watch` against a server that goes away and comes back.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lowsky::cli::watch::{Language, Terminal, WatchArgs, watch};
use lowsky::domain::{AlertEventKind, Severity};
use lowsky::service::clock::{self, Stopwatch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::e2e_support::{Daemon, LOWSKY, Program, configure, free_port};
use crate::http_support::{alert, event, raised, start, start_on, vitals};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    async fn shows(&self, wanted: &str) {
        let found = timeout(Duration::from_secs(40), async {
            while !self.text().contains(wanted) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(found.await.is_ok(), "`{wanted}` is not in\n{}", self.text());
    }
}

fn arguments(url: String, json: bool) -> WatchArgs {
    WatchArgs {
        updates: true,
        url,
        json,
        min_severity: None,
        codes: Vec::new(),
        operators: Vec::new(),
        uas_ids: Vec::new(),
        bbox: None,
        lang: None,
    }
}

fn terminal(out: &Paper, err: &Paper, stop: &CancellationToken) -> Terminal {
    Terminal {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        colour: false,
        bell: true,
        language: Language::En,
        stop: stop.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p16_p17_it_resumes_after_a_restart_and_tells_when_a_live_socket_has_no_heartbeat() {
    let mut server = start(|_, settings| settings.log_id = Some("h".into())).await;
    let address = server.address;
    let (out, err, stop) = (Paper::default(), Paper::default(), CancellationToken::new());
    let watching =
        tokio::spawn(watch(arguments(format!("http://{address}"), true), terminal(&out, &err, &stop)));
    err.shows("0 open alerts").await;
    server.alert(raised("a1"));
    server.publisher.heartbeat(vitals(clock::now(), 0));
    out.shows("\"seq\":1,").await;
    // The socket stays open, but the evaluating path says nothing.
    err.shows("NOT LIVE (no heartbeat for 3 s)").await;
    server.app.stop.cancel();
    timeout(Duration::from_secs(5), server.served).await.unwrap().unwrap();
    let mut server = start_on(&address.to_string(), |_, settings| settings.log_id = Some("h".into())).await;
    for id in ["a1", "a2", "a3"] {
        server.alert(raised(id));
    }
    server.publisher.commit();
    out.shows("\"seq\":3,").await;
    server.publisher.heartbeat(vitals(clock::now(), 0));
    err.shows("LIVE again after").await;
    err.shows("of 2 missed events").await;
    stop.cancel();
    assert_eq!(format!("{:?}", watching.await.unwrap()), format!("{:?}", std::process::ExitCode::SUCCESS));
    let text = out.text();
    let kinds =
        |kind: &str| text.lines().filter(|line| line.starts_with(&format!(r#"{{"type":"{kind}""#))).count();
    assert_eq!(kinds("alert"), 3, "{text}");
    assert!(text.starts_with(r#"{"type":"snapshot""#), "what is open at the beginning: {text}");
    assert_eq!(kinds("alert") + kinds("snapshot"), text.lines().count(), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_what_was_missed_and_shows_what_is_announced_again_or_not_on_disk() {
    let mut server = start(|_, settings| settings.log_id = Some("h".into())).await;
    let address = server.address;
    let (out, err, stop) = (Paper::default(), Paper::default(), CancellationToken::new());
    let mut shown = arguments(format!("http://{address}"), false);
    shown.updates = false;
    let watching = tokio::spawn(watch(shown, terminal(&out, &err, &stop)));
    err.shows("0 open alerts").await;
    server.alert(raised("a1"));
    server.publisher.heartbeat(vitals(clock::now(), 0));
    out.shows("RAISED").await;
    out.shows("[NOT ON DISK]").await;
    let mut again = alert("a1", Severity::Critical);
    server.alert(event(AlertEventKind::Updated, again.clone()));
    again.announced_again = Some(1);
    server.alert(event(AlertEventKind::Updated, again.clone()));
    server.alert(event(AlertEventKind::Updated, again.clone()));
    again.announced_again = Some(2);
    server.alert(event(AlertEventKind::Updated, again));
    server.publisher.heartbeat(vitals(clock::now(), 0));
    out.shows("AGAIN 2").await;
    assert_eq!(out.text().lines().count(), 3, "an update that says nothing new is hidden: {}", out.text());
    server.app.stop.cancel();
    timeout(Duration::from_secs(5), server.served).await.unwrap().unwrap();
    err.shows("the service stops").await;
    err.shows("\u{7}*** NOT LIVE").await;
    let settings = |_: &mut _, settings: &mut lowsky::service::hub::HubSettings| {
        settings.log_id = Some("h".into());
    };
    let mut server = start_on(&address.to_string(), settings).await;
    for id in ["a1", "a2", "a3", "a4", "a5", "a6", "a7"] {
        server.alert(raised(id));
    }
    server.alert(event(AlertEventKind::Raised, alert("a8", Severity::Critical)));
    server.publisher.commit();
    err.shows("of 3 missed events").await;
    server.publisher.heartbeat(vitals(clock::now(), 0));
    err.shows("3 events made up for (1 CRITICAL, 2 WARNING)").await;
    stop.cancel();
    watching.await.unwrap();
}

#[test]
fn p17_a_stopped_daemon_reads_dead_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), free_port(), false, 0);
    let daemon = Daemon::start(dir.path());
    let url = format!("http://{}", daemon.http);
    let mut watching = Program::start(Command::new(LOWSKY).args(["watch", &url, "--lang", "en"]));
    watching.err.find("open alerts", 20.0);
    // A heartbeat or two must have come, so that it was live.
    std::thread::sleep(Duration::from_secs(2));
    assert!(!watching.err.all().iter().any(|line| line.contains("NOT LIVE")), "{:?}", watching.err.all());
    daemon.program.signal("STOP");
    let since = Stopwatch::start();
    // Whatever is wrong with the connection, nothing tells: it stays open.
    watching.err.find("NOT LIVE (no heartbeat for 3 s)", 20.0);
    let noticed_s = since.elapsed().as_secs_f64();
    daemon.program.signal("CONT");
    assert!(noticed_s > 1.5, "not before its time: {noticed_s} s");
    println!("dead after {noticed_s:.2} s");
    watching.err.find("LIVE again after", 30.0);
    watching.signal("TERM");
    assert_eq!(watching.code_within(10.0), Some(0));
    daemon.stop("TERM");
}

#[tokio::test]
async fn refused_filters_and_addresses_have_their_exit_codes() {
    let (out, err, stop) = (Paper::default(), Paper::default(), CancellationToken::new());
    let code = watch(arguments("https://h".into(), false), terminal(&out, &err, &stop)).await;
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::from(2)));
    let server = start(|_, _| {}).await;
    let wrong_path = format!("ws://{}/api/v1/nothing", server.address);
    let code = watch(arguments(wrong_path, false), terminal(&out, &err, &stop)).await;
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::from(3)));
}
