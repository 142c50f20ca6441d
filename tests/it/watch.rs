//! `lowsky watch` against a server that goes away and comes back.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lowsky::cli::watch::{Language, Terminal, WatchArgs, watch};
use lowsky::service::clock;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::http_support::{raised, start, start_on, vitals};

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
        let found = timeout(Duration::from_secs(12), async {
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
async fn p16_p17_it_resumes_after_a_restart_and_tells_when_it_is_not_live() {
    let mut server = start(|_, settings| settings.log_id = Some("h".into())).await;
    let address = server.address;
    let (out, err, stop) = (Paper::default(), Paper::default(), CancellationToken::new());
    let watching =
        tokio::spawn(watch(arguments(format!("http://{address}"), true), terminal(&out, &err, &stop)));
    err.shows("0 open alerts").await;
    server.publisher.alert(raised("a1"));
    server.publisher.heartbeat(vitals(clock::now(), 0));
    out.shows("\"seq\":1,").await;
    // The socket stays open, but the evaluating path says nothing.
    err.shows("NOT LIVE (no heartbeat for 3 s)").await;
    server.app.stop.cancel();
    timeout(Duration::from_secs(5), server.served).await.unwrap().unwrap();
    let mut server = start_on(&address.to_string(), |_, settings| settings.log_id = Some("h".into())).await;
    for id in ["a1", "a2", "a3"] {
        server.publisher.alert(raised(id));
    }
    server.publisher.commit();
    out.shows("\"seq\":3,").await;
    server.publisher.heartbeat(vitals(clock::now(), 0));
    err.shows("LIVE again after").await;
    err.shows("of 2 missed events").await;
    stop.cancel();
    assert_eq!(format!("{:?}", watching.await.unwrap()), format!("{:?}", std::process::ExitCode::SUCCESS));
    assert_eq!(out.text().lines().count(), 3, "{}", out.text());
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
